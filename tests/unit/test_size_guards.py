"""What a function decides by sizes holds at the sizes that it is called with, not at those of its capture."""

# pyright: basic
import logging
import math
import numbers
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F

import mlgraph
from mlgraph.errors import IRError
from mlgraph.graph.guards.size_conditions import holds, spelled, symbols
from tests.unit.frameworks import to_numpy
from tests.unit.saved_files import rewrite_json

VECTORS = tuple((n,) for n in (4, 5, 6, 7, 8, 9, 2, 3, 1, 12))
MATRICES = ((3, 4), (4, 3), (4, 4), (5, 2), (2, 5), (6, 6), (7, 3), (2, 2), (1, 4), (4, 1))
PAIRS = tuple(((n,), (m,)) for n, m in ((4, 5), (5, 4), (5, 5), (3, 3), (2, 4), (4, 2), (3, 6), (1, 4), (6, 3), (1, 1)))


class Third(torch.nn.Module):
    """Asks for a size below the call that is compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.full((1,), 3.0), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale if len(x.shape) == 1 and x.shape[0] % 3 == 1 else x - self.scale


def padded(x: torch.Tensor, multiple: int) -> torch.Tensor:
    return F.pad(x, (0, -x.shape[-1] % multiple))


def loop(x: Any) -> Any:
    total = x * 0
    for i in range(x.shape[0] // 2):
        total = total + x * i
    return total


def middle(x: torch.Tensor) -> torch.Tensor:
    ordered, n = x.sort().values, x.shape[0]
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def caught(function: Callable[..., Any], error: Any) -> Callable[..., Any]:
    """A function that goes on where another raises."""

    def attempted(x: Any) -> Any:
        try:
            return function(x, x)
        except error:
            return x * 3

    return attempted


def limited(x: Any) -> Any:
    if x.shape[0] == 5:
        raise ValueError("not five")
    return x * 2


def either(condition: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives one of two results by the sizes of its arguments."""
    return lambda *arrays: arrays[0] * (2 if condition(*(n for x in arrays for n in x.shape)) else 3)


CONDITIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "an odd size": (lambda n: n % 2, VECTORS),
    "the lowest bit of a size": (lambda n: n & 1, VECTORS),
    "a power of two": (lambda n: n & (n - 1) == 0, VECTORS),
    "a shifted size": (lambda n: n >> 1 > 2, VECTORS),
    "another size than seven": (lambda n: n != 7, VECTORS),
    "one of two sizes": (lambda n: n in (4, 8), VECTORS),
    "one of a set": (lambda n: n in {4, 6}, VECTORS),
    "an interval": (lambda n: 3 < n < 7, VECTORS),
    "outside of an interval": (lambda n: n < 4 or n > 7, VECTORS),
    "the square root of a size": (lambda n: n**0.5 > 2, VECTORS),
    "the logarithm of a size": (lambda n: math.log2(n) == 2, VECTORS),
    "a rounded part of a size": (lambda n: round(n * 0.3) == 1, VECTORS),
    "a float of several steps": (lambda n: n * 0.1 + 0.05 > 0.5, VECTORS),
    "a root that has no value below": (lambda n: n > 4 and (n - 4) ** 0.5 > 1, VECTORS),
    "a division that has no value": (lambda n: n != 4 and n % (n - 4) == 1, VECTORS),
    "a size in a dictionary": (lambda n: {4: True, 5: False}.get(n), VECTORS),
    "a size as text": (lambda n: f"block{n}" == "block5" or str(n) == "7", VECTORS),
    "whether a size is an int": (lambda n: isinstance(n, int), VECTORS[:3]),
    "whether a sum is a number": (lambda n: isinstance(n + 1, numbers.Integral | float), VECTORS[:3]),
    "wider than high": (lambda n, m: m > n, MATRICES),
    "as wide as high": (lambda n, m: m == n, MATRICES),
    "the greater of two sizes": (lambda n, m: max(n, m) > 4, MATRICES),
    "the smaller of two sizes": (lambda n, m: min(n, m) < 3, MATRICES),
    "a product of sizes": (lambda n, m: n * m > 12, MATRICES),
    "sizes that are in order and small": (lambda n, m: n <= m <= 5, MATRICES),
    "half of another size": (lambda n, m: n // 2 == m, PAIRS),
    "one of two sizes is one": (lambda n, m: 1 in (n, m), PAIRS),
}
"""Questions about sizes that are the same on every source."""

