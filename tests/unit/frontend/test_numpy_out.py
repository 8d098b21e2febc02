# pyright: basic, reportArgumentType=false, reportCallIssue=false
"""Where numpy functions write their results: to arrays that they are given by position and by keyword."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from frameworks import to_numpy
from numpy_cases import check, draw, traced

import mlgraph
from mlgraph.errors import UnsupportedOpError

pytestmark = pytest.mark.quick

UFUNCS = {u.__name__: u for u in vars(np).values() if isinstance(u, np.ufunc) and u is not np.isnat}
CORES = {"matmul": "ab,bc->ac", "matvec": "ab,b->a", "vecdot": "ab,ab->a", "vecmat": "a,ab->b"}


def loop(ufunc: np.ufunc) -> tuple[str, str]:
    """The type codes of a loop's operands and results: of doubles, else of integers, else of bools."""
    loops = [t.split("->") for t in ufunc.types]
    found = [next((pair for pair in loops if set(pair[0]) <= set(codes)), None) for codes in ("d", "di", "l", "?")]
    operands, results = next(pair for pair in found if pair is not None)
    return operands, results


def drawn(seed: int, code: str, shape: tuple[int, ...], low: float = 0.1) -> np.ndarray:
    random = np.random.default_rng(seed)
    if code == "d":
        return random.uniform(low, low + 0.8, shape)
    return random.integers(1, 5, shape).astype(code) if code != "?" else random.integers(0, 2, shape).astype(bool)


def shapes_of(ufunc: np.ufunc, **sizes: int) -> list[list[tuple[int, ...]]]:
    """The shapes of operands and results for sizes of the axes a, b and c."""
    given, made = CORES.get(ufunc.__name__, ",".join(["ab"] * ufunc.nin) + "->" + ",".join(["ab"] * ufunc.nout)).split(
        "->"
    )
    return [[tuple(sizes[axis] for axis in part) for part in side.split(",")] for side in (given, made)]


def inputs_of(ufunc: np.ufunc, seed: int, **sizes: int) -> list[np.ndarray]:
    """Operands, then three arrays for each result."""
    codes, results = loop(ufunc)
    given, made = shapes_of(ufunc, **sizes)
    low = 1.1 if ufunc is np.arccosh else 0.1
    operands = [drawn(seed + i, code, shape, low) for i, (code, shape) in enumerate(zip(codes, given))]
    return operands + [drawn(seed + 9, code, shape) for code, shape in zip(results, made) for _ in range(4)]


@pytest.mark.filterwarnings("ignore:Passing more than 2 positional arguments")
@pytest.mark.parametrize("name", UFUNCS)
def test_a_ufunc_writes_to_its_out(name: str):
    ufunc = UFUNCS[name]

    def function(*xs: Any) -> Any:
        operands, outs = xs[: ufunc.nin], xs[ufunc.nin :]
        first, second, third, fourth = (outs[i::4] for i in range(4))
        by_position = ufunc(*operands, *first)
        by_keyword = ufunc(*operands, out=tuple(second))
        mixed = ufunc(*operands, *third[:1], *[None] * (ufunc.nout - 1))
        found = [by_position, by_keyword, mixed]
        found = found if ufunc.nout > 1 else [(f,) for f in found]
        assert all(a is b for results, given in zip(found, (first, second)) for a, b in zip(results, given))
        assert found[2][0] is third[0]
        if ufunc.signature is None:
            chosen = np.greater(third[0], fourth[0])
            ufunc(*operands, *fourth, where=chosen)
        elif ufunc.nout == 1:
            ufunc(*operands, out=fourth[0])
        return outs

    check(function, inputs_of(ufunc, 0, a=3, b=4, c=2), inputs_of(ufunc, 5, a=5, b=2, c=3))


