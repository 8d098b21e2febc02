"""`fuse-elementwise`: chains of elementwise operations become `kernel.fused`.

    %0 = ivy.add(%x, %b)                     %1 = kernel.fused @kernel_0(%x, %b) {
    %1 = ivy.tanh(%0)                        ^bb0(%x_1: f32, %b_1: f32):
                                  becomes      %2 = arith.addf %x_1, %b_1 : f32
                                               %3 = math.tanh %2 : f32
                                               kernel.yield %3 : f32
                                             }

and a function `@kernel_0` that holds the operations: what the kernel means, for where no kernel can run. Equal kernels
share one. An operation beside a kernel says in its attribute `not_fused` why it is not inside. Reductions over the last
axes of what a kernel computes are inside too, and cheap operations of smaller arrays that kernels alone read.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import Float32Type, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from mlgraph.dialects.constant import LiteralOp
from mlgraph.dialects.dtypes import element_type
from mlgraph.dialects.functions import finish, function
from mlgraph.dialects.kernel import FusedOp, YieldOp
from mlgraph.dialects.table import TableOp
from mlgraph.transforms.fuse_elementwise.elements import Element
from mlgraph.transforms.fuse_elementwise.groups import MIN_FUSED_OPS, Group, Grouping, externals
from mlgraph.transforms.fuse_elementwise.recompute import recompute_cheap


@dataclass(frozen=True)
class FuseElementwisePass(ModulePass):
    """Turn chains of elementwise operations into kernels.

    `fast_math` keeps intermediate float16 and bfloat16 values in float32 until a kernel stores them. `single_ops` makes
    kernels of single operations too, however little they are.
    """

    name = "fuse-elementwise"

    fast_math: bool = False
    single_ops: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = _Kernels(op, self.fast_math, 1 if self.single_ops else MIN_FUSED_OPS)
        for block in [block for inner in op.walk() for region in inner.regions for block in region.blocks]:
            inner = block.parent_op()
            if not isinstance(inner, FusedOp | ModuleOp) and inner not in kernels.loops:
                kernels.fuse(block)


@dataclass
class _Kernels:
    """The kernels of a module so far."""

    module: ModuleOp
    fast_math: bool
    min_ops: int
    known: dict[Any, str] = field(default_factory=dict[Any, str])
    new: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """The results of kernels, by the results of operations whose places they took."""
    loops: set[Operation | None] = field(default_factory=set["Operation | None"])
    """The loops that are inside kernels."""

    def fuse(self, block: Block) -> None:
        grouping = Grouping(block, self.min_ops)
        if not grouping.groups:
            return
        recompute_cheap(grouping)
        order = grouping.schedule()
        for op in list(block.ops):
            op.detach()
        for node in order:
            if isinstance(node, Group):
                self.kernel(node, grouping, block)
            else:
                block.add_op(node)
        _explain(block, grouping)

    def kernel(self, group: Group, grouping: Grouping, block: Block) -> None:
        """Add the kernel of a group to the end of `block`."""
        members, elements = group.members, grouping.elements
        inside = {inner for op in members for inner in op.walk()}
        self.loops |= {op for op in members if op.regions}
        for op in members:
            if op in elements:
                elements[op].operands = [self.new.get(value, value) for value in elements[op].operands]
        inputs = externals(members, elements)
        outputs = [result for op in members for result in op.results if _leaves(result, inside)]
        epilogues = {op.results[0]: grouping.epilogues[op] for op in members if op in grouping.epilogues}
        body = _body(members, elements, inputs, [epilogues[v].operand if v in epilogues else v for v in outputs])
        if self.fast_math:
            _keep_float32(body)
        key = _key(members, inputs, outputs)
        first = key not in self.known
        symbol = self.known.setdefault(key, f"kernel_{len(self.known)}")
        kinds = [epilogues[value].kind if value in epilogues else "" for value in outputs]
        fused = FusedOp(symbol, inputs, [value.type for value in outputs], body, kinds, group.axes)
        fused.location = members[-1].location
        block.add_op(fused)
        for old, new in zip(outputs, fused.results, strict=True):
            new.name_hint = old.name_hint or old.owner.name.partition(".")[2]
            old.replace_uses_with_if(new, lambda use: use.operation not in inside)
        self.new |= zip(outputs, fused.results)
        if first:
            self.module.body.block.add_op(_function(symbol, members, inputs, outputs))
        else:
            for op in reversed(members):
                op.erase()


def _leaves(value: SSAValue, inside: Container[Operation]) -> bool:
    """Return whether an operation outside reads a value."""
    return any(use.operation not in inside for use in value.uses)


def _body(
    members: Sequence[Operation],
    elements: dict[Operation, Element],
    inputs: Sequence[SSAValue],
    outputs: Sequence[SSAValue],
) -> Block:
    """The loop's body: those of the members, one after the other, but for reductions. Equal constants are one."""
    members = [op for op in members if op in elements]
    known = {v: a for op in members for v, a in zip(elements[op].operands, elements[op].body.args)}
    body = Block(arg_types=[known[value].type for value in inputs])
    scalars: dict[SSAValue, SSAValue] = dict(zip(inputs, body.args))
    for value, argument in zip(inputs, body.args):
        argument.name_hint = value.name_hint
    constants: dict[Attribute, SSAValue] = {}
    for op in members:
        element = elements[op]
        moved: dict[SSAValue, SSAValue] = {a: scalars[v] for v, a in zip(element.operands, element.body.args)}
        for scalar_op in list(element.body.ops):
            scalar_op.detach()
            if isinstance(scalar_op, arith.ConstantOp) and scalar_op.value in constants:
                moved[scalar_op.result] = constants[scalar_op.value]
                continue
            if isinstance(scalar_op, arith.ConstantOp):
                constants[scalar_op.value] = scalar_op.result
            body.add_op(scalar_op)
        for old, new in moved.items():
            old.replace_all_uses_with(new)
        for result, scalar in zip(op.results, element.results, strict=True):
            found = scalars[result] = moved.get(scalar, scalar)
            if found.name_hint is None:
                found.name_hint = result.name_hint
    body.add_op(YieldOp(*(scalars[value] for value in outputs)))
    return body


