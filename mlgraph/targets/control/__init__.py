"""The Python of `ivy.if`, `ivy.while`, `ivy.scan` and `ivy.check`: statements, or functions of a framework's own."""

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Protocol, TypeAlias

from xdsl.ir import Attribute, Block, Operation, SSAValue

from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, yielded
from mlgraph.frameworks import Framework

Lines: TypeAlias = Iterator[str]


class Printer(Protocol):
    """The methods of the printer of functions that are needed here."""

    framework: Framework
    names: dict[SSAValue, str]

    def fresh(self, hint: str | None) -> str: ...
    def name(self, value: SSAValue) -> str: ...
    def value(self, value: SSAValue, atom: bool = False) -> str: ...
    def path(self, path: str) -> str: ...
    def dtype(self, dtype: Attribute) -> str: ...
    def block(self, block: Block) -> list[str]: ...


def is_control(op: Operation) -> bool:
    """Return whether this module prints `op`."""
    return isinstance(op, IfOp | WhileOp | ScanOp | CheckOp)


def control(p: Printer, op: Operation) -> Lines:
    """Yield the lines of a control operation."""
    yield from import_module(p.framework.control).PRINTERS[type(op)](p, op)


def indented(lines: Iterable[str]) -> Lines:
    return (f"    {line}" for line in lines)


def tuple_of(texts: Sequence[str]) -> str:
    """Return `(a, b)`, `(a,)` or `()`."""
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def targets_of(texts: Sequence[str]) -> str:
    """Return the left side of an assignment from a tuple."""
    return ", ".join(texts) if len(texts) > 1 else tuple_of(texts)


def assigned(names: Sequence[str], values: Sequence[str]) -> Lines:
    """Yield `a, b = x, y`, without pairs of one name."""
    pairs = [(name, value) for name, value in zip(names, values, strict=True) if name != value]
    if pairs:
        yield f"{', '.join(name for name, _ in pairs)} = {', '.join(value for _, value in pairs)}"


def values(p: Printer, block: Block) -> list[str]:
    return [p.value(value) for value in yielded(block)]


def function(
    p: Printer, hint: str, parameters: str, block: Block, unpacked: Sequence[str], result: str | None = None
) -> tuple[str, Lines]:
    """Return the name and the lines of a nested function, which returns the block's results as a tuple by default."""
    name = p.fresh(hint)
    lines = [*unpacked, *p.block(block)]
    lines.append(f"return {tuple_of(values(p, block)) if result is None else result}")
    return name, iter([f"def {name}({parameters}):", *indented(lines)])


def arguments(p: Printer, block: Block) -> list[str]:
    return [p.name(argument) for argument in block.args]
