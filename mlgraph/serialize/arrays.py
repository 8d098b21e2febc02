"""Arrays as safetensors: a JSON header with the position of each array, then the bytes.

The format has no 128-bit complex numbers, which are written as bytes; the description of the graph says what they are.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlgraph.dialects.dtypes import BY_NAME, dtype_of
from mlgraph.errors import IRError

Array = np.ndarray[Any, Any]

NAMES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
}
"""The name of each element type in safetensors."""


def described(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return the element type and shape of each array, as JSON."""
    return {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()}


def pieces(arrays: Mapping[str, Array]) -> Iterator[bytes]:
    """Yield the bytes of a file of safetensors: its header, then each array."""
    header: dict[str, Any] = {}
    position = 0
    for name, array in arrays.items():
        known = array.dtype.name in NAMES
        end = position + array.nbytes
        shape = list(array.shape) if known else [array.nbytes]
        header[name] = {"dtype": NAMES[array.dtype.name] if known else "U8", "shape": shape}
        header[name]["data_offsets"] = [position, end]
        position = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little")
    yield text
    for array in arrays.values():
        yield array.tobytes()


def read(content: bytes, table: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of a file by name, each as `table` describes it. Raise `IRError` if the two disagree."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 + size:
        raise IRError("the header of the arrays ends after the file")
    header = json.loads(content[8 : 8 + size].decode())
    header.pop("__metadata__", None)
    data = memoryview(content)[8 + size :]
    if header.keys() != table.keys():
        raise IRError("the arrays are not those that the graph names")
    _check_offsets([entry["data_offsets"] for entry in header.values()], len(data))
    return {name: _read(data, header[name]["data_offsets"], name, *table[name]) for name in header}


def _check_offsets(offsets: list[list[int]], size: int) -> None:
    """Raise `IRError` unless the arrays fill the data without gaps and do not overlap."""
    position = 0
    for start, end in sorted(offsets):
        if type(start) is not int or type(end) is not int or start != position or end < start:
            raise IRError("the arrays do not lie one behind the other")
        position = end
    if position != size:
        raise IRError("the arrays do not end with the file")


def _read(data: memoryview, place: list[int], name: str, dtype: Any, shape: Any) -> Array:
    start, end = place
    if not all(type(n) is int and n >= 0 for n in shape):
        raise IRError(f"array {name!r} has the shape {shape!r}")
    kind = dtype_of(BY_NAME[dtype])
    if math.prod(shape) * kind.itemsize != end - start:
        raise IRError(f"array {name!r} has other than {end - start} bytes")
    found = np.frombuffer(data[start:end], kind)
    if kind == np.bool_ and found.view(np.uint8).max(initial=0) > 1:
        raise IRError(f"array {name!r} holds what is neither true nor false")
    return found.reshape(shape).copy()  # which may be written to, and begins where its elements may
