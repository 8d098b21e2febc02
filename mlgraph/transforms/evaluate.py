"""Evaluation at compile time, by numpy, of operations whose operands are known.

An operation is lowered to `numpy.call`s by the rules and templates of the numpy backend, and the calls are run. Callees
are public names of a few libraries, found by import: nothing else is ever called.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeAlias, cast

import numpy as np
from typing_extensions import TypeIs
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.backend import CallOp
from mlgraph.dialects.constant import ArrayOp, LiteralOp, array_of
from mlgraph.dialects.dtypes import BY_NAME, COMPLEX, FLOATS, dtype_of, element_type, type_of_array
from mlgraph.dialects.ivy.size_sources import known
from mlgraph.dialects.ivy.types import UNKNOWN, shape_of
from mlgraph.dialects.literals import List, Literal, Name, Operand, Rest, Slice
from mlgraph.dialects.native import NativeOp
from mlgraph.dialects.table import TableOp
from mlgraph.frameworks.numpy import NUMPY
from mlgraph.transforms.lower_generator import LEGACY, LowerGeneratorPass, stream_name
from mlgraph.transforms.lower_ivy import INDEX_OPERATORS, LowerIvyPass

Known: TypeAlias = "np.ndarray[Any, Any] | int"
"""A value that is known while compiling: an array, or a size."""

LIBRARIES = (*sorted({*NUMPY.modules.values()}), "operator", "ml_dtypes")
BUILTINS = {"getattr": getattr, "max": max, "min": min, "len": len, "int": int, "float": float, "tuple": tuple}
METHODS = ("numpy.ndarray.", "numpy.random.Generator.", "numpy.random.RandomState.")


class Evaluator:
    """The values that are known so far."""

    def __init__(self) -> None:
        self.known: dict[SSAValue, Known] = {}

    def evaluate(self, op: Operation, rng: "np.random.Generator | None" = None) -> bool:
        """Evaluate `op` if its operands are constants or were evaluated before, and return whether they were.

        `rng` serves a draw.
        """
        if all(result in self.known for result in op.results):
            return True
        found = self._evaluate(op, rng)
        if found is None or len(found) != len(op.results):
            return False
        if any(not _has_type(value, result.type) for value, result in zip(found, op.results, strict=True)):
            return False
        self.known.update(zip(op.results, found, strict=True))
        return True

    def _evaluate(self, op: Operation, rng: "np.random.Generator | None") -> Sequence[Any] | None:
        if isinstance(op, LiteralOp | ArrayOp):
            return constant_array(op)
        if isinstance(op, arith.ConstantOp):
            return (known(op.result),)
        if (size := static_size(op)) is not None:
            return (size,)
        if not all(v in self.known or (is_constant(v.owner) and self.evaluate(v.owner)) for v in op.operands):
            return None
        try:
            with _strictly(op):
                return run(as_calls(op, rng is not None), [*_given(rng), *(self.known[v] for v in op.operands)])
        except Exception:  # no lowering for numpy, or numpy refuses: the operation stays, and its target will tell
            return None


class CannotEvaluate(Exception):
    """A value depends on an operation that numpy cannot run here."""


def evaluator(given: "Mapping[SSAValue, np.ndarray[Any, Any]]") -> "Callable[[SSAValue], Known]":
    """Return a function that evaluates values of a block from the arrays that some of them are, each operation once.

    Draws are those of a new generator. The function raises `CannotEvaluate` for what numpy cannot run.
    """
    known: dict[SSAValue, Any] = dict(given)
    rng = NUMPY.source(None)

    def evaluate(value: SSAValue) -> Known:
        for op in _before(value, known):
            known.update(zip(op.results, _evaluated(op, known, rng), strict=True))
        return known[value]

    return evaluate


def _before(value: SSAValue, known: Mapping[SSAValue, Any]) -> list[Operation]:
    """Return the operations that a value is made from and that are not known, each after those that it needs."""
    found: dict[Operation, None] = {}
    stack = [value]
    while stack:
        op = stack[-1].owner
        if stack[-1] in known or op in found:
            stack.pop()
        elif not isinstance(op, Operation):
            raise CannotEvaluate("an argument of a region")
        elif left := [v for v in op.operands if v not in known and v.owner not in found]:
            stack += left
        else:
            found[op] = None
    return list(found)


def _evaluated(op: Operation, known: Mapping[SSAValue, Any], rng: "np.random.Generator") -> Sequence[Any]:
    """Return the results of an operation whose operands are known."""
    if is_constant(op):
        found = (known_number(op),) if isinstance(op, arith.ConstantOp) else constant_array(op)
        if found is None:
            raise CannotEvaluate(op.name)
        return found
    operands = [known[v] for v in op.operands]
    draws = isinstance(op, NativeOp) or (isinstance(op, TableOp) and op.OP.dialect == "generator")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            calls = as_calls(op, draws, [_type_of(value) for value in operands])
            streams = [NUMPY.stream(rng, _is_legacy(op))] if draws else []
            return run(calls, [*streams, *operands])
    except Exception as error:
        raise CannotEvaluate(f"{op.name}: {error}") from error


def _is_legacy(op: Operation) -> bool:
    """Return whether an operation draws from a generator of numpy's older API."""
    return isinstance(op, NativeOp) and stream_name(op).endswith(LEGACY)