def _keep_float32(body: Block) -> None:
    """Drop the rounding of a float32 to half precision that is extended again."""
    for op in list(body.ops):
        if isinstance(op, arith.ExtFOp) and isinstance(op.result.type, Float32Type):
            source = op.input.owner
            if isinstance(source, arith.TruncFOp) and isinstance(source.input.type, Float32Type):
                op.result.replace_all_uses_with(source.input)
                op.detach()
                op.erase()
                if not source.result.uses.get_length():
                    source.detach()
                    source.erase()


def _key(members: Sequence[Operation], inputs: Sequence[SSAValue], outputs: Sequence[SSAValue]) -> Any:
    """Return the key that equal kernels share: operations, parameters, element types, ranks, and operands."""
    numbers = {value: i for i, value in enumerate([*inputs, *(result for op in members for result in op.results)])}

    def operand(value: SSAValue) -> Any:
        if value in numbers:
            return numbers[value]
        return value.owner.value if isinstance(value.owner, LiteralOp) else value

    rows = [
        (op if op.regions else op.name, frozenset(op.properties.items()), tuple(map(operand, op.operands)))
        for op in members
    ]
    types = [(element_type(value.type), len(value.type.get_shape())) for value in numbers]  # type: ignore[union-attr]
    return tuple(rows), tuple(types), tuple(numbers[value] for value in outputs)


def _function(
    symbol: str, members: Sequence[Operation], inputs: Sequence[SSAValue], outputs: Sequence[SSAValue]
) -> FuncOp:
    """The members as a function of their own."""
    made = function(symbol, [value.type for value in inputs], [value.name_hint or "x" for value in inputs])
    made.sym_visibility = StringAttr("private")
    inside = dict(zip(inputs, made.body.block.args))
    copies: dict[SSAValue, SSAValue] = {}
    for op in members:
        for reader in op.walk():
            for i, value in enumerate(reader.operands):
                if value not in copies and (constant := _outside_constant(value, op)) is not None:
                    made.body.block.add_op(copy := constant.clone())
                    copies[value] = copy.results[0]
                reader.operands[i] = copies.get(value, inside.get(value, value))
        made.body.block.add_op(op)
    finish(made, outputs)
    return made


def _outside_constant(value: SSAValue, op: Operation) -> Operation | None:
    """Return the constant that a value is, None for other values and for constants within `op`."""
    owner = value.owner
    return owner if isinstance(owner, LiteralOp | arith.ConstantOp) and not op.is_ancestor(owner) else None


def _explain(block: Block, grouping: Grouping) -> None:
    """Say on each operation beside a kernel why it is outside."""
    for op in block.ops:
        if not isinstance(op, TableOp) or op.OP.dialect != "ivy":
            continue
        beside = [*(value.owner for value in op.operands), *(use.operation for r in op.results for use in r.uses)]
        if any(isinstance(other, FusedOp) for other in beside):
            op.attributes["not_fused"] = StringAttr(grouping.not_fused.get(op, "it is too little for a kernel"))
