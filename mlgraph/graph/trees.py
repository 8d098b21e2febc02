"""Trees of arguments and results: tuples, lists, dicts, dataclasses and their like, through `optree`.

None is a leaf. Dicts keep their order, which is part of the structure. A dataclass or a subclass of a dict is flattened
and rebuilt as itself.
"""

# pyright: basic
import dataclasses
from collections import OrderedDict, defaultdict
from typing import Any

import optree

from mlgraph.errors import InputError
from mlgraph.frameworks.torch import TORCH
from mlgraph.graph.random_keys import KeyWords, closed, opened

NAMESPACE = "mlgraph"
_known: set[type] = {dict, OrderedDict, defaultdict}
_ordered = optree.dict_insertion_ordered(True, namespace=NAMESPACE)
_ordered.__enter__()


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """Return the leaves of `tree` in order, and its structure. Raise `InputError` for a tree that contains itself."""
    try:
        leaves, spec = optree.tree_flatten(tree, is_leaf=_register, none_is_leaf=True, namespace=NAMESPACE)
    except RecursionError as error:
        raise InputError(f"a {type(tree).__name__} holds itself, or holds others a thousand deep") from error
    if (keys := opened(leaves)) is not None:
        return flatten(optree.tree_unflatten(spec, keys))
    return list(leaves), spec


def unflatten(spec: Any, leaves: Any) -> Any:
    """Return the tree of structure `spec` with these leaves."""
    return optree.tree_unflatten(spec, leaves)


def with_sorted_keys(tree: Any) -> Any:
    """Return `tree` with its plain dicts sorted by key, where the keys can be compared."""
    if type(tree) is dict:
        items = {key: with_sorted_keys(item) for key, item in tree.items()}
        try:
            return {key: items[key] for key in sorted(items)}
        except TypeError:
            return items
    if type(tree) is tuple or type(tree) is list:
        return type(tree)(map(with_sorted_keys, tree))
    if optree.is_namedtuple(tree):
        return tuple.__new__(type(tree), map(with_sorted_keys, tree))
    return tree


def class_of(spec: Any) -> type:
    """Return the class of the root node of a structure."""
    return KeyWords.class_of_keys() if spec.type is KeyWords else spec.type


def _flatten_key(node: Any) -> Any:
    return (node._base_array,), node.kind, ("_base_array",)


def _rebuild_key(kind: Any, items: Any) -> Any:
    (words,) = items
    return closed(words, kind)


_key_words: Any = KeyWords
optree.register_pytree_node(_key_words, _flatten_key, _rebuild_key, namespace=NAMESPACE)


def _register(node: Any) -> bool:
    """Register the class of `node` with optree if it is an unknown container. Return False: no node is a leaf."""
    cls = type(node)
    if cls in _known or cls.__module__ == "builtins" or isinstance(node, type):
        return False
    if dataclasses.is_dataclass(node) and not isinstance(node, dict):
        _known.add(cls)
        optree.register_pytree_node(
            cls, _flatten_dataclass, lambda names, items: _rebuild(cls, names, items), namespace=NAMESPACE
        )
    elif isinstance(node, dict) and (dataclasses.is_dataclass(node) or not getattr(node, "__dict__", None)):
        _known.add(cls)
        optree.register_pytree_node(
            cls, _flatten_dict, lambda keys, items: _rebuild_dict(cls, keys, items), namespace=NAMESPACE
        )
    elif isinstance(node, tuple | list) and not optree.is_namedtuple(node) and not optree.is_structseq(node):
        _known.add(cls)
        optree.register_pytree_node(
            cls, lambda node: (tuple(node), None, None), _rebuild_sequence(cls), namespace=NAMESPACE
        )
    return False


def _rebuild_sequence(cls: type) -> Any:
    """Return a function from items to a sequence of class `cls`, such as `torch.Size`."""

    def rebuild(_: Any, items: Any) -> Any:
        if issubclass(cls, tuple):
            return _size(cls, items) if cls.__module__ == TORCH.name else tuple.__new__(cls, items)
        new = cls.__new__(cls)  # pyright: ignore[reportCallIssue]
        list.extend(new, items)
        return new

    return rebuild


def _size(cls: type, items: Any) -> Any:
    """Return a `torch.Size`, or a tuple if the items are no sizes."""
    try:
        return cls(items)
    except TypeError:
        return tuple(items)


def _flatten_dict(node: Any) -> Any:
    if getattr(node, "__dict__", None) and not dataclasses.is_dataclass(node):
        raise InputError(f"{type(node).__name__} is a dict with attributes of its own", fix="pass a plain dict")
    return tuple(node.values()), tuple(node.keys()), tuple(node.keys())  # pyright: ignore[reportAttributeAccessIssue]


def _rebuild_dict(cls: type, keys: Any, items: Any) -> Any:
    """Return a dict of class `cls`. Only a dataclass, as `ModelOutput` of transformers, has its `__init__` run."""
    if dataclasses.is_dataclass(cls):
        return cls(**dict(zip(keys, items)))
    new = cls.__new__(cls)  # pyright: ignore[reportCallIssue]
    dict.update(new, zip(keys, items))
    return new


def _flatten_dataclass(node: Any) -> Any:
    fields = [f.name for f in dataclasses.fields(node) if hasattr(node, f.name)]
    names = tuple(dict.fromkeys([*fields, *getattr(node, "__dict__", ())]))
    return tuple(getattr(node, name) for name in names), names, names


def _rebuild(cls: type, names: Any, items: Any) -> Any:
    """Return a dataclass with these fields without running its `__init__`."""
    new = object.__new__(cls)
    for name, item in zip(names, items):
        object.__setattr__(new, name, item)
    return new


def same_static(a: Any, b: Any) -> bool:
    """Return whether two Python values may share a specialization: 1, 1.0 and True may not."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    try:
        return a is b or bool(a == b)
    except Exception:
        return False
