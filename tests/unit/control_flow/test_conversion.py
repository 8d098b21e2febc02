"""Converted code means exactly what Python means where nothing is traced."""

import contextlib
import linecache
import traceback
from collections.abc import Iterator
from itertools import product
from types import FunctionType
from typing import Any

import pytest
from control_flow.random_programs import Programs

from mlgraph.frontend.control_flow.conversion import converted_code

pytestmark = pytest.mark.quick


@contextlib.contextmanager
def managed(log: list[Any]) -> Iterator[int]:
    log.append("enter")
    try:
        yield 5
    finally:
        log.append("exit")


class Enough(Exception):
    """A program has run for long enough."""


class Log(list[Any]):
    """What a program did, of which it can do a limited number of things."""

    def append(self, entry: Any) -> None:
        if len(self) > 200:
            raise Enough
        super().append(entry)


def outcome(program: FunctionType, *arguments: int) -> list[Any]:
    """Return what a program logs, and how it ends."""
    log = Log()
    try:
        log.append(("returned", program(log, *arguments)))
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == program.__code__.co_filename]
        if isinstance(error, UnboundLocalError):
            lines = [0]  # CPython may give the line before, where one instruction stores a variable and loads the next
        list.append(log, ("raised", type(error), str(error), lines[-1]))
    return log


def check(seed: int) -> None:
    """Check one random program on all of its paths."""
    source, name = Programs(seed).source(), f"<string program {seed}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space: dict[str, Any] = {"managed": managed, "suppress": contextlib.suppress}
    exec(compile(source, name, "exec"), space)
    program = space["program"]
    given = list(product((0, 2), (-1, 1, 3), (0, 3)))
    expected = [outcome(program, *arguments) for arguments in given]
    with converted_code([program]):
        found = [outcome(program, *arguments) for arguments in given]
    del linecache.cache[name]
    for arguments, one, other in zip(given, found, expected, strict=True):
        assert one == other, f"{arguments}\n{source}"


@pytest.mark.parametrize("seed", range(0, 200, 20))
def test_random_programs(seed: int) -> None:
    for each in range(seed, seed + 20):
        check(each)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 5000, 200))
def test_many_random_programs(seed: int) -> None:
    for each in range(seed, seed + 200):
        check(each)
