# pyright: basic
"""What Triton's interpreter lacks: CUDA's functions, by numpy and scipy, and two corrections of its own arithmetic."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import scipy.special

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in "exp exp2 expm1 log log1p log2 log10 cbrt sin cos tan sinh cosh tanh trunc rint copysign".split()
}
FUNCTIONS |= {name: getattr(np, f"arc{name[1:]}") for name in "asin acos atan atan2 asinh acosh atanh".split()}
FUNCTIONS |= {"erf": scipy.special.erf, "erfc": scipy.special.erfc, "pow": np.power, "rsqrt": lambda x: 1 / np.sqrt(x)}


@contextmanager
def interpreting() -> Iterator[None]:
    """Kernels that are loaded inside run on the CPU."""
    from triton import knobs
    from triton.language.extra import libdevice
    from triton.runtime.interpreter import InterpreterBuilder

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
