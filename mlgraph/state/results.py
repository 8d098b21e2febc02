"""Objects that a function makes and returns, as a cache of keys and values: they are made again around new arrays."""

# pyright: basic
from collections.abc import Sequence
from typing import Any, NamedTuple

import optree

from mlgraph import trees
from mlgraph.objects import is_module
from mlgraph.state.places import Step, content, filled, is_object
from mlgraph.targets.arrays import framework_of


class Made(NamedTuple):
    """The class of an object, and the steps to what it holds."""

    cls: type
    steps: tuple[Step, ...]


class _Opened:
    """Stands for an object in a tree; the tree that is put together again has the object."""

    def __init__(self, made: Made, held: Sequence[Any]) -> None:
        self.made = made
        self.held = held


def _flatten(node: Any) -> Any:
    return node.held, node.made, tuple(map(str, node.made.steps))


def _rebuild(made: Any, held: Any) -> Any:
    return filled(made.cls, dict(zip(made.steps, held)))


_opened_class: Any = _Opened
optree.register_pytree_node(_opened_class, _flatten, _rebuild, namespace=trees.NAMESPACE)


def flatten_result(result: Any, roots: Sequence[Any] = ()) -> tuple[list[Any], Any]:
    """The leaves of what a function returns, and its structure. Objects that hold arrays are taken apart.

    Not so `roots`, the caller's own objects, and modules: they are leaves.
    """
    return trees.flatten(_open(result, {id(root) for root in roots}))


def _open(tree: Any, closed: set[int]) -> Any:
    leaves, spec = trees.flatten(tree)
    opened = [_open_object(leaf, closed) for leaf in leaves]
    return tree if all(a is b for a, b in zip(opened, leaves)) else trees.unflatten(spec, opened)


def _open_object(leaf: Any, closed: set[int]) -> Any:
    """What stands for `leaf`: itself unless it is an object with arrays, and not inside itself."""
    if id(leaf) in closed or not is_object(leaf) or is_module(leaf):
        return leaf
    held = content(leaf)
    opened = [_open(value, {*closed, id(leaf)}) for value in held.values()]
    if not any(framework_of(inner) is not None for inner in trees.flatten(opened)[0]):
        return leaf
    return _Opened(Made(type(leaf), tuple(held)), opened)