SHARED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    **{name: (either(condition), shapes) for name, (condition, shapes) in CONDITIONS.items()},
    "the quotient and the remainder": (lambda x: x * divmod(x.shape[0], 3)[1], VECTORS),
    "as wide as high": (either(lambda n, m: m == n), MATRICES),
    "the greater of two sizes": (either(lambda n, m: max(n, m) > 4), MATRICES),
    "the smaller of two sizes": (either(lambda n, m: min(n, m) < 3), MATRICES),
    "a product of sizes": (either(lambda n, m: n * m > 12), MATRICES),
    "two equal shapes": (lambda x, y: x + y if x.shape == y.shape else x * 2, PAIRS),
    "what is stretched": (lambda x, y: x + y if 1 in (len(x), len(y)) else x * 2, PAIRS),
    "sizes in nested arguments": (
        lambda x, y: (lambda d: d["a"] * 2 if d["a"].shape[0] > d["b"][0].shape[0] else d["a"])({"a": x, "b": [y]}),
        PAIRS,
    ),
    "the half, rounded down": (lambda x: x[: int(x.shape[0] * 0.5)] * 2, VECTORS),
    "the length as a factor": (lambda x: x * len(x), VECTORS),
    "a loop over half of a size": (loop, VECTORS),
    "a size that raises": (limited, VECTORS),
    "the middle third": (lambda x: x[x.shape[0] // 3 : 2 * x.shape[0] // 3] * 2, VECTORS),
}
"""Functions of Python alone that are the same on every source."""

TORCH: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "the number of elements": (lambda x: x * 2 if x.numel() % 3 == 0 else x * 3, MATRICES),
    "a stride": (lambda x: x * 2 if x.stride(0) > 3 else x * 3, MATRICES),
    "a module's own question": (Third(), VECTORS),
    "pieces of two": (lambda x: [piece * 2 for piece in x.split(2)], VECTORS),
    "three chunks": (lambda x: [piece * 2 for piece in x.chunk(3)], VECTORS),
    "three pieces of nearly a size": (lambda x: [piece * 2 for piece in x.tensor_split(3)], VECTORS),
    "windows": (lambda x: x.unfold(0, 2, 2) * 1 if x.shape[0] > 1 else x, VECTORS),
    "windows in a loop": (lambda x: torch.stack([x[i : i + 2].sum() for i in range(0, len(x), 2)]), VECTORS),
    "pairs by a view": (lambda x: x.view(-1, 2).sum(0) if x.shape[0] % 2 == 0 else x.sum(), VECTORS),
    "padded to a multiple of four": (lambda x: padded(x, 4) * 2, VECTORS),
    "a helper that pads": (lambda x: padded(x, 3) + (1 if x.shape[0] > 5 else 0), VECTORS),
    "the lower median": (torch.median, VECTORS),
    "the median without NaN": (torch.nanmedian, VECTORS),
    "the median by hand": (middle, VECTORS),
    "the greatest three, or fewer": (lambda x: x.topk(min(3, x.shape[0])).values, VECTORS),
    "an error that is caught": (caught(torch.matmul, RuntimeError), MATRICES),
    "an error of a list that is caught": (caught(lambda x, y: torch.cat([x, y.t()]), RuntimeError), MATRICES),
    "a view that is not one": (caught(lambda x, y: x[:, :2].view(-1), RuntimeError), MATRICES),
    "a pool of one element, squeezed": (
        lambda x: F.max_pool2d(x, 4).squeeze(-1).squeeze(-1),
        tuple((2, 3, n, m) for n, m in ((6, 6), (7, 7), (8, 8), (5, 9), (9, 5), (4, 4))),
    ),
    "a view as another array": (
        lambda x, y: x.view(y.shape) + y,
        (((20,), (5, 4)), ((21,), (7, 3)), ((6,), (3, 2)), ((6,), (2, 3)), ((12,), (4, 3))),
    ),
    "a sum of two sizes of inputs": (
        lambda x, y, z: torch.cat([x, y]) + z,
        (((6,), (5,), (11,)), ((6,), (2,), (8,)), ((3,), (2,), (5,)), ((2,), (2,), (4,))),
    ),
}
JAX: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "the number of elements": (lambda x: x * 2 if x.size % 3 == 0 else x * 3, MATRICES),
    "a whole shape": (lambda x: x * 2 if x.shape == (4,) else x * 3, VECTORS),
    "three pieces of nearly a size": (lambda x: jnp.array_split(x, 3), VECTORS),
    "pairs by a reshape": (lambda x: x.reshape(-1, 2).sum(0) if x.shape[0] % 2 == 0 else x.sum(), VECTORS),
    "padded to a multiple of four": (lambda x: jnp.pad(x, (0, -x.shape[-1] % 4)) * 2, VECTORS),
    "the median": (jnp.median, VECTORS),
    "a diagonal that sizes choose": (lambda x: jnp.triu(x, x.shape[1] - x.shape[0]), MATRICES),
    "an error that is caught": (caught(jnp.matmul, TypeError), MATRICES),
    "an error of a list that is caught": (caught(lambda x, y: jnp.concatenate([x, y.T]), TypeError), MATRICES),
}
TENSORFLOW: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "the number of elements": (lambda x: x * 2 if x.shape.num_elements() % 3 == 0 else x * 3, MATRICES),
    "a shape that fits": (lambda x: x * 2 if x.shape.is_compatible_with([4]) else x * 3, VECTORS),
    "a shape that is fitted": (lambda x: x * 2 if tf.TensorShape([4]).is_compatible_with(x.shape) else x * 3, VECTORS),
    "a shape as text": (lambda x: x * 2 if str(x.shape) == "(5,)" else x * 3, VECTORS),
    "as many pieces as elements": (lambda x: tf.split(x, x.shape[0]), VECTORS),
    "pairs by a reshape": (lambda x: tf.reshape(x, [-1, 2]) * 2 if x.shape[0] % 2 == 0 else x, VECTORS),
    "padded to a multiple of four": (lambda x: tf.pad(x, [[0, -x.shape[0] % 4]]) * 2, VECTORS),
    "an error that is caught": (caught(tf.matmul, (ValueError, tf.errors.InvalidArgumentError)), MATRICES),
}
NUMPY: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "the number of elements": (lambda x: x * 2 if x.size % 3 == 0 else x * 3, MATRICES),
    "three pieces of nearly a size": (lambda x: np.array_split(x, 3), VECTORS),
    "pairs by a reshape": (lambda x: x.reshape(-1, 2).sum(0) if x.shape[0] % 2 == 0 else x.sum(), VECTORS),
    "padded to a multiple of four": (lambda x: np.pad(x, (0, -x.shape[-1] % 4)) * 2, VECTORS),
    "the median": (np.median, VECTORS),
    "a diagonal that sizes choose": (lambda x: np.triu(x, x.shape[1] - x.shape[0]), MATRICES),
    "an error that is caught": (caught(np.matmul, ValueError), MATRICES),
}
ARRAYS = {"torch": torch.from_numpy, "jax": jnp.asarray, "tensorflow": tf.constant, "numpy": np.asarray}
OWN = {"torch": TORCH, "jax": JAX, "tensorflow": TENSORFLOW, "numpy": NUMPY}
CASES = {(source, name): case for source, own in OWN.items() for name, case in {**SHARED, **own}.items()}
FEW_CAPTURES = {
    ("torch", "an odd size"): 3,
    ("torch", "as wide as high"): 4,
    ("torch", "padded to a multiple of four"): 2,
    ("torch", "the lower median"): 2,
    ("torch", "a view as another array"): 1,
    ("torch", "a sum of two sizes of inputs"): 1,
    ("jax", "an odd size"): 3,
    ("jax", "as wide as high"): 4,
    ("jax", "a product of sizes"): 4,
    ("jax", "padded to a multiple of four"): 2,
}
"""How many captures serve all shapes, where one for each kind of shape should: sizes of 1 are captured on their own."""


