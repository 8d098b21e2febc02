"""Operations of mixtures of experts."""

from xdsl.traits import Pure

from mlgraph.dialects import sizes
from mlgraph.dialects.ivy.creation import dim, full, to_size
from mlgraph.dialects.ivy.linalg import matmul
from mlgraph.dialects.ivy.manipulation import TO_END, concat, slice, squeeze
from mlgraph.dialects.ivy.table import composite
from mlgraph.dialects.ivy.types import UNKNOWN, dtype, shape_of
from mlgraph.dialects.parameters import Value
from mlgraph.dialects.sizes import Size


@composite(Pure(), jax="lax.ragged_dot(x, weight, jnp.diff(stops, prepend=0))")
def grouped_matmul(x: Value, weight: Value, stops: Value) -> Value:
    """The rows of `x` in groups, each times a matrix of its own: group i ends before row `stops[i]`.

    `x` is of shape (rows, k), `weight` (groups, k, n) and `stops` (groups,), of integers that do not fall. Rows
    past the last group give zeros.
    """
    groups = shape_of(weight)[0]
    if groups == UNKNOWN:
        raise ValueError("the number of groups must be known")
    start: Size = 0
    parts: list[Value] = []
    for i in range(groups):
        stop = to_size(squeeze(slice(stops, (i,), (i + 1,), (1,)), (0,)))
        rows = slice(x, (start, 0), (stop, TO_END), (1, 1))
        parts.append(matmul(rows, squeeze(slice(weight, (i, 0, 0), (i + 1, TO_END, TO_END), (1, 1, 1)), (0,))))
        start = stop
    rest = sizes.subtract(dim(x, 0), start)
    return concat([*parts, full((rest, dim(weight, 2)), 0, dtype(x))], 0)
