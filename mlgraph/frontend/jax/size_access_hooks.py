# pyright: basic
"""Records where the user's code reads a size, and which arrays it reads the shape or type of.

jax answers `x.shape[0] == 3` with False for a symbolic size, since hashing needs an answer, and refuses to answer
`x.shape[0] > 3`. While a capture runs, such questions from outside jax are answered by the sizes of the example, and
noted as conditions that later calls must meet too. Where Python needs the number itself, the capture starts again with
the sizes fixed.
"""

import operator
import re
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import jax
from jax.errors import InconclusiveDimensionOperation

from mlgraph.frontend.jax._private import DimExpr, Tracer
from mlgraph.frontend.jax.dimensions import python_of, symbols_of
from mlgraph.frontend.shape_access import record_access


@dataclass
class SizeAccesses:
    """Records what the user's code learns about the symbols while a capture runs."""

    sizes: Mapping[str, int]
    """The sizes of the example."""
    seen: set[str] = field(default_factory=set)
    """The symbols whose numbers it needs."""
    asked: set[str] = field(default_factory=set)
    """The symbols that it asks questions about."""
    conditions: dict[str, None] = field(default_factory=dict)
    """The questions whose answer was yes, and the opposites of the others."""

    def answer(self, left: Any, symbol: str, right: Any) -> bool | None:
        """Answer by the sizes of the example; None, with the symbols seen, where that is no matter of sizes alone."""
        try:
            sides = [python_of(side if isinstance(side, DimExpr) else operator.index(side)) for side in (left, right)]
        except (ValueError, TypeError):
            self.seen |= symbols_of(left)
            return None
        a, b = (eval(side, {"max": max, "min": min}, dict(self.sizes)) for side in sides)
        found = COMPARED[symbol][0](a, b)
        holds = symbol if found else COMPARED[symbol][1]
        if sides[0] == sides[1]:
            return found
        if holds == "==" and re.fullmatch(r"s\d+( [+-] \d+)?", sides[0]) and not isinstance(right, DimExpr):
            self.seen |= symbols_of(left)  # it is a number
        self.conditions[f"{sides[0]} {holds} {sides[1]}"] = None
        self.asked |= symbols_of(left) | symbols_of(right)
        return found


COMPARED = {
    "==": (operator.eq, "!="),
    "!=": (operator.ne, "=="),
    ">=": (operator.ge, "<"),
    "<": (operator.lt, ">="),
    ">": (operator.gt, "<="),
    "<=": (operator.le, ">"),
}
"""The function of each comparison, and its opposite."""

_watch: ContextVar[SizeAccesses | None] = ContextVar("watch", default=None)
_lock = threading.Lock()
_captures = 0
_original: dict[str, Any] = {}
_MLGRAPH = str(Path(__file__).parents[2])
_JAX = str(Path(jax.__file__).parent)
_PYTHON = sysconfig.get_paths()["stdlib"]
_LIBRARIES = tuple(str(Path(_JAX).with_name(name)) for name in ("numpy", "opt_einsum"))


@contextmanager
def record_size_access(sizes: Mapping[str, int]) -> Iterator[SizeAccesses]:
    """Note what user code inside learns about the symbols, whose values in the example are `sizes`."""
    watch = SizeAccesses(sizes)
    token = _watch.set(watch)
    _install()
    try:
        yield watch
    finally:
        _uninstall()
        _watch.reset(token)


def _aval(self: Any) -> Any:
    """Record that a tracer was asked about its array, unless only whether it is one, as `isinstance` asks."""
    if sys._getframe(1).f_code.co_name != "_is_traced_array":
        record_access(self)
    return _original["aval"].__get__(self, type(self))


def _look(dim: Any) -> None:
    """Record that the number of `dim` is needed, if it is outside jax."""
    if (watch := _users_watch()) is not None:
        watch.seen |= symbols_of(dim)


def _users_watch() -> SizeAccesses | None:
    """Return what records a question from outside jax, None for jax's own; to be called by a patch."""
    watch = _watch.get()
    if watch is None:
        return None
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and (_serves_its_caller(frame.f_code) or frame.f_code.co_filename == __file__):
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_filename.startswith(_JAX) else watch


@lru_cache(maxsize=1024)
def _serves_its_caller(code: CodeType) -> bool:
    """Return whether code looks at sizes for the one who called it: Python's own, numpy's and opt_einsum's."""
    filename = code.co_filename
    if filename == "<string>":
        return code.co_name in ("__eq__", "__hash__")  # of a dataclass
    if filename.startswith(_JAX):
        return False
    if "site-packages" in filename:
        return filename.startswith(_LIBRARIES)
    return filename.startswith((_PYTHON, "<frozen"))


def _equality(symbol: str) -> Callable[[Any, Any], bool]:
    """Return `==` or `!=` of sizes. jax's own is no for sizes of which it cannot tell."""

    def compare(self: Any, other: Any) -> bool:
        watch = _users_watch()
        found = None if watch is None else watch.answer(self, symbol, other)
        return _original["__eq__"](self, other) is (symbol == "==") if found is None else found

    return compare


def _order(name: str, symbol: str) -> Callable[[Any, Any], bool]:
    """Return an inequality of sizes, answered where jax cannot."""

    def compare(self: Any, other: Any) -> bool:
        try:
            return _original[name](self, other)
        except InconclusiveDimensionOperation:
            watch = _users_watch()
            if watch is None or (found := watch.answer(self, symbol, other)) is None:
                raise
            return found

    return compare


def _hash(self: Any) -> int:
    _look(self)
    return _original["__hash__"](self)


def _bool(self: Any) -> bool:
    watch = _users_watch()
    return True if watch is None else watch.answer(self, "!=", 0) is not False


def _number(self: Any) -> Any:
    _look(self)
    raise TypeError(f"the size '{self}' is not known while tracing")


def _str(self: Any) -> str:
    """Return the name of a size, which user code must not take for its number; mlgraph itself reads sizes as text."""
    if not sys._getframe(1).f_code.co_filename.startswith(_MLGRAPH):
        _look(self)
    return _original["__str__"](self)


def _attribute(self: Any, name: str) -> Any:
    """For `isinstance` a size is an int, as in eager code."""
    if name == "__class__" and _users_watch() is not None:
        return int
    return object.__getattribute__(self, name)


_PATCHES: dict[str, Any] = {
    "__getattribute__": _attribute,
    "__eq__": _equality("=="),
    "__ne__": _equality("!="),
    "__ge__": _order("__ge__", ">="),
    "__gt__": _order("__gt__", ">"),
    "__le__": _order("__le__", "<="),
    "__lt__": _order("__lt__", "<"),
    "__hash__": _hash,
    "__bool__": _bool,
    "__str__": _str,
    "__repr__": _str,
    "__index__": _number,
    "__float__": _number,
}


def _install() -> None:
    global _captures
    with _lock:
        _captures += 1
        if _captures == 1:
            _original.update({name: DimExpr.__dict__[name] for name in _PATCHES if name in DimExpr.__dict__})
            for name, function in _PATCHES.items():
                setattr(DimExpr, name, function)
            _original["aval"] = Tracer.__dict__["aval"]
            _set_aval(property(_aval, _original["aval"].__set__))


def _uninstall() -> None:
    global _captures
    with _lock:
        _captures -= 1
        if _captures == 0:
            _set_aval(_original["aval"])
            for name in _PATCHES:
                if name in _original:
                    setattr(DimExpr, name, _original[name])
                else:
                    delattr(DimExpr, name)


def _set_aval(member: Any) -> None:
    setattr(Tracer, "aval", member)  # noqa: B010, the checker knows its type
