# pyright: basic
"""The gradients of every row by the autodiff of torch, jax and tensorflow, which must agree at smooth points."""

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from frameworks import to_framework, wide_types
from remembered import remembered
from test_rows import CASES, Case, Program
from xdsl.dialects.builtin import Float64Type, TensorType

from mlgraph.tools.support import holes

NO_GRADIENT = {
    "torch": dict.fromkeys(
        "bessel_k0e bessel_k1e spherical_bessel_j0".split(),
        "torch gives results without a gradient",
    )
    | dict.fromkeys("floor_divide nextafter zeta gammainc gammaincc".split(), "torch raises")
    | dict.fromkeys(("batch_norm", "batch_norm_channels_last"), "torch raises for the gradient by the statistics"),
    "jax": dict.fromkeys("betainc householder_product nextafter zeta gammainc gammaincc".split(), "jax raises")
    | {"spence": "jax gives NaN"},
    "tensorflow": dict.fromkeys(
        "fmod lu betainc nextafter zeta gammainc gammaincc floor_divide householder_product".split(),
        "tensorflow raises",
    )
    | {"frexp": "tensorflow takes the bits apart"},
}
"""Rows without a gradient in a framework, by why."""

UNDETERMINED = {
    "eigh": "vectors have free signs, and of an input that is not symmetric each framework reads another half",
    "svd": "vectors have free signs",
    "item": "a Python number has no gradient",
}
"""Rows whose gradient is no property of the row."""


def is_smooth(case: Case) -> bool:
    try:
        program = Program(case.row, case.draw())
    except ValueError:
        return False
    return bool(floats(program.inputs)) and any(is_float64(result.type) for result in program.results)


def smooth_cases() -> list[Case]:
    """The first case of each row whose results and operands hold floats, in double precision."""
    first = [replace(case, dtype="float64") for case in CASES if case.number == 0 and case.dtype == "float32"]
    found = remembered("smooth", lambda: (case.row for case in first if is_smooth(case)))
    return [case for case in first if case.row in found]


def is_float64(type: Any) -> bool:
    return isinstance(type, TensorType) and isinstance(type.element_type, Float64Type)


def floats(arrays: Any) -> list[int]:
    return [i for i, array in enumerate(arrays) if array.dtype.kind == "f"]


def weights(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(str(shape).encode())).uniform(0.5, 1.5, shape)


def by_torch(main: Any, inputs: list[np.ndarray]) -> list[Any]:
    import torch

    arrays = [to_framework("torch", x) for x in inputs]
    leaves = [arrays[i].requires_grad_() for i in floats(inputs)]
    total = sum((r * torch.from_numpy(weights(tuple(r.shape)))).sum() for r in differentiable(main(*arrays)))
    return [np.zeros(x.shape) if g is None else g.numpy() for x, g in zip(leaves, grads(total, leaves), strict=True)]


def grads(total: Any, leaves: list[Any]) -> Any:
    import torch

    if not getattr(total, "requires_grad", False):
        return [None] * len(leaves)
    return torch.autograd.grad(total, leaves, allow_unused=True)


def by_jax(main: Any, inputs: list[np.ndarray]) -> list[Any]:
    import jax

    def total(leaves: list[Any]) -> Any:
        arrays = [to_framework("jax", x) for x in inputs]
        for i, leaf in zip(floats(inputs), leaves, strict=True):
            arrays[i] = leaf
        return sum((r * weights(tuple(r.shape))).sum() for r in differentiable(main(*arrays)))

    leaves = [to_framework("jax", inputs[i]) for i in floats(inputs)]
    return [np.asarray(g) for g in jax.jit(jax.grad(total))(leaves)]


def by_tensorflow(main: Any, inputs: list[np.ndarray]) -> list[Any]:
    import tensorflow as tf

    arrays = [to_framework("tensorflow", x) for x in inputs]
    leaves = [arrays[i] for i in floats(inputs)]
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        results = differentiable(main(*arrays))
        total = tf.add_n([tf.reduce_sum(r * weights(tuple(r.shape))) for r in results])
    found = tape.gradient(total, leaves, unconnected_gradients="zero")
    return [np.asarray(tf.convert_to_tensor(g)) for g in found]


def differentiable(results: Any) -> list[Any]:
    several = results if isinstance(results, tuple | list) else (results,)
    return [r for r in several if "float64" in str(r.dtype)]


BY = {"torch": by_torch, "jax": by_jax, "tensorflow": by_tensorflow}


@pytest.mark.parametrize("case", smooth_cases(), ids=lambda case: case.row)
def test_gradients_agree(case: Case):
    if case.row in UNDETERMINED:
        pytest.skip(UNDETERMINED[case.row])
    arguments = case.draw()
    found = {}
    for backend, gradients in BY.items():
        if case.row in holes().get((backend, ""), ()) or case.row in NO_GRADIENT[backend]:
            continue
        program = Program(case.row, arguments)
        source = program.source(backend)
        with wide_types(backend):
            main = source.load(f"<gradient {case}>", lambda x, to=backend: to_framework(to, x))
            found[backend] = gradients(main, program.inputs)
    if len(found) < 2:
        pytest.skip("fewer than two frameworks have a gradient to compare")
    expected = found.popitem()[1]
    for backend, gradients in found.items():
        for a, b in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8, err_msg=backend)
