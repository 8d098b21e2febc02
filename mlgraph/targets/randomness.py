"""Each target's own source of random numbers, as the `rng` argument of `main` expects it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlgraph.errors import InputError
from mlgraph.frameworks import Framework


def streams(target: Framework, rng: Any, names: Sequence[str], own: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return the sources that `main` draws from: the graph's stream `rng`, or the `own` generators of the user.

    A loaded graph has none of these, and draws from its stream.
    """
    found: dict[str, Any] = {}
    for name in names:
        user = name.removesuffix("_rng").removesuffix("_random_state")
        is_own = user != name and user in own
        found[name] = own[user]() if is_own else target.stream(rng, not name.endswith("rng"))
    return found


def checked(target: Framework, rng: Any) -> Any:
    """Return a caller's `rng` as the target draws from it; a number is a seed. Raise `InputError` for other objects."""
    if isinstance(rng, int) and not isinstance(rng, bool):
        return target.source(rng)
    if not target.is_source(rng):
        raise InputError(
            f"{target.name} draws no random numbers from a {type(rng).__name__}",
            fix="give rng a torch.Generator, a key of jax, two integers for tensorflow or a generator of numpy",
        )
    return rng


def needed(names: Sequence[str]) -> bool:
    """Return whether any of the arguments `names` of `main` is the graph's own stream."""
    return "rng" in names or "random_state" in names
