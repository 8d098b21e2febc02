"""The IR of a saved graph, and the checks that it is allowed and matches the description of the graph."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation

from mlgraph.dialects.constant import ArrayOp, Captured, CapturedAttr, ParameterOp
from mlgraph.dialects.dtypes import BY_NAME, element_type, type_of_array
from mlgraph.dialects.functions import main_of
from mlgraph.dialects.native import CALLEES
from mlgraph.errors import IRError
from mlgraph.frontend.program import TRACED, OutputKind, Program
from mlgraph.graph.executable import OutputTree
from mlgraph.tools.dump import parse

DIALECTS = ("builtin", "func", "arith", "ivy", "generator", "constant")
"""The dialects that a saved module may use; none of them calls functions of a library."""
NAMES = frozenset({"main", "rng", *CALLEES})
"""The symbols that a saved module may name; the emitted code would import the libraries of others."""
SYMBOLS = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|@([\w.$-]*)')
MOST_ELEMENTS = 2**40
"""The most elements of an array, more than any machine holds."""

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


def read(text: bytes, name: str) -> ModuleOp:
    """Return the module of a saved graph. Raise `IRError` for text that is not the IR of one function `@main`."""
    module = parse(text.decode(), name, DIALECTS)
    main = module.body.block.first_op
    if not isinstance(main, FuncOp) or main.next_op is not None or main.sym_name.data != "main":
        raise IRError("a saved graph is one function, @main")
    if main.is_declaration or main.arg_attrs is not None or main.res_attrs is not None or len(main.body.blocks) != 1:
        raise IRError("@main of a saved graph is one block without attributes")
    last = main.body.block.last_op
    for op in main.body.walk():
        if op.name.partition(".")[0] in ("builtin", "func") and op is not last:
            raise IRError(f"@main of a saved graph holds no {op.name}")
        _check_types([result.type for result in op.results])
    if not isinstance(last, ReturnOp):
        raise IRError("@main of a saved graph returns nothing")
    _check_names(text.decode())
    return module


def _check_names(text: str) -> None:
    for match in SYMBOLS.finditer(text):
        if match[1] is not None and match[1] not in NAMES:
            raise IRError(f"a saved graph names no @{match[1]}")


def _check_types(types: Iterable[Attribute]) -> None:
    for type in types:
        if isinstance(type, TensorType) and math.prod(n for n in type.get_shape() if n >= 0) > MOST_ELEMENTS:
            raise IRError(f"{type} is too large an array")


def fill(module: ModuleOp, arrays: Arrays, parameters: Arrays) -> None:
    """Set the captured arrays of a module. Raise `IRError` for an array or a weight that is missing or mistyped."""
    for op in module.walk():
        if isinstance(op, ArrayOp):
            name = op.value.data.name
            _check_array(op, name, arrays)
            op.value = CapturedAttr(Captured(name, arrays[name]))
        elif isinstance(op, ParameterOp):
            _check_array(op, op.value.data.name, parameters)


def _check_array(op: Operation, name: str, arrays: Arrays) -> None:
    if name not in arrays:
        raise IRError(f"the IR names an array {name!r} that is not there")
    if not _fits(arrays[name].shape, type_of_array(arrays[name]), op.results[0].type):
        raise IRError(f"array {name!r} is no {op.results[0].type}")


def _fits(shape: Sequence[int | str], wanted: Attribute, found: Attribute) -> bool:
    """Return whether the type `found` says no more than `shape` and the element type of `wanted`."""
    sizes = _sizes(shape, wanted, found)
    return sizes is not None and all(n in (DYNAMIC_INDEX, size) for n, size in sizes)


def _sizes(shape: Sequence[int | str], wanted: Attribute, found: Attribute) -> list[tuple[int, int | str]] | None:
    """Return the sizes of `found` beside those of `shape`; None if the rank or the element type is another."""
    if not isinstance(found, TensorType):
        return None
    tensor = cast(TensorType[Attribute], found)
    sizes = tensor.get_shape()
    is_like = element_type(tensor) == element_type(wanted) and len(sizes) == len(shape)
    return list(zip(sizes, shape)) if is_like else None


def check(program: Program, passed: Sequence[Any], tree: OutputTree, calls: int) -> None:
    """Raise `IRError` unless `@main` takes and returns what the description says; `calls` is the number of arrays."""
    main = main_of(program.module)
    block = main.body.block
    if len(program.inputs) != calls or not _are_numbers(passed, calls) or len(passed) != len(block.args):
        raise IRError("@main does not take the arrays that a call gives")
    for number, argument in zip(cast(Sequence[int], passed), block.args):
        wanted = program.inputs[number]
        if not wanted.used or not _fits(wanted.shape, BY_NAME[wanted.dtype], argument.type):
            raise IRError(f"array {number} of a call is no {argument.type}")
    assert block.last_op is not None
    results = [operand.type for operand in block.last_op.operands]
    if len(results) != len(program.outputs):
        raise IRError(f"@main returns {len(results)} values for {len(program.outputs)} places")
    traced = [i for i, leaf in enumerate(tree.leaves) if leaf is TRACED]
    if sorted(program.targets(OutputKind.USER_OUTPUT)) != traced:
        raise IRError("the results of @main are not those of the function")
    if program.targets(OutputKind.TEST) != list(range(len(program.tests))):
        raise IRError("the tests of @main are not those that it is described with")
    _check_writes(program, passed, results)
    _check_memory(program, calls, len(tree.leaves))


def _are_numbers(numbers: Sequence[Any], count: int) -> bool:
    """Return whether these are distinct integers from 0 to `count - 1`."""
    return all(type(n) is int and 0 <= n < count for n in numbers) and len(set(numbers)) == len(numbers)


def _check_writes(program: Program, passed: Sequence[int], results: Sequence[Attribute]) -> None:
    """Raise `IRError` unless each written result has the type of the memory that it goes to."""
    for kind, known in ((OutputKind.BUFFER, program.parameters), (OutputKind.INPUT, passed)):
        targets = program.targets(kind)
        if len(set(targets)) != len(targets) or not set(targets) <= set(known):
            raise IRError("a result is written where nothing is")
    for spec, type in zip(program.outputs, results):
        if spec.kind in (OutputKind.USER_OUTPUT, OutputKind.TEST):
            fits = _is_known(type)
        elif spec.kind is OutputKind.BUFFER:
            array = program.parameters[spec.target]
            fits = _agree(array.shape, type_of_array(array), type)
        else:
            number: int = spec.target
            wanted = program.inputs[number]
            fits = _agree(wanted.shape, BY_NAME[wanted.dtype], type)
        if not fits:
            raise IRError(f"a result is {type}, which has no place to go to")


def _is_known(type: Attribute) -> bool:
    """Return whether a type is a size, an element type or a tensor of one that mlgraph has."""
    if isinstance(type, TensorType):
        return element_type(cast(TensorType[Attribute], type)) in BY_NAME.values()
    return isinstance(type, IndexType) or type in BY_NAME.values()


def _agree(shape: Sequence[int | str], wanted: Attribute, found: Attribute) -> bool:
    """Return whether the element types are equal and no size that both know differs."""
    sizes = _sizes(shape, wanted, found)
    known = [(n, size) for n, size in sizes or () if n != DYNAMIC_INDEX and isinstance(size, int)]
    return sizes is not None and all(n == size for n, size in known)


def _check_memory(program: Program, calls: int, leaves: int) -> None:
    """Raise `IRError` if a result shares memory with something that does not exist."""
    known = {"input": range(calls), "parameter": program.parameters.keys(), "output": range(leaves)}
    for spec in program.outputs:
        for memory in (*spec.aliases, *(() if spec.same is None else (spec.same,))):
            if memory.key not in known[memory.kind]:
                raise IRError(f"a result shares memory with {memory.kind} {memory.key!r}, which is not there")
