"""Canonicalization of operations: a pattern is a function from arguments to the values that replace the results.

    @canonical(ivy.pow)
    def power_of_two(x1: Value, x2: Value) -> Value | None:
        \"\"\"`x**2` is `x * x`.\"\"\"
        if number_of(x2) == 2:
            return ivy.multiply(x1, x1)

xDSL's own `canonicalize` runs them. A pattern that returns None must have built nothing.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait

from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import compatible

P = ParamSpec("P")
R = TypeVar("R")


class HasPatterns(Protocol):
    """The declaration of an operation, which holds the patterns of the operation."""

    patterns: list[Callable[..., Any]]


class _DeclaredOp(Protocol):
    """An operation of a declaration."""

    OP: HasPatterns

    def arguments(self) -> dict[str, Any]: ...


def canonical(*rows: HasPatterns) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a canonicalization pattern of `rows`, tried after those that were declared before it."""

    def register(pattern: Callable[P, R]) -> Callable[P, R]:
        for row in rows:
            row.patterns.append(pattern)
        return pattern

    return register


class TablePatterns(HasCanonicalizationPatternsTrait):
    """The trait of table operations: they have the patterns that were declared for them."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        return (_PATTERN,)


class CanonicalizeTableOp(RewritePattern):
    """Try the patterns of an operation in order; what they build comes from the operation's user line."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        declared = cast(_DeclaredOp, op)
        patterns = declared.OP.patterns
        if not patterns:
            return
        arguments = declared.arguments()
        for pattern in patterns:
            with building(rewriter, op.location):
                found = pattern(**arguments)
            if found is not None and _replace(op, found, rewriter):
                return


_PATTERN = CanonicalizeTableOp()


def _replace(op: Operation, found: Any, rewriter: PatternRewriter) -> bool:
    """Replace the results by a pattern's values; return False where the type of a value that was there is another."""
    values = cast(tuple[SSAValue, ...], found if isinstance(found, tuple) else (found,))
    for old, value in zip(op.results, values, strict=True):
        if value.type == old.type:
            continue
        if not rewriter.has_done_action:
            return False
        _retype(value, old)
    rewriter.replace(op, (), values)
    return True


def _retype(value: SSAValue, old: SSAValue) -> None:
    """Give a value that was built just now the type of the one that it replaces, which is what its users expect."""
    if value.first_use is not None or not compatible(value.type, old.type):
        raise TypeError(f"a canonicalization gives {value.type} in the place of {old.type}")
    value._type = old.type  # pyright: ignore[reportPrivateUsage]
