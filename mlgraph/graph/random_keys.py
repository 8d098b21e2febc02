"""Typed random keys of jax (`jax.random.key`) in trees, as nodes over their words, which any framework can hold."""

import weakref
from collections.abc import Sequence
from typing import Any

from mlgraph.frameworks.jax import JAX
from mlgraph.frontend.shape_access import unrecorded

_words: dict[int, tuple[Any, Any]] = {}
"""The words from which traced keys were made, by the id of a live key."""


class KeyWords:
    """An array of keys among arguments or results: its words, (..., words of a key), and its kind."""

    def __init__(self, words: Any, kind: str) -> None:
        self._base_array = words
        self.kind = kind

    @staticmethod
    def class_of_keys() -> type:
        """Return jax's class of key arrays, which has an attribute `_base_array` as well."""
        import jax

        return type(jax.random.key(0))


def opened(leaves: Sequence[Any]) -> list[Any] | None:
    """Return the leaves with keys as `KeyWords`, None if no leaf is a key."""
    if JAX.loaded() is None:
        return None
    with unrecorded():
        found = [_opened(leaf) for leaf in leaves]
    return found if any(a is not b for a, b in zip(found, leaves)) else None


def _opened(leaf: Any) -> Any:
    import jax

    if not isinstance(leaf, jax.Array) or not jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    kept = _words.get(id(leaf))
    words = jax.random.key_data(leaf) if kept is None else kept[1]
    return KeyWords(words, str(jax.random.key_impl(leaf)))


def closed(words: Any, kind: str) -> Any:
    """Return the keys with these words; words of another framework are returned as they are."""
    jax = JAX.loaded()
    if jax is None or not isinstance(words, jax.Array):
        return KeyWords(words, kind) if isinstance(words, int) else words
    keys = jax.random.wrap_key_data(words, impl=kind)
    if isinstance(words, jax.core.Tracer):
        number = id(keys)
        _words[number] = weakref.ref(keys, lambda _: _words.pop(number, None)), words
    return keys
