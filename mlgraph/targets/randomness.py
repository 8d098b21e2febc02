"""Each target's own source of random numbers, as the `rng` argument of `main` expects it."""

# pyright: basic
from typing import Any


def source(target: str, seed: int | None) -> Any:
    """A stream of randomness: from `seed`, or from the target's global state (torch) or fresh entropy for None."""
    match target:
        case "torch":
            import torch

            return None if seed is None else torch.Generator().manual_seed(seed)
        case "numpy":
            import numpy as np

            return np.random.default_rng(seed)
        case "jax":
            import jax

            return jax.random.key(_entropy() if seed is None else seed)
        case _:
            import tensorflow as tf

            return tf.constant([_entropy() if seed is None else seed, 0], tf.int32)


def _entropy() -> int:
    import secrets

    return secrets.randbits(31)


def step(target: str, stream: Any, device: str) -> tuple[Any, Any]:
    """What one call draws from, and the stream for the next call; torch's are each of one device."""
    match target:
        case "torch":
            generator = stream if stream is None or str(stream.device) == device else _moved(stream, device)
            return generator, generator
        case "jax":
            import jax

            following, key = jax.random.split(stream)
            return key, following
        case "tensorflow":
            import tensorflow as tf

            seed, following = tf.unstack(tf.random.experimental.stateless_split(stream, 2))  # pyright: ignore[reportAttributeAccessIssue]
            return seed, following
        case _:
            return stream, stream


def _moved(generator: Any, device: str) -> Any:
    """A generator of torch on another device, which goes on from what this one draws next: no draw comes twice."""
    import torch

    seed = torch.randint(1 << 62, (), generator=generator, device=generator.device)
    return torch.Generator(device).manual_seed(int(seed))
