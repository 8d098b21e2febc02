"""Linear algebra."""

from collections.abc import Sequence
from functools import reduce
from string import ascii_letters

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.dtypes import DType, i1, i64
from mlgraph.dialects.ivy.prelude import matrix_transpose, number, slice_axis
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.dialects.parameters import Ints, Value, Values
from mlgraph.dialects.sizes import Size, product
from mlgraph.frontend.rules import Unsupported
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.rules.helpers import adjoint, broadcast, counted, padded, to
from mlgraph.frontend.tensorflow.rules.registry import renamed, rule

renamed({"Cholesky": ivy.cholesky, "MatrixDeterminant": ivy.det})


@rule("MatMul", ignores="grad_a grad_b")
def matmul(a: Value, b: Value, *, transpose_a: bool, transpose_b: bool) -> Value:
    return ivy.matmul(matrix_transpose(a) if transpose_a else a, matrix_transpose(b) if transpose_b else b)


@rule("BatchMatMul", "BatchMatMulV2", ignores="grad_x grad_y")
def batch_matmul(x: Value, y: Value, *, adj_x: bool, adj_y: bool) -> Value:
    return ivy.matmul(adjoint(x) if adj_x else x, adjoint(y) if adj_y else y)


@rule("BatchMatMulV3", ignores="grad_x grad_y")
def batch_matmul_to(x: Value, y: Value, *, Tout: DType, adj_x: bool, adj_y: bool) -> Value:
    return batch_matmul(to(x, Tout), to(y, Tout), adj_x=adj_x, adj_y=adj_y)


@rule("Einsum")
def einsum(inputs: Values, *, equation: str) -> Value:
    return ivy.einsum(inputs, spelled_out(equation.replace(" ", ""), [rank(x) for x in inputs]))


def spelled_out(equation: str, ranks: Sequence[int]) -> str:
    """Return an equation with letters for its ellipses."""
    if "..." not in equation:
        return equation
    left, _, right = equation.partition("->")
    free = [letter for letter in ascii_letters if letter not in equation]
    terms = left.split(",")
    hidden = [n - len(term.replace("...", "")) if "..." in term else 0 for term, n in zip(terms, ranks, strict=True)]
    letters = "".join(free[: max(hidden)])
    named = [term.replace("...", letters[len(letters) - n :]) for term, n in zip(terms, hidden, strict=True)]
    return f"{','.join(named)}->{right.replace('...', letters)}"


@rule("MatrixInverse")
def inverse(x: Value, *, adjoint: bool) -> Value:
    return ivy.inv(turned(x, adjoint))


def turned(x: Value, wanted: bool) -> Value:
    return adjoint(x) if wanted else x


@rule("MatrixSolve")
def solve(matrix: Value, rhs: Value, *, adjoint: bool) -> Value:
    return ivy.solve(turned(matrix, adjoint), rhs)


@rule("Qr")
def qr(x: Value, *, full_matrices: bool) -> tuple[Value, Value]:
    if full_matrices:
        raise Unsupported("with full_matrices")
    return ivy.qr(x)


@rule("Svd")
def svd(x: Value, *, compute_uv: bool, full_matrices: bool) -> tuple[Value, Value | None, Value | None]:
    if compute_uv and full_matrices:
        raise Unsupported("with full_matrices")
    u, s, vh = ivy.svd(x)
    return (s, u, adjoint(vh)) if compute_uv else (s, None, None)


@rule("SelfAdjointEigV2")
def eigh(x: Value, *, compute_v: bool) -> tuple[Value, Value | None]:
    values, vectors = ivy.eigh(x)
    return values, vectors if compute_v else None


@rule("MatrixTriangularSolve")
def triangular_solve(matrix: Value, rhs: Value, *, lower: bool, adjoint: bool, importer: FuncGraphImporter) -> Value:
    matrix = turned(matrix, adjoint)
    matrix, rhs = same_batches(importer, matrix, rhs)
    return ivy.triangular_solve(matrix, rhs, lower != adjoint)


def same_batches(importer: FuncGraphImporter, *xs: Value) -> list[Value]:
    """Matrices with their batches broadcast against each other."""
    shapes = [importer.shape(x) for x in xs]
    batch = reduce(broadcast, (shape[:-2] for shape in shapes))
    wanted = [(*batch, *shape[-2:]) for shape in shapes]
    return [x if w == s else ivy.broadcast_to(x, w) for x, w, s in zip(xs, wanted, shapes, strict=True)]


@rule("LogMatrixDeterminant")
def log_determinant(x: Value) -> tuple[Value, Value]:
    sign, log = ivy.slogdet(x)
    return sign, to(log, dtype(sign))


