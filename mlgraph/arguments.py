"""Checks of the arguments of `compile`. Each error says what was probably meant and what to write instead."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError

from mlgraph.errors import InputError, UnknownTargetError, advice
from mlgraph.frameworks import every, framework_of, get, names

PRINTED: tuple[type, ...] = (str, int, float, list, tuple)
"""The classes of values whose text stands in messages."""
LISTS: tuple[type, ...] = (tuple, list)
MAPPINGS: tuple[Any, ...] = (Mapping,)
ITERABLES: tuple[Any, ...] = (Iterable,)
DUMP_MODES = ("stage", "changed", "pass")
"""The occasions on which `dump_ir` writes the IR: after a stage, after a pass that changed it, after any pass."""


def check_target(to: Any) -> None:
    """Raise `UnknownTargetError` unless `to` is an installed target or None."""
    if to is None:
        return
    if not isinstance(to, str) or to not in names():
        what = f"there is no target {to!r}" if isinstance(to, str) else f"to is no name of a target but {_shown(to)}"
        raise UnknownTargetError(what, fix=advice(to, names(), _meant(to)))
    if find_spec(get(to).packages[0]) is None:
        raise UnknownTargetError(f"target {to!r} is not installed", fix=f"pip install 'mlgraph[{to}]'")


def _meant(to: Any) -> str | None:
    """Return the target meant by another spelling, by the library itself or by an object of it; None if unclear."""
    name = to if isinstance(to, str) else getattr(to, "__name__", "") if isinstance(to, ModuleType) else ""
    module = name or getattr(to, "__module__", None) or type(to).__module__
    root = str(module).strip().lower().partition(".")[0]
    return next((f.name for f in every() if root in (*f.packages, *f.other_names)), None)


def _shown(value: Any) -> str:
    """Return a short text for a value that the user gave."""
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    text = repr(value) if value is None or isinstance(value, PRINTED) else ""
    return text if 0 < len(text) <= 60 else _article(value)


def check_callable(obj: Any) -> None:
    """Raise `InputError` unless `obj` can be compiled."""
    if callable(obj):
        return
    fix = "give a function, a module or a model"
    if framework_of(obj) is not None:
        fix += "; its example inputs go in args=(x,)"
    elif isinstance(obj, str):
        fix += f"; the target goes in to={_meant(obj) or names()[0]!r}"
    raise InputError(f"{type(obj).__name__} is not callable", fix=fix)


def positional(args: Any) -> tuple[Any, ...] | None:
    """Return the positional arguments that `args` holds; raise `InputError` unless it is a tuple or a list."""
    if args is None:
        return None
    if isinstance(args, LISTS):
        return tuple(args)
    if isinstance(args, MAPPINGS):
        fix = "give keyword arguments as kwargs={...}, or one dict as args=(batch,)"
    elif isinstance(args, ITERABLES) and framework_of(args) is None and not isinstance(args, str | bytes):
        fix = "write args=(x,) for one argument, args=tuple(values) for several"
    else:
        fix = "write args=(x,): a comma makes the tuple"
    raise InputError(f"args is no tuple of arguments but {_article(args)}", fix=fix)


def keywords(kwargs: Any) -> dict[str, Any] | None:
    """Return the keyword arguments that `kwargs` holds; raise `InputError` unless it maps names to values."""
    if kwargs is None:
        return None
    fix = "write kwargs={'name': value}"
    if not isinstance(kwargs, MAPPINGS):
        raise InputError(f"kwargs is no dict of arguments but {_article(kwargs)}", fix=fix)
    for name in kwargs:
        if not isinstance(name, str):
            raise InputError(f"kwargs has the key {_shown(name)}, and names are strings", fix=fix)
    return dict(kwargs)


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def check_switch(name: str, value: Any) -> None:
    """Raise `InputError` for a flag that is not a bool: the string "no" would count as true."""
    if value is not None and not isinstance(value, bool | int):
        raise InputError(f"{name} is {_shown(value)}", fix=f"write {name}=True or {name}=False")


def check_count(name: str, value: Any) -> None:
    """Raise `InputError` for a number of things that is no integer, or negative."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{name} is {_shown(value)}", fix=f"write {name}=16, or another integer from 0")


