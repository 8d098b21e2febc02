# pyright: basic
"""Every row of the ivy table on every backend, against numpy in float64."""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from examples.example import COMPLEX, EVERY, FLOATS, HALF_PRECISION, OWN, Example, Number
from frameworks import to_framework, to_numpy, wide_types
from remembered import remembered
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Block

from examples import examples_of
from mlgraph.dialects import constant, ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import BY_NAME, NAME_OF, tensor
from mlgraph.dialects.functions import finish, function
from mlgraph.dialects.ivy import IVY
from mlgraph.dialects.parameters import DTypeKind, ShapeKind
from mlgraph.errors import UnsupportedOpError
from mlgraph.targets.callable import Source, emit
from mlgraph.tools.support import holes
from mlgraph.transforms.lower_ivy import LowerIvyPass

BACKENDS = ("torch", "jax", "tensorflow", "numpy")
TO_END = 2**63 - 1


@dataclass(frozen=True)
class Case:
    """An example in one element type."""

    row: str
    example: Example
    dtype: str
    number: int

    def __str__(self) -> str:
        label = self.example.label or (str(self.number) if self.number else "")
        return "-".join(part for part in (self.row, self.dtype, label) if part)

    def draw(self) -> dict[str, Any]:
        """The arguments, operands drawn."""
        random = np.random.default_rng(zlib.crc32(str(self).encode()))

        def one(value: Any) -> Any:
            if isinstance(value, Number):
                return Number(value.operand(random, self.dtype))
            if isinstance(value, list):
                return [one(item) for item in value]
            if value == OWN:
                return self.dtype
            return value(random, self.dtype) if callable(value) else value

        return {name: one(value) for name, value in self.example.arguments.items()}


class Program:
    """`@main` of an ivy module that holds one row; `dynamic` says of which inputs the sizes are not known."""

    def __init__(self, row: str, arguments: dict[str, Any], dynamic: str = "none") -> None:
        self.row, self.dynamic = IVY.rows[row], dynamic
        self.inputs: list[np.ndarray] = []
        self.main = function("main", [], [])
        self.block: Block = self.main.body.block
        with building(self.block):
            found = self.row(**{name: self.argument(name, value) for name, value in arguments.items()})
        self.results = found if isinstance(found, tuple) else (found,)
        finish(self.main, self.results)
        self.module = ModuleOp([self.main])

    def argument(self, name: str, value: Any) -> Any:
        kind = self.row.by_name[name].kind
        if isinstance(kind, DTypeKind):
            return BY_NAME[value]
        if isinstance(kind, ShapeKind) and self.dynamic == "all":
            return [self.size(n) for n in value]
        if isinstance(value, Number):
            return constant.literal(value.operand, BY_NAME[value.operand.dtype.name])
        if isinstance(value, list):
            return [self.argument(name, item) for item in value]
        return self.input(name, value) if isinstance(value, np.ndarray) else value

    def input(self, name: str, array: np.ndarray) -> Any:
        dynamic = self.dynamic == "all" or (self.dynamic == "first" and not self.inputs)
        shape = [-1] * array.ndim if dynamic else array.shape
        self.inputs.append(array)
        value = self.block.insert_arg(tensor(tuple(shape), BY_NAME[array.dtype.name]), len(self.block.args))
        value.name_hint = name
        return value

    def size(self, n: int) -> Any:
        """A size that is known when the program runs, that of an input made for it."""
        if n < 0 or n == TO_END:
            return n
        return ivy.dim(self.input("size", np.zeros(n, np.int8)), 0)

    def source(self, backend: str, device: str = "cpu") -> Source:
        """Lower the program in place, and return the source that it becomes."""
        LowerIvyPass(to=backend).apply(Context(), self.module)
        self.module.verify()
        return emit(self.module, backend, device)


def operands_of(arguments: dict[str, Any], narrow: bool = False) -> dict[str, Any]:
    """The arguments as the reference takes them: floats in float64, unless it wants them `narrow`."""

    def one(value: Any) -> Any:
        match value:
            case Number():
                return one(value.operand)
            case list():
                return [one(item) for item in value]
            case np.ndarray() if value.dtype.name in FLOATS and not narrow:
                return value.astype(np.float64)
            case np.ndarray() if value.dtype.name in COMPLEX and not narrow:
                return value.astype(np.complex128)
            case _:
                return value

    return {name: one(value) for name, value in arguments.items()}


