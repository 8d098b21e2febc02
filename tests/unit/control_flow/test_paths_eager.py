# pyright: basic
"""Paths of functions of jax and tensorflow, whose tracers have no values either."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
from frameworks import to_numpy

import mlgraph
from mlgraph.graph import trees

UP, DOWN, MIXED = [8.0, 0.25, 3.0], [-0.5, -2.0, -7.0], [-8.0, 0.25, 9.0]


def agree(found, expected):
    for a, b in zip(trees.flatten(found)[0], trees.flatten(expected)[0], strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-5, atol=1e-6)


def jax_dict(x):
    return x * {0: 2.0, 1: -3.0, 2: 0.5}[int(x.argmax())]


def jax_halves(x):
    while x.max() > 1:
        x = x / 2
        yield x


def jax_generator(x):
    return sum(jax_halves(x), jnp.zeros_like(x))


def jax_exception(x):
    try:
        if x.sum() < 0:
            raise ValueError
        return x * 2
    except ValueError:
        return x * 3


def jax_order(x):
    return sorted([x[0], x[1], x[2]], key=lambda v: bool(v > 1))


def jax_scan(x):
    carry, sums = jax.lax.scan(lambda carry, v: (carry + v, carry * v), x[0], x)
    return {True: sums, False: -sums}[bool(carry > 0)]


def jax_gradient(x):
    def loss(v):
        return {True: (v**2).sum(), False: (v**3).sum()}[(v.sum() > 0).item()]

    return jax.grad(loss)(x)


def jax_list(x):
    return x * {True: 2, False: 3}[x.tolist()[0] > 0]


def tensorflow_dict(x):
    return x * {0: 2.0, 1: -3.0, 2: 0.5}[int(tf.argmax(x))]


def tensorflow_halves(x):
    while tf.reduce_max(x) > 1:
        x = x / 2
        yield x


def tensorflow_generator(x):
    return sum(tensorflow_halves(x), tf.zeros_like(x))


def tensorflow_exception(x):
    try:
        if tf.reduce_sum(x) < 0:
            raise ValueError
        return x * 2
    except ValueError:
        return x * 3


def tensorflow_order(x):
    return sorted([x[0], x[1], x[2]], key=lambda v: bool(v > 1))


def tensorflow_elements(x):
    return x * {True: 2, False: 3}[x.numpy()[0] > 0]


OF_JAX = [jax_dict, jax_generator, jax_exception, jax_order, jax_scan, jax_gradient, jax_list]
OF_TENSORFLOW = [tensorflow_dict, tensorflow_generator, tensorflow_exception, tensorflow_order, tensorflow_elements]


@pytest.mark.parametrize("function", [*OF_JAX, *OF_TENSORFLOW], ids=lambda function: function.__name__)
def test_every_path_gives_what_eager_gives(function):
    own, make = ("jax", jnp.array) if function in OF_JAX else ("tensorflow", tf.constant)
    for to in (own, "numpy"):
        graph = mlgraph.compile(function, to=to)
        for values in (UP, DOWN, MIXED, UP):
            agree(graph(make(values)), function(make(values)))
        assert graph.cache_info().captures <= 3


def test_a_capture_leaves_variables_as_they_were():
    class Module(tf.Module):
        def __init__(self):
            self.total = tf.Variable(0.0)

        def __call__(self, x):
            self.total.assign_add(tf.reduce_sum(x))
            return {True: x + self.total, False: x - self.total}[bool(self.total > 2)]

    mine, theirs = Module(), Module()
    graph = mlgraph.compile(mine, to="tensorflow", args=(tf.constant(UP),))
    assert float(mine.total) == 0
    for values in ([1.0], [0.5], [3.0], [-4.0], [1.0]):
        agree(graph(tf.constant(values)), theirs(tf.constant(values)))
        agree(mine.total, theirs.total)