def check_list(name: str, value: Any) -> None:
    """Raise `InputError` for a value that should be a list but is, for example, one of its items."""
    if value is not None and not isinstance(value, list | tuple):
        raise InputError(f"{name} is no list but {_article(value)}", fix=f"write {name}=[...]")


def check_dump_mode(name: str, value: Any) -> None:
    """Raise `InputError` unless `value` is one of `DUMP_MODES` or empty."""
    if value and value not in DUMP_MODES:
        raise InputError(f"{name} is {value!r}", fix=advice(value, DUMP_MODES, "stage" if value is True else None))


def check_static(function: str, parameters: Sequence[str], numbers: Any, names: Any) -> None:
    """Raise `InputError` unless the static arguments exist. Every capture fixes Python values, so they do no more."""
    for number in _several("static_argnums", numbers, int):
        if not -len(parameters) <= number < len(parameters):
            raise InputError(f"static_argnums holds {number}, and {function} has {len(parameters)} parameters")
    for name in _several("static_argnames", names, str):
        if name not in parameters:
            raise InputError(f"static_argnames holds {name!r}", fix=advice(name, parameters))


def _several(what: str, given: Any, kind: type) -> list[Any]:
    """Return one value of `kind`, or several, as a list."""
    is_one = isinstance(given, kind) or not isinstance(given, ITERABLES)
    found: list[Any] = [] if given is None else [given] if is_one else list(given)
    for item in found:
        if not isinstance(item, kind) or isinstance(item, bool):
            example = "(0, 1)" if kind is int else "('mode',)"
            raise InputError(f"{what} holds {_shown(item)}", fix=f"write {what}={example}")
    return found


def passes_of(passes: Any) -> tuple[ModulePass, ...]:
    """Return the passes, given as instances or by name: `["canonicalize", "lower-constant{to=torch}"]`."""
    if isinstance(passes, str | ModulePass | type) or not isinstance(passes, ITERABLES):
        raise InputError(f"passes is no list but {_article(passes)}", fix=f"write passes=[{_example(passes)}]")
    return tuple(found for one in passes for found in _passes(one))


def _passes(one: Any) -> list[ModulePass]:
    if isinstance(one, ModulePass):
        return [one]
    if isinstance(one, str):
        return _named_passes(one)
    if isinstance(one, type) and issubclass(one, ModulePass):
        raise InputError(f"passes holds the class {one.__name__}", fix=f"give an instance: {one.__name__}()")
    raise InputError(
        f"passes holds {_article(one)}", fix="give instances of xdsl.passes.ModulePass, or names of passes"
    )


def _named_passes(text: str) -> list[ModulePass]:
    """Return the passes that `mlgraph-opt -p` would run for this text."""
    available = _available()
    try:
        specs = list(parse_pipeline(text))
    except ArgSpecParseError as error:  # which is no Exception
        raise InputError(f"passes holds {text!r}", why=str(error), fix="write a name, or 'name{to=torch}'") from error
    if not specs:
        raise InputError(f"passes holds {text!r}, which names no pass")
    found: list[ModulePass] = []
    for spec in specs:
        if spec.name not in available:
            raise InputError(
                f"there is no pass {spec.name!r}", fix=advice(spec.name, available) or "see mlgraph-opt -h"
            )
        try:
            found.append(available[spec.name]().from_pass_spec(spec))
        except Exception as error:
            raise InputError(f"pass {spec.name!r} does not take these options: {error}") from error
    return found


def _available() -> Mapping[str, Any]:
    """Return the passes by name. `canonicalize` is mlgraph's, which keeps the locations of the user's code."""
    from xdsl.universe import Universe

    from mlgraph.transforms.canonicalize import CanonicalizePass

    return {**Universe.get_multiverse().all_passes, CanonicalizePass.name: lambda: CanonicalizePass}


def _example(passes: Any) -> str:
    """Return an example of the value as an item of a list, for an error message."""
    if isinstance(passes, str):
        return repr(passes)
    cls = passes if isinstance(passes, type) else type(passes)
    return f"{cls.__name__}(...)" if issubclass(cls, ModulePass) else "..."
