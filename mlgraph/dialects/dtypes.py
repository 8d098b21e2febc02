"""Element types of the IR and their numpy counterparts."""

from typing import Any, TypeAlias, cast

import numpy as np
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    BFloat16Type,
    ComplexType,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    Signedness,
    TensorType,
)
from xdsl.ir import Attribute

DType: TypeAlias = Attribute
"""The element type of a tensor."""

i1, i8, i16, i32, i64 = (IntegerType(bits) for bits in (1, 8, 16, 32, 64))
ui8, ui16, ui32, ui64 = (IntegerType(bits, Signedness.UNSIGNED) for bits in (8, 16, 32, 64))
f16, bf16, f32, f64 = Float16Type(), BFloat16Type(), Float32Type(), Float64Type()
c64, c128 = ComplexType(f32), ComplexType(f64)

BY_NAME: dict[str, DType] = {
    "bool": i1,
    "int8": i8,
    "int16": i16,
    "int32": i32,
    "int64": i64,
    "uint8": ui8,
    "uint16": ui16,
    "uint32": ui32,
    "uint64": ui64,
    "float16": f16,
    "bfloat16": bf16,
    "float32": f32,
    "float64": f64,
    "complex64": c64,
    "complex128": c128,
}
"""Element types by the name that numpy, torch, jax and tensorflow share."""

NAME_OF: dict[DType, str] = {dtype: name for name, dtype in BY_NAME.items()}

SIGNED = (i8, i16, i32, i64)
UNSIGNED = (ui8, ui16, ui32, ui64)
INTEGERS = SIGNED + UNSIGNED
HALF_PRECISION = (f16, bf16)
FLOATS = (*HALF_PRECISION, f32, f64)
COMPLEX = (c64, c128)


def width_of(dtype: Any) -> int:
    """Return the bits of an integer type; a bool has 1."""
    return cast("IntegerType[Any, Any]", dtype).width.data


def dtype_of(dtype: DType) -> "np.dtype[Any]":
    """Return the numpy dtype of an element type; bfloat16 comes from ml_dtypes."""
    name = NAME_OF[dtype]
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def tensor(shape: "tuple[int, ...]", dtype: DType) -> "TensorType[Any]":
    """Return the type `tensor<2x?xf32>`; -1 is a dimension that is not known."""
    return TensorType(dtype, [DYNAMIC_INDEX if n < 0 else n for n in shape])


def type_of_array(array: "np.ndarray[Any, Any]") -> "TensorType[Any]":
    """Return the type of a numpy array."""
    return tensor(array.shape, BY_NAME[array.dtype.name])


def compatible(a: Attribute, b: Attribute) -> bool:
    """Return whether two types agree wherever both are static."""
    if a == b:
        return True
    if not isinstance(a, TensorType) or not isinstance(b, TensorType) or element_type(a) != element_type(b):  # pyright: ignore[reportUnknownArgumentType]
        return False
    x, y = a.get_shape(), b.get_shape()
    return len(x) == len(y) and all(m == n or m < 0 or n < 0 for m, n in zip(x, y))


def element_type(type: Attribute) -> Attribute:
    """Return the element type of a tensor; any other type itself."""
    return cast("TensorType[Attribute]", type).element_type if isinstance(type, TensorType) else type
