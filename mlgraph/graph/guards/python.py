"""Guards of Python values that a function reads without being given them: they must be as at capture.

    SCALE = 2.0

    def scaled(x):
        return x * SCALE * options.factor * SETTINGS["shift"]

A `Reach` lists these values. Each guard holds the path to a value, tests it in the generated entry function, and names
it in the message about a new capture.
"""

import ctypes
import operator
import os
from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, ClassVar

from mlgraph.frameworks import framework_of, of_array
from mlgraph.graph.effects.access_path import DICTS, SEQUENCES, get_keys, get_values, is_object
from mlgraph.graph.effects.opaque_values import opaque_kind, same_content_of
from mlgraph.graph.effects.reach import MissingNames, Reach
from mlgraph.graph.guards.base import Branch, Guard
from mlgraph.graph.guards.paths import Path
from mlgraph.graph.trees import TUPLES, same_static

MAPPINGS: tuple[type, ...] = (dict, MappingProxyType)
BY_IDENTITY: tuple[type, ...] = (type, FunctionType, MethodType, dict, list, set, deque)
MANY = 16
"""The most plain items of a container that are tested one by one; more are compared in one test."""
SHORT = 1024
"""The most bytes of an array that are compared as a copy."""


@dataclass(frozen=True)
class PathGuard(Guard):
    """A condition on what is found at a path."""

    path: Path
    depth: ClassVar[int] = 0

    @abstractmethod
    def test(self, branch: Branch) -> str:
        """Return the test as a Python expression."""

    @abstractmethod
    def complaint(self, found: Any) -> str | None:
        """Return a description of how the value at the path changed, None if it did not."""

    def emit(self, branch: Branch) -> None:
        branch.reads.append(self.test(branch))

    def failure(self, call: Any) -> str | None:
        try:
            found = self.path.find()
        except (LookupError, AttributeError, ValueError, TypeError):
            return f"{self.path.text} changed to nothing"
        return self.complaint(found)


@dataclass(frozen=True)
class ReadGuard(PathGuard):
    """A plain value is the same one, or equal and of the same type; any other is the same object."""

    value: Any

    def test(self, branch: Branch) -> str:
        code, value = self.path.code(branch), branch.names.add("value", self.value)
        if self._by_identity:
            return f"{code} is {value}"
        return f"({code} is {value} or {branch.names.add('same', same_value)}({code}, {value}))"

    @property
    def _by_identity(self) -> bool:
        return self.value is None or isinstance(self.value, bool) or not _has_value(self.value)

    def complaint(self, found: Any) -> str | None:
        if found is self.value or (not self._by_identity and same_value(found, self.value)):
            return None
        return f"{self.path.text} changed from {_shown(self.value)} to {_shown(found)}"


@dataclass(frozen=True)
class ContainerGuard(PathGuard):
    """A container has the same class, and the same keys or number of items. Paths go on from it."""

    cls: type
    keys: tuple[Any, ...] | int | None
    """The keys of a dict, the number of items of a sequence, or None for an object."""

    def test(self, branch: Branch) -> str:
        test = f"__type({self.path.bind(branch)}) is {branch.names.add('class', self.cls)}"
        code = self.path.code(branch)
        if isinstance(self.keys, int):
            return f"{test} and __len({code}) == {self.keys}"
        return test if self.keys is None else f"{test} and (*{code},) == {branch.names.add('keys', self.keys)}"

    def complaint(self, found: Any) -> str | None:
        if type(found) is not self.cls:
            return f"{self.path.text} changed from {self.cls.__name__} to {type(found).__name__}"
        if isinstance(self.keys, int) and len(found) != self.keys:
            return f"{self.path.text} changed from {self.keys} items to {len(found)}"
        if isinstance(self.keys, tuple) and tuple(found) != self.keys:
            return f"the keys of {self.path.text} changed from {list(self.keys)} to {list(found)}"
        return None


@dataclass(frozen=True)
class ItemsGuard(PathGuard):
    """The plain items of a long dict or sequence are the same."""

    items: tuple[Any, ...]

    def test(self, branch: Branch) -> str:
        items, same = branch.names.add("items", self.items), branch.names.add("same", same_items)
        return f"{same}({self.path.code(branch)}, {items})"

    def complaint(self, found: Any) -> str | None:
        return None if same_items(found, self.items) else f"an item of {self.path.text} changed"


@dataclass(frozen=True)
class ContentGuard(PathGuard):
    """An opaque object has the same content."""

    cls: type
    held: Any

    def test(self, branch: Branch) -> str:
        cls, same = branch.names.add("class", self.cls), branch.names.add("holds", holds)
        code = self.path.code(branch)
        return f"__type({code}) is {cls} and {same}({code}, {branch.names.add('value', self.held)})"

    def complaint(self, found: Any) -> str | None:
        if type(found) is self.cls and holds(found, self.held):
            return None
        return f"what {self.path.text} holds changed"


@dataclass(frozen=True)
class MissingGuard(PathGuard):
    """An object has no attributes of its own under these names, so that lookup goes on to its class."""

    names: frozenset[str]
    count: int
    """The number of its attributes at capture. If it is the same, none was added, since each that is read is tested."""

    def test(self, branch: Branch) -> str:
        held, names = f"{self.path.code(branch)}.__dict__", branch.names.add("names", self.names)
        return f"(__len({held}) == {self.count} or {names}.isdisjoint({held}))"

    def complaint(self, found: Any) -> str | None:
        held: dict[str, Any] = found.__dict__
        came = sorted(self.names & held.keys())
        return f"{self.path.text}.{came[0]} is set now" if came else None


