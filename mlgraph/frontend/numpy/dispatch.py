"""Dispatch of numpy calls on traced arrays: functions by their table, ufuncs, methods.

Where nothing is traced yet, the real numpy runs on the real arrays.
"""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.dialects.dtypes import dtype_of
from mlgraph.dialects.ivy.types import dtype as element
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh, scalar
from mlgraph.frontend.numpy.masks import selection
from mlgraph.frontend.numpy.outputs import store
from mlgraph.frontend.numpy.queries import is_concrete, is_contiguous, layout_proxy_of, outside_owners, write_error
from mlgraph.frontend.numpy.scipy import special_rule
from mlgraph.frontend.numpy.size_examples import with_examples
from mlgraph.frontend.numpy.sizes import Dim, examples, is_dim, larger, smaller
from mlgraph.frontend.numpy.tables import FUNCTIONS, GENERALIZED, HOOKS, METHODS, UFUNC_METHODS, hook
from mlgraph.frontend.numpy.tracer import current, outside_write, unsupported
from mlgraph.frontend.numpy.ufuncs import rule_of
from mlgraph.frontend.numpy.wrapping import (
    any_traced,
    as_array,
    broadcast_dims,
    cast_value,
    kind_of,
    unwrap_concrete,
    value_of,
    wrap,
    wrap_concrete,
)

COMPARISONS = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)

ON_SIZES: dict[np.ufunc, Callable[[Any, Any], Any]] = {
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.floor_divide: lambda a, b: a // b,
    np.remainder: lambda a, b: a % b,
    np.maximum: larger,
    np.minimum: smaller,
    np.equal: lambda a, b: a == b,
    np.not_equal: lambda a, b: a != b,
    np.less: lambda a, b: a < b,
    np.less_equal: lambda a, b: a <= b,
    np.greater: lambda a, b: a > b,
    np.greater_equal: lambda a, b: a >= b,
}
"""Functions of sizes that give a size."""


