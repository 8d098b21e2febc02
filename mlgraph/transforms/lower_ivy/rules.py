"""Rules where an operation's template is too little: `@rule(ivy.std) def std(x, axis, ...)`, one module a backend."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, ParamSpec, TypeVar, cast

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.constant import array_of, literal
from mlgraph.dialects.dtypes import DType, element_type
from mlgraph.dialects.table import Op, TableOp
from mlgraph.frameworks import get

P = ParamSpec("P")
R = TypeVar("R")


class Rules(dict[Op[..., Any], Callable[..., Any]]):
    """The rules of one backend. A rule has its operation's signature; one that returns None leaves it to its template.

    `widen` is for element types that a library's function does not take or does not keep, `refuse` where nothing helps.
    """

    def __init__(self) -> None:
        self.wide: dict[tuple[Op[..., Any], DType], DType] = {}
        self.refused: set[tuple[Op[..., Any], DType]] = set()

    def __call__(self, op: Op[P, R]) -> Callable[[Callable[P, R | None]], Callable[P, R | None]]:
        def register(function: Callable[P, R | None]) -> Callable[P, R | None]:
            self[op] = function
            return function

        return register

    def widen(self, narrow: Sequence[DType], to: DType, *rows: Op[..., Any]) -> None:
        """Run `rows` of element type `narrow` in `to`: operands are cast before, results after."""
        self.wide |= {(row, dtype): to for row in rows for dtype in narrow}

    def refuse(self, dtypes: Sequence[DType], *rows: Op[..., Any]) -> None:
        """Declare that the library cannot run `rows` of these element types, by any template, rule or body."""
        self.refused |= {(row, dtype) for row in rows for dtype in dtypes}

    def refuses(self, op: TableOp) -> DType | None:
        """Return the element type of an operand of `op` that the library cannot run it with."""
        types = (element_type(operand.type) for operand in op.operands)
        return next((type for type in types if (op.OP, type) in self.refused), None)

    def widened(self, op: TableOp) -> Callable[[], tuple[SSAValue, ...]] | None:
        """Return a lowering of `op` in another element type, None where its own is supported."""
        types = [(operand, self.wide.get((op.OP, element_type(operand.type)))) for operand in op.operands]
        wide = {operand: type for operand, type in types if type is not None}
        return (lambda: _run_wide(op, wide)) if wide else None


def _run_wide(op: TableOp, wide: Mapping[SSAValue, DType]) -> tuple[SSAValue, ...]:
    widened = {operand: _cast(operand, type) for operand, type in wide.items()}

    def one(value: Any) -> Any:
        return tuple(map(one, cast(tuple[Any, ...], value))) if isinstance(value, tuple) else widened.get(value, value)

    found: Any = op.OP(**{name: one(value) for name, value in op.arguments().items()})
    results = cast(tuple[SSAValue, ...], found if isinstance(found, tuple) else (found,))
    return tuple(_cast(value, element_type(old.type)) for value, old in zip(results, op.results, strict=True))


def _cast(value: SSAValue, dtype: DType) -> SSAValue:
    if element_type(value.type) == dtype:
        return value
    array = array_of(value)
    return ivy.cast(value, dtype) if array is None else literal(array, dtype)


def rules_of(backend: str) -> Rules:
    """Return the rules of `backend`, none where its framework names no module of them."""
    module = get(backend).rules
    return import_module(module).rule if module else Rules()
