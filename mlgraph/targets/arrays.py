"""Arrays of the four frameworks: which one an array belongs to, and how to turn it into another's.

A framework is only imported to make its arrays; telling them apart reads `sys.modules`.
"""

# pyright: basic
import math
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from mlgraph.errors import InputError

FRAMEWORKS = ("torch", "jax", "tensorflow", "numpy")
CPU = "cpu"


def framework_of(x: Any) -> str | None:
    """The framework that an array belongs to, None for what is no array."""
    if isinstance(x, np.ndarray | np.generic):
        return "numpy"
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return "torch"
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(x, jax.Array):
        return "jax"
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(x, tensorflow.Tensor | tensorflow.Variable):
        return "tensorflow"
    return None


def device_of(x: Any) -> str:
    """Where torch has an array, once it is one of torch's: those of other frameworks come to the CPU."""
    return str(x.device) if framework_of(x) == "torch" else CPU


def placed(x: Any, framework: str, device: str) -> Any:
    """`x` as an array of `framework`, if that is torch on a device."""
    return convert(x, framework) if device == CPU else to_torch(x).to(device)


def dtype_name(x: Any) -> str:
    """numpy's name of an array's element type."""
    dtype = x.dtype
    name = getattr(dtype, "name", None)
    return name if isinstance(name, str) else str(dtype).removeprefix("torch.")


def as_numpy(x: Any) -> "np.ndarray[Any, Any]":
    """A numpy array with the values of `x`; shares memory where it can."""
    match framework_of(x):
        case "torch":
            return _torch_to_numpy(x)
        case "jax" | "tensorflow" | "numpy":
            return np.asarray(x)
        case _:
            raise InputError(f"{type(x).__name__} is no array of torch, jax, tensorflow or numpy")


def _plain(x: Any) -> Any:
    """A tensor of torch as others can read it: on the CPU, without gradients and pending conjugations."""
    import torch

    x = x.detach().resolve_conj().resolve_neg().cpu()
    if x.layout != torch.strided or x.is_quantized:
        raise InputError("sparse and quantized tensors have no counterpart", fix="pass x.to_dense()")
    return x


def _torch_to_numpy(x: Any) -> "np.ndarray[Any, Any]":
    import torch

    x = _plain(x)
    if x.dtype == torch.bfloat16:
        import ml_dtypes

        return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.numpy()


def to_torch(x: Any) -> Any:
    import torch

    if isinstance(x, torch.Tensor):
        return x
    array = np.array(as_numpy(x))
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def to_jax(x: Any) -> Any:
    import jax

    if isinstance(x, jax.Array):
        return x
    array = as_numpy(x)
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        _check_range(array)
    return jax.numpy.array(array)


def _check_range(array: "np.ndarray[Any, Any]") -> None:
    """jax without 64-bit types wraps integers silently."""
    if array.dtype in (np.int64, np.uint64) and array.size:
        narrow = np.iinfo(np.int32 if array.dtype == np.int64 else np.uint32)
        if array.min() < narrow.min or array.max() > narrow.max:
            raise InputError(
                f"{array.dtype} values do not fit into 32 bits",
                why="jax runs without 64-bit types",
                fix="compile with x64=True or set jax_enable_x64",
            )


def wide_types() -> Any:
    """A scope in which jax has 64-bit types, whatever its session says."""
    import jax

    return jax.enable_x64(True)


def concrete(x: Any, framework: str) -> Any:
    """`x`, or zeros in the place of an array without values, as `jax.jit` traces with: capture reads shapes alone."""
    if framework_of(x) != "jax" or framework == "jax":
        return x
    from jax.core import Tracer

    return np.zeros(x.shape, x.dtype) if isinstance(x, Tracer) else x


def to_tensorflow(x: Any) -> Any:
    import tensorflow

    if isinstance(x, tensorflow.Tensor):
        return x
    if framework_of(x) == "torch":
        return _torch_to_tensorflow(x)
    # convert_to_tensor copies numpy arrays
    return tensorflow.convert_to_tensor(x if isinstance(x, tensorflow.Variable) else as_numpy(x))