FUNCTIONS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "all": lambda x: (x, 0),
    "amax": lambda x: (x, 0),
    "amin": lambda x: (x, 0),
    "any": lambda x: (x, 0),
    "argmax": lambda x: (x, 0),
    "argmin": lambda x: (x, 0),
    "around": lambda x: (x, 1),
    "choose": lambda x: (x, [x + 3, x + 2]),
    "clip": lambda x: (x, 1, 2),
    "compress": lambda x: ([True, False, True], x, 0),
    "concat": lambda x: ([x, x], 1),
    "concatenate": lambda x: ([x, x], 1),
    "cumprod": lambda x: (x, 0, None),
    "cumsum": lambda x: (x, 0, None),
    "cumulative_prod": lambda x: (x,),
    "cumulative_sum": lambda x: (x,),
    "dot": lambda x: (x, x.T),
    "einsum": lambda x: ("ij,ij->i", x, x),
    "fix": lambda x: (x,),
    "isneginf": lambda x: (x,),
    "isposinf": lambda x: (x,),
    "max": lambda x: (x, 0),
    "mean": lambda x: (x, 0, None),
    "median": lambda x: (x, 0),
    "min": lambda x: (x, 0),
    "nanargmax": lambda x: (x, 0),
    "nanargmin": lambda x: (x, 0),
    "nancumprod": lambda x: (x, 0, None),
    "nancumsum": lambda x: (x, 0, None),
    "nanmax": lambda x: (x, 0),
    "nanmean": lambda x: (x, 0, None),
    "nanmedian": lambda x: (x, 0),
    "nanmin": lambda x: (x, 0),
    "nanpercentile": lambda x: (x, [30, 60], 0),
    "nanprod": lambda x: (x, 0, None),
    "nanquantile": lambda x: (x, 0.3, 0),
    "nanstd": lambda x: (x, 0, None),
    "nansum": lambda x: (x, 0, None),
    "nanvar": lambda x: (x, 0, None),
    "outer": lambda x: (x[0], x[1]),
    "percentile": lambda x: (x, 30, 0),
    "prod": lambda x: (x, 0, None),
    "ptp": lambda x: (x, 0),
    "quantile": lambda x: (x, [0.3, 0.6], 0),
    "round": lambda x: (x, 0),
    "stack": lambda x: ([x, x], 1),
    "std": lambda x: (x, 0, None),
    "sum": lambda x: (x, 0, None),
    "take": lambda x: (x, [2, 0], 0),
    "trace": lambda x: (x, 0, 0, 1, None),
    "var": lambda x: (x, 0, None),
    "linalg.multi_dot": lambda x: ([x, x.T, x],),
    "fft.fft": lambda x: (x, None, -1, None),
    "fft.fft2": lambda x: (x, None, (-2, -1), None),
    "fft.fftn": lambda x: (x, None, None, None),
    "fft.hfft": lambda x: (x, None, -1, None),
    "fft.ifft": lambda x: (x, None, -1, None),
    "fft.ifft2": lambda x: (x, None, (-2, -1), None),
    "fft.ifftn": lambda x: (x, None, None, None),
    "fft.ihfft": lambda x: (x, None, -1, None),
    "fft.irfft": lambda x: (x, None, -1, None),
    "fft.irfft2": lambda x: (x, None, (-2, -1), None),
    "fft.irfftn": lambda x: (x, None, None, None),
    "fft.rfft": lambda x: (x, None, -1, None),
    "fft.rfft2": lambda x: (x, None, (-2, -1), None),
    "fft.rfftn": lambda x: (x, None, None, None),
}
"""What stands before `out`, for each numpy function that takes one."""

METHODS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "all": lambda x: (0,),
    "any": lambda x: (0,),
    "argmax": lambda x: (0,),
    "argmin": lambda x: (0,),
    "choose": lambda x: ([x + 3, x + 2],),
    "clip": lambda x: (1, 2),
    "compress": lambda x: ([True, False, True], 0),
    "cumprod": lambda x: (0, None),
    "cumsum": lambda x: (0, None),
    "dot": lambda x: (x.T,),
    "max": lambda x: (0,),
    "mean": lambda x: (0, None),
    "min": lambda x: (0,),
    "prod": lambda x: (0, None),
    "round": lambda x: (1,),
    "std": lambda x: (0, None),
    "sum": lambda x: (0, None),
    "take": lambda x: ([2, 0], 0),
    "trace": lambda x: (0, 0, 1, None),
    "var": lambda x: (0, None),
}
"""The same for methods of arrays."""

