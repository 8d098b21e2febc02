# pyright: basic
"""A sample of PyTorch's own database of operators (OpInfo), each on every target against torch eager."""

import warnings
from typing import Any

import numpy as np
import optree
import pytest
import torch
from frameworks import to_numpy
from torch.testing._internal.common_methods_invocations import op_db
from torch_cases import graphs, runner

import mlgraph
from mlgraph.errors import MlgraphError

STRIDE = 17

SKIPPED = (
    "empty rand multinomial bernoulli normal uniform dropout exponential cauchy geometric log_normal"
    " jiterator sparse to_sparse stride new_empty svd_lowrank pca_lowrank"
).split()
"""Parts of the names of operators whose results are drawn, are not initialised or are sparse."""

REFUSED = {"chalf": "mlgraph has no complex numbers of 32 bits"}
"""Operators that raise one of mlgraph's errors, by why."""


def drawn(op: Any) -> bool:
    return any(part in op.name for part in SKIPPED)


SAMPLE = [op for op in op_db[::STRIDE] if torch.float32 in op.supported_dtypes("cpu") and not drawn(op)]


def leaves(tree: Any) -> list[Any]:
    return [leaf for leaf in optree.tree_leaves(tree, none_is_leaf=False) if leaf is not None]


def copied(tree: Any) -> Any:
    return optree.tree_map(lambda x: x.detach().clone() if isinstance(x, torch.Tensor) else x, tree)


@pytest.mark.parametrize("op", SAMPLE, ids=lambda op: f"{op.name}.{op.variant_test_name}".rstrip("."))
@pytest.mark.filterwarnings("ignore")
def test_operator(op: Any):
    torch.manual_seed(0)
    sample = next(iter(op.sample_inputs("cpu", torch.float32, requires_grad=False)))
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = leaves(op.op(*copied(args), **copied(kwargs)))
        if op.name in REFUSED:
            with pytest.raises(MlgraphError):
                mlgraph.compile(op.op, to="torch", args=args, kwargs=kwargs)
            return
        flat, tree = optree.tree_flatten((args, kwargs), none_is_leaf=True)
        tensors = [leaf for leaf in flat if isinstance(leaf, torch.Tensor)]

        def function(*given: torch.Tensor) -> list[Any]:
            arrays = iter(given)
            a, k = tree.unflatten(next(arrays) if isinstance(leaf, torch.Tensor) else leaf for leaf in flat)
            return leaves(op.op(*a, **k))

        for to, graph in graphs(function, copied(tensors)).items():
            found = runner(graph, to)(*copied(tensors))
            assert len(found) == len(expected), to
            for a, b in zip(found, expected, strict=True):
                assert_close(a, b, to)


def assert_close(found: Any, expected: Any, to: str) -> None:
    if not isinstance(expected, torch.Tensor):
        assert found == pytest.approx(expected, rel=1e-4, nan_ok=True), to
        return
    a, b = to_numpy(found), to_numpy(expected)
    assert a.shape == b.shape, to
    np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5, err_msg=to)
