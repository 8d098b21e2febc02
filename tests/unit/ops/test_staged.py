# pyright: basic
"""Emitted code under the compilers of its own framework: `jax.jit`, and `tf.function` with sizes that are not known."""

from typing import Any

import pytest
from frameworks import to_framework, wide_types
from test_rows import CASES, Case, Program, check

from mlgraph.tools.support import holes

DATA_DEPENDENT = {"nonzero": "its shape depends on values", "to_size": "its result is a size", "item": "it is a number"}
"""Rows that `jax.jit` cannot run, by why."""


def staged(backend: str, main: Any, inputs: list[Any]) -> Any:
    if backend == "jax":
        import jax

        return jax.jit(main)
    import tensorflow as tf

    signature = [tf.TensorSpec([None] * x.ndim, x.dtype) for x in inputs]
    return tf.function(main, input_signature=signature, autograph=False)  # nor does it convert the code of graphs


def first_of_each_row() -> list[Case]:
    """The first case of each row, in float32 where it has one."""
    chosen: dict[str, Case] = {}
    for case in CASES:
        if case.row not in chosen or (case.dtype == "float32" != chosen[case.row].dtype and case.number == 0):
            chosen[case.row] = case
    return list(chosen.values())


def pools_of_integers() -> list[Case]:
    """The first case of each pool of integers: its start is an array, which jax traces."""
    pools = ("max_pool", "max_pool_channels_last", "sum_pool", "sum_pool_channels_last")
    return [case for case in CASES if case.row in pools and case.dtype == "int32" and case.number == 0]


@pytest.mark.parametrize("case", [*first_of_each_row(), *pools_of_integers()], ids=str)
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_staged(backend: str, case: Case):
    if case.row in holes().get((backend, ""), ()):
        pytest.skip(holes()[backend, ""][case.row])
    arguments = case.draw()
    program = Program(case.row, arguments, "none" if backend in case.example.sized else "all")
    source = program.source(backend)
    with wide_types(backend):
        main = source.load(f"<staged {case}>", lambda array: to_framework(backend, array))
        inputs = [to_framework(backend, array) for array in program.inputs]
        run = staged(backend, main, inputs)
        if backend == "jax" and case.row in DATA_DEPENDENT:
            with pytest.raises(Exception, match=r"(?i)concrete|abstract|traced"):
                run(*inputs)
            return
        check(case, arguments, program, run(*inputs))
