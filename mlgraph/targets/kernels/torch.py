"""Kernels over tensors of torch."""

# pyright: basic
from collections.abc import Callable
from typing import Any

import numpy as np

from mlgraph.targets.autograd import Recorded
from mlgraph.targets.kernels.generated import compile_function, parameters
from mlgraph.targets.kernels.loops import Walk
from mlgraph.targets.plan import Plan

HUGE = 1 << 22
"""The bytes from which on numpy allocates huge pages, which cost far fewer page faults than torch's."""


def wrapped(kernel: Any, unfused: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs a kernel on tensors of the CPU. For `kernel_0(x, b)` it reads

        def kernel_0(x, b):
            if (
                x.dtype is t0 and x.is_cpu and not x.is_neg() and b.dtype is t1 and ...
                and not (grad() and (x.requires_grad or b.requires_grad)) and forward._current_level < 0
                and (walk := find((x.shape, x.stride(), b.shape, b.stride())))
            ):
                try:
                    call, address, shape = walk
                    y = empty(shape, dtype=t2)
                    call(address, x.data_ptr(), b.data_ptr(), y.data_ptr())
                    return y
                except RuntimeError: ...
            return slow(x, b)

    A tensor without memory of its own, of functorch or of a tracer, raises where its address is asked for.
    """
    import torch

    dtypes = [getattr(torch, name) for name in kernel.dtypes]
    itemsizes = kernel.itemsizes
    known: dict[Any, Walk] = {}

    def slow(*operands: Any) -> Any:
        if not all(_fits(x, d) for x, d in zip(operands, dtypes)) or torch.autograd.forward_ad._current_level >= 0:
            return unfused(*operands)
        shapes = [tuple(x.shape) for x in operands]
        strides = [tuple(n * size for n in x.stride()) for x, size in zip(operands, itemsizes)]
        loops = kernel.find(shapes, strides)
        addresses = [_address(x) for x in operands]
        if loops is None or None in addresses:
            return unfused(*operands)
        if torch.is_grad_enabled() and any(x.requires_grad for x in operands):
            return recorded(*operands)
        if loops.walk is not None:
            if len(known) > len(kernel.loops):
                known.clear()
            known[tuple(part for x in operands for part in (x.shape, x.stride()))] = loops.walk
        results = [allocate(loops.plan, d) for d in dtypes[kernel.inputs :]]
        loops.run([*addresses, *(y.data_ptr() for y in results)])
        return results[0] if len(results) == 1 else tuple(results)

    names = parameters(unfused) or [f"x{i}" for i in range(kernel.inputs)]
    key = ", ".join(f"{x}.shape, {x}.stride()" for x in names)
    tests = [f"{x}.dtype is __t{i} and {x}.is_cpu and not {x}.is_neg()" for i, x in enumerate(names)]
    floats = [x for x, d in zip(names, dtypes) if d.is_floating_point]
    if floats:
        wanted = " or ".join(f"{x}.requires_grad" for x in floats)
        tests.append(f"not (__grad() and ({wanted})) and __forward._current_level < 0")
    outs = [f"__y{i}" for i in range(len(kernel.reads))]
    given = ", ".join(f"{x}.data_ptr()" for x in (*names, *outs))
    lines = [
        f"if {' and '.join(tests)} and (__walk := __find(({key}))):",
        "    __call, __address, __shape = __walk",
        *(f"    {y} = __empty(__shape, dtype=__t{len(names) + i})" for i, y in enumerate(outs)),
        "    try:",
        f"        __call(__address, {given})",
        "    except __error:",
        f"        return __slow({', '.join(names)})",
        f"    return {', '.join(outs)}",
        f"return __slow({', '.join(names)})",
    ]
    objects: dict[str, Any] = {f"__t{i}": d for i, d in enumerate(dtypes)}
    objects |= {"__find": known.get, "__slow": slow, "__empty": torch.empty, "__error": RuntimeError}
    objects |= {"__grad": torch.is_grad_enabled, "__forward": torch.autograd.forward_ad}
    launch = compile_function(kernel.name, names, lines, objects)
    recorded = Recorded(kernel.fused, launch, unfused, kernel.passes.derive, kernel.another)
    return launch


def _fits(x: Any, dtype: Any) -> bool:
    """Whether `x` is an ordinary tensor of the CPU."""
    import torch

    return (
        isinstance(x, torch.Tensor) and x.dtype is dtype and x.is_cpu and x.layout is torch.strided and not x.is_neg()
    )


def _address(x: Any) -> int | None:
    """Where a tensor lies in memory, None for one that has none of its own."""
    try:
        return x.data_ptr() or None
    except RuntimeError:
        return None


def allocate(plan: Plan, dtype: Any) -> Any:
    """A new result."""
    import torch

    shape = [plan.shape[axis] for axis in plan.order]
    stored = _huge(shape, dtype) if np.prod(shape) * dtype.itemsize >= HUGE else torch.empty(shape, dtype=dtype)
    return stored if plan.dense else stored.permute(*np.argsort(plan.order).tolist())


def _huge(shape: Any, dtype: Any) -> Any:
    import torch

    return torch.from_numpy(np.empty(np.prod(shape) * dtype.itemsize, np.uint8)).view(dtype).view(shape)
