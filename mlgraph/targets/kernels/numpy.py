"""Kernels over arrays of numpy."""

# pyright: basic
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.targets.kernels import memory
from mlgraph.targets.kernels.generated import compile_function, parameters
from mlgraph.targets.kernels.loops import Walk, remember
from mlgraph.targets.plan import Result


def wrapped(kernel: Any, unfused: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs a kernel on numpy's arrays. For `kernel_0(x, b)` it reads

        def kernel_0(x, b):
            if x.dtype is t0 and b.dtype is t1 and (walk := find((x.shape, x.strides, b.shape, b.strides))):
                call, address, shape, _, _ = walk
                return call(address, x, b, empty(shape, t2))
            return slow(x, b)

    An operand that has no axes may be a number of numpy, which is no array; a result that has none is one. Where
    results are reduced `shape` holds the shape of each.
    """
    dtypes = [_dtype(name) for name in kernel.dtypes]
    known: dict[Any, Walk] = {}

    def slow(*operands: Any) -> Any:
        arrays = [np.asarray(x) if isinstance(x, np.generic) else x for x in operands]
        fit = all(isinstance(x, np.ndarray) and x.dtype == d for x, d in zip(arrays, dtypes))
        plan = kernel.plan([x.shape for x in arrays], [x.strides for x in arrays]) if fit else None
        if plan is None:
            return unfused(*operands)
        loops = kernel.loops_of(plan)
        left = kernel.to_reduce(plan)
        key = tuple(part for x in arrays for part in (x.shape, x.strides))
        slowly = any(left) or any(memory.is_large(y.shape, d) for y, d in zip(plan.results, dtypes[kernel.inputs :]))
        remember(known, key, None if slowly else loops.walk())
        results = [allocate(result, d) for result, d in zip(plan.results, dtypes[kernel.inputs :])]
        loops.run([*arrays, *results])
        results = [_reduced(y, how) if how else y if y.shape else y[()] for y, how in zip(results, left)]
        return results[0] if len(results) == 1 else tuple(results)

    names = parameters(unfused)
    key = ", ".join(f"{x}.shape, {x}.strides" for x in names)
    tests = [f"{x}.dtype is __t{i}" for i, x in enumerate(names)]
    scalars = [x for x, rank in zip(names, kernel.ranks) if rank == 0]
    outs = [f"__y{i}" for i in range(len(kernel.reads))]
    shapes = [f"__shape[{i}]" if kernel.axes else "__shape" for i in range(len(outs))]
    news = [f"__empty({shape}, __t{len(names) + i})" for i, shape in enumerate(shapes)]
    call = f"__call(__address, {', '.join((*names, *outs))})"
    numbers = ["" if rank else "[()]" for rank in kernel.ranks[kernel.inputs :]]
    given = ", ".join(out + index for out, index in zip(outs, numbers))
    lines = [
        *(f"{x} = {x} if type({x}) is __array else __asarray({x})" for x in scalars),
        f"if {' and '.join(tests)} and (__walk := __find(({key}))):",
        "    __call, __address, __shape, _, _ = __walk",
        *(f"    {name} = {new}" for name, new in zip(outs, news)),
        *([f"    return {call}{numbers[0]}"] if len(outs) == 1 else [f"    {call}", f"    return {given}"]),
        f"return __slow({', '.join(names)})",
    ]
    objects = {"__find": known.get, "__slow": slow, "__empty": np.empty, "__array": np.ndarray, "__asarray": np.asarray}
    objects |= {f"__t{i}": d for i, d in enumerate(dtypes)}
    return compile_function(kernel.name, names, lines, objects)


def allocate(result: Result, dtype: Any) -> "np.ndarray[Any, Any]":
    """A new result."""
    shape = [result.shape[axis] for axis in result.order]
    stored = memory.empty(shape, dtype) if memory.is_large(shape, dtype) else np.empty(shape, dtype)
    return stored if result.dense else stored.transpose(np.argsort(result.order))


def _reduced(x: "np.ndarray[Any, Any]", how: Any) -> Any:
    """A whole result as numpy reduces it; halves as singles."""
    wide = x.astype(np.float32) if x.dtype.name in ("float16", "bfloat16") else x
    integers = {"dtype": x.dtype} if how.kind == "sum" and x.dtype.kind in "iu" else {}
    found = getattr(np, how.kind)(wide, axis=how.axes, keepdims=how.keepdims, **integers)
    return found.astype(x.dtype)


def _dtype(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
