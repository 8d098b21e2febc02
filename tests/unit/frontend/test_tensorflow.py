# pyright: basic
"""The tensorflow frontend: programs in tensorflow's idiom against tensorflow eager, on traced and on other shapes."""

import threading
from collections.abc import Callable
from typing import Any

import harness
import numpy as np
import pytest
from tensorflow_cases import IDIOMS, floats, integers, positive, split_heads, tf

import mlgraph
from mlgraph.dialects.functions import main_of
from mlgraph.errors import CaptureError, DataDependentControlFlowError, UnsupportedOpError, line_of
from mlgraph.frameworks.imports import load
from mlgraph.frontend.program import TRACED, OutputKind, Program, Request
from mlgraph.frontend.tensorflow import capture
from mlgraph.transforms.lower_constant import LowerConstantPass

keras: Any = load("keras")


def captured(function: Any, *arrays: Any, target: Any = None, dynamic: bool = True) -> Program:
    tensors = [tf.convert_to_tensor(a) for a in arrays]
    flat = lambda *xs: tf.nest.flatten(function(*xs))  # noqa: E731
    return harness.captured(capture, flat, tensors, target=target or function, dynamic=dynamic)


def loaded(program: Program, to: str) -> Callable[..., list[Any]]:
    """A function from arrays to the results of `@main`."""
    convert: Callable[[Any], Any] = tf.convert_to_tensor if to == "tensorflow" else np.asarray
    source = harness.lowered(program.module, to, LowerConstantPass(to))
    main = source.load("<test>", convert)

    def run(*arrays: Any) -> list[Any]:
        weights = {name: convert(value) for name, value in program.parameters.items()}
        first = [weights] if "def main(params" in source.text else []
        return harness.results(main(*first, *map(convert, arrays)))

    return run


def run(program: Program, *arrays: Any, to: str = "numpy") -> list[Any]:
    """The results of `@main`."""
    return loaded(program, to)(*arrays)


def writes(program: Program, results: list[Any]) -> dict[str, Any]:
    """The new values of variables."""
    return {s.target: r for s, r in zip(program.outputs, results) if s.kind is OutputKind.BUFFER}


def outputs(program: Program, *arrays: Any, to: str = "numpy") -> list[Any]:
    """The output leaves of a call."""
    return harness.leaves(program, run(program, *arrays, to=to))


def agree(function: Any, *calls: tuple[Any, ...], target: Any = None, tolerance: float = 1e-4) -> Program:
    """Capture for the first call, and compare with eager on every call, with two targets."""
    program = captured(function, *calls[0], target=target)
    mains = [loaded(program, to) for to in ("numpy", "tensorflow")]
    for arrays in calls:
        expected = [np.asarray(leaf) for leaf in tf.nest.flatten(function(*map(tf.convert_to_tensor, arrays)))]
        for main in mains:
            found = [np.asarray(leaf) for leaf in harness.leaves(program, main(*arrays))]
            assert [(a.shape, a.dtype) for a in found] == [(b.shape, b.dtype) for b in expected]
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    return program


def shapes(program: Program) -> list[tuple[Any, ...]]:
    return [given.shape for given in program.inputs]


def free(program: Program) -> bool:
    """Whether every size of two or more is free."""
    return all(isinstance(n, str) or n < 2 for shape in shapes(program) for n in shape)


def operations(program: Program) -> list[str]:
    return [op.name for op in main_of(program.module).walk()]


# Idioms, on two shapes


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    idiom = IDIOMS[name]
    program = agree(idiom.function, idiom.first, idiom.second)
    assert free(program), shapes(program)


# Windows: the sizes of filters are fixed, those of images are not

