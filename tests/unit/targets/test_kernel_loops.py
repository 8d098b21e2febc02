# pyright: basic
"""Loops inside kernels: scans of elementwise steps equal jax's own, on other sizes and layouts than captured."""

import numpy as np
import pytest
from triton_interpreter import interpreter, needs_triton, run

import mlgraph
from mlgraph.dialects.kernel import has_loops

jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax

__all__ = ["interpreter"]
SHAPES = ((0,), (1,), (7,), (255,), (256,), (257,), (1000,), (3, 5), (2, 300), (4, 1))


def newton(a, steps=9):
    return lax.fori_loop(0, steps, lambda i, x: 0.5 * (x + a / x), a)


def mandelbrot(re, im):
    def step(i, state):
        x, y, count = state
        inside = x * x + y * y < 4
        following = jnp.where(inside, x * x - y * y + re, x), jnp.where(inside, 2 * x * y + im, y)
        return *following, count + inside.astype(jnp.int32)

    zero = re * 0
    return lax.fori_loop(0, 21, step, (zero, zero, jnp.zeros(re.shape, jnp.int32)))[2]


def swapped(a, b):
    return lax.fori_loop(0, 13, lambda i, s: (s[1], 0.5 * s[0] + s[1]), (a, b))


def by_number_of_step(a):
    return lax.fori_loop(0, 10, lambda i, x: x * 0.5 + i.astype(x.dtype), a)


def with_parity(a):
    return lax.fori_loop(0, 7, lambda i, s: (jnp.logical_not(s[0]), jnp.where(s[0], s[1] + 1, s[1] * 2)), (a > 0, a))


def with_functions(a):
    return lax.fori_loop(0, 5, lambda i, x: jnp.sin(x) + jnp.exp(-x * x) * a, a) * 2 + a


def two_loops(a):
    first = lax.fori_loop(0, 3, lambda i, x: x * a + 1, a)
    return lax.fori_loop(0, 4, lambda i, x: x * 0.5 - first, first + a) - first


def of_integers(a):
    n = (a * 100).astype(jnp.int32)
    return lax.fori_loop(0, 12, lambda i, x: jnp.where(x % 2 == 0, x // 2, 3 * x + 1), n)


def of_rows(a):
    weights = jnp.arange(a.shape[-1], dtype=a.dtype)
    return lax.fori_loop(0, 4, lambda i, x: x * 0.5 + weights, a)


def with_scalar_state(a):
    return lax.fori_loop(0, 6, lambda i, s: (s[0] * 0.5, s[1] + s[0]), (jnp.float32(1), a))[1]


PROGRAMS = [newton, with_functions, by_number_of_step, with_parity, two_loops, of_integers, of_rows, with_scalar_state]


def inputs(shape, count=1):
    rng = np.random.default_rng(len(shape) + sum(shape))
    return [rng.uniform(0.5, 2, shape).astype(np.float32) for _ in range(count)]


def assert_equal(found, wanted):
    for y, w in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(y), np.asarray(w), rtol=2e-5, atol=1e-6)
        assert np.asarray(y).dtype == np.asarray(w).dtype


@pytest.mark.parametrize("to", ["numpy", "torch"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_loop_in_kernel_equals_jax_on_other_sizes(program, to):
    graphs = {}
    for shape in SHAPES:
        (x,) = inputs(shape)
        if len(shape) not in graphs:
            (example,) = inputs(tuple(n + 3 for n in shape))
            graphs[len(shape)] = mlgraph.compile(program, to=to, args=(jnp.asarray(example),))
        assert_equal(graphs[len(shape)](jnp.asarray(x)), program(jnp.asarray(x)))
    assert all(any(has_loops(kernel.fused) for kernel in graph.kernels) for graph in graphs.values())


@pytest.mark.parametrize("program", [mandelbrot, swapped], ids=lambda f: f.__name__)
def test_several_arrays_of_state(program):
    graph = mlgraph.compile(program, to="numpy", args=tuple(map(jnp.asarray, inputs((5,), 2))))
    assert any(has_loops(kernel.fused) for kernel in graph.kernels)
    for n in (1, 256, 700):
        arguments = tuple(jnp.asarray(x - 1) for x in inputs((n,), 2))
        assert_equal(graph(*arguments), program(*arguments))


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_few_steps(steps):
    (x,) = map(jnp.asarray, inputs((300,)))
    graph = mlgraph.compile(lambda a: newton(a, steps), to="numpy", args=(x,))
    assert_equal(graph(x), newton(x, steps))


def test_transposed_and_strided_operands():
    (kernel,) = mlgraph.compile(newton, to="numpy", args=tuple(map(jnp.asarray, inputs((6, 4))))).kernels
    (x,) = inputs((40, 30))
    for array in (x.T, x[::2, ::3], x[::-1], np.broadcast_to(x[:1], (9, 30))):
        found = kernel.over(lambda x: pytest.fail("no kernel runs"))(array)
        assert_equal(found, newton(jnp.asarray(array)))


def test_gradients_through_a_loop_are_those_of_jax():
    torch = pytest.importorskip("torch")
    (x,) = inputs((50,))
    graph = mlgraph.compile(newton, to="torch", args=(jnp.asarray(x),))
    t = torch.tensor(x, requires_grad=True)
    graph(t).sum().backward()
    np.testing.assert_allclose(t.grad.numpy(), np.asarray(jax.grad(lambda a: newton(a).sum())(x)), rtol=1e-5)


@needs_triton
@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize("program", [newton, by_number_of_step, with_parity, of_integers], ids=lambda f: f.__name__)
def test_loop_in_triton(program):
    torch = pytest.importorskip("torch")
    (x,) = inputs((1500,))
    graph = mlgraph.compile(program, to="torch", args=(jnp.asarray(x),))
    found = run(graph.kernels[0].gpu, [torch.tensor(x)])
    wanted = [y for y in jax.tree.leaves(program(jnp.asarray(x))) if y.shape]
    for y, w in zip(found or [], wanted, strict=True):
        np.testing.assert_allclose(y.numpy(), np.asarray(w), rtol=1e-5)
