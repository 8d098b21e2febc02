# pyright: basic
"""Scalar functions in `arith` and `math` as machine code over numpy arrays."""

import ctypes
from typing import Any

import numpy as np
from llvmlite import binding
from xdsl.dialects.builtin import Float32Type, Float64Type, FloatAttr, IntegerAttr, IntegerType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

BINARY = {
    "arith.addf": "fadd",
    "arith.subf": "fsub",
    "arith.mulf": "fmul",
    "arith.divf": "fdiv",
    "arith.addi": "add",
    "arith.subi": "sub",
    "arith.muli": "mul",
    "arith.andi": "and",
    "arith.ori": "or",
    "arith.xori": "xor",
    "arith.shli": "shl",
    "arith.shrui": "lshr",
}
CAST = {"arith.trunci": "trunc", "arith.bitcast": "bitcast", "arith.extf": "fpext", "arith.truncf": "fptrunc"}
INTRINSIC = {
    "math.absf": "fabs",
    "math.ceil": "ceil",
    "math.copysign": "copysign",
    "math.floor": "floor",
    "math.fma": "fma",
    "math.roundeven": "roundeven",
    "math.sqrt": "sqrt",
    "math.trunc": "trunc",
}
ARITY = {"copysign": 2, "fma": 3}
COMPARE = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
COMPARE_FLOATS = (
    *("false", "oeq", "ogt", "oge", "olt", "ole", "one", "ord"),
    *("ueq", "ugt", "uge", "ult", "ule", "une", "uno", "true"),
)


def type_of(type: Attribute) -> str:
    match type:
        case Float32Type():
            return "float"
        case Float64Type():
            return "double"
        case IntegerType():
            return f"i{type.width.data}"
    raise TypeError(type)


def constant(value: Any) -> str:
    if isinstance(value, IntegerAttr):
        return str(value.value.data)
    assert isinstance(value, FloatAttr)
    number = np.float32(value.value.data) if value.type == Float32Type() else value.value.data
    return f"0x{np.float64(number).view(np.uint64):016X}"


def instruction(op: Operation, names: dict[SSAValue, str]) -> str:
    """The right side of an instruction."""
    operands = [names[value] for value in op.operands]
    types = [type_of(value.type) for value in op.operands]
    if op.name in BINARY:
        return f"{BINARY[op.name]} {types[0]} {operands[0]}, {operands[1]}"
    if op.name == "arith.negf":
        return f"fneg {types[0]} {operands[0]}"
    if op.name in CAST:
        return f"{CAST[op.name]} {types[0]} {operands[0]} to {type_of(op.results[0].type)}"
    arguments = ", ".join(f"{t} {v}" for t, v in zip(types, operands))
    if op.name == "arith.select":
        return f"select {arguments}"
    if op.name == "arith.cmpf":
        return f"fcmp {COMPARE_FLOATS[op.predicate.value.data]} {types[0]} {operands[0]}, {operands[1]}"
    if op.name == "arith.cmpi":
        return f"icmp {COMPARE[op.predicate.value.data]} {types[0]} {operands[0]}, {operands[1]}"
    suffix = "f32" if types[0] == "float" else "f64"
    return f"call {types[0]} @llvm.{INTRINSIC[op.name]}.{suffix}({arguments})"


def loop(function: FuncOp) -> str:
    """LLVM IR that applies a function of scalars of one type to arrays: the result, the arguments, their size."""
    kind = type_of(function.function_type.outputs.data[0])
    names: dict[SSAValue, str] = {}
    lines: list[str] = []
    for i, argument in enumerate(function.args):
        names[argument] = f"%x{i}"
        lines += [f"%p{i} = getelementptr {kind}, ptr %a{i}, i64 %i", f"%x{i} = load {kind}, ptr %p{i}"]
    for op in function.body.block.ops:
        if op.name == "func.return":
            lines += [f"%q = getelementptr {kind}, ptr %out, i64 %i", f"store {kind} {names[op.operands[0]]}, ptr %q"]
        elif op.name == "arith.constant":
            names[op.results[0]] = constant(op.value)
        else:
            names[op.results[0]] = f"%v{len(lines)}"
            lines.append(f"%v{len(lines)} = {instruction(op, names)}")
    parameters = ", ".join(f"ptr noalias %a{i}" for i in range(len(function.args)))
    body = "\n  ".join(lines)
    declared = "\n".join(
        f"declare {t} @llvm.{name}.{suffix}({', '.join([t] * ARITY.get(name, 1))})"
        for name in INTRINSIC.values()
        for t, suffix in (("float", "f32"), ("double", "f64"))
    )
    return f"""{declared}
define void @apply(ptr noalias %out, {parameters}, i64 %n) {{
start:
  br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]
  {body}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}}
"""


class Machine:
    """The machine code of a module's one function, to be called with arrays of one size."""

    def __init__(self, module: ModuleOp, features: str | None = None):
        (function,) = [op for op in module.ops if isinstance(op, FuncOp)]
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        features = binding.get_host_cpu_features().flatten() if features is None else features
        target = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=features, opt=3, jit=True
        )
        llvm = binding.parse_assembly(loop(function))
        llvm.verify()
        options = binding.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = True
        options.slp_vectorization = True
        builder = binding.create_pass_builder(target, options)
        builder.getModulePassManager().run(llvm, builder)
        self.assembly: str = target.emit_assembly(llvm)
        self.engine = binding.create_mcjit_compiler(llvm, target)
        self.engine.finalize_object()
        pointers = [ctypes.c_void_p] * (1 + len(function.args))
        self.function = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(self.engine.get_function_address("apply"))

    def __call__(self, *arguments: np.ndarray) -> np.ndarray:
        arguments = tuple(map(np.ascontiguousarray, arguments))
        out = np.empty_like(arguments[0])
        if out.size:
            self.function(out.ctypes.data, *(a.ctypes.data for a in arguments), out.size)
        return out
