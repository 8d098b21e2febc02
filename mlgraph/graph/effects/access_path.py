"""Access paths to what objects hold, and the content of objects by the steps that lead to it."""

import dataclasses
import operator
import sys
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from types import CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from mlgraph.frameworks import PACKAGES, of_module
from mlgraph.frameworks.modules import is_module
from mlgraph.graph.trees import TUPLES, tuple_of

if TYPE_CHECKING:
    from mlgraph.dialects.stateful import Slot

DICTS: tuple[type, ...] = (dict,)
LISTS: tuple[type, ...] = (list, deque)
SEQUENCES: tuple[type, ...] = (list, tuple, deque)
"""Classes in declared tuples: a test against them leaves the type of a value open, as that of its items is."""
get_item: Any = dict[Any, Any].__getitem__
get_keys: Any = dict[Any, Any].keys
get_values: Any = dict[Any, Any].values
"""Methods of dicts, which a subclass may override."""
LEAVES = (type, FunctionType, MethodType, ModuleType, Enum)
PLAIN = ("types", "collections", "argparse")
"""Modules of the standard library whose classes hold what the user puts there."""


class AttributeStep(NamedTuple):
    """The step from an object to an attribute that it stores."""

    name: str

    def get(self, owner: Any) -> Any:
        return object.__getattribute__(owner, self.name)

    def set(self, owner: Any, value: Any) -> None:
        object.__setattr__(owner, self.name, value)

    def delete(self, owner: Any) -> None:
        object.__delattr__(owner, self.name)

    def __str__(self) -> str:
        return f".{self.name}"


class ItemStep(NamedTuple):
    """The step from a dict or a sequence to its item."""

    key: Any

    def get(self, owner: Any) -> Any:
        return get_item(owner, self.key) if isinstance(owner, DICTS) else owner[self.key]

    def set(self, owner: Any, value: Any) -> None:
        if isinstance(owner, DICTS):
            _dict_of(owner).__setitem__(owner, self.key, value)
        else:
            owner[self.key] = value

    def delete(self, owner: Any) -> None:
        _dict_of(owner).__delitem__(owner, self.key)

    def __str__(self) -> str:
        return f"[{self.key!r}]"


class VariableStep(NamedTuple):
    """The step from a `NamespaceView` to a variable."""

    name: str

    def get(self, owner: Any) -> Any:
        return owner.get(self.name)

    def set(self, owner: Any, value: Any) -> None:
        owner.set(self.name, value)

    def delete(self, owner: Any) -> None:
        owner.delete(self.name)

    def __str__(self) -> str:
        return f".{self.name}"


def _dict_of(container: Any) -> Any:
    """Return the builtin class whose methods write a dict; an `OrderedDict` keeps its order beside the items."""
    return OrderedDict if isinstance(container, OrderedDict) else dict


Step: TypeAlias = AttributeStep | ItemStep | VariableStep


class NamespaceView:
    """The variables of a namespace that a function assigns to, viewed as a container.

    A namespace is the globals of a module, a variable of an enclosing function, a class or a Python module.
    """

    def __init__(self, space: Any, names: Collection[str]) -> None:
        self.space = space
        self.names = tuple(sorted(names))

    def has(self, name: str) -> bool:
        if isinstance(self.space, CellType):
            try:
                return self.space.cell_contents is self.space.cell_contents
            except ValueError:
                return False
        return name in (self.space if isinstance(self.space, DICTS) else self.space.__dict__)

    def get(self, name: str) -> Any:
        if isinstance(self.space, CellType):
            return self.space.cell_contents
        return (self.space if isinstance(self.space, DICTS) else self.space.__dict__)[name]

    def set(self, name: str, value: Any) -> None:
        if isinstance(self.space, CellType):
            self.space.cell_contents = value
        elif isinstance(self.space, DICTS):
            self.space[name] = value
        else:
            setattr(self.space, name, value)

    def delete(self, name: str) -> None:
        if isinstance(self.space, CellType):
            del self.space.cell_contents
        elif isinstance(self.space, DICTS):
            del self.space[name]
        else:
            delattr(self.space, name)

    def content(self) -> "dict[Step, Any]":
        return {VariableStep(name): self.get(name) for name in self.names if self.has(name)}


