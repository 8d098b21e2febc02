# pyright: basic
"""Triton kernels on a GPU where torch sees one, elsewhere on the CPU, with what the interpreter lacks.

That is CUDA's functions, by numpy and scipy, and two corrections of its own arithmetic. `CUDA_VISIBLE_DEVICES=0 pytest`
shows torch a GPU, which tests do without otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import pytest
import scipy.special

from mlgraph.frameworks.imports import load
from mlgraph.targets.kernels.triton import TritonKernel
from mlgraph.targets.loop_nest import LoopNest, make_loop_nest

ABSENT = [name for name in ("torch", "triton") if find_spec(name) is None]
needs_triton = pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in "exp exp2 expm1 log log1p log2 log10 cbrt sin cos tan sinh cosh tanh trunc rint copysign".split()
}
FUNCTIONS |= {name: getattr(np, f"arc{name[1:]}") for name in "asin acos atan atan2 asinh acosh atanh".split()}
FUNCTIONS |= {"erf": scipy.special.erf, "erfc": scipy.special.erfc, "pow": np.power, "rsqrt": lambda x: 1 / np.sqrt(x)}


def place() -> str:
    """The device of torch that kernels run on."""
    return "cuda" if load("torch").cuda.is_available() else "cpu"


def there(x: Any) -> Any:
    """A tensor where kernels run, as it lies in memory."""
    if x.device.type == place():
        return x
    flat = x.as_strided((x.untyped_storage().nbytes() // x.element_size(),), (1,), 0)
    return flat.to(place()).as_strided(x.shape, x.stride(), x.storage_offset())


@pytest.fixture
def interpreter() -> Iterator[None]:
    """Kernels that are loaded meanwhile run on the CPU, unless there is a GPU."""
    if place() != "cpu":
        yield
        return
    knobs = load("triton.knobs")
    libdevice = load("triton.language.extra.libdevice")
    InterpreterBuilder = load("triton.runtime.interpreter").InterpreterBuilder

    with ExitStack() as stack:
        stack.enter_context(knobs.runtime.scope())
        knobs.runtime.interpret = True
        for name, function in FUNCTIONS.items():
            stack.enter_context(mock.patch.object(libdevice, name, _elementwise(function)))
        stack.enter_context(mock.patch.object(InterpreterBuilder, "cast_impl", _cast(InterpreterBuilder.cast_impl)))
        stack.enter_context(mock.patch.object(InterpreterBuilder, "binary_op", _test(InterpreterBuilder.binary_op)))
        stack.enter_context(np.errstate(all="ignore"))
        yield


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays as one of Triton's tensors."""

    def apply(*tensors: Any) -> Any:
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        types = {tensor.dtype for tensor in tensors}
        assert len(types) == 1, f"a function of {types}"
        assert types <= {tl.float32, tl.float64}, f"libdevice has no function of {types}"
        shape = max((tensor.type for tensor in tensors), key=lambda type: type.is_block())
        data = function(*(tensor.handle.data for tensor in tensors))
        return tl.tensor(TensorHandle(data, tensors[0].dtype), shape)

    return apply


def _cast(cast_impl: Callable[..., Any]) -> Callable[..., Any]:
    """The interpreter cuts the low bits off where a GPU rounds."""

    def cast(self: Any, src: Any, dst_type: Any) -> Any:
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        if src.dtype.scalar == tl.float32 and dst_type.scalar == tl.bfloat16:
            return TensorHandle(src.data.astype(ml_dtypes.bfloat16).view(np.uint16), tl.bfloat16)
        return cast_impl(self, src, dst_type)

    return cast


def _test(binary_op: Callable[..., Any]) -> Callable[..., Any]:
    """The interpreter calls the result of a comparison what its operands are called."""

    def operate(self: Any, lhs: Any, rhs: Any, op: Callable[..., Any]) -> Any:
        import triton.language as tl

        found = binary_op(self, lhs, rhs, op)
        if found.data.dtype == np.bool_:
            found.dtype = tl.int1
        return found

    return operate


def loop_nest_of(kernel: TritonKernel, operands: Sequence[Any]) -> LoopNest | None:
    shapes = [tuple(x.shape) for x in operands]
    strides = [tuple(step * x.element_size() for step in x.stride()) for x in operands]
    reads = [range(len(operands))] * len(kernel.fused.results)
    return make_loop_nest(shapes, strides, kernel.itemsizes[len(operands) :], reads)


def run(kernel: TritonKernel, operands: Sequence[Any]) -> list[Any] | None:
    """The results of a kernel on the CPU, None where it has nothing to loop over."""
    import torch

    operands = [there(x) for x in operands]
    nest = loop_nest_of(kernel, operands)
    if nest is None:
        return None
    shape = [nest.shape[axis] for axis in nest.order]
    results = [torch.empty(shape, dtype=d, device=place()) for d in kernel._torch_dtypes[len(operands) :]]
    kernel.launch(nest, operands, results)
    return [result.permute(*np.argsort(nest.order).tolist()).cpu() for result in results]
