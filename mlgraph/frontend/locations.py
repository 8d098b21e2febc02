"""Locations of the user's code."""

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import FrameType

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, LocationAttr, NameLoc, StringAttr

from mlgraph.frameworks import every


def at(filename: str, line: int, column: int = 0, module: str = "") -> LocationAttr:
    """Return `file:line:column`, with the dotted path of the module that it ran in."""
    place = FileLineColLoc(StringAttr(filename), IntAttr(line), IntAttr(column))
    return NameLoc(StringAttr(module), place) if module else place


OTHERS = ("optree", "xdsl")
"""Libraries beside the frameworks whose code is none of the user's."""
CONSOLES = ("<stdin>", "<string>", "<ipython")
"""The file names of code that a user typed."""


@lru_cache(maxsize=4096)
def is_library(filename: str) -> bool:
    """Return whether a file is part of mlgraph or of a framework, or is generated code."""
    if filename.startswith("<"):
        return not filename.startswith(CONSOLES)
    return filename.startswith(tuple(_folders()))


def libraries() -> tuple[str, ...]:
    """Return the packages whose code is none of the user's."""
    return (*OTHERS, *(name for framework in every() for name in framework.own_files))


def _folders() -> Iterator[str]:
    yield str(Path(__file__).parents[1]) + os.sep
    for name in libraries():
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            yield str(Path(file).parent) + os.sep


def warn(text: str, category: type[Warning]) -> None:
    """Warn at the innermost line of the user's that runs now."""
    frame = _current_frame()
    warnings.warn_explicit(text, category, frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__"))


def current_line() -> str:
    """Return `file:line` of the user's code that runs now."""
    frame = _current_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _current_frame() -> FrameType:
    frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _is_users(frame: FrameType) -> bool:
    """Return whether the user wrote the code of a frame. What a library generates as a string belongs to no module."""
    return not is_library(frame.f_code.co_filename) and frame.f_globals.get("__name__") is not None


def user_line(error: BaseException) -> str:
    """Return `file:line` of the innermost of the user's frames that an error, or what caused it, passed; "" if none."""
    found = ""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        lines = [(frame, line) for frame, line in traceback.walk_tb(cause.__traceback__) if _is_users(frame)]
        found = f"{lines[-1][0].f_code.co_filename}:{lines[-1][1]}" if lines else found
        cause = cause.__cause__
    return found
