"""`lower-kernel-to-llvm`: a kernel becomes a function of the `llvm` dialect.

    llvm.func @kernel_0(%plan: !llvm.ptr, %begin: i64, %end: i64, %x: !llvm.ptr, ..., %y: !llvm.ptr)

walks the iterations from `begin` to `end`, and reads sizes and strides from `plan`: no shape is part of the code. What
is part of it, the `Access`, is how many loops there are and how each array is walked by the innermost one. Where the
kernel's body tells of rare elements, the function returns whether there was one.
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, Region
from xdsl.passes import ModulePass

from mlgraph.dialects.dtypes import i64
from mlgraph.dialects.kernel import Access, FusedOp, has_loops
from mlgraph.transforms.lower_kernel_to_llvm.loops import Loop
from mlgraph.transforms.lower_kernel_to_llvm.reducing_loop import ReducingLoop
from mlgraph.transforms.lower_kernel_to_llvm.stepping_loop import SteppingLoop

POINTER = llvm.LLVMPointerType()


@dataclass(frozen=True)
class LowerKernelToLLVMPass(ModulePass):
    """Put a function of the `llvm` dialect beside those that use kernels, for each kernel, for arrays without gaps."""

    name = "lower-kernel-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {inner.symbol: inner for inner in op.walk() if isinstance(inner, FusedOp)}
        for symbol, fused in kernels.items():
            op.body.block.add_op(lower_kernel(fused, Access.natural(fused), f"{symbol}_loop"))


def lower_kernel(fused: FusedOp, access: Access, name: str) -> llvm.FuncOp:
    """Build the loops of a kernel as a function, whose results never overlap its operands."""
    arrays = [*fused.operands, *fused.results]
    types: list[Attribute] = [POINTER, i64, i64, *[POINTER] * len(arrays)]
    entry = Block(arg_types=types)
    for argument, hint in zip(entry.args, ["plan", "begin", "end"]):
        argument.name_hint = hint
    kind = ReducingLoop if fused.axes else SteppingLoop if has_loops(fused) else Loop
    loop = kind(fused, access, entry.args)
    noalias = DictionaryAttr({"llvm.noalias": UnitAttr()})
    given = len(types) - len(fused.results)
    attributes = [DictionaryAttr({})] * given + [noalias] * len(fused.results)
    return llvm.FuncOp(
        name,
        llvm.LLVMFunctionType(types, next(iter(loop.rare_types), None)),
        llvm.LinkageAttr("external"),
        body=Region(loop.blocks(entry)),
        other_props={"arg_attrs": ArrayAttr(attributes)},
    )
