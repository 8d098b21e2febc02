# pyright: basic
"""Arrays of each framework, to and from numpy. Frameworks are imported when first used."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import ml_dtypes
import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def to_framework(backend: str, array: np.ndarray) -> Any:
    """A copy of a numpy array as an array of `backend`."""
    match backend:
        case "torch":
            import torch

            array = np.array(array, order="C")
            if array.dtype == BFLOAT16:
                return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
            return torch.from_numpy(array)
        case "jax":
            import jax.numpy as jnp

            return jnp.array(array)
        case "tensorflow":
            import tensorflow as tf

            return tf.constant(array)
        case _:
            return np.array(array)


def to_numpy(value: Any) -> np.ndarray:
    """An array of any framework as a numpy array of the same element type."""
    if type(value).__module__.partition(".")[0] == "torch":
        import torch

        value = value.detach().resolve_conj().resolve_neg().cpu()
        if value.dtype == torch.bfloat16:
            return value.contiguous().view(torch.int16).numpy().view(BFLOAT16)
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def wide_types(backend: str) -> AbstractContextManager[Any]:
    """Where 64-bit element types stay so: jax narrows them elsewhere."""
    if backend != "jax":
        return nullcontext()
    import jax

    return jax.enable_x64(True)
