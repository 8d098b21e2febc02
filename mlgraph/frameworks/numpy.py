"""numpy: mutable arrays, scalars, and two generations of random generators."""

import functools
import sys
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from mlgraph.errors import InputError
from mlgraph.frameworks.base import Framework
from mlgraph.frameworks.spelling import ARITHMETIC, BITWISE, COMPARISONS, at

ARRAYS: tuple[type, ...] = (np.ndarray,)
"""The classes of arrays, without scalars."""


class Numpy(Framework):
    """numpy, with scipy for what it lacks."""

    name = "numpy"
    packages = ("numpy",)
    own_files = ("numpy",)
    other_names = ("np", "scipy")
    distributions = ("numpy",)

    is_neutral = True
    has_views = True
    has_scalars = True
    has_random_state = True
    boxes_kernels = True
    kernels = "mlgraph.targets.kernels.numpy"

    modules = MappingProxyType({"numpy": "numpy", "np": "numpy", "scipy": "scipy"})
    aliases = MappingProxyType({"numpy": "np"})
    methods = ("numpy.ndarray.", "numpy.random.Generator.", "numpy.random.RandomState.")
    constant = "numpy.asarray"
    stack = "numpy.stack"
    copy_call = "numpy.copy"
    takes_numbers = MappingProxyType(
        {
            **at((0, 1), "numpy", f"{ARITHMETIC} {COMPARISONS} {BITWISE} fmod arctan2 hypot copysign logaddexp"),
            **at((1, 2), "numpy", "where clip"),
        }
    )
    unwritten = ("bfloat16",)
    repeating = frozenset(("numpy.broadcast_to",))
    views = frozenset(
        f"numpy.{name}"
        for name in (
            "asarray ascontiguousarray atleast_1d atleast_2d atleast_3d broadcast_arrays broadcast_to diagonal einsum "
            "expand_dims flip imag lib.stride_tricks.sliding_window_view moveaxis ndarray.view ravel real reshape "
            "rot90 split squeeze swapaxes transpose"
        ).split()
    )
    draws = MappingProxyType(
        {
            "randint": "np.random.Generator.integers(rng, low, high, shape, dtype)",
            "permutation": "np.ndarray.astype(np.random.Generator.permutation(rng, size[0]), dtype)",
            "poisson": "np.asarray(np.random.Generator.poisson(rng, rate), dtype=dtype_of(rate))",
            "gamma": (
                "np.asarray(np.random.Generator.standard_gamma(rng, shape_parameter), dtype=dtype_of(shape_parameter))"
            ),
            "binomial": (
                "np.asarray(np.random.Generator.binomial(rng, np.ndarray.astype(count, np.int64), p),"
                " dtype=dtype_of(count))"
            ),
        }
    )

    draw_rules = "mlgraph.transforms.lower_generator.numpy"

    def dtype_path(self, name: str) -> str:
        if name == "bfloat16":
            return "ml_dtypes.bfloat16"
        return "numpy.bool_" if name == "bool" else f"numpy.{name}"

    def is_array(self, x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic)

    def as_numpy(self, x: Any) -> "np.ndarray[Any, Any]":
        return np.asarray(x)

    def from_array(self, x: Any, owner: Framework) -> Any:
        return owner.as_numpy(x)

    def array_types(self) -> tuple[type, ...]:
        return (np.ndarray,)

    def dtype(self, name: str) -> Any:
        return dtype(name)

    def copied(self, x: Any) -> Any:
        return np.array(x)

    def is_writable(self, x: Any) -> bool:
        return isinstance(x, np.ndarray) and x.flags.writeable

    def overwrite(self, x: Any, value: Any) -> None:
        x[...] = value

    def is_restorable(self, x: Any) -> bool:
        return x.flags.writeable and not x.dtype.hasobject

    def owns_same_memory(self, x: Any, y: Any) -> bool:
        while self.is_array(x.base):
            x = x.base
        return x is y

    def strides(self, x: Any) -> tuple[int, ...]:
        return tuple(step // x.itemsize for step in x.strides) if x.itemsize else (0,) * x.ndim

    def distance(self, view: Any, array: Any) -> int | None:
        if not isinstance(view, ARRAYS) or view.dtype != array.dtype or not np.may_share_memory(view, array):
            return None
        return (view.ctypes.data - array.ctypes.data) // view.itemsize

    def strided(self, x: Any, shape: tuple[int, ...], strides: Sequence[int], begin: int) -> Any:
        size = x.itemsize
        first = np.lib.stride_tricks.as_strided(x, (1,), (size,))
        walk = np.lib.stride_tricks.as_strided(first, (abs(begin) + 1,), (size if begin >= 0 else -size,))
        return np.lib.stride_tricks.as_strided(walk[abs(begin) :], shape, tuple(step * size for step in strides))

    def content(self, x: Any) -> bytes | None:
        return x.tobytes() if not x.dtype.hasobject and _can_be_written(x) else None

    def layout_tests(
        self, text: str, order: tuple[int, ...] | None, strides: tuple[int, ...] | None, begins: bool
    ) -> list[str]:
        if strides is not None:
            return [f"__strides({text}) == {strides}"]
        ordered = text if order is None else f"{text}.transpose({order})"
        return [f"{ordered}.flags.c_contiguous"]

    def source(self, seed: int | None) -> Any:
        return np.random.default_rng(seed)

    def is_source(self, rng: Any) -> bool:
        return isinstance(rng, np.random.Generator | np.random.RandomState)

    def stream(self, rng: Any, is_legacy: bool) -> Any:
        if is_legacy:
            return np.random.random_sample.__self__ if rng is None else legacy(rng)
        if isinstance(rng, np.random.RandomState):
            return np.random.Generator(rng._bit_generator)  # pyright: ignore[reportAttributeAccessIssue]
        return _shared() if rng is None else rng

    def stream_keeper(self, stream: Any) -> Callable[[], None]:
        if isinstance(stream, np.random.RandomState):
            legacy_state = stream.get_state()
            return lambda: stream.set_state(legacy_state)
        state = stream.bit_generator.state

        def restore() -> None:
            stream.bit_generator.state = state

        return restore

    def generator_types(self) -> tuple[type, ...]:
        random = sys.modules.get("numpy.random")
        return () if random is None else (random.Generator, random.RandomState)


def dtype(name: str) -> Any:
    """Return numpy's element type of this name, or that of `ml_dtypes`."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _can_be_written(array: Any) -> bool:
    """Return whether the memory of an array can be written, through the array or through one that it is a view of."""
    while array is not None:
        flags = getattr(array, "flags", None)
        if flags is None or flags.writeable:
            return True
        array = array.base
    return False


@functools.cache
def _shared() -> Any:
    """Return the shared generator for draws without one: numpy has no global `Generator`."""
    return np.random.default_rng()


@functools.lru_cache(maxsize=64)
def legacy(rng: Any) -> Any:
    """Return a `RandomState` on the bit generator of `rng`, always the same one, since it has state of its own."""
    return rng if isinstance(rng, np.random.RandomState) else np.random.RandomState(rng.bit_generator)


def check_range(array: "np.ndarray[Any, Any]") -> None:
    """Raise `InputError` for integers that do not fit into 32 bits, which jax without 64-bit types would wrap."""
    if array.dtype in (np.int64, np.uint64) and array.size:
        narrow = np.iinfo(np.int32 if array.dtype == np.int64 else np.uint32)
        if array.min() < narrow.min or array.max() > narrow.max:
            raise InputError(
                f"{array.dtype} values do not fit into 32 bits",
                why="jax runs without 64-bit types",
                fix="compile with x64=True or set jax_enable_x64",
            )


NUMPY = Numpy()
