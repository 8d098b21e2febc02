"""`lower-generator{to=...}`: draws become calls on `rng`, an argument of `@main`.

    torch        rng is a torch.Generator, or None for the global one
    numpy        rng is a numpy.random.Generator, random_state the RandomState of draws by `np.random` itself
    jax          rng is a key, split before every draw but the last; a draw inside a loop raises
    tensorflow   rng is a seed of two integers, used in the same way

The stream of torch and numpy is a state, so their draws are calls with an effect. A `generator.native` of the target's
own framework is called as it says; where it draws from a generator of the user's own, that is an argument too.
"""

from dataclasses import dataclass
from importlib import import_module

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.dialects.backend import Arguments, Backend, CallOp, ValueType, backend
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.functions import functions, insert_argument
from mlgraph.dialects.ivy.control import IfOp, yielded
from mlgraph.dialects.literals import Literal, Operand
from mlgraph.dialects.native import RNG, NativeOp
from mlgraph.dialects.table import TableOp
from mlgraph.dialects.templates import CallTemplate
from mlgraph.errors import UnsupportedOpError, line_of
from mlgraph.frameworks import Framework
from mlgraph.transforms.rewriting import replace
from mlgraph.transforms.target_pass import TargetPass

STREAM, LEGACY = "rng", "random_state"
"""The arguments of `@main` that the graph's own stream is, for numpy in either generation.

A generator of the user's own is an argument whose name ends so.
"""


@dataclass(frozen=True)
class LowerGeneratorPass(TargetPass):
    """Turn the draws of every function into calls of backend `to`."""

    name = "lower-generator"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self.lower(function)

    def lower(self, function: FuncOp) -> None:
        """Replace the draws of one function."""
        call_natives(function, self.to)
        expand_composites(function)
        draws = draws_in(function)
        if not draws:
            return
        framework = self.framework
        stream = _Stream(framework, argument(function, STREAM), len(draws))
        for draw in draws:
            rng = stream.next(draw, function)
            new = replace(draw, lambda draw=draw, rng=rng: lowered(framework, draw, rng))
            stream.mark(new or [])


def call_natives(function: FuncOp, to: str) -> None:
    """Make each `generator.native` a call where `to` is its framework, its region where it is not."""
    for op in [op for op in function.walk() if isinstance(op, NativeOp)]:
        if op.framework == to:
            call_native(op, argument(function, stream_name(op)))
        else:
            inline(op)


def stream_name(op: NativeOp) -> str:
    """Return the name of the argument of `@main` that a native draw draws from."""
    name = LEGACY if op.callee.data.startswith("numpy.random.RandomState.") else STREAM
    return name if op.stream is None else f"{op.stream.data}_{name}"


def call_native(op: NativeOp, rng: SSAValue) -> None:
    """Call the function that a native draw names, an effect."""

    def call() -> tuple[SSAValue, ...]:
        given, operands = op.arguments.data, [*op.inputs, rng]
        if op.callee.data.startswith("torch.Tensor."):
            operands[0] = memory_like(operands[0], op.dense is not None, backend(op.framework))

        def with_rng(value: Literal) -> Literal:
            return Operand(len(operands) - 1) if value == RNG else value

        positional = tuple(map(with_rng, given.positional))
        arguments = Arguments(positional, tuple((name, with_rng(value)) for name, value in given.keyword))
        types = [result.type for result in op.results]
        new = backend(op.framework).op(op.callee.data, operands, arguments, types, effect=True)
        return tuple(insert(new).results)

    replace(op, call)


def memory_like(x: SSAValue, dense: bool, torch: Backend) -> SSAValue:
    """Allocate memory of torch, laid out as `x`. This is an effect, for no two draws may share it."""
    if dense:
        return torch.call("torch.empty_like", (x,), {}, effect=True)[0]
    layout = torch.torch.Tensor.size(x), torch.torch.Tensor.stride(x)
    return torch.call("torch.Tensor.new_empty_strided", (x, *layout), {}, effect=True)[0]


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
    """Return the argument of a function that is the stream `name`, a new one if there is none."""
    streams = (a for a in function.body.block.args if isinstance(a.type, ValueType) and a.name_hint == name)
    return next(streams, None) or insert_argument(function, 0, ValueType(), name)


def lowered(framework: Framework, draw: TableOp, rng: SSAValue) -> SSAValue:
    """Build the calls of one draw from `rng`."""
    name, arguments = draw.OP.name.rpartition(".")[2], draw.arguments()
    if framework.draw_rules and (rule := import_module(framework.draw_rules).RULES.get(name)) is not None:
        return rule(rng, **arguments)
    if name not in framework.draws:
        raise UnsupportedOpError.of_rows(framework.name, {(draw.OP.name, line_of(draw)): 1})
    template = CallTemplate.parse(framework.draws[name], {*arguments, "rng"}, framework.name)
    calls = template.lower({**arguments, "rng": rng}, 1)
    assert calls is not None
    return calls[0]


def draws_in(function: FuncOp) -> list[TableOp]:
    """Return the draws of a function, in order."""
    return [op for op in function.walk() if isinstance(op, TableOp) and op.OP.dialect == "generator"]


def expand_composites(function: FuncOp) -> None:
    """Replace draws that are made of others by these."""
    for draw in draws_in(function):
        if draw.OP.composite:
            replace(draw, lambda draw=draw: draw.OP.function(**draw.arguments()))


class _Stream:
    """The randomness that is left for the draws to come."""

    def __init__(self, framework: Framework, rng: SSAValue, draws: int) -> None:
        self.framework = framework
        self.rng = rng
        self.left = draws

    def next(self, draw: TableOp, function: FuncOp) -> SSAValue:
        """Return the stream that `draw` draws from.

        Keys are split at the top of the function, before the branch that a draw is in.
        """
        self.left -= 1
        if self.framework.has_random_state:
            return self.rng
        place = outermost(draw, function)
        if self.left == 0:
            return self.rng
        with building(Builder(InsertPoint.before(place)), draw.location):
            self.rng, key = self.split()
        self.rng.name_hint, key.name_hint = "rng", "key"
        return key

    def split(self) -> tuple[SSAValue, ...]:
        keys = CallTemplate.parse(self.framework.split, {"rng"}, self.framework.name).lower({"rng": self.rng}, 2)
        assert keys is not None
        return keys

    def mark(self, calls: list[Operation]) -> None:
        """Calls that move the state of the stream on have an effect."""
        for call in calls:
            if self.framework.has_random_state and isinstance(call, CallOp) and self.rng in call.operands:
                call.effect = UnitAttr()


def outermost(draw: TableOp, function: FuncOp) -> Operation:
    """Return the operation of the function's own block that `draw` is in; a loop would draw the same at every turn."""
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
