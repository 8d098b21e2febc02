"""`lower-generator{to=...}`: draws become calls on `rng`, an argument of `@main`.

    torch        rng is a torch.Generator, or None for the global one
    numpy        rng is a numpy.random.Generator, random_state the RandomState of draws by `np.random` itself
    jax          rng is a key, split before every draw but the last; a draw inside a loop raises
    tensorflow   rng is a seed of two integers, used in the same way

The stream of torch and numpy is a state, so their draws are calls with an effect. A `generator.native` of the target's
own framework is called as it says; where it draws from a generator of the user's own, that is an argument too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import generator
from mlgraph.dialects.backend import BACKENDS, JAX, NUMPY, TENSORFLOW, TORCH, Arguments, CallOp, ValueType
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.cells import Cell
from mlgraph.dialects.dtypes import HALVES, DType, bf16, f16, f32
from mlgraph.dialects.functions import functions, insert_argument
from mlgraph.dialects.ivy.control import IfOp, yielded
from mlgraph.dialects.literals import Literal, Operand
from mlgraph.dialects.native import RNG, NativeOp
from mlgraph.dialects.parameters import Shape
from mlgraph.dialects.table import Op, Row
from mlgraph.errors import UnsupportedOpError, line_of
from mlgraph.transforms.rewriting import replace

STREAM, LEGACY = "rng", "random_state"
"""The arguments of `@main` that the graph's own stream is, for numpy in either generation.

