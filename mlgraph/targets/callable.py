"""Backend module → Python source → callable.

    import torch

    half = torch.tensor(0.5, dtype=torch.float32)

    def main(params, x):
        linear = torch.nn.functional.linear(x, params["fc.weight"], params["fc.bias"])  # model.py:12
        return torch.mul(linear, half)

The source is kept and shown in tracebacks through `linecache`. Literals are printed with `repr`.
"""

import linecache
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from mlgraph.dialects.backend import CallOp, ValueType
from mlgraph.dialects.constant import ArrayOp, LiteralOp, array_of
from mlgraph.dialects.dtypes import NAME_OF
from mlgraph.dialects.functions import functions, main_of
from mlgraph.dialects.ivy.control import YieldOp
from mlgraph.dialects.kernel import FusedOp
from mlgraph.dialects.literals import List, Literal, Name, Operand, Rest, Slice
from mlgraph.errors import MissingPackageError, UnsupportedOpError, line_of
from mlgraph.frameworks import CPU, every, get, names
from mlgraph.targets.control import control, is_control
from mlgraph.targets.kernels import Kernel
from mlgraph.targets.names import Names

BINARY = {
    "operator.add": "+",
    "operator.sub": "-",
    "operator.mul": "*",
    "operator.floordiv": "//",
    "operator.mod": "%",
    "operator.and_": "&",
}


@dataclass(frozen=True)
class Source:
    """Emitted Python: `text` defines `main`, and reads captured arrays from `arrays` by name.

    A function under `@fused` says what one of the `kernels` computes.
    """

    text: str
    arrays: Mapping[str, Any]
    backend: str
    kernels: Mapping[str, FusedOp]

    def load(self, filename: str, convert: Any, kernels: Mapping[str, Kernel] = MappingProxyType({})) -> Any:
        """Run the text and return its `main`; `convert` turns a captured array into one of the backend.

        Raises `MissingPackageError` where a module that the text imports is not installed.
        """
        arrays = {name: convert(array) for name, array in self.arrays.items()}

        def fused(function: Any) -> Any:
            return kernels[function.__name__].over(function)

        namespace: dict[str, Any] = {"arrays": arrays, "fused": fused}
        linecache.cache[filename] = (len(self.text), None, self.text.splitlines(True), filename)
        try:
            exec(compile(self.text, filename, "exec"), namespace)
        except ImportError as error:
            raise MissingPackageError.of_target(self.backend, error) from error
        return namespace["main"]


def emit(module: ModuleOp, backend: str, device: str = CPU) -> Source:
    """Return the Python source of `@main`, whose operations must be calls of `backend`.

    Tensors that torch creates without an input tensor are placed on `device`.
    """
    printer = _Printer(backend, device)
    kernels = {op.symbol: op for op in module.walk() if isinstance(op, FusedOp)}
    main = main_of(module)
    meanings = [f for f in functions(module) if f is not main]
    printer.scope.taken |= kernels.keys()
    bodies = [["@fused", *printer.function(f.sym_name.data, f.body.block)] for f in meanings]
    bodies.append(printer.function("main", main.body.block))
    imports = sorted(printer.imports)
    parts = ["\n".join(imports), "\n".join(printer.globals), *("\n".join(body) for body in bodies)]
    text = "\n\n\n".join(part for part in parts if part) + "\n"
    return Source(text, printer.arrays, backend, kernels)