@rule("Lu")
def lu(x: Value, *, output_idx_type: DType) -> tuple[Value, Value]:
    packed, _, permutation = ivy.lu(x)
    return packed, to(permutation, output_idx_type)


@rule("TridiagonalMatMul")
def tridiagonal_matmul(above: Value, main: Value, below: Value, rhs: Value) -> Value:
    """Diagonals as rows; the last element of the one above and the first of the one below stand outside."""
    along = rank(rhs) - 2
    upper, middle, lower = (matrix_transpose(diagonal) for diagonal in (above, main, below))
    after, before = (
        padded(slice_axis(rhs, along, 1), along, 0, 1, 0),
        padded(slice_axis(rhs, along, 0, -1), along, 1, 0, 0),
    )
    return ivy.add(ivy.add(ivy.multiply(middle, rhs), ivy.multiply(upper, after)), ivy.multiply(lower, before))


@rule("TridiagonalSolve", ignores="partial_pivoting perturb_singular")
def tridiagonal_solve(diagonals: Value, rhs: Value, *, importer: FuncGraphImporter) -> Value:
    zero = number(diagonals, 0)
    matrix = diag(diagonals, (-1, 1), -1, -1, zero, align="LEFT_RIGHT", importer=importer)
    return ivy.solve(matrix, rhs)


@rule("BandedTriangularSolve")
def banded_solve(bands: Value, rhs: Value, *, lower: bool, adjoint: bool, importer: FuncGraphImporter) -> Value:
    """The matrix is given by its diagonals, the main one first if upper, last... as rows of `bands`."""
    count = importer.static(bands, -2, "the number of diagonals")
    k = (1 - count, 0) if lower else (0, count - 1)
    matrix = diag(bands, k, -1, -1, number(bands, 0), align="RIGHT_RIGHT" if lower else "LEFT_LEFT", importer=importer)
    return triangular_solve(matrix, rhs, lower=lower, adjoint=adjoint, importer=importer)


@rule("Cross")
def cross(a: Value, b: Value) -> Value:
    x, y = (ivy.roll(v, (-1,), (rank(v) - 1,)) for v in (a, b))
    return ivy.roll(ivy.subtract(ivy.multiply(a, y), ivy.multiply(x, b)), (-1,), (rank(a) - 1,))


# Diagonals


class Band:
    """The diagonals `low` to `high` of matrices as tensorflow packs them: a row each, the highest first.

    `align` says on which side a shorter diagonal above and below the main one stands in its row.
    """

    def __init__(self, k: Ints, align: str, rows: Size, columns: Size, length: Size) -> None:
        self.low, self.high = k[0], k[-1]
        self.above, _, self.below = align.partition("_")
        self.rows, self.columns, self.length = rows, columns, length

    @property
    def count(self) -> int:
        return self.high - self.low + 1

    def length_of(self, k: int) -> Size:
        """Return the number of elements of diagonal `k`."""
        return sizes.minimum(sizes.add(self.rows, min(k, 0)), sizes.subtract(self.columns, max(k, 0)))

    def start_of(self, k: int) -> Size:
        """Return the index at which diagonal `k` begins in its row."""
        side = self.above if k >= 0 else self.below
        return sizes.subtract(self.length, self.length_of(k)) if side == "RIGHT" else 0


def longest(k: Ints, rows: Size, columns: Size) -> Size:
    """Return the number of elements of the longest diagonal of a band."""
    down = sizes.add(rows, min(k[-1], 0))
    return sizes.minimum(down, sizes.subtract(columns, max(k[0], 0)))


@rule("MatrixDiagPartV3")
def diag_part(x: Value, k: Ints, padding_value: Value, *, align: str, importer: FuncGraphImporter) -> Value:
    rows, columns = importer.dim(x, rank(x) - 2), importer.dim(x, rank(x) - 1)
    band = Band(k, align, rows, columns, longest(k, rows, columns))
    found = [diagonal(importer, x, band, d, padding_value) for d in range(band.high, band.low - 1, -1)]
    return found[0] if len(k) == 1 or len(found) == 1 else ivy.stack(found, rank(x) - 2)


def diagonal(importer: FuncGraphImporter, x: Value, band: Band, k: int, padding: Value) -> Value:
    """One diagonal, padded to the longest of the band."""
    flat = ivy.reshape(x, (*importer.shape(x)[:-2], sizes.multiply(band.rows, band.columns)))
    places = ivy.iota((band.length,), i64)
    places = ivy.subtract(places, to(band.start_of(k), i64)) if band.start_of(k) != 0 else places
    across = ivy.multiply(places, to(sizes.add(band.columns, 1), i64))
    first = to(sizes.multiply(-k, band.columns) if k < 0 else k, i64)
    index = ivy.add(across, first)
    length = band.length_of(k)
    if isinstance(length, int) and length == band.length:
        return ivy.take(flat, index, rank(flat) - 1)
    inside = within(places, length)
    taken = ivy.take(flat, ivy.where(inside, index, to(0, i64)), rank(flat) - 1)
    return ivy.where(inside, taken, padding)


