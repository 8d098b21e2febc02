"""`ufunc.at`: as `array[key] = ufunc(array[key], values)`, but places that come twice are written twice."""

from typing import Any

import numpy as np
from xdsl.ir import Block

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import insert
from mlgraph.dialects.ivy.control import ScanOp, YieldOp, element
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.indexing import assignable, gathered, items_of, normal_index, parse, scatter
from mlgraph.frontend.numpy.masks import mask_of
from mlgraph.frontend.numpy.queries import is_array, owner_of
from mlgraph.frontend.numpy.sizes import examples, operand
from mlgraph.frontend.numpy.tables import UFUNC_METHODS
from mlgraph.frontend.numpy.tracer import emit, outside_write, region
from mlgraph.frontend.numpy.wrapping import as_array, cast, iota

SCATTERS: dict[np.ufunc, str] = {np.multiply: "multiply", np.maximum: "max", np.minimum: "min"}
"""The mode of `scatter_along_axis` that is `ufunc.at`."""


def at(ufunc: np.ufunc, array: Any, key: Any, values: Any = None) -> None:
    """Apply `ufunc.at`."""
    if not is_array(array):
        raise TypeError("first operand must be array")
    if type(array) is not TracedArray:
        raise outside_write(owner_of(array))
    operands = () if ufunc.nin == 1 else (as_array(values),)
    if not _may_repeat(array, key):
        _write_once(ufunc, array, key, operands)
        return
    places = as_array(iota(array.size).reshape(array.shape)[key])
    flat = array.flatten()
    index = normal_index(places.ravel(), flat.size)
    _write(ufunc, flat, index, [assignable(x, places.shape).ravel() for x in operands])
    array[...] = flat.reshape(array.shape)


def _may_repeat(array: TracedArray, key: Any) -> bool:
    """Return whether a key may name an element twice."""
    return mask_of(array, key) is None and bool(parse(array, items_of(key)).arrays)


def _write_once(ufunc: np.ufunc, array: TracedArray, key: Any, operands: tuple[TracedArray, ...]) -> None:
    old = array[key]
    counted = is_array(old) and examples(old.shape) is None
    operands = tuple(assignable(x, old.shape) if counted and x.ndim == old.ndim else x for x in operands)
    array[key] = cast(as_array(ufunc(old, *operands)), array.dtype)


def _write(ufunc: np.ufunc, flat: TracedArray, index: TracedArray, operands: list[TracedArray]) -> None:
    if flat.dtype.kind == "b" or any(not np.can_cast(x.dtype, flat.dtype, "same_kind") for x in operands):
        flat.write(_one_by_one(ufunc, flat, index, operands))  # numpy casts each sum
        return
    if ufunc is np.subtract:
        ufunc, operands = np.add, [as_array(np.negative(cast(operands[0], flat.dtype)))]
    if ufunc is np.add:
        scatter(flat, [index], (0,), operands[0], accumulate=True)
    elif ufunc in SCATTERS and flat.dtype.kind != "c":
        value = cast(operands[0], flat.dtype).value
        flat.write(emit(ivy.scatter_along_axis, flat.value, index.value, value, 0, SCATTERS[ufunc]))
    else:
        flat.write(_one_by_one(ufunc, flat, index, operands))


def _one_by_one(ufunc: np.ufunc, flat: TracedArray, index: TracedArray, operands: list[TracedArray]) -> Any:
    """Write to one place after the other, in a loop."""
    xs = [index.value, *(x.value for x in operands)]
    start, length = flat.value, sizes.value(operand(index.size))
    body = Block(arg_types=[start.type, *(element(x.type) for x in xs)])
    with region(body):
        whole, place, *numbers = body.args
        state = fresh(whole, flat.shape, flat.dtype)
        at_place = fresh(place, (), INT)
        old = gathered(state, [at_place], (0,))
        new = ufunc(old, *(fresh(v, (), x.dtype) for v, x in zip(numbers, operands)))
        scatter(state, [at_place], (0,), cast(as_array(new), flat.dtype))
        insert(YieldOp(state.value))
    return insert(ScanOp(length, (start,), xs, body, [])).outputs[0]


UFUNC_METHODS["at"] = at
