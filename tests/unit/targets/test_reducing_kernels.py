# pyright: basic
"""Kernels that end in reductions: whatever arrays they are given, the answer is that of the rows they stand for."""

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from frameworks import to_framework, to_numpy
from triton_interpreter import interpreter, needs_triton, there
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

import mlgraph
from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import BY_NAME, tensor
from mlgraph.dialects.functions import finish, function
from mlgraph.driver import KERNEL_PASSES
from mlgraph.targets import kernels
from mlgraph.targets.callable import emit
from mlgraph.targets.kernels import Kernel, reducing
from mlgraph.targets.kernels.torch import on_gpu
from mlgraph.transforms.fuse_elementwise import FuseElementwisePass
from mlgraph.transforms.lower_ivy import LowerIvyPass

pytestmark = pytest.mark.kernels

__all__ = ["interpreter"]

HALF_PRECISION = ("float16", "bfloat16")
DTYPES = ("float32", "float64", *HALF_PRECISION, "int8", "int32", "int64", "uint8", "uint16")
EPS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}

each_backend = pytest.mark.parametrize("backend", ["numpy", "torch"])


class Program:
    """A chain whose `body` makes arrays of ivy rows, compiled for a backend: one kernel."""

    def __init__(self, backend: str, dtype: str, body: Callable[..., Any], *ranks: int) -> None:
        self.backend = backend
        main = function("main", [], [])
        block = main.body.block
        for i, rank in enumerate(ranks):
            block.insert_arg(tensor((-1,) * rank, BY_NAME[dtype]), i).name_hint = "xyz"[i]
        with building(block):
            found = body(*block.args)
        finish(main, found if isinstance(found, tuple) else (found,))
        module = ModuleOp([main])
        FuseElementwisePass().apply(Context(), module)
        module.verify()
        LowerIvyPass(to=backend).apply(Context(), module)
        source = emit(module, backend)
        ((name, op),) = source.kernels.items()
        self.kernel = Kernel(op, backend, KERNEL_PASSES)
        self.main = source.load("<kernel>", lambda a: to_framework(backend, a), {name: self.kernel})

    def __call__(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        found = self.main(*(self.given(array) for array in arrays))
        return tuple(map(to_numpy, found if isinstance(found, tuple) else (found,)))

    def given(self, array: np.ndarray) -> Any:
        """An array of the backend that lies in memory as `array` does."""
        if self.backend == "numpy":
            return array
        base = array if array.base is None else array.base
        if not array.size or min(array.strides) < 0 or base.dtype != array.dtype or array.dtype.name == "bfloat16":
            return to_framework("torch", np.ascontiguousarray(array))
        steps = [step // array.itemsize for step in array.strides]
        return torch.from_numpy(base.reshape(-1)).as_strided(array.shape, steps)


def wide(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float64) if x.dtype.kind == "f" or x.dtype.name == "bfloat16" else x


def every(x: Any, y: Any) -> tuple[Any, ...]:
    """All reductions over the last axis of a product, and the product."""
    z = ivy.multiply(x, y)
    positive = ivy.greater(x, y)
    found = [ivy.sum(z, (-1,)), ivy.max(z, (-1,), True), ivy.min(z, (1,)), z]
    found += [ivy.any(positive, (-1,)), ivy.all(positive, (-1,), True)]
    return (*found, ivy.mean(z, (-1,))) if ivy.types.is_float(ivy.types.dtype(x)) else tuple(found)


def every_by_numpy(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    z = x * y
    total = wide(z).sum(-1, dtype=z.dtype if z.dtype.kind in "iu" else np.longdouble)
    return (
        *(total, z.max(-1, keepdims=True), z.min(-1), z, (x > y).any(-1), (x > y).all(-1, keepdims=True)),
        wide(z).mean(-1),
    )


def drawn(dtype: str, *shape: int) -> np.ndarray:
    random = np.random.default_rng()
    if dtype in EPS:
        return random.standard_normal(shape).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return random.integers(low, high, shape, dtype, endpoint=True)


def compare(found: Any, wanted: Any, dtype: str, length: int) -> None:
    """Sums of halves are nearly exact; other blocks are added as precisely as their elements are."""
    for one, other in zip(found, wanted):
        assert one.shape == other.shape
        bound = EPS.get(dtype, 0.0)
        np.testing.assert_allclose(
            wide(one), wide(other), bound, bound * (1 if dtype in HALF_PRECISION else 2 * length)
        )


LAYOUTS: dict[str, Callable[[str], tuple[np.ndarray, np.ndarray]]] = {
    "dense": lambda d: (drawn(d, 6, 37), drawn(d, 6, 37)),
    "row": lambda d: (drawn(d, 6, 37), drawn(d, 1, 37)),
    "column": lambda d: (drawn(d, 6, 37), drawn(d, 6, 1)),
    "both broadcast": lambda d: (drawn(d, 1, 37), drawn(d, 6, 1)),
    "transposed": lambda d: (drawn(d, 37, 6).T, drawn(d, 37, 6).T),
    "one transposed": lambda d: (drawn(d, 6, 37), drawn(d, 37, 6).T),
    "gaps": lambda d: (drawn(d, 12, 111)[::2, ::3], drawn(d, 6, 37)),
    "negative strides": lambda d: (drawn(d, 6, 37)[::-1, ::-1], drawn(d, 6, 37)),
    "stride of zero": lambda d: (np.broadcast_to(drawn(d, 37), (6, 37)), drawn(d, 6, 37)),
    "one element": lambda d: (drawn(d, 1, 1), drawn(d, 1, 1)),
    "rows of one element": lambda d: (drawn(d, 5, 1), drawn(d, 5, 1)),
    "one row": lambda d: (drawn(d, 1, 1500), drawn(d, 1, 1500)),
    "several blocks": lambda d: (drawn(d, 3, 5000), drawn(d, 3, 5000)),
    "large": lambda d: (drawn(d, 400, 300), drawn(d, 400, 300)),
    "large and transposed": lambda d: (drawn(d, 300, 400).T, drawn(d, 300, 400).T),
    "large and short": lambda d: (drawn(d, 9000, 3), drawn(d, 9000, 3)),
    "no row": lambda d: (drawn(d, 0, 3), drawn(d, 0, 3)),
}


@each_backend
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_reduction_in_every_layout(backend: str, dtype: str):
    if backend == "torch" and dtype == "uint16":
        pytest.skip("torch has no maximum of these")
    program = Program(backend, dtype, every, 2, 2)
    kinds = program.kernel.kinds
    assert kinds == ("", "sum", "max", "min", "any", "all", *(["mean"] if dtype in EPS else []))
    for make in LAYOUTS.values():
        x, y = make(dtype)
        for _ in range(2):  # the second call takes the short way
            with np.errstate(over="ignore"):
                compare(program(x, y), every_by_numpy(x, y)[: len(kinds)], dtype, x.shape[1])


def sums(x: Any, y: Any) -> tuple[Any, ...]:
    z = ivy.multiply(x, y)
    return ivy.sum(z, (-2, -1)), ivy.mean(z, (1, 2), True), ivy.max(z, (2, 1)), z


def sums_by_numpy(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    z = wide(x) * wide(y)
    return z.sum((1, 2)), z.mean((1, 2), keepdims=True), z.max((1, 2)), z


def total(x: Any, y: Any) -> tuple[Any, ...]:
    z = ivy.multiply(x, y)
    return ivy.sum(z), ivy.mean(z, None, True), ivy.min(z)


def total_by_numpy(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    z = wide(x) * wide(y)
    return z.sum(), z.mean(keepdims=True), z.min()


@each_backend
@pytest.mark.parametrize("shapes", [((3, 20, 30), (3, 20, 30)), ((4, 1, 30), (20, 30)), ((2, 20, 1), (1, 1, 30))])
@pytest.mark.parametrize(("body", "by_numpy"), [(sums, sums_by_numpy), (total, total_by_numpy)])
def test_several_axes(backend: str, shapes: Any, body: Any, by_numpy: Any):
    """Dense ones are one loop; broadcast and permuted ones are lines, whose number is no part of the code."""
    program = Program(backend, "float64", body, *map(len, shapes))
    assert program.kernel.axes == (2 if body is sums else 3)
    for permuted in (lambda x: x, lambda x: x.T.copy().T, lambda x: x.swapaxes(-1, -2).copy().swapaxes(-1, -2)):
        for _ in range(2):
            x, y = (permuted(drawn("float64", *shape)) for shape in shapes)
            found, wanted = program(x, y), by_numpy(x, y)
            assert [one.shape for one in found] == [np.shape(other) for other in wanted]
            for one, other in zip(found, wanted):
                np.testing.assert_allclose(one, other, 1e-13, 1e-13)


PIECES = {
    "rows": ((500, 7), (500, 7)),
    "the loop of all of a row": ((2, 4001), (2, 4001)),
    "lines": ((1, 60, 5), (1, 60, 1)),
}


@each_backend
@pytest.mark.parametrize("over", PIECES)
@pytest.mark.parametrize("dtype", ["float32", "float64", *HALF_PRECISION, "int8", "int64"])
def test_pieces_of_long_rows_are_combined(monkeypatch: pytest.MonkeyPatch, backend: str, over: str, dtype: str):
    monkeypatch.setattr(reducing, "pieces_of", lambda work: min(5, work // 100))
    monkeypatch.setattr(reducing, "MIN_THREAD_WORK", 100)
    monkeypatch.setattr(reducing, "MAX_ROW_PARTS", 5)
    shapes = PIECES[over]
    program = Program(backend, dtype, every_of_all_but_the_first, *map(len, shapes))
    for _ in range(2):
        x, y = (drawn(dtype, *shape) for shape in shapes)
        nest = program.kernel.loop_nest([x.shape, y.shape], [x.strides, y.strides])
        assert nest is not None
        pieces = program.kernel.loops_of(nest)
        assert len(pieces.addresses) == 5
        assert pieces.partial == (over != "rows")
        flat = [np.broadcast_to(a, np.broadcast_shapes(x.shape, y.shape)).reshape(x.shape[0], -1) for a in (x, y)]
        with np.errstate(over="ignore"):
            wanted = [every_by_numpy(*flat)[i] for i in (0, 1, 2, 4, 5, 6)][: len(program.kernel.kinds)]
        found = program(x, y)
        for one, other in zip(found, program(x, y)):
            np.testing.assert_array_equal(one, other)
        compare(found, [w.reshape(w.shape[0]) for w in wanted], dtype, flat[0].shape[1])


def every_of_all_but_the_first(x: Any, y: Any) -> tuple[Any, ...]:
    z, positive = ivy.multiply(x, y), ivy.greater(x, y)
    axes = tuple(range(1, len(ivy.types.shape_of(x))))
    found = [row(z, axes) for row in (ivy.sum, ivy.max, ivy.min)] + [row(positive, axes) for row in (ivy.any, ivy.all)]
    return (*found, ivy.mean(z, axes)) if ivy.types.is_float(ivy.types.dtype(x)) else tuple(found)


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_as_exact_as_pairwise_ones(backend: str, dtype: str):
    """Of a million positive numbers of several magnitudes, against the exact sum."""
    program = Program(backend, dtype, lambda x: ivy.sum(ivy.negative(x), (-1,)), 2)
    mean = Program(backend, dtype, lambda x: ivy.mean(ivy.negative(x), (-1,)), 2)
    for count in (1000, 1_000_003):
        x = np.exp(3 * np.random.default_rng().standard_normal((1, count))).astype(dtype)
        exact = math.fsum((-x[0].astype(float)).tolist())
        bound = 4 if count == 1000 else 1
        assert abs(program(x)[0][0] - exact) <= bound * EPS[dtype] * abs(exact)
        assert abs(mean(x)[0][0] - exact / count) <= bound * EPS[dtype] * abs(exact / count)


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "float64", *HALF_PRECISION])
def test_nan_and_infinities(backend: str, dtype: str):
    def body(x: Any) -> tuple[Any, ...]:
        y = ivy.negative(x)
        return tuple(row(y, (-1,)) for row in (ivy.sum, ivy.mean, ivy.max, ivy.min))

    program = Program(backend, dtype, body, 2)
    inf, nan = np.inf, np.nan
    for length in (5, 70, 3000):
        rows = np.zeros((6, length))
        for i, special in enumerate([(), (nan,), (inf,), (-inf,), (inf, -inf), (inf, nan)]):
            places = np.random.default_rng().choice(length, len(special), replace=False)
            rows[i, places] = special
        with np.errstate(all="ignore"):
            wanted = [row(-rows, axis=-1) for row in (np.sum, np.mean, np.max, np.min)]
        for one, other in zip(program(rows.astype(drawn(dtype, 1).dtype)), wanted):
            np.testing.assert_array_equal(one.astype(np.float64), other)


def test_sums_that_overflow_on_the_way():
    """Doubles stay infinite; sums of halves have room."""
    program = Program("numpy", "float64", lambda x: ivy.sum(ivy.negative(x), (-1,)), 1)
    assert program(np.repeat([-1e308, 0, 1e308], [3000, 3000, 1]))[0] == np.inf
    program = Program("numpy", "float16", lambda x: ivy.sum(ivy.negative(x), (-1,)), 1)
    assert program(np.repeat([-6e4, 6e4], 3000).astype(np.float16))[0] == 0


@each_backend
def test_nothing_reduced_is_what_the_framework_says(backend: str):
    mean = Program(backend, "float32", lambda x: ivy.mean(ivy.negative(x), (-1,)), 2)
    largest = Program(backend, "float32", lambda x: ivy.max(ivy.negative(x), (-1,)), 2)
    empty = np.zeros((4, 0), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(mean(empty)[0], np.full(4, np.nan))
    with pytest.raises((ValueError, IndexError)):
        largest(empty)
    assert largest(empty.T)[0].shape == (0,)


def test_a_full_reduction_is_a_number_of_numpy():
    def distance(x: np.ndarray, y: np.ndarray) -> Any:
        return np.mean((x - y) ** 2)

    x = drawn("float32", 4, 3)
    graph = mlgraph.compile(distance, to="numpy", args=(x, x))
    assert graph.kernels[0].kinds == ("mean",)
    for _ in range(2):
        x, y = drawn("float32", 7, 5), drawn("float32", 7, 5)
        assert type(graph(x, y)) is np.float32
        np.testing.assert_allclose(graph(x, y), distance(x, y), 1e-6)


def test_rows_far_apart_are_reduced_by_the_framework(monkeypatch: pytest.MonkeyPatch):
    """Loops over rows that are far apart in memory wait for it; short calls do not."""
    calls: list[str] = []
    monkeypatch.setattr(kernels.Kernel, "to_reduce", counted(kernels.Kernel.to_reduce, calls))
    program = Program("numpy", "float32", lambda x: ivy.sum(ivy.multiply(x, x), (-1,)), 2)
    for shape, whole in (((300, 400), True), ((30, 40), False)):
        x = drawn("float32", *shape).T
        for _ in range(2):
            np.testing.assert_allclose(program(x)[0], (wide(x) ** 2).sum(-1), 1e-5)
        assert (calls[-1] == "sum") == whole


def counted(method: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def count(self: Any, nest: Any) -> Any:
        found = method(self, nest)
        calls.append("".join(how.kind for how in found if how))
        return found

    return count


@pytest.mark.parametrize("dtype", ["float32", "float64", *HALF_PRECISION])
@pytest.mark.parametrize("row", [ivy.sum, ivy.mean, ivy.max], ids=lambda row: row.name)
def test_loops_combine_vectors(dtype: str, row: Any):
    """And a maximum of what is masked, which LLVM would turn into a choice between maxima."""

    low = -math.inf if row is ivy.max else 0

    def masked(x: Any, y: Any) -> Any:
        return row(ivy.where(ivy.greater(x, y), x, literal(low, BY_NAME[dtype])), (-1,))

    program = Program("numpy", dtype, masked, 2, 2)
    what = "max" if row is ivy.max else "add"
    suffix = "pd" if dtype == "float64" else "ps"
    assert re.search(rf"v?{what}{suffix}\b.*%[xyz]mm|f{what}\w*\s+v\d+\.[24][sd]", program.kernel.asm)
    x, y = drawn(dtype, 9, 100), drawn(dtype, 9, 100)
    chosen = np.where(x > y, wide(x), low)
    wanted = getattr(np, row.name.partition(".")[2])(chosen, axis=-1)
    compare(program(x, y), [wanted], dtype, 100)


@needs_triton
@pytest.mark.usefixtures("interpreter")
def test_a_gpu_reduces_by_torch():
    program = Program("torch", "float32", every, 2, 2)
    kernel = program.kernel
    assert "tl.sum" not in kernel.triton
    x, y = drawn("float32", 6, 37), drawn("float32", 6, 1)
    operands = [there(torch.from_numpy(array)) for array in (x, y)]
    nest = kernel.loop_nest([x.shape, y.shape], [x.strides, y.strides], whole=True)
    assert nest is not None
    found = on_gpu(kernel, nest, operands, [getattr(torch, name) for name in kernel.dtypes])
    z, *rest = map(to_numpy, found)
    total, largest, least, whole, *others = every_by_numpy(x, y)
    compare((z, *rest), (whole, total, largest, least, *others), "float32", 37)
