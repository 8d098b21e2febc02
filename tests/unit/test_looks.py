"""An input whose shape or type alone is read leaves nothing in a trace; a call must match it all the same."""

# pyright: basic
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch

import mlgraph

ARRAY = {"numpy": np.asarray, "torch": torch.from_numpy, "jax": jnp.asarray, "tensorflow": tf.convert_to_tensor}
LOOKS = {
    "numpy": (lambda x, y: np.zeros(x.shape, x.dtype), lambda x, y: np.ones(x.ndim), lambda x, y: np.arange(len(x))),
    "torch": (
        lambda x, y: torch.zeros(x.shape, dtype=x.dtype),
        lambda x, y: torch.ones(x.ndim),
        lambda x, y: torch.arange(len(x)),
    ),
    "jax": (
        lambda x, y: jnp.zeros(x.shape, x.dtype),
        lambda x, y: jnp.ones(x.ndim),
        lambda x, y: jnp.zeros_like(x),
    ),
    "tensorflow": (
        lambda x, y: tf.zeros(x.shape, x.dtype),
        lambda x, y: tf.ones(len(x.shape)),
        lambda x, y: tf.zeros_like(x),
    ),
}


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("framework", LOOKS)
def test_an_input_that_is_only_looked_at_is_held_to_what_was_seen(framework: str, which: int, dynamic: bool) -> None:
    function, array = LOOKS[framework][which], ARRAY[framework]
    first = array(np.ones((1, 5), np.float32))
    graph = mlgraph.compile(function, to=framework, args=(first, first), dynamic=dynamic)
    for shape, dtype in [((1, 5), "float32"), ((3, 5), "int32"), ((3, 7), "float32"), ((4,), "float32")]:
        x = array(np.ones(shape, dtype))
        found, wanted = np.asarray(graph(x, first)), np.asarray(function(x, first))
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("framework", LOOKS)
def test_an_input_that_nobody_looks_at_may_be_anything(framework: str) -> None:
    array = ARRAY[framework]
    x = array(np.ones((2, 5), np.float32))
    graph = mlgraph.compile(LOOKS[framework][0], to=framework, args=(x, x))
    graph(x, array(np.ones(3, np.int32)))
    assert graph.cache_info().captures == 1


@pytest.mark.parametrize("to", ["jax", "numpy"])
def test_a_type_that_jax_lets_give_way_is_part_of_what_a_call_must_match(to: str) -> None:
    weak, strong, half = jnp.sin(1.0), jnp.sin(jnp.ones((), np.float32)), jnp.ones(3, jnp.bfloat16)
    graph = mlgraph.compile(lambda x, y: x * y, to=to, args=(strong, half))
    for x in (strong, weak, strong):
        given = (x, half) if to == "jax" else (np.asarray(x), np.asarray(half))
        assert graph(*given).dtype == (x * half).dtype or to == "numpy"
    assert graph.cache_info().captures == (2 if to == "jax" else 1)
    assert mlgraph.compile(lambda x, y: x * y, to=to, args=(weak, half))(*given).dtype == np.float32
