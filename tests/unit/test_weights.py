# pyright: basic
"""Weights lie beside a program: they are moved once, are no literals, and stay arguments when it is traced again."""

import logging
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch

import mlgraph

TARGETS = ["torch", "jax", "tensorflow", "numpy"]
MIB = 2**20


def memory(kind: str) -> float:
    """MiB of this process: "VmRSS" now, "VmHWM" the most since `start_anew`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def start_anew() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def linear_layers(layers: int, width: int) -> torch.nn.Module:
    return torch.nn.Sequential(*[torch.nn.Linear(width, width) for _ in range(layers)]).eval()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the peak")
@pytest.mark.parametrize("to", TARGETS)
def test_large_models_compile_without_a_second_copy_of_their_weights(to: str):
    model, x = linear_layers(8, 1900), torch.randn(3, 1900)
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters()) / MIB
    assert size > 100
    mlgraph.compile(linear_layers(1, 4), to=to, args=(torch.randn(2, 4),))
    before = start_anew()
    graph = mlgraph.compile(lambda x: model(x), to=to, args=(x,))
    assert memory("VmHWM") - before < 1.5 * size
    with torch.no_grad():
        np.testing.assert_allclose(np.asarray(graph(x)), model(x), atol=1e-5)


@pytest.mark.parametrize("to", ["jax", "tensorflow"])
def test_weights_of_a_graph_are_its_own(to: str):
    model, x = linear_layers(1, 8), torch.randn(3, 8)
    graph = mlgraph.compile(model, to=to, args=(x,))
    before = np.asarray(graph(x)).copy()
    with torch.no_grad():
        model[0].weight.zero_()
    np.testing.assert_array_equal(np.asarray(graph(x)), before)


@pytest.mark.parametrize("to", TARGETS)
def test_weights_are_not_in_the_text(to: str):
    model, x = linear_layers(2, 300), torch.randn(3, 300)
    graph = mlgraph.compile(lambda x: model(x), to=to, args=(x,))
    assert all(len(str(graph.ir(stage))) < 5_000 for stage in graph.stages)
    assert len(graph.source) < 5_000


def test_weights_are_arguments_under_jit():
    model, x = linear_layers(2, 300), jnp.ones((3, 300))
    graph = mlgraph.compile(model, to="jax", args=(x,))
    assert jax.make_jaxpr(graph.apply)(graph.params, x).consts == []
    lowered = jax.jit(graph.apply).lower(graph.params, x)
    assert len(lowered.as_text()) < 10_000
    np.testing.assert_allclose(lowered.compile()(graph.params, x), graph(x), atol=1e-5)


def test_weights_are_arguments_of_a_jitted_graph(monkeypatch: pytest.MonkeyPatch):
    jitted = []
    jit = jax.jit
    monkeypatch.setattr(jax, "jit", lambda main: jitted.append(jit(main)) or jitted[-1])
    model, x = linear_layers(2, 300), jnp.ones((3, 300))
    graph = mlgraph.compile(model, to="jax", args=(x,), return_backend_compiled_fn=True)
    expected = mlgraph.compile(model, to="jax", args=(x,))(x)
    np.testing.assert_allclose(graph(x), expected, atol=1e-5)
    assert len(jitted[0].lower(graph.params, x).as_text()) < 10_000


def test_weights_are_arguments_of_a_tensorflow_function(caplog: pytest.LogCaptureFixture):
    model, x = linear_layers(2, 300), tf.ones((3, 300))
    graph = mlgraph.compile(model, to="tensorflow", args=(x,))
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        inside = tf.function(lambda x: graph(x) + 1)
        traced = [tf.function(graph), inside, tf.function(graph.apply)]
        given = [(x,), (x,), (graph.params, x)]
        results = [function(*arguments) for function, arguments in zip(traced, given)]
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.records == []
    for result, more in zip(results, (0, 1, 0)):
        np.testing.assert_allclose(result, graph(x) + more, atol=1e-5)
    concrete = traced[2].get_concrete_function(graph.params, x)
    assert concrete.graph.as_graph_def().ByteSize() < 10_000
