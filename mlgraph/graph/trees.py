"""Trees of arguments and results: tuples, lists, dicts, dataclasses and their like, through `optree`.

None is a leaf. Dicts keep their order, which is part of the structure. A dataclass or a subclass of a dict is flattened
and rebuilt as itself.
"""

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

import optree as untyped

from mlgraph.errors import InputError
from mlgraph.frameworks.torch import TORCH
from mlgraph.graph.random_keys import KeyWords, closed, opened

optree = cast(Any, untyped)
"""optree without its types, which do not fit classes that are only known at run time."""
NAMESPACE = "mlgraph"
TUPLES: tuple[type, ...] = (tuple,)
PLAIN_SEQUENCES: tuple[type, ...] = (tuple, list)
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
        items = {key: with_sorted_keys(item) for key, item in cast(dict[Any, Any], tree).items()}
        try:
            return {key: items[key] for key in sorted(items)}
        except TypeError:
            return items
    cls: Any = cast(object, type(tree))
    if cls in PLAIN_SEQUENCES:
        return cls(map(with_sorted_keys, tree))
    return tuple_of(cls, map(with_sorted_keys, tree)) if optree.is_namedtuple(tree) else tree


def tuple_of(cls: Any, items: Iterable[Any]) -> Any:
    """Return a tuple of class `cls`, without running the `__new__` of the class."""
    return tuple.__new__(cls, items)  # pyright: ignore[reportUnknownMemberType]


def class_of(spec: Any) -> type:
    """Return the class of the root node of a structure."""
    return KeyWords.class_of_keys() if spec.type is KeyWords else spec.type


def _flatten_key(node: Any) -> Any:
    return (node._base_array,), node.kind, ("_base_array",)


def _rebuild_key(kind: Any, items: Any) -> Any:
    (words,) = items
    return closed(words, kind)


def register(cls: type, flatten_node: Callable[[Any], Any], rebuild: Callable[[Any, Any], Any]) -> None:
    """Make a class a node of trees; see `optree.register_pytree_node`."""
    optree.register_pytree_node(cls, flatten_node, rebuild, namespace=NAMESPACE)


register(KeyWords, _flatten_key, _rebuild_key)


def _register(node: Any) -> bool:
    """Register the class of `node` with optree if it is an unknown container. Return False: no node is a leaf."""
    owner: object = node
    cls = type(owner)
    if cls in _known or cls.__module__ == "builtins" or issubclass(cls, type):
        return False
    if (functions := _functions_for(cls, node)) is not None:
        _known.add(cls)
        register(cls, *functions)
    return False


def _functions_for(cls: type, node: Any) -> tuple[Any, Any] | None:
    """Return the functions that flatten and rebuild the containers of a class, None for what is no container."""
    is_dataclass = dataclasses.is_dataclass(cls)
    if issubclass(cls, dict):
        is_plain = is_dataclass or not getattr(node, "__dict__", None)
        return (_flatten_dict, partial(_rebuild_dict, cls)) if is_plain else None
    if is_dataclass:
        return _flatten_dataclass, partial(_rebuild, cls)
    if issubclass(cls, tuple | list) and not optree.is_namedtuple(node) and not optree.is_structseq(node):
        return _flatten_sequence, partial(_rebuild_sequence, cls)
    return None


def _flatten_sequence(node: Any) -> Any:
    return tuple(node), None, None


def _rebuild_sequence(cls: Any, _: Any, items: Any) -> Any:
    """Return a sequence of class `cls`, such as `torch.Size`."""
    if issubclass(cls, tuple):
        return _size(cls, items) if cls.__module__ == TORCH.name else tuple_of(cls, items)
    new = cls.__new__(cls)
    list[Any].extend(new, items)
    return new


def _size(cls: Any, items: Any) -> Any:
    """Return a `torch.Size`, or a tuple if the items are no sizes."""
    try:
        return cls(items)
    except TypeError:
        return tuple(items)


def _flatten_dict(node: Any) -> Any:
    cls: Any = cast(object, type(node))
    if getattr(node, "__dict__", None) and not dataclasses.is_dataclass(cls):
        raise InputError(f"{cls.__name__} is a dict with attributes of its own", fix="pass a plain dict")
    return tuple(node.values()), tuple(node.keys()), tuple(node.keys())


def _rebuild_dict(cls: Any, keys: Any, items: Any) -> Any:
    """Return a dict of class `cls`. Only a dataclass, as `ModelOutput` of transformers, has its `__init__` run."""
    if dataclasses.is_dataclass(cast(object, cls)):
        return cls(**dict(zip(keys, items)))
    new = cls.__new__(cls)
    dict[Any, Any].update(new, zip(keys, items))
    return new


def _flatten_dataclass(node: Any) -> Any:
    fields = [f.name for f in dataclasses.fields(node) if hasattr(node, f.name)]
    names = tuple(dict.fromkeys([*fields, *getattr(node, "__dict__", ())]))
    return tuple(getattr(node, name) for name in names), names, names


def _rebuild(cls: type, names: Any, items: Any) -> Any:
    """Return a dataclass with these fields without running its `__init__`."""
    new: object = object.__new__(cast(Any, cls))
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
