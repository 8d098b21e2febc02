"""Linear algebra."""

from string import ascii_letters

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import HALF_PRECISION, f32, i1, i8, i16, i32, i64, tensor, ui8, ui16, ui32, ui64
from mlgraph.dialects.ivy.factorization import column, first, last, steps
from mlgraph.dialects.ivy.manipulation import TO_END
from mlgraph.dialects.ivy.types import UNKNOWN, broadcast_shapes, dtype, is_complex, rank, shape_of
from mlgraph.dialects.parameters import Ints, Shape, Value, Values
from mlgraph.transforms.lower_ivy.shared import size, sizes, typed
from mlgraph.transforms.lower_ivy.tensorflow.rule import rule, tf

rule.widen((i1, i8, i16, ui8, ui16), i32, ivy.matmul, ivy.einsum)
rule.widen((ui32, ui64), i64, ivy.matmul, ivy.einsum)
rule.widen(
    HALF_PRECISION, f32,
    ivy.inv, ivy.det, ivy.cholesky, ivy.solve, ivy.triangular_solve, ivy.qr, ivy.eigh, ivy.svd, ivy.slogdet, ivy.lu,
    ivy.expm, ivy.householder_product, ivy.reflect,
)  # fmt: skip


@rule(ivy.matmul)
def matmul(x1: Value, x2: Value) -> Value:
    if rank(x1) > 1 and rank(x2) > 1:
        return tf.matmul(x1, x2)
    if rank(x1) > 1:
        return tf.linalg.matvec(x1, x2)
    if rank(x2) > 1:
        return tf.linalg.matvec(x2, x1, transpose_a=True)
    return tf.tensordot(x1, x2, 1)


@rule(ivy.einsum)
def einsum(xs: Values, equation: str) -> Value:
    return tf.einsum(equation, *xs)


@rule(ivy.dot_general)
def dot_general(x1: Value, x2: Value, contract1: Ints, contract2: Ints, batch1: Ints, batch2: Ints) -> Value:
    """An Einstein summation whose letters are those of `x1`, but where `x2` has axes of its own."""
    letters = iter(ascii_letters)
    first = [next(letters) for _ in range(rank(x1))]
    shared = dict(zip((*contract2, *batch2), (first[a] for a in (*contract1, *batch1)), strict=True))
    second = [shared[a] if a in shared else next(letters) for a in range(rank(x2))]
    batch = [first[a] for a in batch1]
    rest = [c for c in (*first, *second) if c not in shared.values()]
    return ivy.einsum((x1, x2), f"{''.join(first)},{''.join(second)}->{''.join((*batch, *rest))}")


@rule(ivy.solve)
def solve(x1: Value, x2: Value) -> Value | None:
    """tensorflow does not broadcast the batch axes."""
    batch = shape_of(x1)[:-2], shape_of(x2)[:-2]
    if batch[0] == batch[1] and UNKNOWN not in batch[0]:
        return None
    shape = broadcast_shapes(*batch)
    if UNKNOWN in shape:
        shape = sizes(ivy.add(_corner(x1), _corner(x2)))[:-2]
    return tf.linalg.solve(_spread(x1, shape), _spread(x2, shape))


def _corner(x: Value) -> Value:
    """The first element of each matrix."""
    batch = rank(x) - 2
    return ivy.slice(x, (0,) * rank(x), (*(TO_END,) * batch, 1, 1), (1,) * rank(x))


def _spread(x: Value, batch: Shape) -> Value:
    return ivy.broadcast_to(x, (*batch, size(x, -2), size(x, -1)))


@rule(ivy.eigh)
def eigh(x: Value) -> tuple[Value, Value]:
    """tensorflow gives the real eigenvalues of complex matrices as complex numbers."""
    values, vectors = tf.linalg.eigh.several(2, x)
    if is_complex(dtype(x)):
        values = ivy.real(typed(values, tensor(shape_of(x)[:-1], dtype(x))))
    return values, vectors


@rule(ivy.slogdet)
def slogdet(x: Value) -> tuple[Value, Value]:
    """tensorflow gives the logarithm for complex matrices as a complex number."""
    sign, logarithm = tf.linalg.slogdet.several(2, x)
    if is_complex(dtype(x)):
        logarithm = ivy.real(typed(logarithm, tensor(shape_of(x)[:-2], dtype(x))))
    return sign, logarithm


@rule(ivy.svd)
def svd(x: Value, full_matrices: bool = False) -> tuple[Value, Value, Value]:
    """tensorflow gives V, not its adjoint."""
    s, u, v = tf.linalg.svd.several(3, x, full_matrices=full_matrices)
    return u, s, tf.linalg.adjoint(v)


@rule(ivy.lu)
def lu(x: Value) -> tuple[Value, Value, Value] | None:
    """tensorflow takes square matrices apart, and gives the order of the rows."""
    *batch, m, n = shape_of(x)
    if m != n or m in (0, UNKNOWN):
        return None
    packed, order = tf.linalg.lu.several(2, x)
    order = typed(order, tensor((*batch, m), i32))
    line = ivy.iota((m,), i32)

    def exchange(current: Value, i: Value, wanted: Value) -> tuple[Value, Value]:
        place = ivy.argmax(ivy.cast(ivy.equal(current, column(wanted)), i32), -1, i32)
        there = ivy.equal(line, column(place))
        moved = ivy.where(there, column(ivy.take(current, i, -1)), current)
        return ivy.where(ivy.equal(line, i), column(wanted), moved), place

    _, places = steps(m, ivy.broadcast_to(line, sizes(order)), [first(order)], exchange)
    return packed, last(places), order
