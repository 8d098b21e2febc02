# pyright: basic
"""Functions in the idiom of jax, captured, and run against jax itself on fresh inputs and on other shapes."""

import itertools
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import harness
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax._src.export.shape_poly import _DimExpr
from jax_cases import CASES, CONTROL, floats, integers

import mlgraph
from mlgraph.dialects.context import context
from mlgraph.errors import CaptureError, DataDependentControlFlowError, InputError, UnsupportedOpError, line_of
from mlgraph.frameworks.arrays import as_numpy, convert
from mlgraph.frontend.jax import capture
from mlgraph.frontend.program import TRACED, Program, Request

LONG = 8
"""Lines of a program that is better compiled as a whole than one operation at a time."""

_numbers = itertools.count()


def captured(function: Callable[..., Any], *arrays: Any, **request: Any) -> tuple[Program, Any]:
    """The program of a function of arrays (trees of them), and the tree of its results."""
    leaves, tree = jax.tree_util.tree_flatten(arrays)
    result: list[Any] = []

    def flat(*leaves: Any) -> list[Any]:
        found, structure = jax.tree_util.tree_flatten(function(*jax.tree_util.tree_unflatten(tree, leaves)))
        result[:] = [structure]
        return found

    program = harness.captured(capture, flat, [jnp.asarray(leaf) for leaf in leaves], **request)
    return program, result[0]


def loaded(program: Program, tree: Any, to: str = "jax") -> Callable[..., Any]:
    """A function that runs the source of a program on `to`; for jax compiled as a whole where it is long."""
    source = harness.lowered(program.module, to)
    with jax.enable_x64(True):
        main = source.load(f"<test {next(_numbers)}>", lambda array: convert(array, to))
    if to == "jax" and source.text.count("\n") > LONG:
        main = jax.jit(main)

    def run(*arrays: Any) -> Any:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            found = main(*[convert(np.asarray(leaf), to) for leaf in jax.tree_util.tree_leaves(arrays)])
        results = [value if isinstance(value, int) else as_numpy(value) for value in harness.results(found)]
        return jax.tree_util.tree_unflatten(tree, harness.leaves(program, results))

    return run


def traced(function: Callable[..., Any], *arrays: Any) -> tuple[Program, Callable[..., Any]]:
    """The program of a function, and its emitted source run on jax."""
    program, tree = captured(function, *arrays)
    assert_round_trip(str(program.module))
    return program, loaded(program, tree)


def assert_round_trip(text: str) -> None:
    from xdsl.parser import Parser

    module = Parser(context(), text).parse_module()
    module.verify()
    assert str(module) == text


def fits(program: Program, arrays: Any) -> bool:
    """Whether arrays have the shapes that a program was specialised to."""
    sizes: dict[str, int] = {}
    for given, leaf in zip(program.inputs, jax.tree_util.tree_leaves(arrays), strict=True):
        for size, n in zip(given.shape, np.shape(leaf), strict=True):
            if n != (sizes.setdefault(size, n) if isinstance(size, str) else size):
                return False
    return all(low <= sizes[symbol] for symbol, (low, _) in program.bounds.items())


def assert_same(found: Any, expected: Any, tolerance: float) -> None:
    a, b = (jax.tree_util.tree_leaves(tree) for tree in (found, expected))
    assert len(a) == len(b)
    for x, y in zip(map(np.asarray, a), map(np.asarray, b), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if y.dtype.kind in "cfV":
            x, y = x.astype(np.complex128), y.astype(np.complex128)
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)
        else:
            np.testing.assert_array_equal(x, y)


def shuffled(array: Any) -> Any:
    """The elements of an array elsewhere: other inputs of the same kind."""
    array = np.asarray(array)
    return np.random.default_rng(1).permutation(array.ravel()).reshape(array.shape)


@cache
def calls(name: str) -> list[tuple[Any, Any]]:
    """What a case is called on, and what jax gives: its inputs, the same numbers elsewhere, and its other inputs."""
    case = CASES[name]
    # One compilation, where there is one for each operation outside; but inside sizes are arrays.
    function = case.function if name == "sizes" else jax.jit(case.function)
    inputs = [case.arrays, jax.tree_util.tree_map(shuffled, case.arrays), *case.also]
    return [(arrays, function(*jax.tree_util.tree_map(jnp.asarray, arrays))) for arrays in inputs]


@cache
def captured_case(name: str) -> tuple[Program, Any]:
    """The program of a case, which serves every target, and the tree of its results."""
    program, tree = captured(CASES[name].function, *CASES[name].arrays)
    assert_round_trip(str(program.module))
    return program, tree


