# pyright: basic
"""Small models of `transformers` at other sizes than traced, from one capture, and the gradients of their weights."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers as hf

import mlgraph

TEXT = {"vocab_size": 99, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
LLAMA = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64, "num_key_value_heads": 2}
GPT2 = {
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 64,
    "vocab_size": 99,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
ENCODER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
VIT = {**ENCODER, "image_size": 32}
T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}

MODELS = {
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**TEXT, **LLAMA, num_attention_heads=4, use_cache=False)),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2, use_cache=False)),
    "vit": lambda: hf.ViTForImageClassification(hf.ViTConfig(**VIT, patch_size=8)),
    "t5": lambda: hf.T5ForConditionalGeneration(hf.T5Config(**T5, decoder_start_token_id=0, use_cache=False)),
}
SIZES = [(3, 5), (2, 12), (5, 9)]
"""Batches and lengths of sentences, none of them the traced one, which is (2, 7)."""


def inputs(name: str, batch: int, length: int) -> dict[str, torch.Tensor]:
    if name == "vit":
        return {"pixel_values": torch.randn(batch, 3, 32, 32)}
    found = {"input_ids": torch.randint(3, 90, (batch, length)), "attention_mask": torch.ones(batch, length).long()}
    found["attention_mask"][-1, length // 2 :] = 0
    if name == "t5":
        found["decoder_input_ids"] = torch.randint(3, 90, (batch, length + 2))
    return found


@functools.cache
def compiled(name: str, to: str) -> tuple[torch.nn.Module, Any]:
    """A model and its graph, captured once for all tests."""
    torch.manual_seed(0)
    model = MODELS[name]().eval()

    def logits(**given: torch.Tensor) -> torch.Tensor:
        return model(**given).logits

    return model, mlgraph.compile(logits, to=to, kwargs=inputs(name, 2, 7))


WAYS = [
    pytest.param("llama", "jax", marks=pytest.mark.slow),
    ("gpt2", "torch"),
    ("vit", "tensorflow"),
    pytest.param("t5", "numpy", marks=pytest.mark.slow),
]


@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
@pytest.mark.parametrize(("name", "to"), WAYS)
def test_one_capture_serves_all_sizes(name: str, to: str):
    model, graph = compiled(name, to)
    for batch, length in SIZES:
        given = inputs(name, batch, length)
        with torch.no_grad():
            expected = model(**given).logits
            np.testing.assert_allclose(np.asarray(graph(**given)), expected, atol=1e-5)
    assert graph.cache_info() == (1, 1)


def test_a_mask_that_hides_nothing_is_dropped():
    assert "mask" not in str(compiled("vit", "tensorflow")[1].ir("ivy"))


@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
@pytest.mark.parametrize(("name", "to"), WAYS[:-1])
def test_gradients_of_the_weights_are_those_of_torch(name: str, to: str):
    model, graph = compiled(name, to)
    given = inputs(name, 3, 6)
    expected = by_torch(model, lambda: model(**given).logits)
    found = by_torch(model, lambda: graph(**given)) if to == "torch" else BY[to](graph, given)
    for key in expected:
        name_in_params = next(name for name in (key, f"model.{key}") if name in found)
        np.testing.assert_allclose(found[name_in_params], expected[key], rtol=1e-3, atol=1e-5, err_msg=key)


def by_torch(model: torch.nn.Module, logits: Any) -> dict[str, np.ndarray]:
    model.zero_grad()
    logits().square().mean().backward()
    return {name: weight.grad.numpy().copy() for name, weight in model.named_parameters() if weight.grad is not None}


def by_jax(graph: Any, given: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    arrays = {name: jnp.asarray(x.numpy()) for name, x in given.items()}
    weights = {name: x for name, x in graph.params.items() if jnp.issubdtype(x.dtype, jnp.floating)}

    def loss(weights: dict[str, Any]) -> Any:
        return (graph.apply({**graph.params, **weights}, **arrays) ** 2).mean()

    return {name: np.asarray(x) for name, x in jax.jit(jax.grad(loss))(weights).items()}


def by_tensorflow(graph: Any, given: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    arrays = {name: tf.constant(x.numpy()) for name, x in given.items()}
    weights = {name: tf.Variable(x) for name, x in graph.params.items() if x.dtype.is_floating}
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(graph.apply({**graph.params, **weights}, **arrays) ** 2)
    found = tape.gradient(loss, weights, unconnected_gradients="zero")
    return {name: np.asarray(tf.convert_to_tensor(x)) for name, x in found.items()}


@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
def test_a_cache_of_keys_and_values_goes_from_call_to_call():
    """The model itself, as it generates: the cache that one call returns is given to the next, of any length."""
    torch.manual_seed(0)
    model = hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)).eval()
    graph = mlgraph.compile(model, to="jax")
    ids, cache, own = torch.randint(3, 90, (2, 7)), None, None
    for _ in range(3):
        with torch.no_grad():
            expected = model(input_ids=ids, past_key_values=cache)
        found = graph(input_ids=jnp.asarray(ids.numpy()), past_key_values=own)
        assert type(found.past_key_values) is type(expected.past_key_values)
        np.testing.assert_allclose(np.asarray(found.logits), expected.logits, atol=1e-5)
        ids, cache, own = expected.logits[:, -1:].argmax(-1), expected.past_key_values, found.past_key_values
    assert graph.cache_info().captures == 2


def test_a_model_that_was_never_called_is_captured_and_left_as_it_was():
    """`transformers` installs hooks at the first call that asks for hidden states: that may be the capture's."""
    model = hf.BertModel(hf.BertConfig(**TEXT, **ENCODER)).eval()
    ids = torch.randint(3, 90, (2, 7))

    def states(ids: torch.Tensor) -> Any:
        return model(input_ids=ids, output_hidden_states=True).hidden_states

    graph = mlgraph.compile(states, to="torch", args=(ids,))
    assert not any(module._forward_hooks for module in model.modules())
    for found, expected in zip(graph(ids), states(ids), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


BY = {"jax": by_jax, "tensorflow": by_tensorflow}