def expected(case: Case, arguments: dict[str, Any]) -> tuple[np.ndarray, ...]:
    row = IVY.rows[case.row]
    given = operands_of(arguments, case.example.narrow)
    given = {name: value for name, value in given.items() if value is not None or row.by_name[name].kind.stored}
    positional = [p.name for p in row.groups if not p.optional and not p.kind.stored]
    operands = [given.pop(name) for name in positional]
    reference = case.example.reference or getattr(np, case.row)
    with np.errstate(all="ignore"):
        found = reference(*operands, **given)
    return tuple(np.asarray(value) for value in (found if isinstance(found, tuple) else (found,)))


def close(found: np.ndarray, wanted: np.ndarray, tolerance: float, name: str) -> None:
    dtype = found.dtype.name
    with np.errstate(all="ignore"):
        wanted = wanted.astype(found.dtype)
    if dtype not in (*FLOATS, *COMPLEX):
        np.testing.assert_array_equal(found, wanted, name)
        return
    wide = np.complex128 if dtype in COMPLEX else np.float64
    bound = tolerance * float(ml_dtypes.finfo(found.dtype).eps) * (4 if dtype in HALF_PRECISION else 16)
    np.testing.assert_allclose(found.astype(wide), wanted.astype(wide), rtol=bound, atol=bound, err_msg=name)


def check(case: Case, arguments: dict[str, Any], program: Program, found: Any) -> None:
    results = [to_numpy(value) for value in (found if isinstance(found, tuple) else (found,))]
    assert len(results) == len(program.results)
    for i, (value, result) in enumerate(zip(results, program.results, strict=True)):
        name = f"result {i}"
        if not isinstance(result.type, TensorType):
            continue
        assert value.dtype.name == NAME_OF[result.type.element_type], name
        shape = result.type.get_shape()
        assert len(shape) == value.ndim, name
        assert all(n < 0 or n == m for n, m in zip(shape, value.shape, strict=True)), (
            f"{name}: {value.shape} for {shape}"
        )
    if case.example.check is not None:
        operands = {p.name for p in IVY.rows[case.row].groups}
        case.example.check(*results, **{k: v for k, v in operands_of(arguments).items() if k in operands})
        return
    for i, (value, want) in enumerate(zip(results, expected(case, arguments), strict=True)):
        assert value.shape == want.shape, f"result {i}"
        close(value, want, case.example.tolerance, f"result {i}")


def accepts(case: Case) -> bool:
    """Whether the row's type rule takes this element type."""
    try:
        Program(case.row, case.draw())
    except ValueError:
        return False
    return True


def cases_of(row: str) -> Iterator[Case]:
    for i, example in enumerate(examples_of(row)):
        for dtype in example.dtypes or (EVERY if i == 0 else ("float32",)):
            if dtype in EVERY:
                yield Case(row, example, dtype, i)


POSSIBLE = {f"{case.row} {case.dtype} {case.number}": case for row in IVY.rows for case in cases_of(row)}
TAKEN = remembered("taken", lambda: [name for name, case in POSSIBLE.items() if accepts(case)])
CASES = [case for name, case in POSSIBLE.items() if name in TAKEN]


def chosen() -> list[Any]:
    """Backends and cases to run: every row in float32, of the rest each backend a part that no other runs.

    `MLGRAPH_TEST_ALL=1` runs everything, in about half an hour.
    """
    every = bool(os.environ.get("MLGRAPH_TEST_ALL"))
    return [
        pytest.param(backend, case, id=f"{backend}-{case}")
        for case in CASES
        for i, backend in enumerate(BACKENDS)
        if every or (case.number == 0 and case.dtype == "float32") or zlib.crc32(str(case).encode()) % 8 == i
    ]


@pytest.mark.quick
@pytest.mark.parametrize("row", IVY.rows)
def test_has_example(row: str):
    assert any(case.row == row for case in CASES), f"{row} has no line in examples.py"


@pytest.mark.parametrize(("backend", "case"), chosen())
def test_row(backend: str, case: Case):
    arguments = case.draw()
    seen: set[str] = set()
    for dynamic in ("none",) if backend in case.example.sized else ("none", "all", "first"):
        program = Program(case.row, arguments, dynamic)
        if any(case.row in holes().get((backend, dtype), ()) for dtype in ("", case.dtype)):
            with pytest.raises(UnsupportedOpError):
                program.source(backend)
            return
        source = program.source(backend)
        if source.text in seen:
            continue
        seen.add(source.text)
        with wide_types(backend):
            main = source.load(f"<{case}>", lambda array: to_framework(backend, array))
            found = main(*[to_framework(backend, array) for array in program.inputs])
            check(case, arguments, program, found)