A generator of the user's own is an argument whose name ends so.
"""


CELLS: dict[str, dict[Op[..., Any], str]] = {
    "torch": {
        generator.uniform: (
            "torch.rand(shape, generator=rng, dtype=dtype) if low == 0 and high == 1 else"
            " torch.rand(shape, generator=rng, dtype=dtype) * (high - low) + low"
        ),
        generator.normal: "torch.randn(shape, generator=rng, dtype=dtype)",
        generator.randint: "torch.randint(low, high, shape, generator=rng, dtype=dtype)",
        generator.permutation: "torch.Tensor.to(torch.randperm(size[0], generator=rng), dtype)",
        generator.poisson: "torch.poisson(rate, generator=rng)",
        generator.gamma: "torch.ops.aten._standard_gamma.default(shape_parameter, generator=rng)",
        generator.binomial: "torch.binomial(count, p, generator=rng)",
    },
    "jax": {
        generator.uniform: "jax.random.uniform(rng, shape, dtype, low, high)",
        generator.normal: "jax.random.normal(rng, shape, dtype)",
        generator.randint: "jax.random.randint(rng, shape, low, high, dtype)",
        generator.permutation: "jnp.astype(jax.random.permutation(rng, size[0]), dtype)",
        generator.poisson: "jnp.astype(jax.random.poisson(rng, rate), dtype_of(rate))",
        generator.gamma: "jax.random.gamma(rng, shape_parameter, None, dtype_of(shape_parameter))",
        generator.binomial: "jax.random.binomial(rng, count, p, None, dtype_of(count))",
    },
    "tensorflow": {
        generator.uniform: "tf.random.stateless_uniform(shape, rng, low, high, dtype)",
        generator.normal: "tf.random.stateless_normal(shape, rng, dtype=dtype)",
        generator.randint: "tf.cast(tf.random.stateless_uniform(shape, rng, low, high, tf.int64), dtype)",
        generator.permutation: "tf.random.experimental.stateless_shuffle(tf.range(size[0], dtype=dtype), rng)",
        generator.poisson: (
            "tf.cast(tf.random.stateless_poisson(tf.shape(rate), rng, tf.cast(rate, tf.float64), tf.float64),"
            " dtype_of(rate))"
        ),
        generator.gamma: (
            "tf.random.stateless_gamma(tf.shape(shape_parameter), rng, shape_parameter, None,"
            " dtype_of(shape_parameter))"
        ),
        generator.binomial: (
            "tf.random.stateless_binomial(tf.shape(count), rng, tf.cast(count, tf.float64), tf.cast(p, tf.float64),"
            " dtype_of(count))"
        ),
    },
    "numpy": {
        generator.randint: "np.random.Generator.integers(rng, low, high, shape, dtype)",
        generator.permutation: "np.ndarray.astype(np.random.Generator.permutation(rng, size[0]), dtype)",
        generator.poisson: "np.asarray(np.random.Generator.poisson(rng, rate), dtype=dtype_of(rate))",
        generator.gamma: (
            "np.asarray(np.random.Generator.standard_gamma(rng, shape_parameter), dtype=dtype_of(shape_parameter))"
        ),
        generator.binomial: (
            "np.asarray(np.random.Generator.binomial(rng, np.ndarray.astype(count, np.int64), p),"
            " dtype=dtype_of(count))"
        ),
    },
}
"""How each backend spells a draw from `rng`."""


_PRECISION: dict[DType, int] = {f16: 11, bf16: 8}
"""The bits of the half types: multiples of 2**-bits below 1 are numbers of the type."""


def numpy_uniform(rng: SSAValue, shape: Shape, dtype: DType, low: float, high: float) -> SSAValue:
    """Half types are drawn as integers over their precision: a wider float rounds to 1."""
    bits = _PRECISION.get(dtype)
    if bits is None:
        drawn = NUMPY.np.random.Generator.random(rng, shape, dtype)
    else:
        drawn = _numpy("mul", NUMPY.np.random.Generator.integers(rng, 0, 2**bits, shape), 2.0**-bits)
    if (low, high) != (0.0, 1.0):
        drawn = _numpy("add", _numpy("mul", drawn, high - low), low)
    return drawn if bits is None else NUMPY.np.ndarray.astype(drawn, dtype)


def numpy_normal(rng: SSAValue, shape: Shape, dtype: DType) -> SSAValue:
    """Half types are drawn as float32 and rounded."""
    half = dtype in HALVES
    drawn = NUMPY.np.random.Generator.standard_normal(rng, shape, f32 if half else dtype)
    return NUMPY.np.ndarray.astype(drawn, dtype) if half else drawn


def _numpy(operator: str, a: Any, b: Any) -> SSAValue:
    return NUMPY.call(f"operator.{operator}", (a, b), {})[0]


RULES: dict[str, dict[Op[..., Any], Callable[..., SSAValue]]] = {
    "numpy": {generator.uniform: numpy_uniform, generator.normal: numpy_normal}
}
"""Draws that a cell cannot spell."""


@dataclass(frozen=True)
class LowerGeneratorPass(ModulePass):
    """Turn the draws of every function into calls of backend `to`."""

    name = "lower-generator"

    to: OneOf["torch", "jax", "tensorflow", "numpy"]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self.lower(function)

    def lower(self, function: FuncOp) -> None:
        call_natives(function, self.to)
        expand_composites(function)
        draws = draws_in(function)
        if not draws:
            return
        stream = _Stream(self.to, argument(function, STREAM), len(draws))
        for draw in draws:
            rng = stream.next(draw, function)
            new = replace(draw, lambda draw=draw, rng=rng: lowered(self.to, draw, rng))
            stream.mark(new or [])


def call_natives(function: FuncOp, to: str) -> None:
    """Make each `generator.native` a call where `to` is its framework, its region where it is not."""
    for op in [op for op in function.walk() if isinstance(op, NativeOp)]:
        if op.framework == to:
            call_native(op, argument(function, stream_name(op)))
        else:
            inline(op)


def stream_name(op: NativeOp) -> str:
    """The name of the argument of `@main` that a native draw draws from."""
    name = LEGACY if op.callee.data.startswith("numpy.random.RandomState.") else STREAM
    return name if op.stream is None else f"{op.stream.data}_{name}"


def call_native(op: NativeOp, rng: SSAValue) -> None:
    """Call the function that a native draw names, an effect."""

    def call() -> tuple[SSAValue, ...]:
        given, operands = op.arguments.data, [*op.inputs, rng]
        if op.callee.data.startswith("torch.Tensor."):
            operands[0] = memory_like(operands[0], op.dense is not None)

        def with_rng(value: Literal) -> Literal:
            return Operand(len(operands) - 1) if value == RNG else value

        positional = tuple(map(with_rng, given.positional))
        arguments = Arguments(positional, tuple((name, with_rng(value)) for name, value in given.keyword))
        types = [result.type for result in op.results]
        new = BACKENDS[op.framework].op(op.callee.data, operands, arguments, types, effect=True)
        return tuple(insert(new).results)

    replace(op, call)


def memory_like(x: SSAValue, dense: bool) -> SSAValue:
    """New memory of torch, laid out as `x`. Making it is an effect, for no two draws may share it."""
    if dense:
        return TORCH.call("torch.empty_like", (x,), {}, effect=True)[0]
    layout = TORCH.torch.Tensor.size(x), TORCH.torch.Tensor.stride(x)
    return TORCH.call("torch.Tensor.new_empty_strided", (x, *layout), {}, effect=True)[0]


def inline(op: NativeOp) -> None:
    """Put what the region of a native draw holds in its place."""
    block = op.body.block
    values = yielded(block)
    for inner in list(block.ops)[:-1]:
        inner.detach()
        op.parent.insert_op_before(inner, op)  # pyright: ignore[reportOptionalMemberAccess]
    for result, value in zip(op.results, values, strict=True):
        value.name_hint = value.name_hint or result.name_hint
        result.replace_all_uses_with(value)
    op.detach()
    op.erase()


def argument(function: FuncOp, name: str) -> SSAValue:
    """The argument of a function that is a stream called `name`, a new one if there is none."""
    streams = (a for a in function.body.block.args if isinstance(a.type, ValueType) and a.name_hint == name)
    return next(streams, None) or insert_argument(function, 0, ValueType(), name)


def lowered(backend: str, draw: Row, rng: SSAValue) -> SSAValue:
    """The calls of one draw from `rng`."""
    row, arguments = draw.OP, draw.arguments()
    if (rule := RULES.get(backend, {}).get(row)) is not None:
        return rule(rng, **arguments)
    cell = Cell.read(CELLS[backend][row], {*arguments, "rng"}, backend)
    calls = cell.lower({**arguments, "rng": rng}, 1)
    assert calls is not None
    return calls[0]


def draws_in(function: FuncOp) -> list[Row]:
    """The draws of a function, in order."""
    return [op for op in function.walk() if isinstance(op, Row) and op.OP.dialect == "generator"]


def expand_composites(function: FuncOp) -> None:
    """Draws that are made of others become those."""
    for draw in draws_in(function):
        if draw.OP.composite:
            replace(draw, lambda draw=draw: draw.OP.function(**draw.arguments()))


class _Stream:
    """The randomness that is left for the draws to come."""

    def __init__(self, backend: str, rng: SSAValue, draws: int) -> None:
        self.backend = backend
        self.rng = rng
        self.left = draws

    def next(self, draw: Row, function: FuncOp) -> SSAValue:
        """What `draw` draws from. Keys are split at the top of the function, before the branch that a draw is in."""
        self.left -= 1
        if self.backend in ("torch", "numpy"):
            return self.rng
        place = outermost(draw, function)
        if self.left == 0:
            return self.rng
        with building(Builder(InsertPoint.before(place)), draw.location):
            self.rng, key = self.split()
        self.rng.name_hint, key.name_hint = "rng", "key"
        return key

    def split(self) -> tuple[SSAValue, ...]:
        if self.backend == "jax":
            return JAX.jax.random.split.several(2, self.rng)
        return TENSORFLOW.tf.unstack.several(2, TENSORFLOW.tf.random.split(self.rng))

    def mark(self, calls: list[Operation]) -> None:
        """Calls that move the state of the stream on have an effect."""
        for call in calls:
            if self.backend in ("torch", "numpy") and isinstance(call, CallOp) and self.rng in call.operands:
                call.effect = UnitAttr()


def outermost(draw: Row, function: FuncOp) -> Operation:
    """The operation of the function's own block that `draw` is in; a loop would draw the same at every turn."""
    op: Operation = draw
    while op.parent is not function.body.block:
        parent = op.parent_op()
        if not isinstance(parent, IfOp):
            raise UnsupportedOpError(
                f"{draw.name} inside a loop, for a target whose keys are split",
                where=line_of(draw),
                fix="draw before the loop, one axis more for its turns",
            )
        op = parent
    return op