class _Printer:
    def __init__(self, backend: str, device: str) -> None:
        self.framework = get(backend)
        self.device = "" if device == CPU else f', device="{device}"'
        """The last argument of calls of factory functions."""
        self.imports: set[str] = set()
        self.globals: list[str] = []
        self.arrays: dict[str, Any] = {}
        self.names: dict[SSAValue, str] = {}
        self.aliases = {module: alias for framework in every() for module, alias in framework.aliases.items()}
        self.methods = [prefix for framework in every() for prefix in framework.methods]
        self.scope = Names({"main", "arrays", "scipy", "operator", "fused", *self.aliases.values(), *names()})
        self.inline: dict[SSAValue, tuple[str, bool]] = {}

    # Names

    def fresh(self, hint: str | None) -> str:
        return self.scope.fresh(hint)

    def name(self, value: SSAValue) -> str:
        if value not in self.names:
            owner = value.owner
            called = owner.callee.data.rpartition(".")[2] if isinstance(owner, CallOp) else None
            self.names[value] = self.fresh(value.name_hint or called)
        return self.names[value]

    # Statements

    def function(self, name: str, block: Block) -> list[str]:
        """A function, whose names are its own but for those of globals."""
        outside, self.scope = self.scope, self.scope.copy()
        parameters = [self.name(argument) for argument in block.args]
        lines = [f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in self.block(block))]
        self.scope = outside
        self.scope.taken |= {text.partition(" =")[0] for text in self.globals}
        return lines

    def block(self, block: Block) -> list[str]:
        """The statements of a block, without its `ivy.yield`."""
        lines: list[str] = []
        last = _last_uses(block)
        for op in block.ops:
            lines += self.statement(op)
            lines += self.deletions(last.get(op, ()), op)
        return lines

    def statement(self, op: Operation) -> Iterator[str]:
        match op:
            case LiteralOp() | ArrayOp():
                self.constant(op)
            case arith.ConstantOp():
                self.inline[op.result] = (str(op.value.value.data), True)  # type: ignore[union-attr]
            case ReturnOp():
                values = [self.value(v) for v in op.operands]
                yield "return " + (", ".join(values) if len(values) != 0 else "()")
            case CallOp():
                yield from self.call(op)
            case FusedOp():
                operands = ", ".join(self.value(v) for v in op.inputs)
                yield from self.assign(op, f"{op.symbol}({operands})")
            case YieldOp():
                return
            case _ if is_control(op):
                yield from control(self, op)
            case _:
                raise UnsupportedOpError.of_rows(self.framework.name, {(op.name, line_of(op)): 1})

    def call(self, op: CallOp) -> Iterator[str]:
        text, atom = self.expression(op)
        if len(op.results) == 1 and _inlined(op.results[0]):
            self.inline[op.results[0]] = (text, atom)
            return
        yield from self.assign(op, text)

    def assign(self, op: Operation, text: str) -> Iterator[str]:
        targets = ", ".join(self.name(result) if result.uses.get_length() else "_" for result in op.results)
        where = line_of(op).rpartition("/")[2]
        comment = f"  # {where}" if where.isprintable() and where else ""  # a comment ends with its line
        yield f"{targets} = {text}{comment}" if targets else f"{text}{comment}"

    def deletions(self, values: Sequence[SSAValue], op: Operation) -> Iterator[str]:
        names = [self.names[v] for v in values if v in self.names]
        if names and not isinstance(op, ReturnOp | YieldOp):
            yield f"del {', '.join(names)}"

    def constant(self, op: LiteralOp | ArrayOp) -> None:
        result = op.results[0]
        if isinstance(op, ArrayOp):
            key = op.value.data.name
            name = self.names[result] = self.fresh(key.replace(".", "_"))
            self.arrays[name] = op.value.data.array
            self.globals.append(f'{name} = arrays["{name}"]')
            return
        array = array_of(result)
        assert array is not None
        name = self.names[result] = self.fresh(result.name_hint or "c")
        dtype = self.dtype(op.value.type.element_type)
        arguments = f"{_nested(array)}, dtype={dtype}{self.device}"
        self.globals.append(f"{name} = {self.path(self.framework.constant)}({arguments})")

    # Expressions

    def value(self, value: SSAValue, atom: bool = False) -> str:
        if value in self.inline:
            text, is_atom = self.inline[value]
            return f"({text})" if atom and not is_atom else text
        return self.name(value)

    def expression(self, op: CallOp) -> tuple[str, bool]:
        """The text of a call, and whether it binds tighter than any operator."""
        arguments = op.arguments.data
        operands = tuple(op.inputs)
        args = arguments.positional
        path = op.callee.data

        def atom(i: int) -> str:
            return self.literal(args[i], operands, True)

        if path in BINARY:
            return f"{atom(0)} {BINARY[path]} {atom(1)}", False
        if path == "operator.neg":
            return f"-{atom(0)}", False
        if path == "operator.getitem":
            return f"{atom(0)}[{self.subscript(args[1], operands)}]", True
        if path == "operator.setitem":
            return f"{atom(0)}[{self.subscript(args[1], operands)}] = {self.literal(args[2], operands)}", False
        if path == "builtins.getattr":
            return f"{atom(0)}.{_identifier(args[1])}", True
        texts = [self.literal(a, operands) for a in args]
        texts += [f"{_identifier(name)}={self.literal(a, operands)}" for name, a in arguments.keyword]
        for prefix in self.methods:
            if path.startswith(prefix):
                return f"{atom(0)}.{_identifier(path.removeprefix(prefix))}({', '.join(texts[1:])})", True
        device = self.device if path in self.framework.creators else ""
        return f"{self.path(path)}({', '.join(texts)}{device})", True

    def subscript(self, index: Literal, operands: tuple[SSAValue, ...]) -> str:
        items = index if isinstance(index, tuple) and index else (index,)
        text = ", ".join(self.index_item(item, operands) for item in items)
        return f"{text}," if isinstance(index, tuple) and len(index) == 1 else text

    def index_item(self, item: Literal, operands: tuple[SSAValue, ...]) -> str:
        if not isinstance(item, Slice):
            return self.literal(item, operands)
        bounds = (item.start, item.stop, item.step)
        start, stop, step = (None if p is None else self.literal(p, operands) for p in bounds)
        return f"{start or ''}:{stop or ''}" + (f":{step}" if step not in (None, "1") else "")

    def literal(self, value: Literal, operands: tuple[SSAValue, ...], atom: bool = False) -> str:
        def several(items: Sequence[Literal]) -> str:
            return ", ".join(self.literal(item, operands) for item in items)

        match value:
            case Operand(index):
                return self.value(operands[index], atom)
            case List(items):
                return f"[{several(items)}]"
            case tuple():
                return f"({several(value)}{',' if len(value) == 1 else ''})"
            case Name(path):
                return self.path(path)
            case Rest():
                return "..."
            case Slice():
                parts = (value.start, value.stop, value.step)
                return f"slice({several(parts[1:2] if parts[::2] == (None, None) else parts)})"
            case Attribute():
                return self.dtype(value)
            case _:
                return _number(value)

    def dtype(self, dtype: Attribute) -> str:
        return self.path(self.framework.dtype_path(NAME_OF[dtype]))

    def path(self, path: str) -> str:
        """A dotted public name, its module imported."""
        if not all(part.isidentifier() and not part.startswith("__") for part in path.split(".")):
            raise ValueError(f"{path!r} is no public name")
        if path.startswith("builtins."):
            return path.removeprefix("builtins.")
        for module, alias in self.aliases.items():
            if path.startswith(f"{module}."):
                self.imports.add(f"import {module} as {alias}")
                return alias + path.removeprefix(module)
        module = path.split(".")[0]
        if path.startswith("scipy.") or path.startswith("jax.scipy."):
            module = path.rpartition(".")[0]
        if path.startswith("jax.extend.random."):
            module = "jax.extend.random"
        self.imports.add(f"import {module}")
        return path


