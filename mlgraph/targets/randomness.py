"""Each target's own source of random numbers, as the `rng` argument of `main` expects it."""

# pyright: basic
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlgraph.errors import InputError

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
    import numpy as np

    if isinstance(rng, np.random.RandomState):
        return np.random.Generator(rng._bit_generator)  # pyright: ignore[reportAttributeAccessIssue]
    return _shared() if rng is None else rng


def checked(target: str, rng: Any) -> Any:
    """What a caller gives as `rng`, as the target draws from it; a number is a seed."""
    if isinstance(rng, int) and not isinstance(rng, bool):
        return source(target, rng)
    match target:
        case "torch":
            import torch

            fits = isinstance(rng, torch.Generator)
        case "numpy":
            import numpy as np

            fits = isinstance(rng, np.random.Generator | np.random.RandomState)
        case "jax":
            import jax

            fits = isinstance(rng, jax.Array)
        case _:
            import tensorflow as tf

            seed = tf.convert_to_tensor(rng)
            fits = seed.shape == (2,) and seed.dtype.is_integer
    if not fits:
        raise InputError(
            f"{target} draws no random numbers from a {type(rng).__name__}",
            fix="give rng a torch.Generator, a key of jax, two integers for tensorflow or a generator of numpy",
        )
    return rng


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
            from jax.core import Tracer

            following, key = jax.random.split(stream)
            if isinstance(key, Tracer):
                raise _traced("jax.jit", "key")
            return key, following
        case "tensorflow":
            import tensorflow as tf

            if not tf.executing_eagerly():
                raise _traced("tf.function", "seed")
            seed, following = tf.unstack(tf.random.experimental.stateless_split(stream, 2))  # pyright: ignore[reportAttributeAccessIssue]
            return seed, following
        case _:
            return stream, stream


def _traced(compiler: str, kind: str) -> InputError:
    """The error for a graph whose random numbers another trace would take for constants."""
    return InputError(
        f"a graph that draws random numbers is traced by {compiler}",
        why="the numbers of the trace would come again at each call",
        fix=f"take the {kind} as an argument: graph.apply(graph.params, x, rng={kind}), or graph(x, rng={kind})",
    )


def _moved(generator: Any, device: str) -> Any:
    """A generator of torch on another device, which goes on from what this one draws next: no draw comes twice."""
    import torch

    seed = torch.randint(1 << 62, (), generator=generator, device=generator.device)
    return torch.Generator(device).manual_seed(int(seed))
