"""Translation of a kernel, a function of the `llvm` dialect, to LLVM IR, with an entry that Python calls."""

# pyright: basic
import functools
from collections.abc import Sequence
from typing import Any

from xdsl.dialects.llvm import FuncOp
from xdsl.ir import Block, SSAValue

from mlgraph.dialects.llvm_casts import FPToSIOp

ENTRY = "call"
"""The name of the function in every object that Python calls."""

HEADER = 7
"""The numbers of a piece of a plan before those that the loops read: the first iteration, the last, and whether to let
other threads of Python run meanwhile; then how many pieces there are from this one on, how many numbers each has, how
many helpers may share them, and the address of the pool that `helpers` tells of."""

RECOMPUTED_ELEMENTS = 1024
"""The elements that are recomputed, about, where one of them is rare."""

LONG_BODY = 36
"""The operations of an iteration from which on two vectors are computed side by side: what expanding a function makes.
They wait for each other, and processors do not look far enough ahead to begin the next iteration meanwhile. LLVM itself
leaves such bodies alone, lest registers be spilled, which costs less."""


def translate(function: FuncOp, boxed: bool, common: FuncOp | None = None, rows: bool = False) -> str:
    """Translate a loop of the `llvm` dialect to LLVM IR, with the function that Python calls around it.

    `boxed` is for numpy's arrays, else addresses are given. `common` is a faster loop, which is right but for rare
    elements; it is tried first. `rows` says whether loops are given numbers of rows instead of elements.
    """
    from llvmlite import binding, ir

    module = ir.Module(name=function.sym_name.data)
    module.triple = binding.get_default_triple()
    if common is None:
        loop = _add_loop(module, function, "loop")
    else:
        loop = _add_choice(module, _add_loop(module, common, "common"), _add_loop(module, function, "exact"), rows)
    _add_entry(module, loop, boxed)
    return str(module)


def _add_loop(module: Any, function: FuncOp, name: str) -> Any:
    """Add a function of the `llvm` dialect. xDSL's own converter does each operation but `llvm.fptosi`."""
    from llvmlite import ir
    from xdsl.backend.llvm.convert_op import convert_op
    from xdsl.backend.llvm.convert_type import convert_type

    signature = function.function_type
    inputs = [convert_type(type) for type in signature.inputs]
    made = ir.Function(module, ir.FunctionType(convert_type(signature.output), inputs), name=name)
    made.linkage = "internal"
    values: dict[SSAValue, Any] = {}
    first, *rest = function.body.blocks
    for attributes, old, new in zip(function.arg_attrs or (), first.args, made.args, strict=True):
        values[old] = new
        if "llvm.noalias" in attributes.data:
            new.add_attribute("noalias")
    blocks: dict[Block, Any] = {block: made.append_basic_block() for block in (first, *rest)}
    for block in rest:
        builder = ir.IRBuilder(blocks[block])
        values.update((argument, builder.phi(convert_type(argument.type))) for argument in block.args)
    for block, new in blocks.items():
        builder = ir.IRBuilder(new)
        for op in block.ops:
            if isinstance(op, FPToSIOp):
                values[op.result] = builder.fptosi(values[op.arg], convert_type(op.result.type))
            else:
                convert_op(op, builder, values, blocks)
        seldom = name == "exact"  # and not worth more code
        if not seldom and new.terminator.operands[1:2] == [new] and len(new.instructions) >= LONG_BODY:
            new.terminator.set_metadata("llvm.loop", _side_by_side(module))
    return made


def _side_by_side(module: Any) -> Any:
    """Return metadata that lets LLVM interleave two vectors of a loop. It is its own first operand."""
    from llvmlite import ir

    hint = module.add_metadata([ir.MetaDataString(module, "llvm.loop.interleave.count"), ir.IntType(32)(2)])
    loop = module.add_metadata([hint])
    loop.operands = (loop, hint)
    return loop


def _add_choice(module: Any, common: Any, exact: Any, rows: bool) -> Any:
    """Add a loop that runs `common` on a few iterations after the other, and `exact` where that tells of rare ones."""
    from llvmlite import ir

    i64 = ir.IntType(64)
    loop = ir.Function(module, exact.ftype, name="loop")
    loop.linkage = "internal"
    entry, some, anew, following, done = (loop.append_basic_block() for _ in range(5))
    plan, begin, end, *data = loop.args
    builder = ir.IRBuilder(entry)
    count = ir.Constant(i64, RECOMPUTED_ELEMENTS)
    if rows:
        count = builder.add(builder.udiv(count, builder.load(plan, typ=i64)), ir.Constant(i64, 1))
    builder.cbranch(builder.icmp_signed("<", begin, end), some, done)
    builder.position_at_end(some)
    first = builder.phi(i64)
    after = builder.add(first, count)
    last = builder.select(builder.icmp_signed("<", after, end), after, end)
    told = builder.call(common, [plan, first, last, *data])
    builder.cbranch(builder.icmp_signed("!=", told, ir.Constant(told.type, 0)), anew, following)
    builder.position_at_end(anew)
    builder.call(exact, [plan, first, last, *data])
    builder.branch(following)
    builder.position_at_end(following)
    builder.cbranch(builder.icmp_signed("<", last, end), some, done)
    first.add_incoming(begin, entry)
    first.add_incoming(last, following)
    builder.position_at_end(done)
    builder.ret_void()
    return loop


