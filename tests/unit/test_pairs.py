# pyright: basic
"""Twelve functions, each in the idiom of four frameworks, each compiled to all four: 192 ways from one to another.

Each is traced once and called on the traced shapes and on others, and gives what the source gives eagerly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import optree
import pytest
from frameworks import to_framework, to_numpy

import mlgraph
from mlgraph.frameworks.imports import load

FRAMEWORKS = ("torch", "jax", "tensorflow", "numpy")
CHANNELS_LAST = ("jax", "tensorflow")

_random = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return _random.standard_normal(shape).astype(np.float32)


def norm_inputs(batch: int, length: int, width: int) -> Any:
    return floats(batch, length, width), floats(width), floats(width)


def mlp_inputs(batch: int, width: int, hidden: int, out: int) -> Any:
    params = {"w1": floats(width, hidden), "b1": floats(hidden), "w2": floats(hidden, out), "b2": floats(out)}
    return params, floats(batch, width)


def attention_inputs(batch: int, heads: int, length: int, width: int) -> Any:
    return tuple(floats(batch, heads, length, width) for _ in range(3))


def images(batch: int, channels: int, height: int, width: int, filters: int) -> Any:
    return floats(batch, channels, height, width), floats(filters, channels, 3, 3), floats(filters)


def distinct(rows: int, columns: int) -> Any:
    """Rows without ties: torch says nothing about their order."""
    return (_random.permuted(np.tile(np.arange(columns, dtype=np.float32), (rows, 1)), axis=1) - 2,)


def rows_and_ids(rows: int, width: int, count: int) -> Any:
    """More ids than rows: some come twice."""
    return floats(rows, width), _random.integers(0, rows, count), floats(count, width)


def einsum_inputs(batch: int, i: int, j: int, out: int) -> Any:
    return floats(batch, i), floats(out, i, j), floats(batch, j)


def bounds(rows: int, columns: int) -> Any:
    return floats(rows, columns), -np.abs(floats(rows, 1)), np.abs(floats(columns))


def single(*shape: int) -> Any:
    return (floats(*shape),)


@dataclass(frozen=True)
class Case:
    """The inputs of a function, made from sizes: those traced first, then others."""

    inputs: Callable[..., Any]
    traced: tuple[int, ...]
    others: Sequence[tuple[int, ...]]


CASES = {
    "polynomial": Case(single, (2, 5), [(4, 3)]),
    "softmax": Case(single, (2, 3, 5), [(4, 2, 6)]),
    "layer_norm": Case(norm_inputs, (2, 3, 8), [(4, 5, 6)]),
    "mlp": Case(mlp_inputs, (4, 5, 8, 3), [(7, 2, 6, 4)]),
    "attention": Case(attention_inputs, (2, 3, 4, 8), [(5, 2, 6, 4)]),
    "conv_pool": Case(images, (2, 3, 8, 6, 4), [(3, 3, 7, 9, 4), (4, 2, 5, 6, 6)]),
    "cumulative_sum": Case(single, (2, 5), [(3, 9)]),
    "top_k": Case(distinct, (2, 6), [(3, 9), (4, 3)]),
    "gather_scatter": Case(rows_and_ids, (4, 3, 6), [(5, 2, 8), (2, 3, 3)]),
    "einsum": Case(einsum_inputs, (2, 3, 4, 5), [(3, 5, 2, 4)]),
    "where_clip": Case(bounds, (3, 4), [(5, 2)]),
    "reshape": Case(single, (2, 3, 8), [(3, 5, 8), (4, 2, 6)]),
}
"""No size is 1: broadcasting makes that a specialization of its own."""

FIXED: dict[tuple[str, str], tuple[int, str]] = {
    ("einsum", "torch"): (2, "torch.einsum asks the sizes of three operands for the order of its products"),
    ("reshape", "numpy"): (3, "splitting an axis compares numbers of elements, which fixes every size in them"),
    ("conv_pool", "tensorflow"): (2, "tf.nn.conv2d is not traced without its number of channels"),
    ("top_k", "jax"): (3, "lax.top_k compares k with the size of the last axis"),
}
"""How many captures serve all calls, and why, where the source fixes a size; elsewhere one serves all."""


def function(name: str, source: str) -> Callable[..., Any]:
    load(source)
    return getattr(import_module(f"idioms.in_{source}"), name)


def calls(name: str, source: str) -> list[Any]:
    """The arguments of each call, as numpy arrays in the layout and with the index type of `source`."""
    case = CASES[name]
    found = [case.inputs(*sizes) for sizes in (case.traced, *case.others)]
    if name == "conv_pool" and source in CHANNELS_LAST:
        found = [(x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0), b) for x, w, b in found]
    return optree.tree_map(lambda a: to_numpy(to_framework(source, a)), found)


def in_framework(framework: str, arguments: Any) -> Any:
    return optree.tree_map(lambda a: to_framework(framework, a), arguments)


def expected_dtype(dtype: np.dtype, target: str) -> np.dtype:
    """jax runs without 64-bit types here."""
    narrow = {"float64": "float32", "int64": "int32"} if target == "jax" else {}
    return np.dtype(narrow.get(dtype.name, dtype.name))


def check(found: Any, expected: Any, target: str) -> None:
    """The structure, element types and values of `expected`, in arrays of `target`."""
    leaves, structure = optree.tree_flatten(found)
    wanted, wanted_structure = optree.tree_flatten(expected)
    assert structure == wanted_structure
    for leaf, want in zip(leaves, map(to_numpy, wanted)):
        assert isinstance(leaf, array_type(target))
        assert to_numpy(leaf).dtype == expected_dtype(want.dtype, target)
        np.testing.assert_allclose(to_numpy(leaf), want, rtol=2e-5, atol=2e-6)


def array_type(framework: str) -> type:
    match framework:
        case "torch":
            return load("torch").Tensor
        case "jax":
            return load("jax").Array
        case "tensorflow":
            return load("tensorflow").Tensor
        case _:
            return np.ndarray


@pytest.mark.parametrize("target", FRAMEWORKS)
@pytest.mark.parametrize("source", FRAMEWORKS)
@pytest.mark.parametrize("name", CASES)
def test_pair(name: str, source: str, target: str) -> None:
    original = function(name, source)
    first, *others = calls(name, source)
    graph = mlgraph.compile(original, to=target, args=in_framework(source, first))
    check(graph(*in_framework(source, first)), original(*in_framework(source, first)), target)
    captures, _ = FIXED.get((name, source), (1, ""))
    # A graph is captured anew with the framework that the call's arrays belong to.
    given = target if captures == 1 else source
    for arguments in others:
        check(graph(*in_framework(given, arguments)), original(*in_framework(source, arguments)), target)
    assert graph.cache_info().captures == captures


@pytest.mark.parametrize("name", CASES)
def test_the_four_idioms_say_the_same(name: str) -> None:
    case = CASES[name]
    arguments = case.inputs(*case.traced)
    results = []
    for source in FRAMEWORKS:
        last = name == "conv_pool" and source in CHANNELS_LAST
        own = arguments
        if last:
            x, weight, bias = arguments
            own = (x.transpose(0, 2, 3, 1), weight.transpose(2, 3, 1, 0), bias)
        leaves = optree.tree_leaves(function(name, source)(*in_framework(source, own)))
        results.append([to_numpy(a).transpose(0, 3, 1, 2) if last else to_numpy(a) for a in leaves])
    for found in results[1:]:
        for leaf, want in zip(found, results[0], strict=True):
            np.testing.assert_allclose(leaf, want, rtol=2e-5, atol=2e-6)
