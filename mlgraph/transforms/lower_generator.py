"""`lower-generator{to=...}`: draws become calls on `rng`, an argument of `@main`.

    torch        rng is a torch.Generator, or None for the global one
    numpy        rng is a numpy.random.Generator
    jax          rng is a key, split before every draw but the last; a draw inside a loop raises
    tensorflow   rng is a seed of two integers, used in the same way

The stream of torch and numpy is a state, so their draws are calls with an effect.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import generator
from mlgraph.dialects.backend import JAX, NUMPY, TENSORFLOW, CallOp, ValueType
from mlgraph.dialects.building import building
from mlgraph.dialects.cells import Cell
from mlgraph.dialects.dtypes import HALVES, DType, bf16, f16, f32
from mlgraph.dialects.functions import functions, insert_argument
from mlgraph.dialects.ivy.control import IfOp
from mlgraph.dialects.parameters import Shape
from mlgraph.dialects.table import Op, Row
from mlgraph.errors import UnsupportedOpError, line_of
from mlgraph.transforms.rewriting import replace

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
    },
    "jax": {
        generator.uniform: "jax.random.uniform(rng, shape, dtype, low, high)",
        generator.normal: "jax.random.normal(rng, shape, dtype)",
        generator.randint: "jax.random.randint(rng, shape, low, high, dtype)",
        generator.permutation: "jnp.astype(jax.random.permutation(rng, size[0]), dtype)",
        generator.poisson: "jnp.astype(jax.random.poisson(rng, rate), dtype_of(rate))",
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
    },
    "numpy": {
        generator.randint: "np.random.Generator.integers(rng, low, high, shape, dtype)",
        generator.permutation: "np.ndarray.astype(np.random.Generator.permutation(rng, size[0]), dtype)",
        generator.poisson: "np.asarray(np.random.Generator.poisson(rng, rate), dtype=dtype_of(rate))",
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

    to: Literal["torch", "jax", "tensorflow", "numpy"]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self.lower(function)

    def lower(self, function: FuncOp) -> None:
        expand_composites(function)
        draws = draws_in(function)
        if not draws:
            return
        stream = _Stream(self.to, insert_argument(function, 0, ValueType(), "rng"), len(draws))
        for draw in draws:
            rng = stream.next(draw, function)
            new = replace(draw, lambda draw=draw, rng=rng: lowered(self.to, draw, rng))
            stream.mark(new or [])


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
