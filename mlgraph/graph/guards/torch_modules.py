"""The guard of torch modules: a call must find them built as capture did, whatever weights they hold now.

A module that a function reaches may get another child, hook, class, forward or parametrization, its weights another
shape or type; then the function is captured anew. A weight that another one of its kind replaces is just read.
"""

# pyright: basic
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlgraph.frameworks.modules import is_watched
from mlgraph.frameworks.torch import TORCH
from mlgraph.graph.guards.base import Branch, Guard
from mlgraph.graph.guards.identities import Facts, Identities

KINDS = ("_modules", "_parameters", "_buffers")
"""Where a module keeps its children and weights."""
HOOKS = {
    "_forward_hooks": "a forward hook",
    "_forward_pre_hooks": "a forward pre-hook",
    "_backward_hooks": "a backward hook",
    "_backward_pre_hooks": "a backward pre-hook",
}
"""Where a module keeps its hooks, and what each is called."""
GLOBAL_HOOKS = {f"_global{name}": f"{text} of every module" for name, text in HOOKS.items()}
"""Where torch keeps the hooks that run with each module."""


@dataclass(frozen=True)
class WeightLayout:
    """What a program knows of a weight beside its name."""

    dtype: Any
    shape: tuple[int, ...]
    device: Any

    @classmethod
    def of(cls, tensor: Any) -> "WeightLayout | None":
        """Return the layout of a weight; None where a module has none under the name."""
        return None if tensor is None else cls(tensor.dtype, tuple(tensor.shape), tensor.device)

    def __str__(self) -> str:
        where = "" if self.device.type == "cpu" else f" on {self.device}"
        return f"{str(self.dtype).removeprefix('torch.')}{list(self.shape)}{where}"


@dataclass(frozen=True)
class ModuleDescription:
    """How one module is built."""

    cls: type
    forward: Any
    """The forward that its class gives it, or that the module was given itself."""
    training: bool
    children: Mapping[str, Any]
    hooks: Mapping[str, tuple[Any, ...]]
    layouts: Mapping[str, WeightLayout | None]
    """Of its weights and buffers."""

    @classmethod
    def of(cls, module: Any, hooks: Iterable[str]) -> "ModuleDescription":
        """Describe a module as it is now."""
        held = vars(module)
        return cls(
            type(module),
            _forward(module),
            module.training,
            dict(module._modules),
            {name: tuple(held[name].values()) for name in hooks},
            {name: WeightLayout.of(tensor) for name, tensor in TORCH.weights(module)},
        )

    def difference(self, now: "ModuleDescription", name: str) -> str | None:
        """Return in words what differs in the module called `name`, None where nothing does."""
        if now.cls is not self.cls:
            return f"the class of {name} changed from {self.cls.__name__} to {now.cls.__name__}"
        if now.forward is not self.forward:
            return f"the forward of {name} was replaced"
        if now.training is not self.training:
            return f"the training mode of {name} changed"
        return (
            _children_difference(self.children, now.children, name)
            or _hooks_difference(self.hooks, now.hooks, HOOKS, name)
            or _layouts_difference(self.layouts, now.layouts, name)
        )


class ModulesGuard(Guard):
    """The torch modules that a function reaches are built as they were."""

    depth: ClassVar[int] = 0

    def __init__(self, named: Iterable[tuple[str, Any]], copies: bool, without_hooks: Any = None) -> None:
        """`named` are modules under the names that their weights begin with.

        With `copies` the target has copies of the weights, which are old when a weight gets other memory. The hooks
        of `without_hooks` run around the compiled function, not in it.
        """
        self._copies = copies
        self._without_hooks = without_hooks
        self._paths = dict(_modules(named))
        unique = {id(module): (path, module) for path, module in reversed(self._paths.items())}
        self._modules = dict(reversed(unique.values()))
        self._parts = {path: self._describe(module) for path, module in self._modules.items()}
        self._hooks = _global_hooks()
        self._ties = _ties(self._modules)
        self._identities = Identities()
        self.test = self._identities.same
        """What each call asks first: whether the very objects are there that were at the last `renew`."""
        self._layouts: tuple[WeightLayout | None, ...] | None = None
        """The layouts of all weights, where only Python can compare them."""

    def emit(self, branch: Branch) -> None:
        branch.tests.append(f"{branch.names.add('modules', self.test)}()")
        if self._layouts is not None:
            branch.tests.append(f"{branch.names.add('layouts', self._same_layouts)}()")

    def failure(self, call: Any) -> str | None:
        for path, module in self._modules.items():
            old, new = self._parts[path], self._describe(module)
            if (found := old.difference(new, path or type(module).__name__)) is not None:
                return found
        return _hooks_difference(self._hooks, _global_hooks(), GLOBAL_HOOKS, TORCH.name) or self._ties_difference()

    def backward_hook(self) -> str | None:
        """Return in words where a hook is that runs in the backward of a module, None where none is."""
        kinds = ("_backward_hooks", "_backward_pre_hooks")
        for path, part in self._parts.items():
            if any(part.hooks.get(kind) for kind in kinds):
                return f"{path or 'the module'} has a backward hook"
        everywhere = [f"_global{kind}" for kind in kinds if self._hooks[f"_global{kind}"]]
        return f"there is {GLOBAL_HOOKS[everywhere[0]]}" if everywhere else None

    def weight(self, name: str, other: Any) -> Any:
        """Return the weight that is called `name` now; `other` where no module has one of that name."""
        path, _, key = name.rpartition(".")
        return dict(TORCH.weights(self._paths[path])).get(key, other) if path in self._paths else other

    def is_same(self) -> bool:
        """Return whether the very objects are there that were at the last `renew`."""
        return self.test() and (self._layouts is None or self._same_layouts())

    def renew(self) -> None:
        """Take the very objects that are there now for those that a call finds without a closer look."""
        facts = Facts()
        for module in self._modules.values():
            _note(facts, module, self._hooks_of(module))
        for cls in _classes(self._modules.values()):
            facts.members(cls)
        for name in GLOBAL_HOOKS:
            facts.dict(_global(name))
        tensors = [tensor for _, tensor in _tensors(self._modules)]
        told = [facts.tensor(tensor, memory=self._copies) for tensor in tensors]
        self._layouts = None if all(told) else tuple(map(WeightLayout.of, tensors))
        self._identities.note(facts)

    def forget(self) -> None:
        """Have the next call look closer."""
        self._identities.forget()

    def _describe(self, module: Any) -> ModuleDescription:
        return ModuleDescription.of(module, self._hooks_of(module))

    def _hooks_of(self, module: Any) -> Iterable[str]:
        """Return the kinds of hooks that run inside the compiled function."""
        return () if module is self._without_hooks else HOOKS

    def _same_layouts(self) -> bool:
        """Return whether the weights have the layouts that they had at the last look."""
        return tuple(WeightLayout.of(tensor) for _, tensor in _tensors(self._modules)) == self._layouts

    def _ties_difference(self) -> str | None:
        for name, now in _ties(self._modules).items():
            old = self._ties.get(name, name)
            if now != old:
                return f"{name} is {'no tensor of its own' if old == name else f'not {old}'} any more"
        return None


