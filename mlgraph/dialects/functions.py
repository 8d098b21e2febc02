"""Small helpers for functions, and for the modules and operations around and inside them."""

from collections.abc import Iterator, Sequence
from io import StringIO

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.printer import Printer


def function(name: str, inputs: Sequence[Attribute], names: Sequence[str]) -> FuncOp:
    """Build an empty function whose arguments are called `names`."""
    block = Block(arg_types=inputs)
    for argument, hint in zip(block.args, names, strict=True):
        argument.name_hint = hint
    return FuncOp(name, (list(inputs), []), Region(block))


def finish(function: FuncOp, results: Sequence[SSAValue]) -> None:
    """Return `results` at the end of `function`."""
    function.body.block.add_op(ReturnOp(*results))
    update_type(function)


def update_type(function: FuncOp) -> None:
    """Make the type of `function` what its arguments and its return say."""
    block = function.body.block
    last = block.last_op
    outputs = [value.type for value in last.operands] if isinstance(last, ReturnOp) else []
    function.function_type = FunctionType.from_lists([a.type for a in block.args], outputs)


def functions(module: ModuleOp) -> Iterator[FuncOp]:
    """Return the functions of a module."""
    return (op for op in module.body.block.ops if isinstance(op, FuncOp))


def main_of(module: ModuleOp) -> FuncOp:
    """Return the function `@main`."""
    return next(op for op in functions(module) if op.sym_name.data == "main")


def insert_argument(
    function: FuncOp, index: int, type: Attribute, name: str, attributes: DictionaryAttr | None = None
) -> SSAValue:
    """Insert an argument called `name` at `index`; the attributes of the others keep their places."""
    argument = function.body.block.insert_arg(type, index)
    argument.name_hint = name
    if function.arg_attrs is not None or attributes is not None:
        count = len(function.body.block.args) - 1
        all = [*(function.arg_attrs or [DictionaryAttr({})] * count)]
        function.arg_attrs = ArrayAttr([*all[:index], attributes or DictionaryAttr({}), *all[index:]])
    update_type(function)
    return argument


def add_result(function: FuncOp, value: SSAValue, attributes: DictionaryAttr | None = None) -> None:
    """Return `value` after the other results."""
    old = function.body.block.last_op
    assert isinstance(old, ReturnOp)
    new = ReturnOp(*old.operands, value)
    new.location = old.location
    if function.res_attrs is not None or attributes is not None:
        all = [*(function.res_attrs or [DictionaryAttr({})] * len(old.operands))]
        function.res_attrs = ArrayAttr([*all, attributes or DictionaryAttr({})])
    function.body.block.insert_op_before(new, old)
    function.body.block.erase_op(old)
    update_type(function)


def operands_inside(op: Operation) -> Iterator[SSAValue]:
    """Yield the operands of an operation and of those in its regions."""
    for inner in op.walk():
        yield from inner.operands


def text_of(module: ModuleOp) -> str:
    """Return a module as text, with locations."""
    stream = StringIO()
    Printer(stream, print_debuginfo=True).print_op(module)
    return stream.getvalue() + "\n"