EVERYWHERE = ("jax", "numpy", "torch", "tensorflow")
TARGETS = [(name, to) for name in CASES for to in (EVERYWHERE if name in CONTROL else EVERYWHERE[:2])]


@pytest.mark.parametrize(("name", "to"), TARGETS)
def test_case(name: str, to: str) -> None:
    program, tree = captured_case(name)
    run = loaded(program, tree, to)
    # One program serves all shapes, but XLA compiles it for each.
    for arrays, expected in calls(name)[-1:] if to == "jax" else calls(name):
        assert fits(program, arrays), [given.shape for given in program.inputs]
        assert_same(run(*arrays), expected, CASES[name].tolerance)


# Sizes


def shapes(function: Callable[..., Any], *arrays: Any, **request: Any) -> list[tuple[int | str, ...]]:
    return [given.shape for given in captured(function, *arrays, **request)[0].inputs]


def test_every_size_is_free() -> None:
    program, _ = captured(lambda x, y: (x.sum(0), y * 2), floats(3, 4), floats(3, 4))
    free = [size for given in program.inputs for size in given.shape]
    assert len(set(free)) == 4
    assert all(isinstance(size, str) for size in free)
    assert program.bounds == dict.fromkeys(sorted(free), (2, None))


def test_sizes_of_one_and_nothing_are_fixed() -> None:
    assert shapes(lambda x: x * 2, floats(1, 3, 0)) == [(1, "s0", 0)]


def test_sizes_that_must_agree_share_a_symbol() -> None:
    (a, b), (c, d) = shapes(lambda x, w: x @ w, floats(4, 4), floats(4, 4))
    assert b == c
    assert len({a, b, d}) == 3


def test_not_dynamic() -> None:
    assert shapes(lambda x: x * 2, floats(2, 3), dynamic=False) == [(2, 3)]