IMAGES = (floats(2, 9, 8, 4), floats(3, 6, 11, 4))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
def test_convolution(padding: str, stride: int, dilation: int) -> None:
    w = floats(3, 2, 2, 6)
    program = agree(
        lambda x: tf.nn.conv2d(x, w, stride, padding, dilations=dilation),
        *((image,) for image in IMAGES),
        tolerance=1e-3,
    )
    assert shapes(program) == [("s0", "s1", "s2", 4)]


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_convolution(padding: str, stride: int) -> None:
    w = floats(3, 2, 5, 4)

    def function(x: Any) -> Any:
        n, h, w_, _ = tf.unstack(tf.shape(x))
        more = 0 if padding == "SAME" else max(3 - stride, 0)
        wide = 0 if padding == "SAME" else max(2 - stride, 0)
        return tf.nn.conv2d_transpose(x, w, [n, h * stride + more, w_ * stride + wide, 5], stride, padding)

    agree(function, *((image,) for image in IMAGES), tolerance=1e-3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
        lambda x: tf.nn.max_pool2d(x, [2, 3], [2, 1], "VALID"),
        lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"),
        lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "SAME"),
        lambda x: tf.nn.local_response_normalization(x, 1),
        lambda x: tf.nn.depthwise_conv2d(x, FILTERS, [1, 2, 2, 1], "SAME"),
        lambda x: tf.nn.conv2d(x, FILTERS[:, :, :2], 1, [[0, 0], [1, 2], [0, 1], [0, 0]]),
        lambda x: tf.nn.erosion2d(x, FILTERS[..., 0], [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1]),
        lambda x: tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"),
    ],
)
def test_windows(function: Any) -> None:
    agree(function, *((image,) for image in IMAGES), tolerance=1e-3)


FILTERS = floats(3, 2, 4, 2)


def test_channels_first() -> None:
    """Only targets that are not tensorflow run it everywhere: its own kernels want channels last."""
    w = floats(3, 3, 4, 6)
    program = captured(lambda x: tf.nn.conv2d(x, w, 1, "SAME", data_format="NCHW"), floats(2, 4, 7, 6))
    x = floats(3, 4, 5, 8)
    expected = tf.transpose(tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), w, 1, "SAME"), [0, 3, 1, 2])
    np.testing.assert_allclose(outputs(program, x)[0], expected, rtol=1e-3, atol=1e-3)


def test_fused_batch_norm_gives_the_unbiased_variance_in_training() -> None:
    def function(x: Any, scale: Any, offset: Any) -> Any:
        return tf.compat.v1.nn.fused_batch_norm(x, scale, offset, is_training=True)

    agree(
        function,
        (floats(2, 3, 4, 5), positive(5), floats(5)),
        (floats(3, 2, 6, 5), positive(5), floats(5)),
        tolerance=1e-3,
    )


# Traps


def test_nan_is_passed_over() -> None:
    x = np.array([1, np.nan, 3, np.nan], np.float32)
    assert [int(v) for v in outputs(captured(lambda x: (tf.argmax(x), tf.argmin(x)), x), x)] == [2, 0]
    image = np.array([1, np.nan, np.nan, 2], np.float32).reshape(1, 2, 2, 1)
    assert outputs(captured(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), image), image)[0].item() == 2


def test_where_clip_bounds_cross_the_lower_wins() -> None:
    x = floats(4)
    agree(lambda x: tf.clip_by_value(x, 1.0, -1.0), (x,))


def test_a_length_of_minus_one_that_a_tensor_says() -> None:
    def function(x: Any, n: Any) -> Any:
        return tf.slice(x, [1], tf.reshape(n, [1]))

    agree(function, (floats(6), np.int32(-1)), (floats(6), np.int32(2)))


def test_sizes_of_0_and_1_are_fixed() -> None:
    program = captured(lambda x: x * 2.0, floats(1, 3, 0))
    assert shapes(program) == [(1, "s0", 0)]
    assert program.bounds == {"s0": (2, None)}


def test_not_dynamic() -> None:
    assert shapes(captured(lambda x: tf.reshape(x, [-1]), floats(2, 3), dynamic=False)) == [(2, 3)]


def test_shapes_make_no_tensors() -> None:
    program = captured(split_heads, floats(2, 3, 4))
    assert not {"ivy.from_size", "ivy.stack", "ivy.to_size", "ivy.take"} & {*operations(program)}


def test_shapes_become_tensors_where_values_are_asked_for() -> None:
    agree(
        lambda x: (tf.shape(x), tf.shape(x) * 2 + 1, tf.size(x), tf.cast(tf.shape(x)[0], tf.float32)),
        (floats(2, 3),),
        (floats(4, 5),),
    )


def test_sizes_that_python_looks_at_are_fixed() -> None:
    def branching(x: Any) -> Any:
        return x * 2.0 if x.shape[0] == 3 else x * 100.0

    program = agree(branching, (floats(3, 4),))
    assert shapes(program)[0][0] == 3


