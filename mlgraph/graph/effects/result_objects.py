"""Objects that a function makes and returns, as a cache of keys and values: they are made again around new arrays."""

# pyright: basic
from collections.abc import Mapping, Sequence
from typing import Any

import optree

from mlgraph.frameworks import framework_of
from mlgraph.frameworks.modules import is_module
from mlgraph.graph import trees
from mlgraph.graph.effects.access_path import Step, content, filled, is_object


class Object:
    """Stands for an object in a tree; the tree that is put together again has the object."""

    def __init__(self, cls: type, held: Mapping[Step, Any]) -> None:
        self.cls = cls
        self.held = held


def _flatten(node: Any) -> Any:
    steps = tuple(node.held)
    return tuple(node.held.values()), (node.cls, steps), tuple(map(str, steps))


def _rebuild(kind: Any, items: Any) -> Any:
    cls, steps = kind
    return filled(cls, dict(zip(steps, items)))


_object: Any = Object
optree.register_pytree_node(_object, _flatten, _rebuild, namespace=trees.NAMESPACE)


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
    opened = {step: _open(value, {*closed, id(leaf)}) for step, value in held.items()}
    if not any(framework_of(inner) is not None for inner in trees.flatten(list(opened.values()))[0]):
        return leaf
    return Object(type(leaf), opened)