def _inlined(value: SSAValue) -> bool:
    """Sizes, shapes and weights that are used once stand where they are used."""
    brief = isinstance(value.type, IndexType | ValueType) or _is_weight(value.owner)
    return brief and value.has_one_use() and _same_block(value)


def _is_weight(op: Operation | Block) -> bool:
    """Return whether `op` is `params["name"]`."""
    return isinstance(op, CallOp) and op.callee.data == "operator.getitem" and isinstance(op.inputs[0], BlockArgument)


def _same_block(value: SSAValue) -> bool:
    use = next(iter(value.uses))
    owner = value.owner
    return isinstance(owner, CallOp) and use.operation.parent is owner.parent and owner.effect is None and _cheap(owner)


def _cheap(op: CallOp) -> bool:
    return op.callee.data.startswith(("operator.", "builtins.", "tensorflow.shape"))


def _last_uses(block: Block) -> dict[Operation, list[SSAValue]]:
    """The values that each statement is the last to use."""
    position = {op: i for i, op in enumerate(block.ops)}
    last: dict[Operation, list[SSAValue]] = {}
    for op in block.ops:
        for value in op.results if isinstance(op, CallOp | FusedOp) or is_control(op) else ():
            users = [_ancestor(_statement_of(use.operation), block) for use in value.uses]
            if users:
                last.setdefault(max(users, key=position.__getitem__), []).append(value)
    return last


def _statement_of(op: Operation) -> Operation:
    """The operation in whose statement the text of `op` stands."""
    while isinstance(op, CallOp) and len(op.results) == 1 and _inlined(op.results[0]):
        op = next(iter(op.results[0].uses)).operation
    return op


def _ancestor(op: Operation, block: Block) -> Operation:
    """The operation of `block` that holds `op`, or `op` itself."""
    while op.parent is not block:
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op


def _identifier(text: Any) -> str:
    if not isinstance(text, str) or not all(part.isidentifier() for part in text.split(".")) or text.startswith("__"):
        raise ValueError(f"{text!r} is no name")
    return text


def _number(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return repr(value)


def _nested(array: "np.ndarray[Any, Any]") -> str:
    def text(item: Any) -> str:
        return f"[{', '.join(map(text, cast(list[Any], item)))}]" if isinstance(item, list) else _number(item)

    if array.dtype.name in ("bfloat16", "float16"):
        array = array.astype(np.float32)
    return text(array.tolist())
