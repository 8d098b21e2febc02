# pyright: basic
"""Lists of tensors (`tf.TensorArray`, `tf.raw_ops.TensorList*`) that grow, and branches that give other shapes."""

import numpy as np
import pytest
import tensorflow as tf

import mlgraph
from mlgraph.errors import CaptureError, UnsupportedOpError
from mlgraph.frameworks.arrays import as_numpy

TARGETS = ["torch", "jax", "tensorflow", "numpy"]
raw = tf.raw_ops


def growing(**more):
    return tf.TensorArray(tf.float32, size=0, dynamic_size=True, **more)


def written_in_a_loop(x):
    found = growing()
    for i in tf.range(tf.shape(x)[0]):
        found = found.write(i, x[i] * 2)
    return found.stack(), found.size()


def written_until_a_value_is_reached(x):
    found, i, total = growing(), 0, tf.constant(0.0)
    while total < tf.reduce_sum(x):
        total += tf.cast(i, tf.float32) + 1
        found = found.write(i, tf.stack([total, total * 2]))
        i += 1
    return found.stack()


def written_past_the_end(x):
    found = growing(clear_after_read=False).write(0, x[0]).write(2, x[1])
    return found.stack(), found.size(), found.read(2), found.gather([2, 0])


def unstacked_and_written(x):
    found = growing().unstack(x)
    found = found.write(found.size(), x[0])
    return found.concat(), found.size()


def split(x):
    found = growing().split(tf.concat([x[:2], x[:2]], 0), [2, 2])
    return found.stack(), found.concat()


def scattered(x):
    found = tf.TensorArray(tf.float32, size=2, dynamic_size=True, element_shape=[2]).scatter([3, 1], x[:2])
    return found.size(), found.read(3), found.gather([0, 1])


def written_in_nested_loops(x):
    found, k = growing(), 0
    for i in tf.range(tf.shape(x)[0]):
        for j in tf.range(i + 1):
            found = found.write(k, x[j] * tf.cast(i, tf.float32))
            k += 1
    return found.stack()


def written_in_one_branch(x):
    found, k = growing(element_shape=[2]), 0
    for i in tf.range(tf.shape(x)[0]):
        if x[i, 0] > 1.0:
            found = found.write(k, x[i])
            k += 1
    return found.stack()


def read_in_the_loop(x):
    found = growing(clear_after_read=False).write(0, x[0])
    for i in tf.range(1, tf.shape(x)[0]):
        found = found.write(i, found.read(i - 1) + x[i])
    return found.stack()


def pushed_and_popped(x):
    two = raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)
    for item in (x[0], x[1]):
        two = raw.TensorListPushBack(input_handle=two, tensor=item)
    one, last = raw.TensorListPopBack(input_handle=two, element_shape=[2], element_dtype=tf.float32)
    three = raw.TensorListConcatLists(input_a=two, input_b=one, element_dtype=tf.float32)
    lists = (one, two, three, raw.TensorListResize(input_handle=three, size=5))
    stacks = [raw.TensorListStack(input_handle=one, element_shape=[2], element_dtype=tf.float32) for one in lists]
    return *stacks, last, raw.TensorListLength(input_handle=three)


def pushed_in_a_loop(x):
    empty = raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)
    push = lambda i, found: (i + 1, raw.TensorListPushBack(input_handle=found, tensor=x[i] + 1))  # noqa: E731
    _, found = tf.while_loop(lambda i, _: i < tf.shape(x)[0], push, (0, empty))
    return raw.TensorListStack(input_handle=found, element_shape=[2], element_dtype=tf.float32)


def state_that_grows(x):
    shapes = (tf.TensorShape([]), tf.TensorShape([None, 2]))
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, x], 0)), (0, x[:1]), shapes)[1]


def branches_of_other_sizes(x):
    flat = x[:, 0]
    longer = tf.cond(tf.reduce_sum(x) > 5, lambda: tf.concat([x, x], 0), lambda: x[1:])
    return longer, tf.math.is_non_decreasing(flat), tf.math.is_strictly_increasing(flat)


FUNCTIONS = [
    written_in_a_loop, written_until_a_value_is_reached, written_past_the_end, unstacked_and_written, split, scattered,
    written_in_nested_loops, written_in_one_branch, read_in_the_loop, pushed_and_popped, pushed_in_a_loop,
    state_that_grows, branches_of_other_sizes,
]  # fmt: skip


def rows(n: int, start: float = 0.5):
    return tf.constant(np.arange(2 * n, dtype=np.float32).reshape(n, 2) + start)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_lists_and_sizes_that_depend_on_values(function, to):
    eager = tf.function(function)
    graph = mlgraph.compile(eager, to=to)
    for x in (rows(3), rows(3, -4.0), rows(4)):
        found, expected = tf.nest.flatten(graph(x)), tf.nest.flatten(eager(x))
        for y, wanted in zip(found, expected, strict=True):
            assert as_numpy(y).dtype == wanted.numpy().dtype
            np.testing.assert_allclose(as_numpy(y), wanted)
    assert graph.cache_info().captures == 1


def test_a_growing_list_compiles_for_tensorflow():
    graph = mlgraph.compile(tf.function(written_in_nested_loops), to="tensorflow", return_backend_compiled_fn=True)
    np.testing.assert_allclose(graph(rows(3)), tf.function(written_in_nested_loops)(rows(3)))


def test_a_write_outside_a_list_of_fixed_size_raises():
    @tf.function
    def function(x):
        found = tf.TensorArray(tf.float32, size=2, element_shape=[2])
        for i in tf.range(tf.shape(x)[0]):
            found = found.write(i, x[i])
        return found.stack()

    graph = mlgraph.compile(function, to="numpy")
    np.testing.assert_allclose(graph(rows(2)), function(rows(2)))
    with pytest.raises(IndexError):
        graph(rows(3))
    with pytest.raises(CaptureError, match="no element 2 in a list of 2"):
        mlgraph.compile(tf.function(lambda x: tf.TensorArray(tf.float32, 2).write(2, x).stack()), to="numpy")(rows(2))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.TensorArray(tf.float32, 2, infer_shape=False).write(0, x[:2]).write(1, x[:1]).concat(),
        lambda x: growing(infer_shape=False).split(x, [1, 2]).concat(),
    ],
    ids=["write", "split"],
)
def test_a_list_of_several_shapes_is_refused(function):
    with pytest.raises(UnsupportedOpError, match="a list of tensors of several shapes"):
        mlgraph.compile(tf.function(function), to="numpy")(rows(3))