def _torch_to_tensorflow(x: Any) -> Any:
    """A copy that tensorflow takes over: by way of numpy it would make two."""
    import tensorflow
    import torch
    from torch import to_dlpack

    owned = _plain(x).clone(memory_format=torch.contiguous_format)
    return tensorflow.experimental.dlpack.from_dlpack(to_dlpack(owned))


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "torch": to_torch,
    "jax": to_jax,
    "tensorflow": to_tensorflow,
    "numpy": as_numpy,
}


def convert(x: Any, framework: str) -> Any:
    """`x` as an array of `framework`: itself if it is one already. Raises `InputError` where it cannot be one."""
    if framework_of(x) == framework:
        return x
    try:
        return CONVERTERS[framework](x)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"an array of {dtype_name(x)} cannot be given to {framework}", why=str(error)) from error


def overwrite(x: Any, value: Any) -> None:
    """Write `value`, an array of any framework, into the array `x`; raises `InputError` where `x` cannot be written."""
    match framework_of(x) if is_writable(x) else None:
        case "torch":
            import torch

            with torch.no_grad() if x.requires_grad and x.is_leaf else nullcontext():
                x.copy_(to_torch(value))
        case "numpy":
            x[...] = as_numpy(value)
        case "tensorflow":
            x.assign(to_tensorflow(value))
        case _:
            raise InputError(
                f"the function writes into an input, and this array of {framework_of(x)} cannot be written",
                fix="call graph.apply(graph.params, ...), which returns the new value beside the result, or pass a"
                " torch tensor or a writable numpy array",
            )


def is_writable(x: Any) -> bool:
    """Return whether `overwrite` can write into an array."""
    match framework_of(x):
        case "torch":
            return True
        case "numpy":
            return isinstance(x, np.ndarray) and x.flags.writeable
        case "tensorflow":
            return hasattr(x, "assign")
        case _:
            return False


def share_memory(x: Any, y: Any) -> bool:
    """Whether a write to one of two arrays may change the other."""
    if x is y:
        return True
    frameworks = {framework_of(x), framework_of(y)}
    if frameworks - {"torch", "numpy"}:
        return False
    if frameworks == {"torch"} and x.untyped_storage().data_ptr() != y.untyped_storage().data_ptr():
        return False
    return bool(np.shares_memory(as_numpy(x), as_numpy(y)))


def has_unknown_sizes(x: Any) -> bool:
    """Return whether `x` is a tensor that `tf.function` traces without knowing its shape."""
    return framework_of(x) == "tensorflow" and not x.shape.is_fully_defined()


def strides_of(x: Any) -> tuple[int, ...]:
    """Return the strides of an array in elements; arrays of jax and tensorflow are row-major."""
    match framework_of(x):
        case "torch":
            return tuple(x.stride())
        case "numpy":
            return tuple(step // x.itemsize for step in x.strides) if x.itemsize else (0,) * x.ndim
        case _:
            return tuple(math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape)))


def array_types(framework: str) -> tuple[type, ...]:
    """The concrete classes of ordinary arrays of `framework`."""
    match framework:
        case "torch":
            import torch

            return torch.Tensor, torch.nn.Parameter
        case "jax":
            import jax

            return (type(jax.numpy.zeros(())),)
        case "tensorflow":
            import tensorflow

            return (type(tensorflow.constant(0)),)
        case _:
            return (np.ndarray,)


def torch_device(name: str) -> Any:
    import torch

    return torch.device(name)


def dtype_object(framework: str, name: str) -> Any:
    """The element type called `name` as `array.dtype` gives it in `framework`."""
    if framework == "torch":
        import torch

        return getattr(torch, name)
    if framework == "tensorflow":
        import tensorflow

        return getattr(tensorflow, name)
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
