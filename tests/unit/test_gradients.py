# pyright: basic
"""Gradients of torch functions and models through graphs, against torch's own: at smooth points and at kinks."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch.nn import functional as F

import mlgraph

ZEROS = torch.zeros(2, 3)
AT_ZERO = {
    "norm": lambda x: x.norm(),
    "normalize": lambda x: F.normalize(x, dim=-1),
    "std": lambda x: x.std(),
    "cdist": lambda x: torch.cdist(x, x),
    "relu": F.relu,
    "hardtanh": lambda x: F.hardtanh(x, 0, 1),
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "largest of ties": lambda x: x.max(0).values,
    "largest of all": lambda x: x.amax(),
    "smallest of ties": lambda x: x.min(1).values,
    "sorted": lambda x: x.sort(0).values[0],
    "product": lambda x: x.prod(),
    "smooth l1": lambda x: F.smooth_l1_loss(x, x * 0),
    "rounded": lambda x: x.round() * x,
    "padding": lambda x: F.embedding(torch.tensor([0, 1, 1]), x, padding_idx=1),
}
"""Functions whose gradient at zero is a matter of convention; a graph keeps torch's."""

OWN_CONVENTION = {
    (name, to): "the gradient of a maximum is shared by equals"
    for name in ("largest of ties", "smallest of ties")
    for to in ("jax", "tensorflow")
}
"""Where a graph keeps the target's convention, by why."""


def gradient(graph: Any, x: np.ndarray, to: str) -> np.ndarray:
    """The gradient of the sum of the results by the target's autodiff."""
    if to == "jax":
        return np.asarray(jax.jit(jax.grad(lambda x: graph.apply(graph.params, x).sum()))(jnp.asarray(x)))
    if to == "tensorflow":
        leaf = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(leaf)
            result = tf.reduce_sum(graph.apply(graph.params, leaf))
        return np.asarray(tf.convert_to_tensor(tape.gradient(result, leaf, unconnected_gradients="zero")))
    leaf = torch.from_numpy(x).requires_grad_()
    graph(leaf).sum().backward()
    return leaf.grad.numpy()


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("name", AT_ZERO)
@pytest.mark.filterwarnings("ignore::mlgraph.errors.PrecisionWarning")
def test_gradients_at_zero_are_those_of_torch(name: str, to: str):
    function = AT_ZERO[name]
    if (name, to) in OWN_CONVENTION:
        pytest.skip(OWN_CONVENTION[name, to])
    leaf = ZEROS.clone().requires_grad_()
    function(leaf).sum().backward()
    graph = mlgraph.compile(function, to=to, args=(ZEROS,))
    np.testing.assert_allclose(gradient(graph, ZEROS.numpy().copy(), to), leaf.grad.numpy(), rtol=1e-6)


def convolutional() -> tuple[torch.nn.Module, torch.Tensor]:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 8),
        torch.nn.LayerNorm(8),
        torch.nn.GELU(),
        torch.nn.Linear(8, 2),
    ).eval(), torch.randn(2, 3, 8, 8)


def attentive() -> tuple[torch.nn.Module, torch.Tensor]:
    return torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), torch.randn(2, 5, 8)


def recurrent() -> tuple[torch.nn.Module, torch.Tensor]:
    class Last(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(3, 4, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    return Last(), torch.randn(2, 4, 3)


MODULES = (convolutional, attentive, recurrent)
ONE_EACH = set(zip(MODULES, ("tensorflow", "jax", "torch")))


@pytest.mark.parametrize(
    ("make", "to"),
    [
        pytest.param(make, to, marks=() if (make, to) in ONE_EACH else pytest.mark.slow)
        for make in MODULES
        for to in ("torch", "jax", "tensorflow")
    ],
)
def test_gradients_of_weights_are_those_of_torch(make: Any, to: str):
    torch.manual_seed(0)
    module, x = make()
    module(x).square().sum().backward()
    expected = {name: weight.grad.numpy().copy() for name, weight in module.named_parameters()}
    module.zero_grad()
    found = weight_gradients(module, x, to, list(expected))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def weight_gradients(module: torch.nn.Module, x: torch.Tensor, to: str, names: list[str]) -> dict[str, np.ndarray]:
    if to == "torch":
        graph = mlgraph.compile(lambda x: module(x), to=to, args=(x,))
        graph(x).square().sum().backward()
        return {name: weight.grad.numpy() for name, weight in module.named_parameters()}
    graph = mlgraph.compile(module, to=to, args=(x,))
    if to == "jax":
        array = jnp.asarray(x.numpy())
        weights = {name: graph.params[name] for name in names}
        found = jax.jit(jax.grad(lambda w: (graph.apply({**graph.params, **w}, array) ** 2).sum()))(weights)
        return {name: np.asarray(value) for name, value in found.items()}
    weights = {name: tf.Variable(graph.params[name]) for name in names}
    with tf.GradientTape() as tape:
        result = tf.reduce_sum(graph.apply({**graph.params, **weights}, tf.constant(x.numpy())) ** 2)
    found = tape.gradient(result, weights)
    return {name: np.asarray(tf.convert_to_tensor(value)) for name, value in found.items()}