def known_number(op: arith.ConstantOp) -> int:
    """Return the number that a constant is."""
    found = known(op.result)
    assert found is not None
    return found


def _type_of(value: Any) -> Attribute:
    return IndexType() if isinstance(value, int) else type_of_array(value)


def _given(rng: "np.random.Generator | None") -> Sequence[Any]:
    return () if rng is None else (rng,)


def is_constant(op: Operation | Block) -> TypeIs[LiteralOp | ArrayOp | arith.ConstantOp]:
    """Return whether `op` is a constant already."""
    return isinstance(op, LiteralOp | ArrayOp | arith.ConstantOp)


def can_evaluate(op: Operation) -> bool:
    """Return whether `op` depends on its operands alone."""
    if is_constant(op) or type(op) in INDEX_OPERATORS:
        return True
    if not isinstance(op, TableOp) or op.OP is ivy.optimization_barrier:
        return False
    return op.OP.dialect == "ivy" and not op.regions


def static_size(op: Operation) -> int | None:
    """Return the size that an `ivy.dim` reads, where the type of its operand tells."""
    if not isinstance(op, TableOp) or op.OP is not ivy.dim:
        return None
    axis: int = op.arguments()["axis"]
    size = shape_of(op.operands[0])[axis]
    return None if size == UNKNOWN else size


def constant_array(op: LiteralOp | ArrayOp) -> Sequence[Any] | None:
    """Return the array that a constant holds, None where numpy cannot read it."""
    if isinstance(op, LiteralOp):
        return (array_of(op.result),)
    try:
        return None if op.value.data.array is None else (np.asarray(op.value.data.array),)
    except Exception:  # whatever a framework's array raises when numpy asks for its elements
        return None


def needed_for(values: Iterable[SSAValue]) -> set[Operation]:
    """Return the operations that `values` are made from, as far as they can be evaluated."""
    found: set[Operation] = set()
    left = [value.owner for value in values]
    while left:
        op = left.pop()
        if isinstance(op, Operation) and op not in found and can_evaluate(op):
            found.add(op)
            left += () if static_size(op) is not None else (operand.owner for operand in op.operands)
    return found


