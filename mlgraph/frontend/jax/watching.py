# pyright: basic
"""Noticing where the user's code looks at a size, and which arrays it looks at.

jax answers `x.shape[0] == 3` with False for a symbolic size, since hashing needs an answer, and a branch on it would
be silently wrong at size 3. While a capture runs, such looks from outside jax are recorded, and the capture starts
anew with the sizes fixed.
"""

import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import jax
from jax._src.core import Tracer
from jax._src.export.shape_poly import _DimExpr

from mlgraph.frontend.jax.dimensions import symbols_of
from mlgraph.frontend.looks import note_look

_seen: ContextVar[set[str] | None] = ContextVar("seen", default=None)
_lock = threading.Lock()
_captures = 0
_original: dict[str, Any] = {}
_MLGRAPH = str(Path(__file__).parents[2])
_JAX = str(Path(jax.__file__).parent)
_PYTHON = sysconfig.get_paths()["stdlib"]
_LIBRARIES = tuple(str(Path(_JAX).with_name(name)) for name in ("numpy", "opt_einsum"))


@contextmanager
def watching() -> Iterator[set[str]]:
    """The symbols that user code looks at inside."""
    seen: set[str] = set()
    token = _seen.set(seen)
    _install()
    try:
        yield seen
    finally:
        _uninstall()
        _seen.reset(token)


def _aval(self: Any) -> Any:
    """What a tracer tells of its array; whether it is one at all, as `isinstance` asks, is no look."""
    if sys._getframe(1).f_code.co_name != "_is_traced_array":
        note_look(self)
    return _original["aval"].__get__(self, type(self))


def _look(dim: Any) -> None:
    """Record a look at `dim` if it comes from outside jax."""
    seen = _seen.get()
    if seen is None:
        return
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _serves_its_caller(frame.f_code):
        frame = frame.f_back
    if frame is not None and not frame.f_code.co_filename.startswith(_JAX):
        seen |= symbols_of(dim)


@lru_cache(maxsize=1024)
def _serves_its_caller(code: CodeType) -> bool:
    """Whether code looks at sizes for the one who called it: Python's own, numpy's and opt_einsum's."""
    filename = code.co_filename
    if filename == "<string>":
        return code.co_name in ("__eq__", "__hash__")  # of a dataclass
    if filename.startswith(_JAX):
        return False
    if "site-packages" in filename:
        return filename.startswith(_LIBRARIES)
    return filename.startswith((_PYTHON, "<frozen"))


def _eq(self: Any, other: Any) -> bool:
    _look(self)
    return _original["__eq__"](self, other)


def _ne(self: Any, other: Any) -> bool:
    _look(self)
    return not _original["__eq__"](self, other)


def _hash(self: Any) -> int:
    _look(self)
    return _original["__hash__"](self)


def _bool(self: Any) -> bool:
    _look(self)
    return True


def _number(self: Any) -> Any:
    _look(self)
    raise TypeError(f"the size '{self}' is not known while tracing")


def _str(self: Any) -> str:
    """The name of a size, which user code must not take for its number; mlgraph itself reads sizes as text."""
    if not sys._getframe(1).f_code.co_filename.startswith(_MLGRAPH):
        _look(self)
    return _original["__str__"](self)


_PATCHES: dict[str, Callable[..., Any]] = {
    "__eq__": _eq,
    "__ne__": _ne,
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
            _original.update({name: _DimExpr.__dict__[name] for name in _PATCHES if name in _DimExpr.__dict__})
            for name, function in _PATCHES.items():
                setattr(_DimExpr, name, function)
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
                    setattr(_DimExpr, name, _original[name])
                else:
                    delattr(_DimExpr, name)


def _set_aval(member: Any) -> None:
    setattr(Tracer, "aval", member)  # noqa: B010, the checker knows its type
