# pyright: basic, reportMissingImports=false
"""flax's nnx modules: their variables are parameters, and what a call writes to them is state.

While a function is traced, each module has the attributes of a copy of itself whose variables hold traced arrays.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.program import Request


class Modules:
    """The nnx modules that a function may reach, and their variables in order."""

    def __init__(self, request: Request) -> None:
        self.modules = [_Module.of(name, module) for name, module in modules_of(request)]
        self.names = [name for module in self.modules for name in module.names]
        self.arrays = [array for module in self.modules for array in module.arrays]

    @contextmanager
    def holding(self, arrays: Sequence[Any]) -> Iterator[Callable[[], dict[str, Any]]]:
        """Let the modules hold these arrays; the function that is given returns what was written to them, by name."""
        rest = iter(arrays)
        held = [module.copy([next(rest) for _ in module.names]) for module in self.modules]
        before = [dict(vars(module.object)) for module in self.modules]
        for module, (copy, _) in zip(self.modules, held):
            _become(module.object, vars(copy))
        try:
            yield lambda: {
                name: array for module, (_, leaves) in zip(self.modules, held) for name, array in module.written(leaves)
            }
        finally:
            for module, attributes in zip(self.modules, before):
                _become(module.object, attributes)

    def setters(self) -> dict[str, Callable[[Any], None]]:
        """Return for each variable, by name, a function that writes it in the user's module."""
        return {name: setter for module in self.modules for name, setter in module.setters()}


@dataclass
class _Module:
    """A module taken apart."""

    object: Any
    definition: Any
    tree: Any
    names: list[str]
    leaves: list[Any]

    @classmethod
    def of(cls, prefix: str, module: Any) -> "_Module":
        from flax import nnx

        definition, state = nnx.split(module)
        found, tree = jax.tree_util.tree_flatten_with_path(state)
        names = [".".join(filter(None, (prefix, _name(path)))) for path, _ in found]
        return cls(module, definition, tree, names, [leaf for _, leaf in found])

    @property
    def arrays(self) -> list[Any]:
        """The variables' values, keys of random numbers as their words."""
        return [jax.random.key_data(leaf) if _is_key(leaf) else leaf for leaf in self.leaves]

    def copy(self, arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Return a module of the same structure that holds `arrays`, and its leaves."""
        from flax import nnx

        leaves = [_as_key(array, old) if _is_key(old) else array for array, old in zip(arrays, self.leaves)]
        return nnx.merge(self.definition, jax.tree_util.tree_unflatten(self.tree, leaves)), leaves

    def written(self, before: Sequence[Any]) -> Iterator[tuple[str, Any]]:
        """Yield the variables that hold other arrays than `before`."""
        from flax import nnx

        leaves = jax.tree_util.tree_leaves(nnx.split(self.object)[1])
        if len(leaves) != len(before):
            raise UnsupportedOpError(
                "the forward of an nnx module adds or removes variables",
                why="a graph has the variables that the module had at capture",
                fix="call the module once before it is compiled",
            )
        for name, old, new in zip(self.names, before, leaves):
            if new is not old:
                yield name, jax.random.key_data(new) if _is_key(new) else new

    def setters(self) -> Iterator[tuple[str, Callable[[Any], None]]]:
        from flax import nnx

        for name, i in zip(self.names, range(len(self.names))):

            def set_leaf(value: Any, i: int = i) -> None:
                leaves = list(jax.tree_util.tree_leaves(nnx.split(self.object)[1]))
                leaves[i] = _as_key(value, leaves[i]) if _is_key(leaves[i]) else value
                nnx.update(self.object, jax.tree_util.tree_unflatten(self.tree, leaves))

            yield name, set_leaf


def modules_of(request: Request) -> Iterator[tuple[str, Any]]:
    """Yield the nnx modules that the function is or may reach, each once, under their names."""
    if "flax.nnx" not in sys.modules:
        return
    from flax import nnx

    seen: set[int] = set()
    owner = getattr(request.target, "__self__", request.target)
    for name, value in (("", owner), *request.named):
        if isinstance(value, nnx.Module) and id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _become(module: Any, attributes: dict[str, Any]) -> None:
    held = vars(module)
    new = dict(attributes)
    held.clear()
    held.update(new)


def _name(path: Sequence[Any]) -> str:
    """Return the path of a variable: `layers.0.kernel`."""
    keys = [key for key in path if not isinstance(key, jax.tree_util.GetAttrKey)]
    return ".".join(str(getattr(key, "key", getattr(key, "idx", key))) for key in keys)


def _is_key(array: Any) -> bool:
    return jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key)  # pyright: ignore[reportPrivateImportUsage]


def _as_key(words: Any, like: Any) -> Any:
    return jax.random.wrap_key_data(words, impl=jax.random.key_impl(like))