@dataclass(frozen=True)
class ArrayGuard(PathGuard):
    """An array is identical and, if its framework lets it change, holds the same elements."""

    array: Any
    content: bytes | None
    version: int | None

    def test(self, branch: Branch) -> str:
        test = f"{self.path.code(branch)} is {(name := branch.names.add('array', self.array))}"
        if self.version is not None:
            return f"{test} and {name}._version == {self.version}"
        if self.content is None:
            return test
        content = branch.names.add("bytes", self.content)
        if len(self.content) <= SHORT:
            return f"{test} and {name}.tobytes() == {content}"
        return f"{test} and {branch.names.add('same', same_bytes)}({name}, {content})"

    def complaint(self, found: Any) -> str | None:
        if found is not self.array:
            return f"{self.path.text} is another array now"
        changed = self.version is not None and found._version != self.version
        if changed or (self.content is not None and not same_bytes(found, self.content)):
            return f"the elements of {self.path.text} changed"
        return None


@dataclass(frozen=True)
class EnvironGuard(Guard):
    """An environment variable is set as it was."""

    name: str
    value: str | None
    depth: ClassVar[int] = 0

    def emit(self, branch: Branch) -> None:
        held = branch.names.add("environ", getattr(os.environ, "_data", os.environ))
        encoded = held is not os.environ and hasattr(os.environ, "encodekey")
        key = os.environ.encodekey(self.name) if encoded else self.name  # pyright: ignore[reportAttributeAccessIssue]
        value = os.environ.encodevalue(self.value) if encoded and self.value is not None else self.value  # pyright: ignore[reportAttributeAccessIssue]
        branch.reads.append(f"{held}.get({key!r}) == {value!r}")

    def failure(self, call: Any) -> str | None:
        found = os.environ.get(self.name)
        return None if found == self.value else f"os.environ[{self.name!r}] changed from {self.value!r} to {found!r}"


def python_guards(reach: Reach, target: str, live: Collection[int]) -> list[Guard]:
    """Return the guards of all that a function reaches, those of containers before those of their items.

    `live` holds the ids of the arrays whose elements a graph to their own framework reads at each call.
    """
    guards: list[Guard] = [EnvironGuard(name, value) for name, value in reach.environ.items()]
    many = {id(path): tuple(_items(value)) for path, value in reach.containers if _is_long(value)}
    for path, value in reach.containers:
        guards.append(_container_guard(path, value))
        if id(path) in many:
            guards.append(ItemsGuard(path, many[id(path)]))
    guards += [ReadGuard(path, value) for path, value in reach.leaves if id(getattr(path, "owner", None)) not in many]
    guards += [_array_guard(path, array, target, live) for path, array in reach.arrays]
    guards += [_missing_guard(missing) for missing in reach.missing]
    return guards


def _container_guard(path: Path, value: Any) -> Guard:
    owner: object = value
    cls = type(owner)
    if (kind := opaque_kind(value)) and not is_object(value):
        return ContentGuard(path, cls, kind.read(value))
    if isinstance(value, MAPPINGS):
        return ContainerGuard(path, cls, tuple(get_keys(value) if isinstance(value, DICTS) else value))
    return ContainerGuard(path, cls, len(value) if isinstance(value, SEQUENCES) else None)


def _is_long(value: Any) -> bool:
    return isinstance(value, (*DICTS, *SEQUENCES)) and len(value) > MANY and all(map(_is_plain, _items(value)))


def _is_plain(value: Any) -> bool:
    return framework_of(value) is None and _has_value(value) and not isinstance(value, tuple)


def _items(value: Any) -> Iterator[Any]:
    return iter(get_values(value) if isinstance(value, DICTS) else value)


def _array_guard(path: Path, array: Any, target: str, live: Collection[int]) -> ArrayGuard:
    owner = of_array(array)
    assert owner is not None
    is_live = owner.name == target and id(array) in live
    return ArrayGuard(path, array, owner.content(array), None if is_live else owner.version(array))


def _missing_guard(missing: MissingNames) -> MissingGuard:
    held: dict[str, Any] = missing.path.find().__dict__
    return MissingGuard(missing.path, missing.names, len(held))


def holds(value: Any, held: Any) -> bool:
    """Return whether an opaque object has this content."""
    kind = opaque_kind(value)
    return kind is not None and same_content_of(kind.read(value), held)


def same_value(a: Any, b: Any) -> bool:
    """Return whether two Python values are equal and of the same types, inside tuples too."""
    if isinstance(a, TUPLES) and type(a) is type(b):
        return len(a) == len(b) and all(map(same_value, a, b))
    return a is b or same_static(a, b)


def same_items(container: Any, items: tuple[Any, ...]) -> bool:
    """Return whether the items of a dict or a sequence are those in `items`."""
    if len(container) != len(items):
        return False
    return all(map(operator.is_, _items(container), items)) or all(map(same_value, _items(container), items))


def same_bytes(array: Any, content: bytes) -> bool:
    """Return whether the elements of a numpy array are those in `content`."""
    if array.nbytes != len(content):
        return False
    if not array.flags.c_contiguous:
        return array.tobytes() == content
    return _memcmp(ctypes.c_void_p(array.ctypes.data), content, ctypes.c_size_t(len(content))) == 0


_memcmp = ctypes.CDLL(None).memcmp


def _has_value(value: Any) -> bool:
    """Return whether a value compares by content and is immutable."""
    owner: object = value
    cls = type(owner)
    return not isinstance(value, BY_IDENTITY) and cls.__eq__ is not object.__eq__ and cls.__hash__ is not None


def _shown(value: Any) -> str:
    """Return a short description of a value."""
    text = repr(value) if _has_value(value) else None
    if text is None:
        return f"{getattr(value, '__name__', None) or 'another ' + type(value).__name__}"
    return text if len(text) < 80 else text[:77] + "..."
