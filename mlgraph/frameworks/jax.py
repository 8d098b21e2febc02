"""jax: immutable arrays, random keys that are split, and 64-bit types only on request."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

import numpy as np

from mlgraph.frameworks.base import Framework, entropy, traced
from mlgraph.frameworks.numpy import check_range, dtype
from mlgraph.frameworks.spelling import ARITHMETIC, BITWISE, COMPARISONS, at


class Jax(Framework):
    """jax, with the modules of flax."""

    name = "jax"
    packages = ("jax", "jaxlib", "flax")
    own_files = ("jax", "jaxlib", "flax")
    other_names = ("jnp",)
    distributions = ("jax",)

    sorts_keys = True
    has_immutable_weights = True
    is_narrow = True
    traces_errors = False
    prefers_masks_by_where = True

    control = "mlgraph.targets.control.jax"
    modules = MappingProxyType({"jax": "jax", "jnp": "jax.numpy", "lax": "jax.lax"})
    aliases = MappingProxyType({"jax.numpy": "jnp", "jax.lax": "lax"})
    methods = ("jax.Array.",)
    constant = "jax.numpy.asarray"
    stack = "jax.numpy.stack"
    takes_numbers = MappingProxyType(
        {
            **at((0, 1), "jax.numpy", f"{ARITHMETIC} {COMPARISONS} {BITWISE} fmod arctan2 hypot copysign logaddexp"),
            **at((0, 1), "jax.numpy", "nextafter"),
            **at((1, 2), "jax.numpy", "where clip"),
        }
    )
    unwritten = ("uint32", "uint64")
    draws = MappingProxyType(
        {
            "uniform": "jax.random.uniform(rng, shape, dtype, low, high)",
            "normal": "jax.random.normal(rng, shape, dtype)",
            "randint": "jax.random.randint(rng, shape, low, high, dtype)",
            "permutation": "jnp.astype(jax.random.permutation(rng, size[0]), dtype)",
            "poisson": "jnp.astype(jax.random.poisson(rng, rate), dtype_of(rate))",
            "gamma": "jax.random.gamma(rng, shape_parameter, None, dtype_of(shape_parameter))",
            "binomial": "jax.random.binomial(rng, count, p, None, dtype_of(count))",
        }
    )
    split = "jax.random.split(rng)"

    def dtype_path(self, name: str) -> str:
        return "jax.numpy.bool_" if name == "bool" else f"jax.numpy.{name}"

    def is_array(self, x: Any) -> bool:
        jax = sys.modules.get("jax")
        return jax is not None and isinstance(x, jax.Array)

    def has_only_arrays(self, cls: type) -> bool:
        from jax.core import Tracer

        return not issubclass(cls, Tracer)

    def as_numpy(self, x: Any) -> "np.ndarray[Any, Any]":
        return np.asarray(x)

    def from_array(self, x: Any, owner: Framework) -> Any:
        array = owner.as_numpy(x)
        if not self.is_wide(None):
            check_range(array)
        return _library().numpy.array(array)

    def array_types(self) -> tuple[type, ...]:
        array: object = _library().numpy.zeros(())
        return (type(array),)

    def dtype(self, name: str) -> Any:
        return dtype(name)

    def weak_type_test(self, text: str, weak: bool) -> str:
        return f"{text}.weak_type is {weak}"

    def concrete(self, x: Any) -> Any:
        from jax.core import Tracer

        return np.zeros(x.shape, x.dtype) if isinstance(x, Tracer) else x

    def number(self, value: Any) -> Any:
        return _library().numpy.asarray(value)

    def traced_number(self, x: Any) -> Any:
        return x  # an array whose type gives way to others

    def is_wide(self, told: bool | None) -> bool:
        return bool(_library().config.jax_enable_x64) if told is None else told

    def wide_types(self) -> AbstractContextManager[Any]:
        import jax

        return jax.enable_x64(True)

    def source(self, seed: int | None) -> Any:
        import jax

        return jax.random.key(entropy() if seed is None else seed)

    def is_source(self, rng: Any) -> bool:
        import jax

        return isinstance(rng, jax.Array)

    def step(self, stream: Any, device: str) -> tuple[Any, Any]:
        import jax
        from jax.core import Tracer

        following, key = jax.random.split(stream)
        if isinstance(key, Tracer):
            raise traced("jax.jit", "key")
        return key, following

    def is_module(self, obj: Any) -> bool:
        nnx = getattr(sys.modules.get("flax"), "nnx", None)
        cls = getattr(nnx, "Module", None)
        return isinstance(cls, type) and isinstance(obj, cls)

    def compiled(self, main: Callable[..., Any]) -> Callable[..., Any]:
        return _library().jit(main)

    def missing_value_error(self) -> type[Exception]:
        import jax

        return jax.errors.ConcretizationTypeError


def _library() -> Any:
    """Return jax, whose own types lack much of what it has."""
    import jax

    return jax


JAX = Jax()
