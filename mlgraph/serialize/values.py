"""Python values and trees of them as JSON, and back. No class is imported because a file names it."""

import collections
import functools
from collections.abc import Callable
from typing import Any, cast

from mlgraph.errors import UnsupportedOpError
from mlgraph.graph import trees
from mlgraph.graph.trees import optree

DEEPEST = 100
"""The deepest nesting of containers."""


class Record(dict[str, Any]):
    """A dict of names and values that a loaded graph returns for a dataclass or an output of `transformers`.

    A value is reached as `record.name`, `record["name"]` or, in order, `record[0]`.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getitem__(name)
        except KeyError:
            raise AttributeError(f"a record of {', '.join(self)} has no {name!r}") from None

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{name}={value!r}' for name, value in self.items())})"

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else tuple(self.values())[key]


@functools.lru_cache
def named_tuple(name: str, fields: tuple[str, ...]) -> type:
    """Return a class of named tuples, cached by its names. Raise `ValueError` for invalid names."""
    return collections.namedtuple(name, fields)  # pyright: ignore[reportUntypedNamedTuple]


def value_to_json(value: Any) -> Any:
    """Return a plain Python value as JSON. A float is tagged, since JSON has no NaN and does not tell 1.0 from 1."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return {"float": repr(value)}
    raise UnsupportedOpError(f"{value!r} of class {type(value).__name__} has no place in a file")


def value_from_json(value: Any) -> Any:
    """Return the value that `value_to_json` described. Raise `TypeError` or `ValueError` for other JSON."""
    if value is None or type(value) in (bool, int, str):
        return value
    tagged = cast(dict[str, Any], value) if type(value) is dict else {}
    if list(tagged) == ["float"] and type(tagged["float"]) is str:
        return float(tagged["float"])
    raise TypeError(f"{value!r} is no plain value")


def tree_to_json(spec: Any, result: bool = False) -> Any:
    """Return the structure of a tree as JSON; a leaf is `null`.

    The structure of arguments may hold tuples, lists and dicts only, so that a call can match it. In the structure of a
    result, named tuples become others of the same names, and objects of other classes become a `Record`.
    """
    if spec.is_leaf():
        return None
    children = [tree_to_json(child, result) for child in spec.children()]
    cls = spec.type
    if cls in (tuple, list):
        return [cls.__name__, children]
    if cls in (dict, collections.OrderedDict) and all(type(key) in (str, int) for key in spec.entries()):
        return [cls.__name__, _pairs(spec.entries(), children)]
    if result and (found := _result_to_json(spec, cls, children)) is not None:
        return found
    raise UnsupportedOpError(
        f"a tree with {cls.__name__} in it has no place in a file",
        why="loading must not import classes that a file names",
        fix="take tuples, lists and dicts, and return these, named tuples or dataclasses",
    )


def _result_to_json(spec: Any, cls: type, children: list[Any]) -> Any:
    """Return the JSON for a container of a class of the user or of a library, None if there is none."""
    if optree.is_namedtuple_class(cls) or optree.is_structseq_class(cls):
        fields = optree.namedtuple_fields(cls) if optree.is_namedtuple_class(cls) else optree.structseq_fields(cls)
        return ["named", cls.__name__, _pairs(fields, children)]
    if issubclass(cls, tuple | list):
        return ["tuple" if issubclass(cls, tuple) else "list", children]
    if cls is not collections.deque and all(type(key) is str for key in spec.entries()):
        return ["record", _pairs(spec.entries(), children)]
    return None


def _pairs(keys: Any, children: list[Any]) -> list[list[Any]]:
    return [list(item) for item in zip(keys, children, strict=True)]


def tree_from_json(tree: Any) -> Any:
    """Return the structure that `tree_to_json` described. Raise `TypeError` or `ValueError` for other JSON."""
    return trees.flatten(_example(tree, 0))[1]


def _example(tree: Any, depth: int) -> Any:
    """Return a tree of this structure."""
    if tree is None:
        return 0
    if depth > DEEPEST:
        raise ValueError(f"a tree is deeper than {DEEPEST}")
    kind, *rest = tree
    if kind not in _MAKERS:
        raise TypeError(f"{kind!r} is no kind of tree")

    def make(child: Any) -> Any:
        return _example(child, depth + 1)

    return _MAKERS[kind](make, *rest)


Make = Callable[[Any], Any]


def _make_tuple(make: Make, children: Any) -> Any:
    return tuple(make(child) for child in children)


def _make_list(make: Make, children: Any) -> Any:
    return [make(child) for child in children]


def _make_dict(cls: type, make: Make, pairs: Any) -> Any:
    keys = [key for key, _ in pairs]
    if not all(type(key) in (str, int) for key in keys) or len(set(keys)) != len(keys):
        raise TypeError(f"{keys!r} are no keys of a dict")
    return cls((key, make(child)) for key, child in pairs)


def _make_named(make: Make, name: str, pairs: Any) -> Any:
    fields = tuple(field for field, _ in pairs)
    if not all(type(text) is str for text in (name, *fields)):
        raise TypeError(f"{fields!r} are no names")
    return named_tuple(name, fields)(*(make(child) for _, child in pairs))


_MAKERS: dict[str, Callable[..., Any]] = {
    "tuple": _make_tuple,
    "list": _make_list,
    "dict": functools.partial(_make_dict, dict),
    "OrderedDict": functools.partial(_make_dict, collections.OrderedDict),
    "record": functools.partial(_make_dict, Record),
    "named": _make_named,
}
"""The maker of a container for each tag; it takes a function that makes a child, and the JSON after the tag."""