def arrays_of(shapes: Any, make: Callable[[np.ndarray], Any]) -> list[Any]:
    """Fresh random arrays of one shape, or of several."""
    several = shapes if isinstance(shapes[0], tuple) else (shapes,)
    return [make(np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)) for shape in several]


def results(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray] | Exception:
    """What a function returns, or what it raises."""
    try:
        found = function(*arrays)
    except Exception as error:
        return error
    return [to_numpy(x) for x in (found if isinstance(found, list | tuple) else [found])]


def check(graph: Any, function: Callable[..., Any], shapes: Any, make: Any) -> None:
    arrays = arrays_of(shapes, make)
    found, expected = results(graph, *arrays), results(function, *arrays)
    if not isinstance(expected, list) or not isinstance(found, list):
        assert isinstance(found, list) is isinstance(expected, list), f"at {shapes}: {found} for {expected}"
        return
    assert len(found) == len(expected), f"at {shapes}: {len(found)} results for {len(expected)}"
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=f"at {shapes}")


@pytest.mark.parametrize(("source", "name"), CASES)
def test_what_a_function_decides_by_sizes(source: str, name: str) -> None:
    function, shapes = CASES[source, name]
    graph = mlgraph.compile(function, to="numpy", fuse=False)
    for one in shapes:
        check(graph, function, one, ARRAYS[source])
    assert graph.cache_info().captures <= FEW_CAPTURES.get((source, name), len(shapes))


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("name", ["an odd size", "as wide as high", "three chunks", "a sum of two sizes of inputs"])
def test_guards_of_sizes_hold_on_every_target(name: str, to: str) -> None:
    function, shapes = CASES["torch", name]
    graph = mlgraph.compile(function, to=to, fuse=False)
    for one in shapes[:4]:
        check(graph, function, one, torch.from_numpy)