def real_call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Run numpy itself; nothing is traced."""
    try:
        return wrap_concrete(function(*unwrap_concrete(tuple(args)), **unwrap_concrete(dict(kwargs))))
    except ValueError as error:
        raise write_error(error, *args, *kwargs.values()) from None


def is_real(args: Any, kwargs: Any) -> bool:
    """Return whether numpy itself can run, since nothing is traced."""
    current()
    return not any_traced(args) and not any_traced(kwargs.values())


@hook
def call_function(function: Any, args: Any, kwargs: Any) -> Any:
    """Call a numpy function on traced arrays."""
    if is_real(args, kwargs):
        return real_call(function, args, kwargs)
    if (rule := FUNCTIONS.get(function)) is not None:
        found = rule(*args, **kwargs)
        if found is not NotImplemented:
            return with_examples(found, function, args, kwargs)
    implementation = getattr(function, "_implementation", function)
    if not hasattr(implementation, "__code__"):
        raise unsupported(f"{getattr(function, '__module__', 'numpy')}.{function.__name__}")
    return HOOKS["rebound"](implementation)(*args, **kwargs)


@hook
def call_method(name: str, array: TracedArray, args: Any, kwargs: Any) -> Any:
    """Call a method of a traced array."""
    if name != "copy" and is_real((array, *args), kwargs):
        return real_call(lambda x, *rest, **named: getattr(x, name)(*rest, **named), (array, *args), kwargs)
    found = METHODS[name](array, *args, **kwargs)
    return with_examples(found, lambda x, *rest, **named: getattr(x, name)(*rest, **named), (array, *args), kwargs)


@hook
def call_ufunc(ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any:
    """Call a ufunc, or one of its methods, on traced arrays."""
    if method == "at" and (owners := outside_owners(inputs[0])):  # numpy writes to what is read-only there
        raise outside_write(*owners)
    if is_real(inputs, kwargs):
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        return real_call(function, inputs, kwargs)
    if method != "__call__" and kwargs.get("out") is ...:
        others = {name: value for name, value in kwargs.items() if name != "out"}
        return _always_array(call_ufunc(ufunc, method, inputs, others))
    if method == "__call__" and not kwargs and ufunc in ON_SIZES and all(map(is_dim, inputs)):
        return ON_SIZES[ufunc](*inputs)
    if method != "__call__":
        found = UFUNC_METHODS[method](ufunc, *inputs, **kwargs)
        if method == "at":
            return found
        return with_examples(found, getattr(ufunc, method), inputs, kwargs)
    operands, outs, others = bound_outs(ufunc, inputs, **kwargs)
    if ufunc.signature is not None:
        return generalized(ufunc, operands, outs, **others)
    return with_examples(elementwise(ufunc, operands, outs, **others), ufunc, inputs, kwargs)


def _always_array(result: Any) -> Any:
    """Return a result as `out=...` asks for it: without axes it is an array, too."""
    array = as_array(result)
    return array if array._kind is np.ndarray else fresh(array.value, array._dims, array._dtype)


def bound_outs(ufunc: np.ufunc, inputs: Any, out: Any = None, **kwargs: Any) -> tuple[list[Any], list[Any], Any]:
    """Return the operands of a call, what it gives for each result, by position or keyword, and other keywords."""
    operands, outs = list(inputs[: ufunc.nin]), list(inputs[ufunc.nin :])
    if len(operands) < ufunc.nin or len(outs) > ufunc.nout:
        raise TypeError(
            f"{ufunc.__name__}() takes from {ufunc.nin} to {ufunc.nargs} positional arguments"
            f" but {len(inputs)} were given"
        )
    if any(o is Ellipsis for o in outs):
        raise TypeError("out=... is only allowed as a keyword argument.")
    if outs and out is not None:
        raise TypeError("cannot specify 'out' as both a positional and keyword argument")
    if isinstance(out, tuple) and any(o is Ellipsis for o in out):
        raise TypeError("must use `...` as `out=...` and not per-operand/in a tuple")
    if out is not None:
        outs = list(out) if isinstance(out, tuple) else [out] * (ufunc.nout if out is Ellipsis else 1)
        if len(outs) != ufunc.nout:
            raise ValueError("The 'out' tuple must have exactly one entry per ufunc output")
    if any(o is not None and o is not Ellipsis and not isinstance(o, np.ndarray) for o in outs):
        raise TypeError("return arrays must be of ArrayType")
    return operands, outs + [None] * (ufunc.nout - len(outs)), kwargs


def generalized(ufunc: np.ufunc, operands: Any, outs: Any, **kwargs: Any) -> Any:
    """Call a generalized ufunc."""
    if ufunc.__name__ not in GENERALIZED:
        raise unsupported(f"ufunc {ufunc.__name__}")
    return GENERALIZED[ufunc.__name__](ufunc, operands, outs, **kwargs)


def elementwise(
    ufunc: np.ufunc,
    inputs: Any,
    outs: Any,
    where: Any = True,
    casting: str = "same_kind",
    order: str = "K",
    dtype: Any = None,
    subok: bool = True,
    signature: Any = None,
    sig: Any = None,
) -> Any:
    """Call an elementwise ufunc."""
    if order not in ("K", "A", "C"):
        raise unsupported(f"np.{ufunc.__name__} with order={order!r}")
    operands = [wrap(x) for x in inputs]
    arrays = [None if o is Ellipsis else o for o in outs]
    plain = where is True and all(o is None for o in outs)
    if plain and (found := selected(ufunc, operands, dtype)) is not None:
        return found
    types = loop_types(ufunc, operands, arrays, casting, dtype, signature if sig is None else sig)
    results = computed(ufunc, operands, types)
    found = [given(o, result, where, casting) for o, result in zip(outs, results)]
    return found[0] if len(found) == 1 else tuple(found)


def given(out: Any, result: TracedArray, where: Any = True, casting: str = "same_kind") -> Any:
    """Return the result of a ufunc: written to `out`, or an array where `out` is an ellipsis."""
    if out is None and where is not True:
        return FUNCTIONS[np.where](where, result, np.zeros((), result.dtype))
    if out is None:
        return result
    if out is Ellipsis:
        return result if result._kind is np.ndarray else as_array(result)
    return store(out, result, where, casting)


def loop_types(
    ufunc: np.ufunc,
    operands: Any,
    outs: Any = None,
    casting: str = "same_kind",
    dtype: Any = None,
    signature: Any = None,
) -> tuple[np.dtype, ...]:
    """Return the element types of numpy's loop for these operands: inputs, then outputs."""
    made = [None if o is None else o.dtype for o in outs] if outs else [None] * ufunc.nout
    if dtype is not None:
        dtype = dtype() if isinstance(dtype, type) and issubclass(dtype, np.dtype) else np.dtype(dtype)
        signature = (None,) * ufunc.nin + (dtype,) * ufunc.nout
    if isinstance(signature, str):
        signature = tuple(np.dtype(c) for c in signature.replace("->", ""))
    types = tuple(kind_of(x) for x in operands)
    if signature is None and all(t in (int, float, complex) for t in types):
        types = tuple(np.dtype(t) for t in types)
    loop = {} if signature is None else {"signature": signature}
    found = ufunc.resolve_dtypes((*types, *made), casting=casting, **loop)
    if outs and any(o is not None for o in outs):
        alone = ufunc.resolve_dtypes((*types, *[None] * ufunc.nout), casting=casting, **loop)
        found = (*found[: ufunc.nin], *alone[ufunc.nin :])
    return found