LOOKS: dict[str, Callable[[Any], Any]] = {
    "equality": lambda x: x if x.shape[0] == 4 else x * 2,
    "equality of shapes": lambda x: x if x.shape[:1] == (4,) else x * 2,
    "truth": lambda x: x if x.shape[0] - 4 else x * 2,
    "dictionary": lambda x: {4: x}.get(x.shape[0], x * 2),
    "len": lambda x: x * len(x),
    "range": lambda x: sum(x[i] for i in range(x.shape[0])),
    "iteration": lambda x: sum(x),
    "float": lambda x: x / np.sqrt(float(x.shape[0])),
    "int": lambda x: x[: int(x.shape[0])],
}
QUESTIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "order": (lambda x: x if x.shape[0] > 3 else x * 2, "s0 > 3"),
    "function of Python": (lambda x: x[: max(1, x.shape[0] // 3 - 5)], "s0 // 3 - 5 <= 1"),
    "another size": (lambda x: x if x.shape[0] == 5 else x * 2, "s0 != 5"),
    "equal sizes": (lambda x: x if x.shape[0] == x.shape[1] else x * 2, "s0 != s1"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_size_that_python_looks_at_is_fixed(look: str) -> None:
    program, run = traced(LOOKS[look], floats(4, 3))
    assert program.inputs[0].shape == (4, "s1")
    x = floats(4, 5)
    assert_same(run(x), LOOKS[look](jnp.asarray(x)), 1e-5)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_about_sizes_is_a_guard(question: str) -> None:
    function, guard = QUESTIONS[question]
    program, run = traced(function, floats(4, 3))
    assert program.inputs[0].shape == ("s0", "s1")
    assert program.size_guards == (guard,)
    x = floats(4, 5)
    assert_same(run(x), function(jnp.asarray(x)), 1e-5)


def test_unused_inputs_are_marked() -> None:
    program, _ = captured(lambda x, y, z: (x * 2, y.shape[0]), floats(3), floats(4), floats(5))
    assert [given.used for given in program.inputs] == [True, True, False]


def test_other_leaves_stay_as_they_are() -> None:
    program, _ = captured(lambda x: {"a": x, "b": "text", "n": 3, "size": x.shape[0], "const": jnp.ones(2)}, floats(3))
    assert program.leaves == [TRACED, "text", TRACED, 3, TRACED]


def test_nothing_stays_patched() -> None:
    before = dict(vars(_DimExpr))
    captured(lambda x: x * 2, floats(3))
    with pytest.raises(ZeroDivisionError):
        captured(lambda x: x * (1 // 0), floats(3))
    assert dict(vars(_DimExpr)) == before


def test_captures_in_threads() -> None:
    found: dict[int, Any] = {}

    def one(i: int) -> None:
        function = LOOKS["equality"] if i % 2 else jnp.sin
        found[i] = shapes(function, floats(4, 3))

    threads = [threading.Thread(target=one, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: [("s0", "s1")], 1: [(4, "s1")], 2: [("s0", "s1")], 3: [(4, "s1")]}


# Locations and errors


def test_operations_come_from_the_users_lines() -> None:
    program, _ = captured(lambda x: jax.nn.relu(jnp.sin(x)) + jnp.linalg.norm(x), floats(3))
    lines = {line_of(op) for op in program.module.walk() if op.name.startswith("ivy.")}
    first = test_operations_come_from_the_users_lines.__code__.co_firstlineno
    assert lines == {f"{__file__}:{first + 1}"}


def test_long_chains_do_not_recurse() -> None:
    def chain(x: Any) -> Any:
        for _ in range(3000):
            x = x + 1
        return x

    program, _ = captured(chain, floats(3))
    assert sum(op.name == "ivy.add" for op in program.module.walk()) == 3000


@pytest.mark.parametrize(
    "function",
    [lambda x: x if x.sum() > 0 else -x, lambda x: x[: int(x[0])], lambda x: x[x > 0], lambda x: [x, -x][x.argmax()]],
    ids=["if", "int", "mask", "index"],
)
def test_branching_on_values(function: Callable[..., Any]) -> None:
    with pytest.raises(DataDependentControlFlowError) as error:
        captured(function, floats(3))
    assert __file__ in error.value.where
    assert error.value.fix


def test_handing_a_traced_array_to_numpy() -> None:
    with pytest.raises(CaptureError, match="numpy"):
        captured(lambda x: np.sin(x), floats(3))


def test_errors_of_the_user_stay_as_they_are() -> None:
    class Mine(Exception):
        pass

    def function(x: Any) -> Any:
        raise Mine(f"shape {x.shape}")

    with pytest.raises(Mine, match=r"shape \(3,\)"):
        captured(function, floats(3))


def test_shapes_that_do_not_fit_stay_jax_errors() -> None:
    with pytest.raises(TypeError, match="incompatible shapes"):
        captured(lambda x, y: x + y, floats(3), floats(4))


def test_every_primitive_that_is_missing_is_listed() -> None:
    def function(x: Any) -> Any:
        found = lax.rng_bit_generator(jnp.array([1, 2, 3, 4], jnp.uint32), (2,))[1]
        low, high = lax.reduce((x, -x), (0.0, 0.0), lambda a, b: (a[0] + b[0], a[1] - b[1]), (0,))
        return low * high * found[0]

    with pytest.raises(UnsupportedOpError) as error:
        captured(function, floats(3))
    assert "rng_bit_generator x 1" in str(error.value)
    assert "reduce of several operands x 1" in str(error.value)
    assert __file__ in str(error.value)


def test_what_is_missing_inside_a_function_of_jax_has_the_users_line() -> None:
    with pytest.raises(UnsupportedOpError, match=r"sort of complex numbers x 1  at .*test_jax\.py"):
        captured(lambda x: jnp.sort(x + 1j), floats(3))


def test_typed_keys_are_no_inputs() -> None:
    with pytest.raises(InputError, match="key_data"):
        capture(Request(lambda key: [jax.random.bits(key)], [jax.random.key(0)], ["key"]))


def test_constants_are_captured() -> None:
    table = jnp.asarray(floats(40, 3))
    program, run = traced(lambda i: table[i] + jnp.array([1.0, 2.0, 3.0]), integers(40, 4))
    assert sum(op.name == "constant.array" for op in program.module.walk()) == 1
    i = integers(40, 7)
    assert_same(run(i), table[i] + jnp.array([1.0, 2.0, 3.0]), 1e-6)


def test_printing_happens_at_capture_only(capsys: pytest.CaptureFixture[str]) -> None:
    def function(x: Any) -> Any:
        jax.debug.print("x = {}", x)
        return x * 2

    _, run = traced(function, floats(3))
    run(floats(3))
    assert capsys.readouterr().out == ""


def test_a_write_over_all_that_a_kernel_computes():
    """The kernel may be dropped when rows become calls: its function goes with it."""

    def function(x):
        y = jnp.exp(jnp.where(jnp.isnan(x), 0.0, x))[:1]
        return y.at[0].set(x[1])

    for to in ("torch", "numpy"):
        graph = mlgraph.compile(function, to=to)
        for x in (jnp.arange(3.0), jnp.arange(5.0) + 1):
            np.testing.assert_array_equal(as_numpy(graph(x)), function(x))
        assert graph.source.count("@fused") == len(graph.kernels)