@pytest.mark.parametrize("look", [lambda x: list(x.shape), lambda x: x.shape.as_list(), lambda x: x.shape == (3, 4)])
def test_looks(look: Any) -> None:
    assert shapes(captured(lambda x: x * float(look(x) is not None), floats(3, 4))) == [(3, 4)]


def test_a_known_size_may_be_looked_at() -> None:
    program = agree(lambda x: x / tf.sqrt(float(x.shape[-1])), (floats(3, 4),), (floats(6, 4),))
    assert shapes(program) == [("s0", 4)]


def test_outputs_that_are_no_tensors_stay() -> None:
    program = captured(lambda x: (x + 1.0, 3, "text"), floats(2))
    assert program.leaves == [TRACED, 3, "text"]


def test_a_shape_that_is_returned_is_fixed() -> None:
    program = captured(lambda x: [x, x.shape], floats(3, 4))
    assert shapes(program) == [(3, 4)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.RaggedTensor.from_row_lengths(x, [1, 2]),
        lambda x: tf.IndexedSlices(x, tf.range(3)),
        lambda x: tf.TensorArray(tf.float32, 3),
    ],
)
def test_objects_that_hold_several_tensors_are_refused(function: Any) -> None:
    x = tf.constant(floats(3))
    with pytest.raises(UnsupportedOpError, match="the function returns a"):
        capture(Request(lambda x: [function(x)], [x], ["x"]))


def test_inputs_that_are_not_used() -> None:
    program = captured(lambda x, y, z: x + tf.cast(tf.shape(y)[0], tf.float32), floats(2), floats(3), floats(4))
    assert [given.used for given in program.inputs] == [True, True, False]


# Control flow


def collatz(n: Any) -> Any:
    def step(n: Any, count: Any) -> Any:
        return tf.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), count + 1

    return tf.while_loop(lambda n, count: n > 1, step, [n, tf.constant(0)])


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: -x), positive(3, 2), -positive(4, 5)),
        (
            lambda x: tf.case([(x[0] > 0, lambda: x * 2), (x[0] < -1, lambda: x - 1)], lambda: x),
            positive(3),
            -2 - positive(4),
        ),
        (lambda x: tf.switch_case(tf.shape(x)[0] - 3, [lambda: x, lambda: x * 3, lambda: x - 1]), floats(3), floats(4)),
        (collatz, np.int64(6), np.int64(27)),
        (lambda x: tf.map_fn(lambda r: tf.reduce_sum(r * r), x), floats(3, 4), floats(5, 2)),
        (lambda x: tf.scan(lambda a, r: a * 0.5 + r, x), floats(3, 4), floats(5, 2)),
        (lambda x: tf.foldr(lambda a, r: a * 0.5 + r, x), floats(3, 4), floats(5, 2)),
    ],
)
def test_control_flow(function: Any, first: Any, second: Any) -> None:
    agree(function, (first,), (second,))


def test_a_known_condition_is_no_branch() -> None:
    program = captured(lambda x: tf.cond(tf.constant(2) > 1, lambda: x * 2.0, lambda: -x), floats(3))
    assert "ivy.if" not in operations(program)


def test_inner_functions_are_inlined() -> None:
    @tf.function
    def inner(x: Any) -> Any:
        if tf.reduce_sum(x) > 0:
            return tf.tanh(x)
        return x

    program = agree(lambda x: inner(inner(x)), (floats(3),), (floats(5),))
    lines = {line_of(op) for op in main_of(program.module).walk() if op.name == "ivy.tanh"}
    assert all("test_tensorflow.py" in line for line in lines)


# State


class Counter(tf.Module):
    """A module that writes its variables."""

    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable([1.0, 2.0])
        self.steps = [tf.Variable(0)]

    def __call__(self, x: Any) -> Any:
        self.steps[0].assign_add(1)
        self.total.assign(self.total * 0.5 + x)
        return self.total + tf.cast(self.steps[0], tf.float32)


def test_variables_are_parameters_and_writes() -> None:
    module = Counter()
    program = captured(module, floats(2), target=module)
    assert module.steps[0].numpy() == 0
    assert program.parameters == {"total": module.total, "steps.0": module.steps[0]}
    x = floats(2)
    results = run(program, x)
    written = writes(program, results)
    expected = module(tf.constant(x))
    np.testing.assert_allclose(results[0], expected, rtol=1e-6)
    np.testing.assert_allclose(written["total"], module.total.numpy(), rtol=1e-6)
    assert written["steps.0"] == module.steps[0].numpy() == 1


