"""`lower-ivy{to=...}`: ivy operations become calls of one backend's public functions.

An operation is lowered by the backend's rule for it, else by its template, else by its body when it is composite.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.ir import Operation

from mlgraph.dialects import ivy
from mlgraph.dialects.backend import Backend, backend
from mlgraph.dialects.dtypes import NAME_OF
from mlgraph.dialects.table import Op, TableOp
from mlgraph.dialects.templates import CallTemplate
from mlgraph.errors import UnsupportedOpError, line_of, nearest
from mlgraph.frameworks import get
from mlgraph.transforms.lower_ivy.rules import Rules, rules_of
from mlgraph.transforms.rewriting import replace
from mlgraph.transforms.target_pass import TargetPass

INDEX_OPERATORS: dict[type[Operation], str] = {
    arith.AddiOp: "operator.add",
    arith.SubiOp: "operator.sub",
    arith.MuliOp: "operator.mul",
    arith.FloorDivSIOp: "operator.floordiv",
    arith.RemSIOp: "operator.mod",
    arith.MaxSIOp: "builtins.max",
    arith.MinSIOp: "builtins.min",
}
"""Size arithmetic is Python's, on a backend's sizes."""


@dataclass(frozen=True)
class LowerIvyPass(TargetPass):
    """Lower every ivy operation, and arithmetic on sizes, to calls of backend `to`."""

    name = "lower-ivy"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lowering = _Lowering(backend(self.to), rules_of(self.to))
        for inner in list(op.walk()):
            lowering.lower(inner)
        lowering.raise_for_missing()


class _Lowering:
    def __init__(self, backend: Backend, rules: Rules) -> None:
        self.backend = backend
        self.rules = rules
        own = get(backend.name).index_functions
        self.operators = {op: own.get(path, path) for op, path in INDEX_OPERATORS.items()}
        self.templates = _templates_of(backend.name)
        self.missing: Counter[tuple[str, str]] = Counter()

    def lower(self, op: Operation) -> None:
        path = self.operators.get(type(op))
        if path is not None and isinstance(op.results[0].type, IndexType):
            replace(op, lambda: self.backend.call(path, tuple(op.operands), {}))
        elif isinstance(op, TableOp) and op.OP.dialect == "ivy":
            self.lower_op(op)

    def lower_op(self, op: TableOp) -> None:
        if (refused := self.rules.refuses(op)) is not None:
            self.missing[f"{op.name} of {NAME_OF[refused]}", line_of(op)] += 1
            return
        for way in self.ways(op):
            if (new := replace(op, way)) is not None:
                for built in [inner for outer in new for inner in outer.walk()]:
                    self.lower(built)
                return
        self.missing[op.name, line_of(op)] += 1

    def ways(self, op: TableOp) -> Iterator[Callable[[], Any]]:
        """Yield the lowerings of `op`, best first; one that returns None leaves it to the next."""
        row, arguments = op.OP, op.arguments()
        if (wide := self.rules.widened(op)) is not None:
            yield wide
        if (rule := self.rules.get(row)) is not None:
            yield lambda: rule(**arguments)
        if (template := self._template(row)) is not None:
            yield lambda: template.lower(arguments, row.results)
        if row.composite:
            yield lambda: row.function(**arguments)
        if row is ivy.optimization_barrier:  # a library that runs each call by itself needs none
            yield lambda: arguments["x"]

    def _template(self, row: Op[..., Any]) -> CallTemplate | None:
        """Return the operation's own template for the backend, or that which its framework brings."""
        if (template := row.templates.get(self.backend.name)) is not None:
            return template
        text = self.templates.get(row.name.rpartition(".")[2])
        return None if text is None else CallTemplate.parse(text, set(row.by_name), self.backend.name)

    def raise_for_missing(self) -> None:
        if self.missing:
            raise UnsupportedOpError.of_rows(self.backend.name, self.missing)


def _templates_of(name: str) -> Mapping[str, str]:
    """Return the templates that a framework brings. Raise `NameError` for one of an operation that does not exist."""
    from mlgraph.dialects.ivy import IVY

    templates = get(name).templates
    for operation in templates:
        if operation not in IVY.rows:
            what = f"{name} has a template for {operation!r}, which is no operation of ivy"
            raise NameError(f"{what}; {near}" if (near := nearest(operation, IVY.rows)) else what)
    return templates


def callees(backend: str) -> set[str]:
    """Return every public name that the templates of `backend` call."""
    from mlgraph.dialects.ivy import IVY

    templates: list[Any] = [row.templates[backend] for row in IVY.rows.values() if backend in row.templates]
    return {name for template in templates for name in template.callees()}
