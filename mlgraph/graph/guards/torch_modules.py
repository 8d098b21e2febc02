"""The guard of torch modules: a call must find them built as at capture, whatever the values of their weights.

If a module that a function reaches gets another child, hook, class, forward or parametrization, or a weight of another
shape or type, the function is captured again. A weight that is replaced by one of the same kind is only read again.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from mlgraph.frameworks.modules import is_watched
from mlgraph.frameworks.torch import TORCH
from mlgraph.graph.guards.base import Branch, Guard
from mlgraph.graph.guards.identities import Facts, Identities

KINDS = ("_modules", "_parameters", "_buffers")
"""The attributes in which a module keeps its children and weights."""
HOOKS = {
    "_forward_hooks": "a forward hook",
    "_forward_pre_hooks": "a forward pre-hook",
    "_backward_hooks": "a backward hook",
    "_backward_pre_hooks": "a backward pre-hook",
}
"""The attributes in which a module keeps its hooks, with their names in messages."""
GLOBAL_HOOKS = {f"_global{name}": f"{text} of every module" for name, text in HOOKS.items()}
"""The variables in which torch keeps the hooks that run with every module."""


@dataclass(frozen=True)
class WeightLayout:
    """The element type, shape and device of a weight, on which a program depends."""

    dtype: Any
    shape: tuple[int, ...]
    device: Any

    @classmethod
    def of(cls, tensor: Any) -> "WeightLayout | None":
        """Return the layout of a weight; None for None."""
        return None if tensor is None else cls(tensor.dtype, tuple(tensor.shape), tensor.device)

    def __str__(self) -> str:
        where = "" if self.device.type == "cpu" else f" on {self.device}"
        return f"{str(self.dtype).removeprefix('torch.')}{list(self.shape)}{where}"


@dataclass(frozen=True)
class ModuleDescription:
    """The construction of one module."""

    cls: type
    forward: Any
    """The forward of its class, or its own if one was set on the module."""
    training: bool
    children: Mapping[str, Any]
    hooks: Mapping[str, tuple[Any, ...]]
    layouts: Mapping[str, WeightLayout | None]
    """The layouts of its weights and buffers."""

    @classmethod
    def of(cls, module: Any, hooks: Iterable[str]) -> "ModuleDescription":
        """Describe a module as it is now."""
        held: dict[str, Any] = module.__dict__
        owner: object = module
        return cls(
            type(owner),
            _forward(module),
            module.training,
            dict(module._modules),
            {name: tuple(held[name].values()) for name in hooks},
            {name: WeightLayout.of(tensor) for name, tensor in TORCH.weights(module)},
        )

    def difference(self, now: "ModuleDescription", name: str) -> str | None:
        """Return a description of what differs in the module called `name`, None if nothing does."""
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
        """Describe the modules in `named`, which are given with the prefixes of their weights' names.

        With `copies` the target holds copies of the weights, which are outdated when a weight moves to other memory.
        The hooks of `without_hooks` run around the compiled function, not in it.
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
        """The fast test of each call: it returns whether the objects are identical to those at the last `renew`."""
        self._layouts: tuple[WeightLayout | None, ...] | None = None
        """The layouts of all weights if only Python can compare them, else None."""

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
        """Return a description of a hook that runs in the backward of a module, None if there is none."""
        kinds = ("_backward_hooks", "_backward_pre_hooks")
        for path, part in self._parts.items():
            if any(part.hooks.get(kind) for kind in kinds):
                return f"{path or 'the module'} has a backward hook"
        everywhere = [f"_global{kind}" for kind in kinds if self._hooks[f"_global{kind}"]]
        return f"there is {GLOBAL_HOOKS[everywhere[0]]}" if everywhere else None

    def weight(self, name: str, other: Any) -> Any:
        """Return the current weight called `name`; `other` if no module has one of that name."""
        path, _, key = name.rpartition(".")
        return dict(TORCH.weights(self._paths[path])).get(key, other) if path in self._paths else other

    def is_same(self) -> bool:
        """Return whether the objects are identical to those at the last `renew`."""
        return self.test() and (self._layouts is None or self._same_layouts())

    def renew(self) -> None:
        """Record the current objects as those that the fast test accepts."""
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
        """Make the fast test fail at the next call."""
        self._identities.forget()

    def _describe(self, module: Any) -> ModuleDescription:
        return ModuleDescription.of(module, self._hooks_of(module))

    def _hooks_of(self, module: Any) -> Iterable[str]:
        """Return the kinds of hooks of a module that run inside the compiled function."""
        return () if module is self._without_hooks else HOOKS

    def _same_layouts(self) -> bool:
        """Return whether the weights have the layouts of the last `renew`."""
        return tuple(WeightLayout.of(tensor) for _, tensor in _tensors(self._modules)) == self._layouts

    def _ties_difference(self) -> str | None:
        for name, now in _ties(self._modules).items():
            old = self._ties.get(name, name)
            if now != old:
                return f"{name} is {'no tensor of its own' if old == name else f'not {old}'} any more"
        return None


def _modules(named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the torch modules that are reached, with the prefixes of their weights in `state_dict()`."""
    for name, value in named:
        if is_watched(value):
            for path, module in value.named_modules(remove_duplicate=False):
                held: dict[str, Any] = module.__dict__
                if all(isinstance(held.get(kind), dict) for kind in (*KINDS, *HOOKS)):  # none of TorchScript
                    yield ".".join(part for part in (name, path) if part), module


def _tensors(modules: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield all weights and buffers by their full names."""
    for path, module in modules.items():
        for name, tensor in TORCH.weights(module):
            if tensor is not None:
                yield f"{path}.{name}" if path else name, tensor


def _ties(modules: Mapping[str, Any]) -> dict[str, str]:
    """Return the first name of each weight, which differs from its own where two names share one tensor."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(tensor), name) for name, tensor in _tensors(modules)}


def _forward(module: Any) -> Any:
    """Return the forward of a module, its own or its class's; for a compiled one, the original."""
    held: dict[str, Any] = module.__dict__
    own: Any = held.get("forward")
    while hasattr(own, "replaced"):
        own = own.replaced
    owner: Any = cast(object, type(module))
    return owner.forward if own is None else own


def _classes(modules: Iterable[Any]) -> Iterator[type]:
    """Yield the classes in the method resolution order of the modules, up to the first that defines `forward`."""
    classes: dict[type, None] = {type(module): None for module in modules}
    for cls in classes:
        for base in cls.__mro__:
            yield base
            if "forward" in vars(base):
                break


def _global(name: str) -> Any:
    return getattr(sys.modules["torch.nn.modules.module"], name)


def _global_hooks() -> dict[str, tuple[Any, ...]]:
    return {name: tuple(_global(name).values()) for name in GLOBAL_HOOKS}


def _note(facts: Facts, module: Any, hooks: Iterable[str]) -> None:
    """Record all that `ModuleDescription` describes of a module."""
    held: dict[str, Any] = module.__dict__
    facts.object(module)
    facts.dict(held)
    for name in (*KINDS, *hooks):
        facts.dict(held[name])


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