def test_a_branch_and_a_loop_write_variables() -> None:
    v = tf.Variable([1.0, 2.0])

    def function(x: Any) -> Any:
        tf.cond(tf.reduce_sum(x) > 0, lambda: v.assign_add(x), lambda: v.assign(x * 3.0))

        def body(i: Any) -> Any:
            v.assign(v * 2.0 + x)
            return [i + 1]

        tf.while_loop(lambda i: i < 3, body, [tf.constant(0)])
        return v + 1.0

    program = captured(function, floats(2))
    for x in (positive(2), -positive(2)):
        v.assign([1.0, 2.0])
        results = run(program, x)
        np.testing.assert_allclose(results[0], function(tf.constant(x)), rtol=1e-5)
        np.testing.assert_allclose(next(iter(writes(program, results).values())), v.numpy(), rtol=1e-5)


def test_rows_of_variables_are_read_and_written() -> None:
    v = tf.Variable(floats(5, 2))
    start = v.numpy()

    def function(i: Any, x: Any) -> Any:
        v.scatter_add(tf.IndexedSlices(x, i))
        return tf.nn.embedding_lookup(v, i)

    program = captured(function, integers(3), floats(3, 2))
    i, x = integers(4), floats(4, 2)
    results = run(program, i, x)
    v.assign(start)
    np.testing.assert_allclose(results[0], function(tf.constant(i), tf.constant(x)), rtol=1e-5)


# Models


def cnn() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(padding="same"),
            layers.SeparableConv2D(5, 3, padding="same"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def transformer() -> Any:
    tokens = keras.Input((None,), dtype="int64")
    h = keras.layers.Embedding(20, 8)(tokens)
    h = keras.layers.LayerNormalization()(h + keras.layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True))
    return keras.Model(tokens, keras.layers.Dense(8, activation="gelu")(h))


def recurrent() -> Any:
    layers = keras.layers
    return keras.Sequential([layers.LSTM(5, return_sequences=True), layers.Bidirectional(layers.GRU(4))])


MODELS = {
    "cnn": (cnn, floats(2, 21, 19, 3), floats(3, 16, 18, 3)),
    "transformer": (transformer, integers(2, 7, below=20), integers(3, 5, below=20)),
    "recurrent": (recurrent, floats(2, 6, 3), floats(4, 6, 3)),
}


@pytest.mark.parametrize("name", MODELS)
def test_model(name: str) -> None:
    make, first, second = MODELS[name]
    model = make()
    model(first)
    before = [variable.numpy().copy() for variable in model.variables]
    program = agree(model, (first,), (second,), target=model, tolerance=1e-3)
    assert {*program.parameters} <= {variable.path for variable in model.variables}
    assert not program.targets(OutputKind.BUFFER)
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


def test_training_writes_the_averages_of_batch_norm() -> None:
    model = keras.Sequential([keras.layers.BatchNormalization()])
    x = floats(6, 3)
    model(x)
    start = [variable.numpy() for variable in model.variables]
    program = captured(lambda x: model(x, training=True), x, target=model)
    y = floats(4, 3)
    results = run(program, y)
    np.testing.assert_allclose(results[0], model(y, training=True), rtol=1e-4, atol=1e-4)
    written = writes(program, results)
    moving = {
        v.path: v.numpy() for v, old in zip(model.variables, start, strict=True) if not np.array_equal(v.numpy(), old)
    }
    assert {*written} == {*moving}
    for name, value in moving.items():
        np.testing.assert_allclose(written[name], value, rtol=1e-4, atol=1e-5)


def test_dropout_in_training_draws() -> None:
    model = keras.Sequential([keras.layers.Dropout(0.5)])
    program = captured(lambda x: model(x, training=True), floats(3, 4), target=model)
    assert any(name.startswith("generator.") for name in operations(program))


def test_random_numbers_of_a_fixed_seed_are_constants() -> None:
    program = agree(lambda x: x + tf.random.stateless_uniform([3], seed=[1, 2]), (floats(3),))
    assert not any(name.startswith("generator.") for name in operations(program))


# Locations and errors


