"""Objects that a function makes and returns, such as a KV cache: a call rebuilds them around new arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlgraph.frameworks import framework_of
from mlgraph.frameworks.modules import is_module
from mlgraph.graph import trees
from mlgraph.graph.effects.access_path import Step, content, filled, is_object


class Object:
    """A node that stands for an object in a tree. Rebuilding the tree makes the object again."""

    def __init__(self, cls: type, held: Mapping[Step, Any]) -> None:
        self.cls = cls
        self.held = held


def _flatten(node: Any) -> Any:
    steps = tuple(node.held)
    return tuple(node.held.values()), (node.cls, steps), tuple(map(str, steps))


def _rebuild(kind: Any, items: Any) -> Any:
    cls, steps = kind
    return filled(cls, dict(zip(steps, items)))


trees.register(Object, _flatten, _rebuild)


def flatten_result(result: Any, roots: Sequence[Any] = ()) -> tuple[list[Any], Any]:
    """Return the leaves of a function's result, and its structure; objects that hold arrays are flattened.

    The caller's own objects, `roots`, and modules are leaves.
    """
    return trees.flatten(_open(result, {id(root) for root in roots}))


def _open(tree: Any, closed: set[int]) -> Any:
    leaves, spec = trees.flatten(tree)
    opened = [_open_object(leaf, closed) for leaf in leaves]
    return tree if all(a is b for a, b in zip(opened, leaves)) else trees.unflatten(spec, opened)


def _open_object(leaf: Any, closed: set[int]) -> Any:
    """Return `leaf`, or an `Object` node for an object that holds arrays and is not inside itself."""
    if id(leaf) in closed or not is_object(leaf) or is_module(leaf):
        return leaf
    held = content(leaf)
    opened = {step: _open(value, {*closed, id(leaf)}) for step, value in held.items()}
    if not any(framework_of(inner) is not None for inner in trees.flatten(list(opened.values()))[0]):
        return leaf
    owner: object = leaf
    return Object(type(owner), opened)
