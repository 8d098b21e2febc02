"""Kernels over arrays of numpy."""

# pyright: basic
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.frameworks.numpy import NUMPY
from mlgraph.targets.kernels import memory
from mlgraph.targets.kernels.generated import compile_function, parameters
from mlgraph.targets.kernels.loops import remember
from mlgraph.targets.kernels.repeat_call import RepeatCallNumpy
from mlgraph.targets.loop_nest import Result


def make_launcher(kernel: Any, unfused: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that runs a kernel on numpy's arrays.

    For `kernel_0(x, b)` it is machine code that runs the loops of the last call if the arrays have the same types,
    shapes and strides as then, and calls this if they have not:

        def kernel_0(x, b):
            if type(x) is array and x.dtype is t0 and type(b) is array and b.dtype is t1:
                if form := find((x.shape, x.strides, b.shape, b.strides)):
                    last[0] = form
                    return again(x, b)
            return slow(x, b)

    An operand that has no axes may be a number of numpy, which is no array; a result that has none is one.
    """
    dtypes = [NUMPY.dtype(name) for name in kernel.dtypes]
    known: dict[Any, Any] = {}
    again = RepeatCallNumpy()

    def slow(*operands: Any) -> Any:
        arrays = [np.asarray(x) if isinstance(x, np.generic) else x for x in operands]
        fit = all(isinstance(x, np.ndarray) and x.dtype == d for x, d in zip(arrays, dtypes))
        nest = kernel.loop_nest([x.shape for x in arrays], [x.strides for x in arrays]) if fit else None
        if nest is None:
            return unfused(*operands)
        loops = kernel.loops_of(nest)
        left = kernel.to_reduce(nest)
        wanted = [(y.shape, d) for y, d in zip(nest.results, dtypes[kernel.inputs :])]
        launch = None if any(left) or any(memory.is_large(*y) for y in wanted) else loops.launch()
        if launch is not None:
            key = tuple(part for x in arrays for part in (x.shape, x.strides))
            remember(known, key, again.key_and_action(arrays, launch, wanted))
        results = [allocate(result, d) for result, d in zip(nest.results, dtypes[kernel.inputs :])]
        loops.run([*arrays, *results])
        results = [_reduced(y, how) if how else y if y.shape else y[()] for y, how in zip(results, left)]
        return results[0] if len(results) == 1 else tuple(results)

    names = parameters(unfused)
    given = ", ".join(names)
    tests = [f"__type({x}) is __array and {x}.dtype is __t{i}" for i, x in enumerate(names)]
    key = ", ".join(f"{x}.shape, {x}.strides" for x in names)
    scalars = [x for x, rank in zip(names, kernel.ranks) if rank == 0]
    ranks = kernel.ranks[kernel.inputs :]
    outs = [f"__y{i}" for i in range(len(ranks))]
    numbers = ", ".join(out if rank else f"{out}[()]" for out, rank in zip(outs, ranks))
    lines = [
        *(f"{x} = {x} if __type({x}) is __array else __asarray({x})" for x in scalars),
        f"if {' and '.join(tests)} and (__form := __find(({key}))):",
        "    __last[0] = __form",
        *([] if all(ranks) else [f"    {', '.join(outs)} = __again({given})", f"    return {numbers}"]),
        f"    return __again({given})",
        f"return __slow({given})",
    ]
    objects = {f"__t{i}": d for i, d in enumerate(dtypes)}
    objects |= {"__find": known.get, "__slow": slow, "__array": np.ndarray, "__asarray": np.asarray, "__type": type}
    objects |= {"__again": again.call, "__last": again.last}
    function = compile_function(kernel.name, names, lines, objects)
    again.set_fallback(function)
    return again.call if all(ranks) else function


def allocate(result: Result, dtype: Any) -> "np.ndarray[Any, Any]":
    """Allocate a result."""
    shape = [result.shape[axis] for axis in result.order]
    stored = memory.empty(shape, dtype) if memory.is_large(shape, dtype) else np.empty(shape, dtype)
    return stored if result.dense else stored.transpose(np.argsort(result.order))


def _reduced(x: "np.ndarray[Any, Any]", how: Any) -> Any:
    """Reduce a whole result by numpy; float16 and bfloat16 in float32."""
    wide = x.astype(np.float32) if x.dtype.name in ("float16", "bfloat16") else x
    integers = {"dtype": x.dtype} if how.kind == "sum" and x.dtype.kind in "iu" else {}
    found = getattr(np, how.kind)(wide, axis=how.axes, keepdims=how.keepdims, **integers)
    return found.astype(x.dtype)