def _modules(named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the torch modules that are reached, under the paths that their weights have in `state_dict()`."""
    for name, value in named:
        if is_watched(value):
            for path, module in value.named_modules(remove_duplicate=False):
                if all(isinstance(vars(module).get(kind), dict) for kind in (*KINDS, *HOOKS)):  # none of TorchScript
                    yield ".".join(part for part in (name, path) if part), module


def _tensors(modules: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield all weights and buffers by their full names."""
    for path, module in modules.items():
        for name, tensor in TORCH.weights(module):
            if tensor is not None:
                yield f"{path}.{name}" if path else name, tensor


def _ties(modules: Mapping[str, Any]) -> dict[str, str]:
    """Return the name that each weight has first: that of another one where both are one tensor."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(tensor), name) for name, tensor in _tensors(modules)}


def _forward(module: Any) -> Any:
    """Return the forward of a module: its class's, or its own; a compiled one stands for what it was made from."""
    own = vars(module).get("forward")
    while hasattr(own, "replaced"):
        own = own.replaced
    return type(module).forward if own is None else own


def _classes(modules: Iterable[Any]) -> Iterator[type]:
    """Yield the classes that may give the modules their forward, up to the first that does."""
    for cls in {type(module): None for module in modules}:
        for base in cls.__mro__:
            yield base
            if "forward" in vars(base):
                break


def _global(name: str) -> Any:
    return getattr(sys.modules["torch.nn.modules.module"], name)


def _global_hooks() -> dict[str, tuple[Any, ...]]:
    return {name: tuple(_global(name).values()) for name in GLOBAL_HOOKS}


def _note(facts: Facts, module: Any, hooks: Iterable[str]) -> None:
    """Note all that `ModuleDescription` describes of a module."""
    facts.object(module)
    facts.dict(vars(module))
    for name in (*KINDS, *hooks):
        facts.dict(vars(module)[name])


def _children_difference(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> str | None:
    for key in old:
        if key not in new:
            return f"child {key} of {name} was removed"
        if new[key] is not old[key]:
            return f"child {key} of {name} was replaced"
    for key in new:
        if key not in old:
            return f"child {key} of {name} was added"
    return None if list(old) == list(new) else f"the children of {name} are in another order"


def _hooks_difference(
    old: Mapping[str, tuple[Any, ...]], new: Mapping[str, tuple[Any, ...]], texts: Mapping[str, str], name: str
) -> str | None:
    for kind, text in texts.items():
        before, now = old.get(kind, ()), new.get(kind, ())
        if _same(before, now):
            continue
        if len(before) == len(now):
            return f"{text} of {name} was replaced"
        return f"{text} was {'added to' if len(now) > len(before) else 'removed from'} {name}"
    return None


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b))


def _layouts_difference(
    old: Mapping[str, WeightLayout | None], new: Mapping[str, WeightLayout | None], name: str
) -> str | None:
    for key in {**old, **new}:
        before, now = old.get(key), new.get(key)
        if before != now or (key in old) != (key in new):
            if before is None or now is None:
                return f"{name}.{key} was {'removed' if now is None else 'added'}"
            return f"{name}.{key} changed from {before} to {now}"
    return None
