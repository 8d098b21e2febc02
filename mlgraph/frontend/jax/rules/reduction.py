"""Reductions, scans along an axis, and sorting."""

from collections.abc import Callable
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import i1, i32, ui8
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, is_complex
from mlgraph.frontend.jax.equation import Equation
from mlgraph.frontend.jax.rules.registry import RULES, rule
from mlgraph.frontend.rules import Unsupported

# Reductions


def over(op: Callable[..., SSAValue], x: SSAValue, axes: Any) -> SSAValue:
    """Return `op` over `axes`, which may be none."""
    return op(x, tuple(axes)) if axes else x


@rule("reduce_sum")
def reduce_sum(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(ivy.sum, x, axes)


@rule("reduce_prod")
def reduce_prod(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(ivy.prod, x, axes)


@rule("reduce_max")
def reduce_max(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(largest(x, ivy.max, ivy.any), x, axes)


@rule("reduce_min")
def reduce_min(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(largest(x, ivy.min, ivy.all), x, axes)


def largest(x: SSAValue, op: Any, of_bools: Any) -> Any:
    if is_complex(dtype(x)):
        raise Unsupported("on complex numbers")
    return of_bools if dtype(x) == i1 else op


@rule("reduce_and")
def reduce_and(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(bools(x, ivy.all), x, axes)


@rule("reduce_or")
def reduce_or(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(bools(x, ivy.any), x, axes)


@rule("reduce_xor")
def reduce_xor(e: Equation, x: SSAValue, *, axes: Any) -> SSAValue:
    return over(bools(x, odd), x, axes)


def odd(x: SSAValue, axes: Any) -> SSAValue:
    """Return whether an odd number of bools is true."""
    count = ivy.sum(ivy.cast(x, i32), axes)
    return ivy.equal(ivy.bitwise_and(count, number(count, 1)), number(count, 1))


def bools(x: SSAValue, op: Any) -> Any:
    if dtype(x) != i1:
        raise Unsupported("of integers")
    return op


@rule("argmax")
def argmax(e: Equation, x: SSAValue, *, axes: Any, index_dtype: Any) -> SSAValue:
    return ivy.argmax(sortable(x), axes[0], e.dtype)


@rule("argmin")
def argmin(e: Equation, x: SSAValue, *, axes: Any, index_dtype: Any) -> SSAValue:
    return ivy.argmin(sortable(x), axes[0], e.dtype)


MONOIDS: dict[str, Callable[..., SSAValue]] = {  # pyright: ignore[reportAssignmentType]
    "add": reduce_sum,
    "mul": reduce_prod,
    "max": reduce_max,
    "min": reduce_min,
    "and": reduce_and,
    "or": reduce_or,
    "xor": reduce_xor,
}


def monoid_of(jaxpr: Any) -> str:
    """Return the primitive that a jaxpr of two arguments is."""
    eqns = jaxpr.eqns
    if len(eqns) == 1 and set(eqns[0].invars) == set(jaxpr.invars) and eqns[0].outvars == jaxpr.outvars:
        if eqns[0].primitive.name in MONOIDS:
            return eqns[0].primitive.name
    raise Unsupported("with a function that is no single primitive")


@rule("reduce")
def reduce(
    e: Equation, x: SSAValue, start: SSAValue, *rest: SSAValue, jaxpr: Any, dimensions: Any, computation: Any
) -> SSAValue:
    if rest:
        raise Unsupported("of several operands")
    name = monoid_of(getattr(jaxpr, "jaxpr", jaxpr))
    return RULES[name](e, MONOIDS[name](e, x, axes=dimensions), start)


# Scans


def scan(op: Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    def along(e: Equation, x: SSAValue, *, axis: int, reverse: bool) -> SSAValue:
        return ivy.flip(op(ivy.flip(x, (axis,)), axis), (axis,)) if reverse else op(x, axis)

    return along


rule("cumsum")(scan(ivy.cumulative_sum))
rule("cumprod")(scan(ivy.cumulative_prod))
rule("cummax")(scan(ivy.cumulative_max))
rule("cummin")(scan(ivy.cumulative_min))
rule("cumlogsumexp")(scan(ivy.cumulative_logsumexp))


# Sorting


def sortable(x: SSAValue) -> SSAValue:
    """Bools as integers."""
    if is_complex(dtype(x)):
        raise Unsupported("of complex numbers")
    return ivy.cast(x, ui8) if dtype(x) == i1 else x


@rule("sort")
def sort(e: Equation, *xs: SSAValue, dimension: int, num_keys: int) -> list[SSAValue]:
    """Sort by the last key first: sorts are stable."""
    if len(xs) == 1 and dtype(xs[0]) != i1:
        return [ivy.sort(sortable(xs[0]), dimension)]
    results = list(xs)
    for key in reversed(range(num_keys)):
        order = ivy.argsort(sortable(results[key]), dimension, i32)
        results = [ivy.take_along_axis(x, order, dimension) for x in results]
    return results


@rule("top_k")
def top_k(e: Equation, x: SSAValue, *, k: int, axis: int) -> tuple[SSAValue, SSAValue]:
    return ivy.topk(x, k, axis, i32)


@rule("approx_top_k")
def approx_top_k(
    e: Equation,
    x: SSAValue,
    *,
    k: int,
    reduction_dimension: int,
    recall_target: float,
    is_max_k: bool,
    reduction_input_size_override: int,
    aggregate_to_topk: bool,
) -> tuple[SSAValue, SSAValue]:
    """The exact answer, which is as good as any recall asks."""
    if not aggregate_to_topk:
        raise Unsupported("without aggregation")
    return ivy.topk(x, k, reduction_dimension, i32, is_max_k)