DATES = {"busday_count", "busday_offset", "is_busday"}
KEYWORDS = {"cumulative_prod": {"axis": 0}, "cumulative_sum": {"axis": 0}, "einsum": {}, "linalg.multi_dot": {}}
"""The other arguments of functions that take `out` by keyword alone."""

OTHERWISE = {"all", "any", "choose"}
"""Methods that do not take `out` where they say: numpy's own takes a type there, or one more array to choose from."""

FORGETFUL = {"fft.hfft", "fft.ifft2", "fft.irfft2"}
"""Functions that give a new array instead, in numpy too."""


def found_in(module: Any) -> set[str]:
    names = [name for name in dir(module) if not name.startswith("_") and callable(getattr(module, name))]
    functions = {name: getattr(module, name) for name in names if not isinstance(getattr(module, name), np.ufunc)}
    return {name for name, function in functions.items() if "out" in parameters(function)}


def parameters(function: Any) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def test_every_function_that_takes_an_out_is_tried():
    assert set(METHODS) == found_in(np.ndarray)
    assert {name for name in FUNCTIONS if "." not in name} == found_in(np) - DATES
    assert {f"fft.{name}" for name in found_in(np.fft)} | {f"linalg.{name}" for name in found_in(np.linalg)} == {
        name for name in FUNCTIONS if "." in name
    }


def named(name: str) -> Callable[..., Any]:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    return function


def drawn_pair(name: str) -> tuple[np.ndarray, ...]:
    if name == "choose":
        return np.array([[0], [1], [0]]), np.array([[1], [1], [0]])
    shapes = [(3, 4), (5, 4)] if name.startswith("fft") else [(3, 4), (3, 5)]
    return tuple(draw(seed, shape)[0] for seed, shape in enumerate(shapes))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_to_its_out(name: str):
    call, arguments, keywords = named(name), FUNCTIONS[name], KEYWORDS.get(name, {})

    def function(x: Any, second: Any, third: Any) -> Any:
        by_keyword = call(*arguments(x), out=second, **keywords)
        assert (by_keyword is second) == (name not in FORGETFUL)
        if name not in KEYWORDS:
            assert (call(*arguments(x), third) is third) == (name not in FORGETFUL)
        return by_keyword, second, third, second + 1

    check(function, *map(with_outs(call, arguments, keywords), drawn_pair(name)))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_writes_to_its_out(name: str):
    arguments = METHODS[name]

    def function(x: Any, second: Any, third: Any) -> Any:
        assert getattr(x, name)(*arguments(x), out=second) is second
        if name not in OTHERWISE:
            assert getattr(x, name)(*arguments(x), third) is third
        return second, third, second + 1

    def call(x: Any, *given: Any) -> Any:
        return getattr(x, name)(*given)

    check(function, *map(with_outs(call, lambda x: (x, *arguments(x)), {}), drawn_pair(name)))


def with_outs(call: Callable[..., Any], arguments: Callable[..., Any], keywords: Any) -> Callable[[np.ndarray], Any]:
    """A function that gives an array and two others to write the result of the call to."""

    def inputs(x: np.ndarray) -> list[np.ndarray]:
        expected = np.asarray(call(*arguments(x), **keywords))
        return [x, np.zeros_like(expected), np.zeros_like(expected)]

    return inputs