def test_operations_come_from_the_line_of_the_user() -> None:
    def function(x: Any) -> Any:
        y = tf.tanh(x)
        return tf.nn.softmax(y)

    program = captured(function, floats(2, 3))
    here = function.__code__.co_firstlineno
    lines = {op.name: line_of(op) for op in main_of(program.module).walk() if op.name.startswith("ivy.")}
    assert lines == {"ivy.tanh": f"{__file__}:{here + 1}", "ivy.softmax": f"{__file__}:{here + 2}"}


def branch(x: Any) -> Any:
    if tf.reduce_sum(x) > 0:
        return x
    return -x


@pytest.mark.parametrize(
    "function",
    [branch, lambda x: x * int(x[0]), lambda x: [x for _ in range(tf.shape(x)[0])], lambda x: [1, 2, 3][tf.argmax(x)]],
)
def test_python_needs_a_value(function: Any) -> None:
    with pytest.raises(DataDependentControlFlowError, match=r"test_tensorflow\.py:\d+") as raised:
        captured(function, floats(3))
    assert "tf.cond" in raised.value.fix


@pytest.mark.parametrize("function", [lambda x: x.numpy(), lambda x: np.sum(x)])
def test_numpy_needs_a_value(function: Any) -> None:
    with pytest.raises(CaptureError, match=r"test_tensorflow\.py:\d+"):
        captured(function, floats(3))


def test_the_length_of_a_tensor_is_a_size() -> None:
    def function(x: Any) -> Any:
        return x * len(x)

    graph: Any = mlgraph.compile(function, to="tensorflow", args=(tf.ones((3, 2)),))
    for count in (3, 5):
        np.testing.assert_array_equal(graph(tf.ones((count, 2))), function(tf.ones((count, 2))))


def test_errors_of_the_user_come_out_as_they_are() -> None:
    def function(x: Any) -> Any:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        captured(function, floats(3))


def test_all_unknown_operations_are_listed() -> None:
    def function(x: Any) -> Any:
        text = tf.strings.as_string(x)
        root = tf.raw_ops.MatrixSquareRoot(input=x)
        return tf.strings.length(text), root + tf.raw_ops.MatrixSquareRoot(input=x)

    with pytest.raises(UnsupportedOpError) as raised:
        captured(function, floats(3, 3))
    assert raised.value.operations == {"AsString", "MatrixSquareRoot"}
    assert "MatrixSquareRoot x 1" in str(raised.value)
    assert "test_tensorflow.py" in str(raised.value)


def test_attributes_that_no_rule_claims_are_refused() -> None:
    with pytest.raises(UnsupportedOpError, match="truncates"):
        captured(lambda x: tf.raw_ops.Cast(x=x, DstT=tf.float16, Truncate=True), floats(3))


def test_what_is_not_reached_is_not_raised() -> None:
    def function(x: Any) -> Any:
        tf.print(x)
        tf.debugging.assert_positive(x)
        tf.strings.as_string(x)
        return x + 1.0

    assert [name for name in operations(captured(function, positive(3))) if name.startswith("ivy.")] == ["ivy.add"]


def test_nothing_is_left_patched() -> None:
    before = dict(vars(tf.TensorShape))
    for function in (lambda x: x.shape[0] * x, branch):
        try:
            captured(function, floats(3))
        except DataDependentControlFlowError:
            pass
    assert dict(vars(tf.TensorShape)) == before


def test_captures_in_threads() -> None:
    found: dict[int, list[tuple[Any, ...]]] = {}

    def work(i: int) -> None:
        look = i % 2 == 0
        found[i] = shapes(captured(lambda x: x * float(x.shape[0]) if look else x * 2.0, floats(3, 4)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: [(3, 4)] if i % 2 == 0 else [("s0", "s1")] for i in range(4)}


def test_every_rule_reads_its_operation() -> None:
    """The parameters of a rule are the operation's inputs, and attributes that it has."""
    from tensorflow.python.framework import op_def_registry

    from mlgraph.frontend.tensorflow.operands import readers_of
    from mlgraph.frontend.tensorflow.rules import RULES

    for name, rule in RULES.items():
        op_def = op_def_registry.get(name)
        assert op_def is not None, name
        attributes = {attribute.name for attribute in op_def.attr}
        assert rule.claims - {"node", "importer"} <= attributes, name
        readers, rest = readers_of(rule.function)
        if rest is None:
            assert len(readers) == len(op_def.input_arg), name
