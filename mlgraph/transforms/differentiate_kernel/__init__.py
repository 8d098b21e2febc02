"""`differentiate-kernel`: the derivative of a kernel, by reverse mode over its region.

    %y = kernel.fused @kernel_0(%x) {             %dx = kernel.fused @kernel_0_gradient(%x, %dy) {
    ^bb0(%x_1: f32):                              ^bb0(%x_1: f32, %dy_1: f32):
      %1 = math.exp %x_1 : f32           gives      %1 = math.exp %x_1 : f32
      kernel.yield %1 : f32                         %2 = arith.mulf %dy_1, %1 : f32
    }                                               kernel.yield %2 : f32
                                                  }

The derivative recomputes the values of the kernel that it needs. It is made of the same operations, so that it has a
derivative itself. A result has the shape of the iteration space: the caller sums over the axes along which an operand
was broadcast. A reduced result is whole here: the caller gives each element a gradient.

float16 and bfloat16 are computed in float32 and rounded where the gradient passes the operation that extended them:
once for each operation of the unfused program, as eager torch does it, or once for several that read one value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.transforms.common_subexpression_elimination import cse

from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import FLOATS, element_type, tensor
from mlgraph.dialects.functions import finish, function
from mlgraph.dialects.kernel import FusedOp, YieldOp, drop_unused, elementwise
from mlgraph.transforms.differentiate_kernel.rules import NO_GRADIENT, RULES
from mlgraph.transforms.differentiate_kernel.scalars import Scalar, converted, total

Gradients = dict[SSAValue, Scalar]
"""The gradient of each scalar, as far as it is computed."""


@dataclass(frozen=True)
class DifferentiateKernelPass(ModulePass):
    """Put beside each kernel a function with its derivative."""

    name = "differentiate-kernel"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {inner.symbol: inner for inner in op.walk() if isinstance(inner, FusedOp)}
        for kernel in kernels.values():
            gradient = derivative(kernel)
            if gradient.symbol in kernels:
                continue
            made = function(gradient.symbol, gradient.operand_types, names_of(gradient))
            made.sym_visibility = StringAttr("private")
            gradient.operands = made.body.block.args
            made.body.block.add_op(gradient)
            finish(made, gradient.results)
            op.body.block.add_op(made)


def derivative(kernel: FusedOp, wrt: Sequence[int] | None = None, of: Sequence[int] | None = None) -> FusedOp:
    """Return the gradient's kernel by the operands `wrt`, given those of the results `of`; both default to all floats.

    The new operation takes the operands of `kernel` and a gradient for each result, that of what it reduces for each
    element, and stands in no block.
    """
    kernel = elementwise(kernel)
    wrt = floats(kernel.operand_types) if wrt is None else wrt
    of = floats(kernel.result_types) if of is None else of
    types = [*kernel.operand_types, *(kernel.result_types[i] for i in of)]
    body = copied(kernel)
    last = body.last_op
    assert isinstance(last, YieldOp)
    arguments, values = list(body.args), [last.values[i] for i in of]
    seeds = [body.insert_arg(value.type, len(body.args)) for value in values]
    for value, seed in zip(values, seeds):
        seed.name_hint = f"d{value.name_hint}" if value.name_hint else "g"
    last.detach()
    last.erase()
    results = gradients(body, list(zip(values, seeds)), [arguments[i] for i in wrt])
    body.add_op(YieldOp(*results))
    drop_unused(body)
    cse(body)
    space = kernel.result_types[0]
    outputs = [like(space, kernel.operand_types[i]) for i in wrt]
    result = FusedOp(gradient_name(kernel, wrt, of), Block(arg_types=types).args, outputs, body)
    result.location = kernel.location
    return result


def floats(types: Sequence[Attribute]) -> list[int]:
    """Return the numbers of the arrays that have a gradient."""
    return [i for i, type in enumerate(types) if element_type(type) in FLOATS]


def gradient_name(kernel: FusedOp, wrt: Sequence[int], of: Sequence[int]) -> str:
    """Return the symbol of a derivative, which says what it is the derivative of unless it is that of everything."""
    parts = [kernel.symbol, "gradient"]
    if list(of) != floats(kernel.result_types):
        parts += ["of", *map(str, of)]
    if list(wrt) != floats(kernel.operand_types):
        parts += ["by", *map(str, wrt)]
    return "_".join(parts)


def like(space: Attribute, operand: Attribute) -> Attribute:
    """Return a type with the kernel's iteration space and the element type of an operand."""
    assert isinstance(space, TensorType)
    return tensor(space.get_shape(), element_type(operand))


def names_of(kernel: FusedOp) -> list[str]:
    """Return a name for each operand."""
    return [argument.name_hint or "x" for argument in kernel.body.block.args]


def copied(kernel: FusedOp) -> Block:
    """Return a copy of the region's block, which may be changed."""
    region = kernel.body.clone()
    return region.detach_block(region.block)


def gradients(body: Block, seeds: Sequence[tuple[SSAValue, SSAValue]], wrt: Sequence[SSAValue]) -> list[SSAValue]:
    """Append to `body` what computes the gradients of `wrt`, given those of some values."""
    known: Gradients = {}
    forward = list(body.ops)
    with building(body):
        for value, seed in seeds:
            add_to(known, value, Scalar(seed))
        for op in reversed(forward):
            if (g := known.get(op.results[0])) is not None:
                with building(body, op.location):
                    pass_back(op, g, known)
        return [(known.get(x) or Scalar(x).like(0)).value for x in wrt]


def pass_back(op: Operation, g: Scalar, known: Gradients) -> None:
    """Add to the gradients of the operands of `op` what the gradient of its result gives them."""
    if isinstance(op, NO_GRADIENT) or not any(Scalar(x).is_float for x in op.operands):
        return
    if type(op) not in RULES:
        raise ValueError(f"{op.name} has no derivative")
    found = RULES[type(op)](g, *map(Scalar, (*op.results, *op.operands)))
    for operand, gradient in zip(op.operands, found if isinstance(found, tuple) else (found,), strict=True):
        if gradient is not None:
            add_to(known, operand, converted(gradient, operand.type))


def add_to(known: Gradients, value: SSAValue, gradient: Scalar) -> None:
    """Add to the gradient of `value`."""
    known[value] = total(known[value], gradient) if value in known else gradient
