# pyright: basic
"""Random programs leave the same values in results and arguments as eager's, and their results share the same memory.

`MLGRAPH_MEMORY_PROGRAMS=50000` runs as many from each of torch and numpy: 20 minutes for numpy, hours for torch.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from memory_programs import PROGRAMS, SHAPES, MemoryProgram, shared

import mlgraph

BATCH = 20
"""How many programs one capture holds: most of what torch.export costs is the same for any function."""
COUNTS = [("torch", 40), ("numpy", 300)]
MORE = [pytest.param("torch", 200, marks=pytest.mark.slow), pytest.param("numpy", 1800, marks=pytest.mark.slow)]


class Programs(torch.nn.Module):
    """A module that runs each program on inputs of its own and a buffer of its own."""

    def __init__(self, programs: list[MemoryProgram]) -> None:
        super().__init__()
        self.programs = programs
        for i in range(len(programs)):
            self.register_buffer(f"buffer{i}", torch.zeros(SHAPES[0]))

    def forward(self, *inputs: torch.Tensor) -> list[list[torch.Tensor]]:
        n = len(SHAPES)
        return [
            program.run([*inputs[i * n : (i + 1) * n], getattr(self, f"buffer{i}")])
            for i, program in enumerate(self.programs)
        ]


def numbers(count: int, seed: int) -> list[np.ndarray]:
    """Arrays of whole numbers for so many programs: they add up to the same in any order."""
    generator = np.random.default_rng(seed)
    return [generator.integers(1, 9, shape).astype(np.float32) for _ in range(count) for shape in SHAPES]


def from_torch(programs: list[MemoryProgram]) -> None:
    eager, compiled = Programs(programs), Programs(programs)
    names = [name for name, _ in eager.named_buffers()]
    graph = mlgraph.compile(compiled, to="torch", args=tuple(map(torch.from_numpy, numbers(len(programs), 0))))
    for seed in (1, 2):
        theirs, ours = (list(map(torch.from_numpy, numbers(len(programs), seed))) for _ in range(2))
        agree(eager(*theirs), graph(*ours), theirs, ours)
        for name in names:
            torch.testing.assert_close(getattr(compiled, name), getattr(eager, name), rtol=0, atol=0)


def from_numpy(programs: list[MemoryProgram]) -> None:
    def run(*inputs: Any) -> list[list[Any]]:
        n = len(SHAPES)
        return [program.run(inputs[i * n : (i + 1) * n]) for i, program in enumerate(programs)]

    graph = mlgraph.compile(run, to="numpy", args=tuple(numbers(len(programs), 0)))
    for seed in (1, 2):
        theirs, ours = numbers(len(programs), seed), numbers(len(programs), seed)
        agree(run(*theirs), graph(*ours), theirs, ours)


def agree(expected: list[list[Any]], found: list[list[Any]], theirs: list[Any], ours: list[Any]) -> None:
    for want, got in zip([*expected, theirs], [*found, ours], strict=True):
        for a, b in zip(want, got, strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    n = len(SHAPES)
    for i, (want, got) in enumerate(zip(expected, found, strict=True)):
        own = slice(i * n, (i + 1) * n)
        assert shared(got, ours[own]) == shared(want, theirs[own]), f"program {i}"
        assert identical(got, ours[own]) == identical(want, theirs[own]), f"program {i}"


def identical(results: Sequence[Any], owners: Sequence[Any]) -> list[list[bool]]:
    """Return which results are the same object as each other and as the inputs."""
    return [[x is y for y in (*results, *owners)] for x in results]


@pytest.mark.parametrize(("source", "count"), [*COUNTS, *MORE])
def test_values_writes_and_shared_memory_are_eagers(source: str, count: int) -> None:
    check = {"torch": from_torch, "numpy": from_numpy}[source]
    count = int(os.environ.get("MLGRAPH_MEMORY_PROGRAMS", count))

    @settings(
        max_examples=max(count // BATCH, 1),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # the failing program is short enough
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(PROGRAMS, min_size=BATCH, max_size=BATCH))
    def every(programs: list[MemoryProgram]) -> None:
        try:
            check(programs)
        except Exception:  # name the program, not the whole batch
            for program in programs:
                try:
                    check([program])
                except Exception as error:
                    raise AssertionError(f"{program}") from error
            raise

    every()


def test_a_view_of_an_array_that_is_overwritten_whole_is_a_view_of_it() -> None:
    def overwritten(x: Any) -> Any:
        x[:] = 0
        return x[1:]

    graph = mlgraph.compile(overwritten, to="numpy", args=(np.ones((3, 4)),))
    x = np.ones((3, 4))
    assert np.shares_memory(graph(x), x)


def test_the_old_value_of_a_buffer_is_kept_beside_a_view_of_the_new_one() -> None:
    steps = (("same", 3, 0), ("step", 4, 0), ("zero", 5, 0), ("sum", 3, 3), ("rows", 4, 0))
    from_torch([MemoryProgram(steps, returned=(4, 4, 5, 6))])
    kept = (
        *(("same", 7, 2), ("step", 8, 0), ("write_row", 6, 6), ("zero", 5, 9), ("transpose", 2, 5), ("sum", 2, 4)),
        *(("flatten", 6, 1), ("sum", 3, 5), ("rows", 6, 4)),
    )
    from_torch([MemoryProgram(kept, returned=(4, 4, 4, 5))])


def test_a_reshape_that_copies_and_a_view_of_it_share_the_copy() -> None:
    steps = (("rows", 1, 0), ("columns", 3, 0), ("step", 0, 0), ("flatten", 4, 0), ("step", 6, 0))
    from_numpy([MemoryProgram(steps, returned=(6, 7))])
    from_torch([MemoryProgram(steps, returned=(6, 7))])