def _add_entry(module: Any, loop: Any, boxed: bool) -> None:
    """Add what Python calls with the address of a piece of a plan and with arrays: `METH_FASTCALL` of Python's C API.

    It runs the piece and those behind it, and gives back the last array. A numpy array has its data's address right
    behind its object header (the public struct `PyArrayObject`).
    """
    from llvmlite import ir

    pointer, i64 = ir.PointerType(), ir.IntType(64)
    entry = ir.Function(module, ir.FunctionType(pointer, [pointer, pointer, i64]), name=ENTRY)
    address_of = ir.Function(module, ir.FunctionType(pointer, [pointer]), name="PyLong_AsVoidPtr")
    builder = ir.IRBuilder(entry.append_basic_block())

    def at(base: Any, offset: int, type_: Any, unit: Any) -> Any:
        place = builder.gep(base, [ir.Constant(i64, offset)], source_etype=unit)
        return builder.load(place, typ=type_)

    arguments = [at(entry.args[1], i, pointer, pointer) for i in range(len(loop.args) - 2)]
    plan = builder.call(address_of, arguments[:1])
    begin, end, alone, pieces = (at(plan, i, i64, i64) for i in range(4))
    rest = builder.gep(plan, [ir.Constant(i64, HEADER)], source_etype=i64)
    if boxed:
        data = [at(a, object.__basicsize__, pointer, ir.IntType(8)) for a in arguments[1:]]
    else:
        data = [builder.call(address_of, [a]) for a in arguments[1:]]
        _refuse_null(module, builder, data)
    released = builder.icmp_signed("!=", alone, ir.Constant(i64, 0))
    with builder.if_else(released) as (then, otherwise):
        with then:
            save = ir.Function(module, ir.FunctionType(pointer, []), name="PyEval_SaveThread")
            restore = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), name="PyEval_RestoreThread")
            state = builder.call(save, [])
            with builder.if_else(builder.icmp_signed(">", pieces, ir.Constant(i64, 1))) as (several, one):
                with several:
                    _run_team(module, builder, _add_team(module, loop), plan, data)
                with one:
                    builder.call(loop, [rest, begin, end, *data])
            builder.call(restore, [state])
        with otherwise:
            builder.call(loop, [rest, begin, end, *data])
    keep = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), name="Py_IncRef")
    builder.call(keep, [arguments[-1]])
    builder.ret(arguments[-1])


def _run_team(module: Any, builder: Any, team: Any, plan: Any, data: Sequence[Any]) -> None:
    """Run all pieces together with helpers, or by this thread where there are none.

    The threads share the number of the next piece, the plan and the arrays.
    """
    from llvmlite import ir

    pointer, i64 = ir.PointerType(), ir.IntType(64)
    shared = builder.alloca(i64, len(data) + 2)
    builder.store(ir.Constant(i64, 0), shared)
    shared = builder.bitcast(shared, pointer)
    for place, value in enumerate([plan, *data], 1):
        builder.store(builder.ptrtoint(value, i64), builder.gep(shared, [ir.Constant(i64, place)], source_etype=i64))
    helpers, address = (
        builder.load(builder.gep(plan, [ir.Constant(i64, i)], source_etype=i64), typ=i64)
        for i in (HEADER - 2, HEADER - 1)
    )
    pool = builder.inttoptr(address, pointer)
    call = builder.load(pool, typ=i64)
    with builder.if_else(builder.icmp_unsigned("==", call, ir.Constant(i64, 0))) as (alone, together):
        with alone:
            builder.call(team, [shared])
        with together:
            entry = ir.FunctionType(ir.VoidType(), [pointer, pointer, pointer, i64])
            builder.call(builder.inttoptr(call, ir.PointerType(entry)), [pool, team, shared, helpers])


def _add_team(module: Any, loop: Any) -> Any:
    """Add the function that each thread runs: piece after piece, until none is left."""
    from llvmlite import ir

    pointer, i64 = ir.PointerType(), ir.IntType(64)
    team = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), name="team")
    team.linkage = "internal"
    entry, turn, work, done = (team.append_basic_block() for _ in range(4))
    builder = ir.IRBuilder(entry)

    def at(base: Any, offset: Any, type_: Any) -> Any:
        offset = offset if isinstance(offset, ir.Value) else ir.Constant(i64, offset)
        return builder.load(builder.gep(base, [offset], source_etype=i64), typ=type_)

    plan, *data = (at(team.args[0], 1 + i, pointer) for i in range(len(loop.args) - 2))
    pieces, size = at(plan, 3, i64), at(plan, 4, i64)
    builder.branch(turn)
    builder.position_at_end(turn)
    number = builder.atomic_rmw("add", team.args[0], ir.Constant(i64, 1), "monotonic")
    builder.cbranch(builder.icmp_signed("<", number, pieces), work, done)
    builder.position_at_end(work)
    piece = builder.gep(plan, [builder.mul(number, size)], source_etype=i64)
    rest = builder.gep(piece, [ir.Constant(i64, HEADER)], source_etype=i64)
    builder.call(loop, [rest, at(piece, 0, i64), at(piece, 1, i64), *data])
    builder.branch(turn)
    builder.position_at_end(done)
    builder.ret_void()
    return team


def _refuse_null(module: Any, builder: Any, addresses: Sequence[Any]) -> None:
    """Raise `RuntimeError` for an address of 0: a tensor that has no memory of its own gives it."""
    from llvmlite import ir

    pointer = ir.PointerType()
    null = ir.Constant(pointer, None)
    missing = [builder.icmp_unsigned("==", address, null) for address in addresses]
    with builder.if_then(functools.reduce(builder.or_, missing), likely=False):
        error = ir.GlobalVariable(module, pointer, "PyExc_RuntimeError")
        throw = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer]), name="PyErr_SetNone")
        builder.call(throw, [builder.load(error, typ=pointer)])
        builder.ret(null)