class AccessPath(NamedTuple):
    """The path to a value: the index of a stateful object, the root, and the steps from there."""

    root: int
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> "AccessPath":
        return AccessPath(self.root, (*self.steps, step))

    def find(self, roots: Sequence[Any]) -> Any:
        value = roots[self.root]
        for step in self.steps:
            value = step.get(value)
        return value

    def owner(self, roots: Sequence[Any]) -> Any:
        """Return the container from which the last step leads."""
        return AccessPath(self.root, self.steps[:-1]).find(roots)

    def text(self, names: Sequence[str]) -> str:
        return names[self.root] + "".join(map(str, self.steps))

    def slot(self, names: Sequence[str]) -> "Slot":
        """Return the path as the IR names it."""
        from mlgraph.dialects.stateful import Slot

        last, owner = self.steps[-1], AccessPath(self.root, self.steps[:-1]).text(names)
        if not isinstance(last, ItemStep):
            return Slot(owner, last.name)
        return Slot(owner, last.key if isinstance(last.key, str | int) else repr(last.key), item=True)


def is_object(value: Any) -> bool:
    """Return whether a value has attributes of its own that may change, as modules with weights have.

    False for functions, classes, Python modules, library types and value types (with `__eq__` and `__hash__`).
    """
    owner: object = value
    cls = type(owner)
    root = cls.__module__.partition(".")[0]
    if is_module(value):
        return True
    if isinstance(value, LEAVES) or root in PACKAGES or root == "mlgraph":
        return False
    if root in sys.stdlib_module_names and root not in PLAIN:
        return False
    by_value = cls.__eq__ is not object.__eq__ and cls.__hash__ is not None
    return dataclasses.is_dataclass(value) or (not by_value and _stores(value))


def _stores(value: Any) -> bool:
    owner: object = value
    cls = type(owner)  # asked instead of the value, which may note what is read of it
    return cls.__dictoffset__ != 0 or any("__slots__" in vars(base) for base in cls.__mro__)


def is_container(value: Any) -> bool:
    """Return whether a value holds others."""
    return isinstance(value, dict | list | tuple | deque | NamespaceView) or is_object(value)


def content(value: Any) -> dict[Step, Any]:
    """Return what a container holds, by the step that leads to it."""
    found: dict[Step, Any] = {}
    if isinstance(value, NamespaceView):
        return value.content()
    if isinstance(value, DICTS):
        found = {ItemStep(_plain_key(key)): item for key, item in _dict_of(value).items(value)}
    elif isinstance(value, SEQUENCES):
        found = {ItemStep(i): item for i, item in enumerate(value)}
    if is_object(value):
        found |= {AttributeStep(name): item for name, item in attributes(value).items()}
    return found


def _plain_key(key: Any) -> Any:
    """Return a key with integers for traced sizes, as in `cache[x.shape] = table`."""
    if isinstance(key, TUPLES):
        plain: Any = cast(object, type(key))
        return key if hasattr(key, "_fields") else plain(map(_plain_key, key))
    return operator.index(key) if type(key).__name__ in ("SymInt", "Size") else key  # of torch, of numpy's trace


def attributes(value: Any) -> dict[str, Any]:
    """Return the attributes that an object stores in its dict or slots; of a module, those that the user set."""
    found: dict[str, Any] = {**getattr(value, "__dict__", {})}
    if (framework := of_module(value)) is not None:
        return {name: item for name, item in found.items() if not framework.is_internal(value, name)}
    owner: object = value
    for cls in type(owner).__mro__:
        slots: Any = vars(cls).get("__slots__", ())
        names: Iterable[str] = (slots,) if isinstance(slots, str) else slots
        found |= {n: getattr(value, n) for n in names if not n.startswith("__") and hasattr(value, n)}
    return found


def fill(container: Any, held: Mapping[Step, Any]) -> None:
    """Replace the content of a dict, list or object by `held`."""
    items = {step.key: item for step, item in held.items() if isinstance(step, ItemStep)}
    if isinstance(container, NamespaceView):
        for step in container.content().keys() - held.keys():
            step.delete(container)
        for step, item in held.items():
            step.set(container, item)
    elif isinstance(container, DICTS):
        _dict_of(container).clear(container)
        _dict_of(container).update(container, items)
    elif isinstance(container, LISTS):
        refill(container, list(items.values()))
    if is_object(container):
        kept = {step.name: item for step, item in held.items() if isinstance(step, AttributeStep)}
        for name in attributes(container).keys() - kept.keys():
            AttributeStep(name).delete(container)
        for name, item in kept.items():
            AttributeStep(name).set(container, item)


def filled(cls: Any, held: Mapping[Step, Any]) -> Any:
    """Return a new container with this content, without running its `__init__`."""
    if issubclass(cls, TUPLES):
        return tuple_of(cls, held.values())
    new = cls.__new__(cls)
    fill(new, held)
    return new


def refill(sequence: Any, items: Sequence[Any]) -> None:
    """Replace the items of a list or deque."""
    sequence.clear()
    sequence.extend(items)


def same_content(a: Mapping[Step, Any], b: Mapping[Step, Any]) -> bool:
    """Return whether two containers hold identical objects in the same order."""
    return list(a) == list(b) and all(a[step] is b[step] for step in a)
