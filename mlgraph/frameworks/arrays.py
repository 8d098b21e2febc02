"""Arrays of any framework: their conversion, their memory and how they are written."""

from typing import Any

import numpy as np

from mlgraph.errors import InputError
from mlgraph.frameworks.base import Framework
from mlgraph.frameworks.registry import get, names, of_array


def owner_of(x: Any) -> Framework:
    """Return the framework that an array belongs to. Raise `InputError` for what is no array."""
    found = of_array(x)
    if found is None:
        *some, last = names()
        raise InputError(f"{type(x).__name__} is no array of {', '.join(some)} or {last}")
    return found


def as_numpy(x: Any) -> "np.ndarray[Any, Any]":
    """Return a numpy array with the values of `x`, in the same memory where it can. Raise `InputError` if it cannot."""
    return owner_of(x).as_numpy(x)


def convert(x: Any, framework: str) -> Any:
    """Return `x` as an array of `framework`: itself if it is one already. Raise `InputError` where it cannot be one."""
    return converted(x, get(framework))


def converted(x: Any, framework: Framework) -> Any:
    """Return `x` as an array of `framework`: itself if it is one already. Raise `InputError` where it cannot be one."""
    if framework.is_array(x):
        return x
    try:
        return framework.from_array(x, owner_of(x))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"an array of {dtype_name(x)} cannot be given to {framework.name}", why=str(error)) from error


def placed(x: Any, framework: str, device: str) -> Any:
    """Return `x` as an array of `framework` on a device. Raise `InputError` where it cannot be one."""
    owner = get(framework)
    return owner.place(converted(x, owner), device)


def concrete(x: Any, framework: str) -> Any:
    """Return `x`, or zeros where it is an array without values that another framework traces: capture reads shapes."""
    owner = of_array(x)
    return x if owner is None or owner.name == framework else owner.concrete(x)


def dtype_name(x: Any) -> str:
    """Return numpy's name of an array's element type."""
    dtype = x.dtype
    name = getattr(dtype, "name", None)
    return name if isinstance(name, str) else str(dtype).rpartition(".")[2]


def device_of(x: Any) -> str:
    """Return the device on which an array is once it is one of the target's: the CPU for most frameworks."""
    return owner_of(x).device_of(x)


def strides_of(x: Any) -> tuple[int, ...]:
    """Return the strides of an array in elements."""
    return owner_of(x).strides(x)


def has_unknown_sizes(x: Any) -> bool:
    """Return whether `x` is an array that is traced without knowing its shape."""
    owner = of_array(x)
    return owner is not None and owner.has_unknown_sizes(x)


def is_writable(x: Any) -> bool:
    """Return whether `x` is an array that `overwrite` can write into."""
    owner = of_array(x)
    return owner is not None and owner.is_writable(x)


def overwrite(x: Any, value: Any) -> None:
    """Write `value`, an array of any framework, into the array `x`; raise `InputError` where `x` cannot be written."""
    owner = owner_of(x)
    if not owner.is_writable(x):
        raise InputError(
            f"the function writes into an input, and this array of {owner.name} cannot be written",
            fix="call graph.apply(graph.params, ...), which returns the new value beside the result, or pass a"
            " torch tensor or a writable numpy array",
        )
    owner.overwrite(x, converted(value, owner))


def share_memory(x: Any, y: Any) -> bool:
    """Return whether a write to one of two arrays may change the other."""
    if x is y:
        return True
    one, other = of_array(x), of_array(y)
    if one is None or other is None or not (one.has_views and other.has_views):
        return False
    if one is other and not one.may_share(x, y):
        return False
    return bool(np.shares_memory(one.as_numpy(x), other.as_numpy(y)))