def as_calls(op: Operation, draws: bool, types: Sequence[Attribute] | None = None) -> Block:
    """Return a copy of `op` as calls of numpy in a block whose arguments are its operands, except literals.

    `types` are those of the operands, where these are known better than in the IR.
    """
    block = Block(arg_types=types or [operand.type for operand in op.operands])
    copies: dict[SSAValue, SSAValue] = dict(zip(op.operands, block.args, strict=True))
    for operand in op.operands:
        if isinstance(operand.owner, LiteralOp):
            block.add_op(literal := operand.owner.clone())
            copies[operand] = literal.result
    block.add_op(copy := op.clone(copies))
    block.add_op(ReturnOp(*copy.results))
    module = ModuleOp([FuncOp("main", (block.arg_types, []), Region(block))])
    if draws:
        LowerGeneratorPass(NUMPY.name).apply(Context(), module)
    LowerIvyPass(NUMPY.name).apply(Context(), module)
    return block


def run(block: Block, arguments: Sequence[Any]) -> tuple[Any, ...]:
    """Run a block of numpy calls on these arguments and return its results."""
    values: dict[SSAValue, Any] = dict(zip(block.args, arguments, strict=True))
    for op in block.ops:
        match op:
            case ReturnOp():
                return tuple(_settled(values[v], v.type) for v in op.operands)
            case LiteralOp():
                values[op.result] = array_of(op.result)
            case arith.ConstantOp():
                values[op.result] = known(op.result)
            case CallOp():
                found = call(op, [values[v] for v in op.operands])
                values.update(zip(op.results, found if len(op.results) > 1 else (found,), strict=True))
            case _:
                raise TypeError(f"{op.name} is no call")
    raise TypeError("the block does not return")


def call(op: CallOp, operands: Sequence[Any]) -> Any:
    """Call a function of numpy with these operands and return its result."""
    path, arguments = op.callee.data, op.arguments.data
    args = [_argument(a, operands) for a in arguments.positional]
    kwargs = {name: _argument(a, operands) for name, a in arguments.keyword}
    for prefix in METHODS:
        if path.startswith(prefix):
            owner = args[0] if prefix != "numpy.ndarray." else np.asarray(args[0])
            return getattr(owner, _public(path.removeprefix(prefix)))(*args[1:], **kwargs)
    if path == "builtins.getattr":
        _public(args[1])
    return resolve(path)(*args, **kwargs)


def resolve(path: str) -> Any:
    """Return the public object of a dotted path, under one of `LIBRARIES`."""
    library, *names = _public(path).split(".")
    if library == "builtins":
        return BUILTINS[names[0]]
    if library not in LIBRARIES:
        raise NameError(f"{path} is not under {', '.join(LIBRARIES)}")
    found = import_module(library)
    for i, name in enumerate(names):
        if not hasattr(found, name):
            import_module(".".join((library, *names[: i + 1])))
        found = getattr(found, name)
    return found


def _public(path: str) -> str:
    if any(name.startswith("_") or not name.isidentifier() for name in path.split(".")):
        raise NameError(f"{path!r} is no public name")
    return path


def _argument(value: Literal, operands: Sequence[Any]) -> Any:
    match value:
        case Operand(index):
            return operands[index]
        case List(items):
            return [_argument(item, operands) for item in items]
        case tuple():
            return tuple(_argument(item, operands) for item in value)
        case Slice(start, stop, step):
            return slice(*(_argument(part, operands) for part in (start, stop, step)))
        case Name(path):
            return resolve(path)
        case Rest():
            return ...
        case Attribute():
            return dtype_of(value)
        case _:
            return value


def _strictly(op: Operation) -> "np.errstate":
    """Floats follow IEEE; where integers come out, a division by 0 or a cast of NaN is left to the target."""
    floats = all(element_type(r.type) in (*FLOATS, *COMPLEX) for r in op.results)
    return np.errstate(all="ignore") if floats else np.errstate(divide="raise", invalid="raise", over="ignore")


def _settled(value: Any, type: Attribute) -> Any:
    return int(value) if isinstance(type, IndexType) else np.asarray(value)


def _has_type(value: Any, type: Attribute) -> bool:
    if isinstance(type, IndexType):
        return isinstance(value, int)
    if not isinstance(value, np.ndarray):
        return False
    array = cast("np.ndarray[Any, Any]", value)
    return array.dtype.name in BY_NAME and type_of_array(array) == type
