"""Factorizations of matrices in steps: LU, and products of Householder's reflections. Leading axes are batches."""

from collections.abc import Callable, Sequence

from xdsl.ir import Block
from xdsl.traits import Pure

from mlgraph.dialects import sizes
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import i32, tensor
from mlgraph.dialects.ivy.control import ScanOp, YieldOp, element
from mlgraph.dialects.ivy.creation import eye, full, iota
from mlgraph.dialects.ivy.elementwise import (
    abs,
    add,
    conj,
    divide,
    equal,
    greater,
    imag,
    less,
    logical_and,
    multiply,
    real,
    subtract,
    where,
)
from mlgraph.dialects.ivy.indexing import take, take_along_axis
from mlgraph.dialects.ivy.linalg import matmul
from mlgraph.dialects.ivy.manipulation import broadcast_to, expand_dims, permute_dims, squeeze
from mlgraph.dialects.ivy.prelude import number, size_of
from mlgraph.dialects.ivy.reduction import argmax
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, floating, is_complex, rank, shape_of
from mlgraph.dialects.parameters import Shape, Value
from mlgraph.dialects.sizes import Size

__all__ = ("householder_product", "lu", "reflect", "row_order")


@composite(Pure(), jax="lax.linalg.lu(x)")
def lu(x: Value) -> tuple[Value, Value, Value]:
    """The LU decomposition with row exchanges: L, of diagonal 1, below U in one array, the exchanges, and their order.

    At step i, row i changes places with row `exchanges[i]`, which is not before it, and `L @ U` is `x[order]`. Both
    count in int32.
    """
    floating(x)
    m, n = size_of(x, -2), size_of(x, -1)
    rows, columns, zero = column(iota((m,), i32)), iota((n,), i32), number(x, 0)

    def eliminate(a: Value, i: Value) -> tuple[Value, Value]:
        found = magnitude(column(take(a, i, -1)))
        place = argmax(where(less(rows, i), number(found, -1), found), -2, i32, True)
        chosen = take_along_axis(a, broadcast_to(place, (*batch_of(a), 1, n)), -2)
        a = where(equal(rows, i), chosen, where(equal(rows, place), row(take(a, i, -2)), a))
        pivot, below = column(take(chosen, i, -1)), greater(rows, i)
        divisor = where(equal(pivot, zero), number(x, 1), pivot)
        factor = where(below, divide(column(take(a, i, -1)), divisor), zero)
        a = subtract(a, multiply(factor, where(greater(columns, i), chosen, zero)))
        return where(logical_and(below, equal(columns, i)), factor, a), squeeze(place, (-2, -1))

    if 0 in shape_of(x)[-2:]:
        exchanges = full((*batch_of(x), 0), 0, i32)
        return x, exchanges, row_order(exchanges, (m,))
    packed, places = steps(sizes.minimum(m, n), x, [], eliminate)
    return packed, (exchanges := last(places)), row_order(exchanges, (m,))


def magnitude(x: Value) -> Value:
    """Return the size by which the pivot is chosen: LAPACK adds the sizes of the parts of a complex number."""
    return add(abs(real(x)), abs(imag(x))) if is_complex(dtype(x)) else abs(x)


@composite(Pure(), jax="lax.linalg.lu_pivots_to_permutation(exchanges, rows[0])")
def row_order(exchanges: Value, rows: Shape) -> Value:
    """The order of as many rows that exchanges of row i for row `exchanges[i]`, one after the other, give."""
    line = iota(rows, i32)
    start = broadcast_to(line, (*batch_of(exchanges, 1), *rows))
    if 0 in shape_of(exchanges):
        return start

    def exchange(order: Value, i: Value, place: Value) -> tuple[Value]:
        here, there = column(take(order, i, -1)), take_along_axis(order, column(place), -1)
        return (where(equal(line, i), there, where(equal(line, column(place)), here, order)),)

    return steps(size_of(exchanges, -1), start, [first(exchanges)], exchange)[0]


@composite(Pure(), torch="torch.linalg.householder_product(x, tau)", jax="lax.linalg.householder_product(x, tau)")
def householder_product(x: Value, tau: Value) -> Value:
    """The first columns of the product of the reflections `I - tau[i] v v^H`, as many as `x` has.

    `v` is column i of `x` below the diagonal, 1 on it and 0 above it.
    """
    m, n = size_of(x, -2), size_of(x, -1)
    return reflect(x, tau, broadcast_to(eye((m,), (n,), dtype(x)), (*batch_of(x), m, n)))


@composite(Pure())
def reflect(x: Value, tau: Value, other: Value, adjoint: bool = False) -> Value:
    """The product of the reflections of `householder_product`, or its adjoint, times `other`. All share one batch."""
    floating(x, tau, other)
    rows = column(iota((size_of(x, -2),), i32))
    if 0 in shape_of(tau):
        return other

    def turn(other: Value, i: Value, factor: Value) -> tuple[Value]:
        below = where(greater(rows, i), column(take(x, i, -1)), number(x, 0))
        v = where(equal(rows, i), number(x, 1), below)
        along = matmul(conjugate(row(squeeze(v, (-1,)))), other)
        return (subtract(other, multiply(multiply(column(column(factor)), v), along)),)

    factors = first(conjugate(tau) if adjoint else tau)
    return steps(size_of(tau, -1), other, [factors], turn, reverse=not adjoint)[0]


# Steps, and parts of matrices


def steps(
    count: Size, start: Value, xs: Sequence[Value], step: Callable[..., tuple[Value, ...]], reverse: bool = False
) -> tuple[Value, ...]:
    """Run `step(state, i, *elements)` `count` times; return the last state, and stacks of its other results."""
    counter = iota((count,), i32)
    block = Block(arg_types=[start.type, tensor((), i32), *(element(x.type) for x in xs)])
    with building(block):
        found = step(*block.args)
        insert(YieldOp(*found))
    n = count if isinstance(count, int) else UNKNOWN
    stacks = [tensor((n, *shape_of(value)), dtype(value)) for value in found[1:]]
    return tuple(insert(ScanOp(sizes.value(count), [start], [counter, *xs], block, stacks, reverse)).results)


def conjugate(x: Value) -> Value:
    return conj(x) if is_complex(dtype(x)) else x


def batch_of(x: Value, rest: int = 2) -> tuple[Size, ...]:
    """Return the sizes of `x` before the last axes."""
    return tuple(size_of(x, axis) for axis in range(rank(x) - rest))


def column(x: Value) -> Value:
    return expand_dims(x, (-1,))


def row(x: Value) -> Value:
    return expand_dims(x, (-2,))


def first(x: Value) -> Value:
    """Move the last axis of `x` to the front."""
    return permute_dims(x, (rank(x) - 1, *range(rank(x) - 1)))


def last(x: Value) -> Value:
    """Move the first axis of `x` to the end."""
    return permute_dims(x, (*range(1, rank(x)), 0))
