"""Fourier transforms of the last axes."""

from collections.abc import Callable

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.operands import Sizes
from mlgraph.frontend.tensorflow.rules.registry import rule


def last(x: Value, n: int) -> tuple[int, ...]:
    return tuple(range(rank(x) - n, rank(x)))


def transform(op: Callable[[Value, tuple[int, ...]], Value], n: int) -> Callable[..., Value]:
    def transformed(x: Value) -> Value:
        return op(x, last(x, n))

    return transformed


for name, op in (("FFT", ivy.fftn), ("IFFT", ivy.ifftn)):
    for n, suffix in enumerate(("", "2D", "3D"), start=1):
        rule(name + suffix)(transform(op, n))


def fitted(importer: FuncGraphImporter, x: Value, wanted: Sizes) -> Value:
    """Return `x` with its last axes cut off or continued with zeros to the wanted sizes."""
    n = rank(x) - len(wanted)
    have = importer.shape(x)
    if tuple(wanted) == have[n:]:
        return x
    high = (0,) * n + tuple(sizes.subtract(w, h) for w, h in zip(wanted, have[n:], strict=True))
    return ivy.pad(x, (0,) * rank(x), high, number(x, 0))


def half(size: Size) -> Size:
    return sizes.add(sizes.floor_divide(size, 2), 1)


def real_transform(n: int) -> Callable[..., Value]:
    def run(x: Value, fft_length: Sizes, *, Tcomplex: DType, importer: FuncGraphImporter) -> Value:
        return ivy.rfftn(fitted(importer, x, fft_length), last(x, n))

    return run


def real_inverse(n: int) -> Callable[..., Value]:
    def run(x: Value, fft_length: Sizes, *, Treal: DType, importer: FuncGraphImporter) -> Value:
        x = fitted(importer, x, (*fft_length[:-1], half(fft_length[-1])))
        return ivy.irfftn(x, last(x, n), fft_length[-1:])

    return run


for n, suffix in enumerate(("", "2D", "3D"), start=1):
    rule(f"RFFT{suffix}")(real_transform(n))
    rule(f"IRFFT{suffix}")(real_inverse(n))
