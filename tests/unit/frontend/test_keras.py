# pyright: basic
"""Keras layers and models in training, and variables of tensorflow that a function reaches and writes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlgraph
from mlgraph.frameworks.arrays import as_numpy

layers = keras.layers
X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)


class Block(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.norm = layers.Dense(4), layers.BatchNormalization(momentum=0.5)

    def call(self, x, training=False, scale=1.0):
        return self.norm(self.dense(x), training=training) * scale


def sequential():
    return keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.BatchNormalization(momentum=0.5)])


def functional():
    inputs = keras.Input((3,))
    return keras.Model(inputs, layers.BatchNormalization(momentum=0.5)(layers.Dense(4)(inputs)))


def layer():
    return layers.BatchNormalization(momentum=0.5)


def twins(make):
    """Two models of the same weights."""
    model, eager = make(), make()
    model(X)
    eager(X)
    eager.set_weights(model.get_weights())
    return model, eager


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow", "numpy"])
@pytest.mark.parametrize("make", [sequential, functional, Block, layer])
def test_training_is_a_keyword(make, to):
    model, eager = twins(make)
    graph = mlgraph.compile(model, to=to, args=(tf.constant(X),), kwargs={"training": True})
    for x, training in ((X, True), (X[:4] + 1, True), (X, False)):
        found = graph(tf.constant(x), training=training)
        np.testing.assert_allclose(as_numpy(found), eager(x, training=training), atol=1e-5)
    if to == "tensorflow":
        for found, expected in zip(model.get_weights(), eager.get_weights(), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)
    else:
        found = [as_numpy(graph.params[variable.path]) for variable in model.variables]
        for array, expected in zip(found, eager.get_weights(), strict=True):
            np.testing.assert_allclose(array, expected, atol=1e-5)


def test_flags_of_a_call_are_keywords():
    model, eager = twins(Block)
    graph = mlgraph.compile(model, to="numpy")
    found = graph(tf.constant(X), training=True, scale=2.0)
    np.testing.assert_allclose(found, eager(X, training=True, scale=2.0), atol=1e-5)


def test_dropout_drops_in_training_alone():
    model = keras.Sequential([layers.Input((3,)), layers.Dropout(0.5)])
    graph = mlgraph.compile(model, to="numpy")
    ones = tf.ones((200, 3))
    first, second = (graph(ones, training=True) for _ in range(2))
    assert {*np.unique(first)} == {0.0, 2.0}
    assert (first != second).any()
    assert 0.3 < (first == 0).mean() < 0.7
    np.testing.assert_array_equal(graph(ones, training=False), ones)


def test_a_model_that_was_compiled_is_fitted_as_before():
    model, eager = twins(sequential)
    mlgraph.compile(model, to="tensorflow", args=(X,))
    for one in (model, eager):
        one.compile("sgd", "mse")
        one.fit(X, np.zeros((6, 4)), batch_size=3, shuffle=False, verbose=0)
    for found, expected in zip(model.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(model(tf.constant(X)), eager(X), atol=1e-5)


class Holder:
    def __init__(self):
        self.variable = tf.Variable(2.0)
        self.nested = {"items": [tf.Variable(3.0)]}


holder = Holder()


def test_variables_of_the_surroundings_are_read_and_written_at_each_call():
    count = tf.Variable(1.0)

    def function(x):
        before = count.read_value()
        count.assign_add(1.0)
        holder.variable.assign_sub(x)
        holder.nested["items"][0].assign(x * count)
        return x * count + holder.variable, before

    variables = (count, holder.variable, holder.nested["items"][0])

    def run(called, values):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        results = [[float(y) for y in called(tf.constant(x))] for x in (2.0, 5.0)]
        return results, [float(variable) for variable in variables]

    graph = mlgraph.compile(function, to="tensorflow", args=(tf.constant(1.0),))
    assert [float(variable) for variable in variables] == [1.0, 2.0, 3.0]
    for values in ([10.0, 20.0, 30.0], [-1.0, 0.5, 7.0]):
        assert run(graph, values) == run(function, values)


def test_variables_of_the_surroundings_are_kept_in_params_elsewhere():
    count = tf.Variable(1.0)

    def function(x):
        count.assign_add(1.0)
        return x * count

    for to in ("numpy", "jax"):
        graph = mlgraph.compile(function, to=to)
        assert [float(graph(tf.constant(3.0))) for _ in range(2)] == [6.0, 9.0]
        assert float(graph.params["count"]) == 3.0
        graph.params["count"] = as_numpy(graph.params["count"]) * 0
        assert float(graph(tf.constant(3.0))) == 3.0
        assert float(count) == 1.0


def test_a_target_that_is_no_class_is_in_no_top():
    scores = np.array([[0.1, 0.9, 0.5], [0.7, np.inf, 0.2], [0.3, 0.1, 0.2], [0.4, 0.5, 0.6]], np.float32)
    graph = mlgraph.compile(lambda scores, targets: tf.nn.in_top_k(targets, scores, 2), to="numpy")
    for targets in ([0, 1, 2, 2], [3, -1, 5, 1], [1, 0, -7, 2**20]):
        expected = tf.nn.in_top_k(targets, scores, 2)
        np.testing.assert_array_equal(graph(tf.constant(scores), tf.constant(targets)), expected)


def stack():
    return keras.Sequential([keras.Input((2,)), *(layers.Dense(2, kernel_initializer="ones") for _ in range(2))])


LAYER_CHANGES = {
    "another layer": lambda model: model.add(layers.Dense(2, kernel_initializer="ones")),
    "a layer less": lambda model: model.pop(),
    "another activation": lambda model: setattr(model.layers[0], "activation", keras.activations.tanh),
    "new weights": lambda model: model.set_weights([weight * 3 for weight in model.get_weights()]),
}


@pytest.mark.parametrize("change", LAYER_CHANGES)
def test_a_model_that_is_built_otherwise_is_called_as_it_is(change):
    eager, compiled = stack(), stack()
    mlgraph.compile(compiled, to="tensorflow", args=(tf.ones((1, 2)),))
    for model in (eager, compiled):
        LAYER_CHANGES[change](model)
    np.testing.assert_allclose(compiled(tf.ones((1, 2))), eager(tf.ones((1, 2))), rtol=1e-6)


def test_a_layer_changed_for_another_target_is_captured_anew():
    model = stack()
    graph = mlgraph.compile(model, to="numpy", args=(tf.ones((1, 2)),))
    model.layers[1].activation = keras.activations.relu
    model.add(layers.Rescaling(-2.0))
    np.testing.assert_allclose(graph(np.ones((1, 2), np.float32)), model(tf.ones((1, 2))), rtol=1e-6)
    assert graph.cache_info().captures == 2