def test_state_that_a_guard_asks_for_is_an_input_like_any_other() -> None:
    class Store:
        def __init__(self) -> None:
            self.x = torch.ones(4)

    def step(store: Store, y: torch.Tensor) -> torch.Tensor:
        return y * 2 if store.x.shape[0] % 2 else y * 3

    graph = mlgraph.compile(step, to="numpy", arg_stateful_idxs=[[0]], fuse=False)
    store = Store()
    for n in (4, 5, 6, 7):
        store.x = torch.ones(n)
        np.testing.assert_array_equal(graph(store, torch.ones(2)), np.full(2, 2.0 if n % 2 else 3.0))


def test_a_capture_says_which_question_has_another_answer(caplog: pytest.LogCaptureFixture) -> None:
    graph = mlgraph.compile(SHARED["an odd size"][0], to="numpy", args=(torch.ones(4),))
    with caplog.at_level(logging.WARNING, "mlgraph.recompiles"):
        graph(torch.ones(5))
    assert "(axis 0 of argument arrays[0]) is 5, and the function asked whether" in caplog.text
    assert "% 2 == 0" in caplog.text


def test_a_saved_graph_holds_its_guards(tmp_path: Any) -> None:
    function, _ = SHARED["an odd size"]
    graph = mlgraph.compile(function, to="numpy", args=(torch.ones(4),))
    loaded = mlgraph.load(graph.save(tmp_path))
    np.testing.assert_array_equal(loaded(torch.ones(6)), np.full(6, 3.0))
    with pytest.raises(mlgraph.errors.CaptureError, match="no specialization"):
        loaded(torch.ones(5))


@pytest.mark.parametrize(
    "guard",
    [
        "__import__('os').getpid()",
        "s4.real > 0",
        "(lambda: 1)()",
        "[1 for s4 in (1,)]",
        "9 ** 9 ** 9 > s4",
        "s4 ** 1000 > 1",
        "other > 2",
        "max(s4, key=abs)",
        "s4 >",
        "(" * 500 + "s4" + ")" * 500,
        "not " * 1000 + "s4",
        "s4 == " + "1" * 3000,
        7,
    ],
)
def test_a_file_holds_no_other_code_than_conditions_on_its_sizes(tmp_path: Any, guard: Any) -> None:
    graph = mlgraph.compile(SHARED["an odd size"][0], to="numpy", args=(torch.ones(4),))
    path = graph.save(tmp_path)
    rewrite_json(path, lambda about: about["specializations"][0].update(size_guards=[guard]))
    with pytest.raises(IRError):
        mlgraph.load(path)


def test_conditions_are_python() -> None:
    condition = "max(s0, s1) > 5 and s0 % 2 == 0 or sqrt(float(s1)) < 2.0"
    assert symbols(condition) == {"s0", "s1"}
    assert [holds(condition, {"s0": n, "s1": m}) for n, m in ((6, 5), (5, 6), (3, 3), (2, 5))] == [
        True,
        False,
        True,
        False,
    ]
    assert spelled("floor(s0 / 2) == s1", lambda name: f"__{name}") == "__floor(__s0 / 2) == __s1"
