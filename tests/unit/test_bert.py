# pyright: basic
"""BERT and a ResNet of `transformers`, written for torch, on every target; other sizes than traced, one capture."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, ResNetConfig, ResNetForImageClassification

import mlgraph

TARGETS = ["torch", "jax", "tensorflow", "numpy"]


def targets(kept):
    """Every target; all but `kept` are slow, as `test_models` takes a model to each."""
    return [to if to == kept else pytest.param(to, marks=pytest.mark.slow) for to in TARGETS]


def bert():
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    torch.manual_seed(1)
    return BertModel(BertConfig(vocab_size=99, max_position_embeddings=40, **sizes)).eval()


def sentences(batch, length, seed):
    """Ids, a mask that hides the end of some sentences, and the number of the sentence."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, length, size=(batch, 1))
    lengths[0] = length
    mask = (np.arange(length) < lengths).astype(np.int64)
    ids = random.integers(0, 99, size=(batch, length))
    kinds = random.integers(0, 2, size=(batch, length))
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}


def tensors(inputs):
    return {name: torch.from_numpy(array) for name, array in inputs.items()}


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def check(found, expected, *names):
    for name in names:
        np.testing.assert_allclose(np.asarray(found[name]), expected[name].numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("to", targets("numpy"))
def test_bert(to):
    model, original = bert(), bert()
    model.load_state_dict(original.state_dict())
    before = state_of(model)
    compiled = mlgraph.compile(model, to=to, kwargs=tensors(sentences(2, 7, 0)))
    graph = vars(compiled)["forward"] if compiled is model else compiled
    with torch.no_grad():
        for seed, (batch, length) in enumerate([(2, 7), (3, 11), (5, 4), (2, 30)], start=1):
            inputs = tensors(sentences(batch, length, seed))
            expected = original(**inputs)
            found = compiled(**inputs)
            check(found, expected, "last_hidden_state", "pooler_output")
            assert type(found) is type(expected)
    assert graph.cache_info() == (1, 1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_bert_takes_arrays_of_its_target():
    graph = mlgraph.compile(bert(), to="numpy", kwargs=tensors(sentences(2, 7, 0)))
    inputs = sentences(4, 9, 1)
    with torch.no_grad():
        expected = bert()(**tensors(inputs))
    found = graph(**inputs)
    assert type(found.last_hidden_state) is np.ndarray
    check(found, expected, "last_hidden_state", "pooler_output")
    assert graph.cache_info() == (1, 1)


def resnet():
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "num_labels": 5}
    torch.manual_seed(1)
    model = ResNetForImageClassification(ResNetConfig(**sizes))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -1, 1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


@pytest.mark.parametrize("to", targets("torch"))
def test_resnet(to):
    model, original = resnet(), resnet()
    before = state_of(model)
    compiled = mlgraph.compile(model, to=to, args=(torch.rand(2, 3, 32, 32),))
    graph = vars(compiled)["forward"] if compiled is model else compiled
    with torch.no_grad():
        for shape in ((2, 3, 32, 32), (3, 3, 48, 40), (4, 3, 33, 65)):
            x = torch.rand(shape)
            check(compiled(x), original(x), "logits")
    assert graph.cache_info() == (1, 1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
