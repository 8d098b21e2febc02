"""tensorflow: immutable tensors, variables, and random seeds that are split."""

import sys
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from mlgraph.frameworks.base import Framework, entropy, traced
from mlgraph.frameworks.spelling import BITWISE, COMPARISONS, at


class TensorFlow(Framework):
    """tensorflow, with the modules of keras."""

    name = "tensorflow"
    packages = ("tensorflow", "keras")
    own_files = ("tensorflow", "keras", "tf_keras")
    other_names = ("tf",)
    distributions = ("tensorflow", "tensorflow-cpu")

    sorts_keys = True
    has_weak_numbers = False
    has_variables = True
    traces_errors = False
    has_tensor_sizes = True
    prefers_channels_last = True

    control = "mlgraph.targets.control.tensorflow"
    modules = MappingProxyType({"tensorflow": "tensorflow", "tf": "tensorflow"})
    aliases = MappingProxyType({"tensorflow": "tf"})
    constant = "tensorflow.constant"
    stack = "tensorflow.stack"
    index_functions = MappingProxyType({"builtins.max": "tensorflow.maximum", "builtins.min": "tensorflow.minimum"})
    takes_numbers = MappingProxyType(
        {
            **at((0, 1), "tensorflow", "divide"),
            **at((1,), "tensorflow", f"add subtract multiply pow maximum minimum truncatemod atan2 {COMPARISONS}"),
            **at((1,), "tensorflow.math", "floordiv floormod"),
            **at((1,), "tensorflow.bitwise", BITWISE),
            **at((2,), "tensorflow", "where"),
            **at((1, 2), "tensorflow", "clip_by_value"),
        }
    )
    draws = MappingProxyType(
        {
            "uniform": "tf.random.stateless_uniform(shape, rng, low, high, dtype)",
            "normal": "tf.random.stateless_normal(shape, rng, dtype=dtype)",
            "randint": "tf.cast(tf.random.stateless_uniform(shape, rng, low, high, tf.int64), dtype)",
            "permutation": "tf.random.experimental.stateless_shuffle(tf.range(size[0], dtype=dtype), rng)",
            "poisson": (
                "tf.cast(tf.random.stateless_poisson(tf.shape(rate), rng, tf.cast(rate, tf.float64), tf.float64),"
                " dtype_of(rate))"
            ),
            "gamma": (
                "tf.random.stateless_gamma(tf.shape(shape_parameter), rng, shape_parameter, None,"
                " dtype_of(shape_parameter))"
            ),
            "binomial": (
                "tf.random.stateless_binomial(tf.shape(count), rng, tf.cast(count, tf.float64), tf.cast(p, tf.float64),"
                " dtype_of(count))"
            ),
        }
    )
    split = "tf.unstack(tf.random.split(rng))"

    def is_array(self, x: Any) -> bool:
        tensorflow = sys.modules.get("tensorflow")
        return tensorflow is not None and isinstance(x, tensorflow.Tensor | tensorflow.Variable)

    def as_numpy(self, x: Any) -> "np.ndarray[Any, Any]":
        return np.asarray(x)

    def from_array(self, x: Any, owner: Framework) -> Any:
        tensorflow = _library()
        found = owner.to_dlpack(x)
        if found is not None:
            return tensorflow.experimental.dlpack.from_dlpack(found)
        return tensorflow.convert_to_tensor(owner.as_numpy(x))  # which copies

    def array_types(self) -> tuple[type, ...]:
        import tensorflow

        return (type(tensorflow.constant(0)),)

    def dtype(self, name: str) -> Any:
        import tensorflow

        return getattr(tensorflow, name)

    def dtype_test(self, text: str, dtype: str) -> str:
        return f"{text}.dtype is {dtype}"  # there is one object for each element type

    def has_unknown_sizes(self, x: Any) -> bool:
        return not x.shape.is_fully_defined()

    def is_writable(self, x: Any) -> bool:
        return hasattr(x, "assign")

    def overwrite(self, x: Any, value: Any) -> None:
        import tensorflow

        x.assign(tensorflow.convert_to_tensor(value))

    def source(self, seed: int | None) -> Any:
        import tensorflow as tf

        return tf.constant([entropy() if seed is None else seed, 0], tf.int32)

    def is_source(self, rng: Any) -> bool:
        seed = _library().convert_to_tensor(rng)
        return seed.shape == (2,) and seed.dtype.is_integer

    def step(self, stream: Any, device: str) -> tuple[Any, Any]:
        tf = _library()
        if not tf.executing_eagerly():
            raise traced("tf.function", "seed")
        seed, following = tf.unstack(tf.random.experimental.stateless_split(stream, 2))
        return seed, following

    def settled(self, x: Any) -> Any:
        return x.read_value() if hasattr(x, "read_value") else x

    def is_module(self, obj: Any) -> bool:
        cls = getattr(sys.modules.get("tensorflow"), "Module", None)
        if isinstance(cls, type) and isinstance(obj, cls):
            return True
        bases = type(obj).__mro__[:-1]  # all but `object`
        return bool(bases) and bases[-1].__module__.startswith("keras")

    def forward(self, module: Any) -> str | None:
        return "call" if hasattr(module, "call") else None

    def takes_flags_by_name(self, module: Any) -> bool:
        return hasattr(module, "stateless_call")

    def compiled(self, main: Callable[..., Any]) -> Callable[..., Any]:
        return _library().function(main, autograph=False)


def _library() -> Any:
    """Return tensorflow, whose own types lack much of what it has."""
    import tensorflow

    return tensorflow


TENSORFLOW = TensorFlow()