def computed(ufunc: np.ufunc, operands: Any, types: tuple[np.dtype, ...]) -> list[TracedArray]:
    """Return the results of a ufunc's loop."""
    if ufunc in COMPARISONS and (found := _compared(ufunc, operands, types)) is not None:
        return [found]
    if ufunc is np.power and types[0].kind in "iu":
        _check_exponent(operands[1])
    values = [value_of(x, t) for x, t in zip(operands, types)]
    kind = types[0].kind
    build = rule_of(ufunc, kind) or special_rule(ufunc)
    if build is None:
        raise unsupported(f"np.{ufunc.__name__} of {types[0]}")
    found = build(*values)
    arrays = [x for x in operands if type(x) is TracedArray]
    dims = broadcast_dims(*[x.shape for x in arrays])
    results = found if isinstance(found, tuple) else (found,)
    return [result_of(value, dims, t, arrays) for value, t in zip(results, types[ufunc.nin :])]


def _check_exponent(x: Any) -> None:
    """Raise `ValueError` for integers to concrete negative powers; the backend decides on traced ones."""
    known = x._real if type(x) is TracedArray and is_concrete(x) else x if type(x) is int else 0
    if np.any(np.less(known, 0)):
        raise ValueError("Integers to negative integer powers are not allowed.")


def result_of(value: Any, dims: tuple[Dim, ...], dtype: np.dtype, arrays: list[TracedArray]) -> TracedArray:
    """Return the result of an elementwise function of `arrays`: in their layout, as a numpy scalar where it is 0-d."""
    result = fresh(cast_value(value, dtype_of(element(value)), dtype), dims, dtype)
    if not dims:
        return scalar(result)
    crooked = [a for a in arrays if len(a.shape) == len(dims) and not is_contiguous(a)]
    if crooked:
        result._layout_proxy = _laid_out(arrays, dims, dtype)
    return result


def _laid_out(arrays: list[TracedArray], dims: tuple[Dim, ...], dtype: np.dtype) -> np.ndarray | None:
    """Return a layout proxy in the order that numpy chooses for a result of these operands."""
    if examples(dims) is None or any(examples(a.shape) is None for a in arrays):
        return None
    proxies = [layout_proxy_of(a) for a in arrays if a.shape]
    found = np.nditer(
        [*proxies, None], ["zerosize_ok"], [["readonly"]] * len(proxies) + [["writeonly", "allocate"]]
    ).operands[-1]
    strides = [s // found.itemsize * dtype.itemsize for s in found.strides]
    return np.lib.stride_tricks.as_strided(np.empty(1, dtype), found.shape, strides)


def _compared(ufunc: np.ufunc, operands: Any, types: tuple[np.dtype, ...]) -> TracedArray | None:
    """Compare integers that have no common type: uint64 with int64, and numbers out of a type's range."""
    left, right = types[:2]
    for x, other, flipped in ((operands[1], operands[0], False), (operands[0], operands[1], True)):
        if type(x) is int and left.kind in "iu" and not np.iinfo(left).min <= x <= np.iinfo(left).max:
            far = np.inf if x > 0 else -np.inf
            args = (far, 0.0) if flipped else (0.0, far)
            return FUNCTIONS[np.full_like](as_array(other), bool(ufunc(*args)), dtype=bool)
    if left == right or {left.kind, right.kind} != {"i", "u"}:
        return None
    swapped = left.kind == "i"
    signed = as_array(operands[0] if swapped else operands[1])
    negative = np.less(signed, signed.dtype.type(0))
    same = np.dtype(np.uint64)
    inside = [as_array(x).astype(same) for x in operands]
    below = bool(ufunc(-1, 0)) if swapped else bool(ufunc(0, -1))
    return np.where(negative, below, ufunc(*inside))


def selected(ufunc: np.ufunc, operands: Any, dtype: Any) -> TracedArray | None:
    """Return a ufunc of `x[mask]` and numbers as a selection of the ufunc of x, whose size may stay symbolic."""
    masks = [x._selection[0] for x in operands if type(x) is TracedArray and x._selection is not None]
    if not masks or ufunc.nout != 1:
        return None
    rest = [x for x in operands if type(x) is TracedArray and x._selection is None]
    if any(x.shape for x in rest) or any(m.value is not masks[0].value for m in masks):
        return None
    sources = [x._selection[1] if type(x) is TracedArray and x._selection is not None else x for x in operands]
    mask = masks[0]
    if (
        ufunc in (np.floor_divide, np.remainder, np.fmod, np.power)
        and type(sources[1]) is TracedArray
        and sources[1].shape
    ):
        wide = mask.reshape(mask.shape + (1,) * (sources[1].ndim - mask.ndim))
        sources[1] = np.where(wide, sources[1], sources[1].dtype.type(1))
    whole = ufunc(*sources, dtype=dtype) if dtype is not None else ufunc(*sources)
    return selection(whole, mask)