def attempted(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """What a function leaves in its second array, or numpy's error."""
    arrays = tuple(a.copy() for a in arrays)
    try:
        function(*arrays)
    except (TypeError, ValueError) as error:
        return error
    return arrays[1]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("types", [("f8", "i8"), ("i8", "f8"), ("c16", "f8")], ids="-".join)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_out_of_another_type_is_cast_or_refused_as_in_numpy(name: str, types: tuple[str, str]):
    call, arguments, keywords = named(name), FUNCTIONS[name], KEYWORDS.get(name, {})
    x = (3 * drawn_pair(name)[0]).astype("i8" if name == "choose" else types[0])
    if name == "choose":
        x //= 3
    try:
        expected = np.asarray(call(*arguments(x), **keywords))
    except TypeError:
        return  # of this type the function is not

    def function(x: Any, out: Any) -> Any:
        call(*arguments(x), out=out, **keywords)
        return out

    given = [x, np.zeros(expected.shape, types[1])]
    found = attempted(function, *given)
    if isinstance(found, Exception):
        with pytest.raises((TypeError, ValueError, UnsupportedOpError)):
            traced(function, *given)
    elif "arg" not in name or x.dtype.kind != "c":
        check(function, given)


@pytest.mark.parametrize("name", ["subtract", "remainder", "heaviside"])
def test_steps_that_numpy_rounds_to_its_out_are_refused(name: str):
    function = lambda x, out: UFUNCS[name].reduce(x, out=out)  # noqa: E731
    with pytest.raises(UnsupportedOpError, match="buffers"):
        traced(function, *draw(0, (3, 4)), np.zeros(4, int))


REFUSED: dict[str, Callable[..., Any]] = {
    "a type of another kind": lambda x: np.multiply(x, 2.5, np.zeros(x.shape, int)),
    "a list": lambda x: np.sqrt(x, [0.0] * 3),
    "a number": lambda x: np.sqrt(x, out=x.sum()),
    "too small": lambda x: np.add(x, 1, np.zeros(1)),
    "too small for where": lambda x: np.add(x, 1, out=np.zeros(3), where=np.ones((2, 3), bool)),
    "too many": lambda x: np.sqrt(x, np.zeros(3), np.zeros(3)),
    "twice": lambda x: np.sqrt(x, np.zeros(3), out=np.zeros(3)),
    "a tuple too short": lambda x: np.modf(x, out=(np.zeros(3),)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_numpy_refuses_as_an_out_is_refused(what: str):
    (x,) = draw(0, (3,))
    with pytest.raises((TypeError, ValueError)):
        REFUSED[what](x)
    with pytest.raises((TypeError, ValueError)):
        traced(REFUSED[what], x)


def test_an_out_of_any_type_is_taken_where_the_casting_is_unsafe():
    def function(x: Any) -> Any:
        whole = np.zeros(x.shape, np.int64)
        np.multiply(x, 2.5, whole, casting="unsafe", where=x > 0)
        return whole

    check(function, draw(0, (3, 4)), draw(1, (5, 2)))


WITH_ELLIPSIS: dict[str, Callable[[Any], Any]] = {
    "an elementwise ufunc of scalars": lambda x: (y := np.add(x[0, 0], x[0, 1], out=...), isinstance(y, np.ndarray)),
    "a ufunc of two results": lambda x: (y := np.divmod(x[0, 0], 2.0, out=...), isinstance(y[1], np.ndarray)),
    "a generalized ufunc": lambda x: (y := np.matmul(x[0], x[1], out=...), isinstance(y, np.ndarray)),
    "a reduction of all axes": lambda x: (y := np.add.reduce(x, axis=None, out=...), isinstance(y, np.ndarray)),
    "a reduction of one axis": lambda x: (y := np.maximum.reduce(x, out=...), isinstance(y, np.ndarray)),
    "an accumulation": lambda x: (y := np.add.accumulate(x, axis=1, out=...), isinstance(y, np.ndarray)),
}


@pytest.mark.parametrize("what", WITH_ELLIPSIS)
def test_an_ellipsis_as_out_asks_for_an_array(what: str):
    check(WITH_ELLIPSIS[what], draw(0, (3, 4)), draw(1, (5, 4)))


ELLIPSIS_REFUSED: dict[str, Callable[[Any], Any]] = {
    "of a function": lambda x: np.sum(x, out=...),
    "by position": lambda x: np.add(x, x, ...),
    "in a tuple": lambda x: np.add(x, x, out=(...,)),
    "in a tuple of a reduction": lambda x: np.add.reduce(x, out=(...,)),
}


@pytest.mark.parametrize("what", ELLIPSIS_REFUSED)
def test_an_ellipsis_as_out_is_refused_where_numpy_refuses_it(what: str):
    (x,) = draw(0, (3, 4))
    with pytest.raises(TypeError):
        ELLIPSIS_REFUSED[what](x)
    with pytest.raises(TypeError):
        traced(ELLIPSIS_REFUSED[what], x)


def test_an_accumulation_is_repeated_along_the_axes_of_a_larger_out():
    def function(x: Any) -> Any:
        rows, columns = np.zeros((3, x.shape[1])), np.zeros((x.shape[1], 2))
        np.add.accumulate(x[:1], 1, None, rows)
        np.multiply.accumulate(x[:1].T, axis=0, out=columns)
        return rows, columns

    check(function, draw(0, (2, 4)), draw(1, (5, 3)))


@pytest.mark.parametrize("shape", [(4, 2, 3), (5, 3), (3,), (2, 5)])
def test_an_accumulation_refuses_an_out_of_another_length_or_rank(shape: tuple[int, ...]):
    def function(x: Any) -> Any:
        return np.add.accumulate(x, 0, None, np.zeros(shape))

    (x,) = draw(0, (2, 3))
    with pytest.raises(ValueError, match=r"broadcast|wrong size|valid axis"):
        function(x)
    with pytest.raises(ValueError, match=r"broadcast|wrong size"):
        traced(function, x)


def overlapping(x: Any) -> Any:
    np.add(x[:-1], x[1:], x[1:])
    np.multiply(x, x.T, x)
    y = np.zeros((2, *x.shape))
    np.negative(x, y[1])
    np.divmod(x, 0.3, y[0, ::-1], out_of := np.empty_like(x))
    np.add.reduce(x, 0, None, y[0, 1])
    np.add.accumulate(x, 1, None, y[1, :, ::-1])
    return x, y, out_of


def test_an_out_may_share_memory_with_an_operand_or_be_a_view():
    check(overlapping, draw(0, (4, 4)), draw(1, (6, 6)))


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
def test_an_out_by_position_is_written_on_every_target(to: str):
    def function(a: Any, b: Any) -> Any:
        e = np.ones_like(a)
        np.multiply(a, b, e)
        np.sqrt(e, b)
        return e, np.sum(a, 0, None, e[0])

    graph: Any = mlgraph.compile(function, to=to, x64=True)
    for seed, shape in ((0, (3, 4)), (1, (5, 4))):
        a, b = (np.abs(x) for x in draw(seed, shape, shape))
        expected_b = b.copy()
        expected = function(a, expected_b)
        for found, wanted in zip(graph(a, b), expected):
            np.testing.assert_allclose(to_numpy(found), wanted, rtol=1e-12)
        np.testing.assert_allclose(b, expected_b, rtol=1e-12)


WRONG_SHAPES: dict[str, Callable[[Any, Any], Any]] = {
    "argmax": lambda x, out: np.argmax(x, 0, out.astype(int)),
    "any": lambda x, out: np.any(x, 0, out),
    "choose": lambda x, out: np.choose(np.array([0, 1]), [x[0, :2], x[1, :2]], out[:, :2]),
    "compress": lambda x, out: np.compress([True], x, 0, out),
    "einsum": lambda x, out: np.einsum("ij->j", x, out=out),
    "matmul": lambda x, out: np.matmul(x[:1], x.T, out[:, :3]),
    "mean": lambda x, out: np.mean(x, 0, None, out),
    "median": lambda x, out: np.median(x, 0, out),
    "nanmax": lambda x, out: np.nanmax(x, 0, out),
    "nanvar": lambda x, out: np.nanvar(x, 0, None, out),
    "ptp": lambda x, out: np.ptp(x, 0, out),
    "round": lambda x, out: np.round(x[:1], 0, out),
    "stack": lambda x, out: np.stack([x[0]], 0, out),
    "std": lambda x, out: np.std(x, 0, None, out),
    "sum": lambda x, out: np.sum(x, 0, None, out),
    "take": lambda x, out: np.take(x, [0], 0, out),
    "trace": lambda x, out: np.trace(x, 0, 0, 1, None, out),
}


@pytest.mark.parametrize("name", WRONG_SHAPES)
def test_an_out_of_a_larger_shape_is_refused_where_numpy_refuses_it(name: str):
    given = [*draw(0, (3, 4)), np.zeros((3, 4))]
    assert isinstance(attempted(WRONG_SHAPES[name], *given), TypeError | ValueError)
    with pytest.raises((TypeError, ValueError)):
        traced(WRONG_SHAPES[name], *given)


BROADCAST: dict[str, Callable[[Any, Any], Any]] = {
    "clip": lambda x, out: np.clip(x[:1], -0.5, 0.5, out),
    "fft": lambda x, out: np.fft.fft(x[:1], out=out.astype(complex)),
    "fix": lambda x, out: np.fix(x[:1], out),
    "isposinf": lambda x, out: np.isposinf(x[:1], out),
    "quantile": lambda x, out: np.quantile(x, 0.3, 0, out),
}


@pytest.mark.parametrize("name", BROADCAST)
def test_a_result_is_broadcast_to_its_out_where_numpy_broadcasts_it(name: str):
    function = lambda x, out: (BROADCAST[name](x, out), out)  # noqa: E731
    check(function, [*draw(0, (3, 4)), np.zeros((3, 4))], [*draw(1, (5, 4)), np.zeros((5, 4))])


UNSAFE: dict[str, Callable[[Any, Any], Any]] = {
    "clip": lambda x, out: np.clip(x, -0.5, 0.5, out=out, casting="unsafe"),
    "concatenate": lambda x, out: np.concatenate([x[:1], x[1:]], out=out, casting="unsafe"),
    "einsum": lambda x, out: np.einsum("ij->ij", x, out=out, casting="unsafe"),
    "stack": lambda x, out: np.stack([x[:, 0], x[:, 1]], 1, out=out[:, :2], casting="unsafe"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_casting_argument_holds_for_the_out(name: str):
    function = lambda x, out: (UNSAFE[name](3 * x, out), out)  # noqa: E731
    check(function, [*draw(0, (3, 4)), np.zeros((3, 4), int)], [*draw(1, (5, 4)), np.zeros((5, 4), int)])


def test_the_steps_of_reduceat_are_cast_to_any_out():
    def function(x: Any) -> Any:
        whole, both = np.zeros((2, x.shape[1]), int), np.zeros((2, x.shape[1]))
        np.add.reduceat(x, [0, 2], 0, None, whole)
        np.add.reduceat(x, [0, 2], out=(both,))
        return whole, both

    check(function, draw(0, (3, 4)), draw(1, (3, 6)))


@pytest.mark.parametrize("method", ["random", "standard_normal", "standard_exponential", "standard_gamma"])
def test_a_generator_draws_into_its_out(method: str):
    arguments: dict[str, tuple[Any, ...]] = {
        "standard_exponential": (None, np.float64, "zig"),
        "standard_gamma": (2.0, None, np.float64),
    }

    def function(x: Any) -> Any:
        out = np.zeros_like(x)
        generator = np.random.default_rng()
        by_position = getattr(generator, method)(*arguments.get(method, (None, np.float64)), out)
        assert by_position is out
        return out, out + 1

    graph: Any = mlgraph.compile(function, to="numpy")
    first, more = graph(np.zeros((3, 4)))
    assert np.all(first != 0)
    np.testing.assert_array_equal(more, first + 1)
