"""Kernels over tensors of torch: of the CPU, and of a GPU by Triton where it is installed."""

# pyright: basic
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlgraph.targets.autograd import Recorded
from mlgraph.targets.kernels import memory
from mlgraph.targets.kernels.generated import compile_function, parameters
from mlgraph.targets.kernels.loops import Launch, remember
from mlgraph.targets.kernels.repeat_call import RepeatCallTorch
from mlgraph.targets.kernels.triton import supports
from mlgraph.targets.loop_nest import LoopNest, Result


def make_launcher(kernel: Any, unfused: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that runs a kernel on tensors of the CPU.

    For `kernel_0(x, b)` it is machine code that runs the loops of the last call if the tensors have the same types,
    shapes and strides as then, and calls this if they have not:

        def kernel_0(x, b):
            if (
                x.dtype is t0 and x.is_cpu and not x.is_neg() and b.dtype is t1 and ... and forward._current_level < 0
                and (found := find((x.shape, b.shape)) if x.is_contiguous() and b.is_contiguous()
                     else find((x.shape, x.stride(), b.shape, b.stride())))
            ):
                if (x.requires_grad or b.requires_grad) and grad():
                    return recorded(x, b)
                (call, address, shape, i, _), last[0] = found
                y = like((x, b)[i]) if i >= 0 else empty(shape, dtype=t2)
                try:
                    call(address, x.data_ptr(), b.data_ptr(), y.data_ptr())
                except RuntimeError:
                    return slow(x, b)
                return y
            return slow(x, b)

    A tensor without memory of its own, of functorch or of a tracer, raises where its address is asked for.
    """
    import torch

    dtypes = [getattr(torch, name) for name in kernel.dtypes]
    itemsizes = kernel.itemsizes
    first = next((d for d, kind in zip(dtypes[kernel.inputs :], kernel.kinds) if not kind), None)
    known: dict[Any, tuple[Launch, tuple[Any, ...]]] = {}
    again = RepeatCallTorch()

    def slow(*operands: Any) -> Any:
        device = operands[0].device
        fit = all(_fits(x, d, device) for x, d in zip(operands, dtypes))
        if not fit or torch.autograd.forward_ad._current_level >= 0:
            return unfused(*operands)
        shapes = [tuple(x.shape) for x in operands]
        strides = [tuple(n * size for n in x.stride()) for x, size in zip(operands, itemsizes)]
        nest = kernel.loop_nest(shapes, strides)
        addresses = [_address(x) for x in operands]
        if nest is None or None in addresses:
            return unfused(*operands)
        if torch.is_grad_enabled() and any(x.requires_grad for x in operands):
            return recorded(*operands)
        if device.type != "cpu":
            return on_gpu(kernel, kernel.loop_nest(shapes, strides, whole=True), operands, dtypes)
        left = kernel.to_reduce(nest)
        loops = kernel.loops_of(nest)
        alike = (x.dtype is first and x.shape == nest.shape and x.is_contiguous() for x in operands)
        like = next((i for i, same in enumerate(alike) if same), -1)
        dense = all(x.is_contiguous() for x in operands)
        key = (x.shape for x in operands) if dense else (part for x in operands for part in (x.shape, x.stride()))
        wanted = [(y.shape, d) for y, d in zip(nest.results, dtypes[kernel.inputs :])]
        launch = None if any(left) or any(memory.is_large(*y) for y in wanted) else loops.launch(like)
        if launch is not None:
            remember(known, tuple(key), (launch, again.key_and_action(operands, launch, wanted)))
        results = [allocate(result, d) for result, d in zip(nest.results, dtypes[kernel.inputs :])]
        loops.run([*addresses, *(y.data_ptr() for y in results)])
        return _reduced(results, left)

    names = parameters(unfused) or [f"x{i}" for i in range(kernel.inputs)]
    shapes = "".join(f"{x}.shape, " for x in names)
    strides = "".join(f"{x}.shape, {x}.stride(), " for x in names)
    dense = " and ".join(f"{x}.is_contiguous()" for x in names)
    find = f"__found := __find(({shapes})) if {dense} else __find(({strides}))"
    tests = [f"{x}.dtype is __t{i} and {x}.is_cpu and not {x}.is_neg()" for i, x in enumerate(names)]
    floats = [x for x, d in zip(names, dtypes) if d.is_floating_point]
    if floats:
        tests.append("__forward._current_level < 0")
    wanted = " or ".join(f"{x}.requires_grad" for x in floats)
    outs = [f"__y{i}" for i in range(len(kernel.reads))]
    given = ", ".join(f"{x}.data_ptr()" for x in (*names, *outs))
    lines = [
        f"if {' and '.join(tests)} and ({find}):",
        *([f"    if ({wanted}) and __grad():", f"        return __recorded({', '.join(names)})"] if floats else []),
        "    (__call, __address, __shape, __i, _), __last[0] = __found",
        *(f"    {y} = {_new(kernel, names, i, dtypes[kernel.inputs + i], first)}" for i, y in enumerate(outs)),
        "    try:",
        f"        __call(__address, {given})",
        "    except __error:",
        f"        return __slow({', '.join(names)})",
        f"    return {', '.join(outs)}",
        f"return __slow({', '.join(names)})",
    ]
    objects: dict[str, Any] = {f"__t{i}": d for i, d in enumerate(dtypes)}
    objects |= {"__find": known.get, "__slow": slow, "__empty": torch.empty, "__error": RuntimeError}
    objects |= {"__last": again.last}
    objects |= {
        "__like": torch.empty_like,
        "__grad": torch.is_grad_enabled,
        "__recorded": lambda *operands: recorded(*operands),
        "__forward": torch.autograd.forward_ad,
    }
    launch = compile_function(kernel.name, names, lines, objects)
    recorded = Recorded(kernel.fused, launch, unfused, kernel.passes.derive, kernel.another)
    again.set_fallback(launch)
    return again.call


def on_gpu(kernel: Any, nest: LoopNest, operands: Sequence[Any], dtypes: Sequence[Any]) -> Any:
    """Run a kernel by Triton, and its reductions by torch. The nest is of whole results."""
    device = operands[0].device
    results = [allocate(result, d, device) for result, d in zip(nest.results, dtypes[kernel.inputs :])]
    kernel.gpu.run(nest, operands, results)
    return _reduced(results, kernel.to_reduce(nest))


def _reduced(results: Sequence[Any], left: Sequence[Any]) -> Any:
    """The results of a kernel, of which torch reduces some."""
    found = [reduced(y, how) if how else y for y, how in zip(results, left, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def reduced(x: Any, how: Any) -> Any:
    """Reduce a whole result by torch."""
    import torch

    function = getattr(torch, f"a{how.kind}" if how.kind in ("max", "min") else how.kind)
    integers = {"dtype": x.dtype} if how.kind == "sum" else {}
    return function(x, dim=how.axes, keepdim=how.keepdims, **integers)


def _new(kernel: Any, names: Sequence[str], i: int, dtype: Any, first: Any) -> str:
    """The Python of a new result with number `i`; `first` is the type of those that an operand may be like."""
    shape = f"__shape[{i}]" if kernel.axes else "__shape"
    made = f"__empty({shape}, dtype=__t{len(names) + i})"
    alike = names[0] if len(names) == 1 else f"({', '.join(names)})[__i]"
    return f"__like({alike}) if __i >= 0 else {made}" if dtype is first and not kernel.kinds[i] else made


def _fits(x: Any, dtype: Any, device: Any) -> bool:
    """Return whether `x` is an ordinary tensor of `device`, which kernels can run on."""
    import torch

    if not isinstance(x, torch.Tensor) or x.dtype is not dtype or x.device != device:
        return False
    return (x.is_cpu or supports(device)) and x.layout is torch.strided and not x.is_neg()


def _address(x: Any) -> int | None:
    """Return the address of a tensor in memory, None for one that has none of its own."""
    try:
        return x.data_ptr() or None
    except RuntimeError:
        return None


def allocate(result: Result, dtype: Any, device: Any = None) -> Any:
    """Allocate a result, on the CPU by default."""
    import torch

    shape = [result.shape[axis] for axis in result.order]
    large = device is None and memory.is_large(shape, dtype)
    stored = _large(shape, dtype) if large else torch.empty(shape, dtype=dtype, device=device)
    return stored if result.dense else stored.permute(*np.argsort(result.order).tolist())


def _large(shape: Sequence[int], dtype: Any) -> Any:
    import torch

    bytes_of = memory.empty((*shape, dtype.itemsize), np.dtype(np.uint8))
    return torch.from_numpy(bytes_of).view(dtype).view(shape)
