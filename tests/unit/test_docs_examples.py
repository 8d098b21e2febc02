# pyright: basic
"""The calls of the document that `compile` is built from, in torch, and in Ivy where it is installed."""

import importlib.util

import numpy as np
import pytest
import torch

import mlgraph

needs_ivy = pytest.mark.skipif(importlib.util.find_spec("ivy") is None, reason="ivy is not installed")


def fn(x, y):
    z = x**y
    print(z)
    k = x * y
    j = torch.cat([x, z, y])
    sum_j = torch.sum(j) + k  # noqa: F841
    return z


def test_using_the_compiler(capsys):
    x = torch.tensor([1, 2, 3])
    y = torch.tensor([2, 3, 4])
    compiled_fn = mlgraph.compile(fn, args=(x, y))
    capsys.readouterr()
    out = compiled_fn(x, y)
    assert out.tolist() == [1, 8, 81]
    assert isinstance(out, torch.Tensor)
    a = torch.tensor([[1.0, 2.0]])
    b = torch.tensor([[2.0, 3.0]])
    out = compiled_fn(a, b)
    torch.testing.assert_close(out, a**b)
    assert [op.name for op in compiled_fn.ir("ivy").walk() if op.name.startswith("ivy.")] == ["ivy.pow"]


def test_eager_and_lazy():
    x = torch.tensor([1, 2, 3])
    y = torch.tensor([2, 3, 4])
    eager_graph = mlgraph.compile(fn, args=(x, y))
    lazy_graph = mlgraph.compile(fn)
    out = lazy_graph(x, y)
    torch.testing.assert_close(out, eager_graph(x, y))


def test_incorrectly_cached_parts_are_found_with_noise():
    x = torch.rand(4, 5)
    graph = mlgraph.compile(lambda x: x * torch.linspace(0, 1, x.shape[1]), to="jax", args=(x,))
    noise = torch.rand(4, 5)
    np.testing.assert_allclose(graph(noise), noise * torch.linspace(0, 1, 5), rtol=1e-6)
    graph.check(x)


def test_len_is_captured_or_fixed():
    graph = mlgraph.compile(lambda x: x * len(x), to="jax")
    for rows in (3, 5):
        x = torch.rand(rows, 2)
        np.testing.assert_allclose(graph(x), x * rows, rtol=1e-6)


def test_resnet_classifies_as_in_torch():
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=5)
    model = ResNetForImageClassification(config).eval()
    inputs = {"pixel_values": torch.rand(1, 3, 64, 64)}
    compiled_graph = mlgraph.compile(model, to="jax", kwargs=inputs)
    logits = compiled_graph(**inputs).logits
    with torch.no_grad():
        expected = model(**inputs).logits
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    predicted_label = logits.argmax(-1).item()
    assert model.config.id2label[predicted_label] == model.config.id2label[expected.argmax(-1).item()]


@needs_ivy
def test_ivy_code():
    import ivy

    ivy.set_backend("torch")
    compiled_fn = mlgraph.compile(lambda x, y: x**y, args=(torch.tensor([1, 2]), torch.tensor([2, 3])))
    assert compiled_fn(torch.tensor([1, 2]), torch.tensor([2, 3])).tolist() == [1, 8]
