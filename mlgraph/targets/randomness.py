"""Each target's own source of random numbers, as the `rng` argument of `main` expects it."""

# pyright: basic
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

GLOBAL = ("torch", "numpy")
"""The targets with a global stream, from which a graph draws that was given none."""


def streams(target: str, rng: Any, names: Sequence[str], own: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What the arguments `names` of `main` draw from: the graph's stream `rng`, or the `own` generators of the user.

    A loaded graph has none of these, and draws from its stream.
    """
    found: dict[str, Any] = {}
    for name in names:
        user = name.removesuffix("_rng").removesuffix("_random_state")
        if user != name and user in own:
            found[name] = own[user]()
        elif target == "numpy":
            found[name] = _of_numpy(rng, older=not name.endswith("rng"))
        else:
            found[name] = rng
    return found


def _of_numpy(rng: Any, older: bool) -> Any:
    """The stream `rng` as a generator of either generation; without it numpy's global one."""
    if older:
        return _global() if rng is None else legacy(rng)
    return _shared() if rng is None else rng


def needed(names: Sequence[str]) -> bool:
    """Whether any of the arguments `names` of `main` is the graph's own stream."""
    return "rng" in names or "random_state" in names


@functools.cache
def _shared() -> Any:
    """numpy's stream of draws that name none: numpy has no global one of the newer kind."""
    import numpy as np

    return np.random.default_rng()


def _global() -> Any:
    """The generator behind the functions of `np.random`."""
    import numpy as np

    return np.random.random_sample.__self__


@functools.lru_cache(maxsize=64)
def legacy(rng: Any) -> Any:
    """An older generator of numpy that draws from the stream of `rng`, the same one each time: it has its own state."""
    import numpy as np

    return rng if isinstance(rng, np.random.RandomState) else np.random.RandomState(rng.bit_generator)


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