def within(places: Value, length: Size) -> Value:
    """Return whether places are at least 0 and below `length`."""
    return ivy.logical_and(ivy.greater_equal(places, to(0, i64)), ivy.less(places, to(length, i64)))


@rule("MatrixDiagV3")
def diag(
    diagonals: Value,
    k: Ints,
    num_rows: Size,
    num_cols: Size,
    padding_value: Value,
    *,
    align: str,
    importer: FuncGraphImporter,
) -> Value:
    several = len(k) == 2 and k[0] != k[1]
    length = importer.dim(diagonals, rank(diagonals) - 1)
    rows, columns = matrix_size(k, length, num_rows, num_cols)
    band = Band(k, align, rows, columns, length)
    batch = importer.shape(diagonals)[: -2 if several else -1]
    inside, taken = spread(importer, diagonals, band, batch)
    return ivy.where(inside, taken, padding_value)


def matrix_size(k: Ints, length: Size, rows: Size, columns: Size) -> tuple[Size, Size]:
    """Return the sizes of the matrix; -1 is the smallest that holds the band, square if both are."""
    least_rows = sizes.subtract(length, min(k[-1], 0))
    least_columns = sizes.add(length, max(k[0], 0))
    if rows == -1 and columns == -1:
        square = sizes.maximum(least_rows, least_columns)
        return square, square
    return (least_rows if rows == -1 else rows), (least_columns if columns == -1 else columns)


def spread(importer: FuncGraphImporter, diagonals: Value, band: Band, batch: tuple[Size, ...]) -> tuple[Value, Value]:
    """Return where a matrix has elements of the band, and these elements in their places."""
    row, column = counted(band.rows, i64, 0, 2), counted(band.columns, i64, 1, 2)
    offset = ivy.subtract(column, row)
    inside = ivy.logical_and(ivy.greater_equal(offset, to(band.low, i64)), ivy.less_equal(offset, to(band.high, i64)))
    place = ivy.minimum(row, column)
    for k in range(band.low, band.high + 1):
        if (start := band.start_of(k)) != 0:
            shifted = ivy.add(place, to(start, i64))
            place = ivy.where(ivy.equal(offset, to(k, i64)), shifted, place)
    index = ivy.add(ivy.multiply(ivy.subtract(to(band.high, i64), offset), to(band.length, i64)), place)
    flat = ivy.reshape(diagonals, (*batch, sizes.multiply(band.length, band.count)))
    return inside, ivy.take(flat, ivy.where(inside, index, to(0, i64)), rank(flat) - 1)


@rule("MatrixSetDiagV3")
def set_diag(x: Value, diagonals: Value, k: Ints, *, align: str, importer: FuncGraphImporter) -> Value:
    rows, columns = importer.dim(x, rank(x) - 2), importer.dim(x, rank(x) - 1)
    band = Band(k, align, rows, columns, importer.dim(diagonals, rank(diagonals) - 1))
    inside, taken = spread(importer, diagonals, band, importer.shape(x)[:-2])
    return ivy.where(inside, taken, x)


@rule("MatrixDiag")
def main_diagonal_matrix(diagonals: Value, *, importer: FuncGraphImporter) -> Value:
    zero = number(diagonals, False if dtype(diagonals) == i1 else 0)
    return diag(diagonals, (0,), -1, -1, zero, align="RIGHT_LEFT", importer=importer)


@rule("MatrixDiagPart")
def main_diagonal(x: Value, *, importer: FuncGraphImporter) -> Value:
    zero = number(x, False if dtype(x) == i1 else 0)
    return diag_part(x, (0,), zero, align="RIGHT_LEFT", importer=importer)


@rule("Diag")
def tensor_diag(x: Value, *, importer: FuncGraphImporter) -> Value:
    """Twice the axes: the elements where both halves of an index agree, zeros elsewhere."""
    shape = importer.shape(x)
    matrix = main_diagonal_matrix(ivy.reshape(x, (product(shape),)), importer=importer)
    return ivy.reshape(matrix, (*shape, *shape))


@rule("DiagPart")
def tensor_diag_part(x: Value, *, importer: FuncGraphImporter) -> Value:
    shape = importer.shape(x)[: rank(x) // 2]
    n = product(shape)
    return ivy.reshape(main_diagonal(ivy.reshape(x, (n, n)), importer=importer), shape)
