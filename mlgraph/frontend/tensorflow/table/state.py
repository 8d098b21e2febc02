"""Variables: reads, and writes that the walk keeps in order."""

from collections.abc import Callable

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.parameters import Value
from mlgraph.frontend.tensorflow.nodes import Elements, Traced, as_elements
from mlgraph.frontend.tensorflow.raising import Raiser
from mlgraph.frontend.tensorflow.table.elements import vector
from mlgraph.frontend.tensorflow.table.indexing import over_rows
from mlgraph.frontend.tensorflow.table.indexing import scattered as put
from mlgraph.frontend.tensorflow.table.rule import rule


@rule("ReadVariableOp")
def read(resource: Traced, *, dtype: DType, raiser: Raiser) -> Traced:
    return Traced(dtype, raiser.state.read(resource.thing), varies=True)


@rule("AssignVariableOp")
def assign(resource: Traced, value: Value, *, validate_shape: bool, raiser: Raiser) -> None:
    raiser.state.write(resource.thing, value)


@rule("AssignAddVariableOp")
def assign_add(resource: Traced, value: Value, *, raiser: Raiser) -> None:
    raiser.state.write(resource.thing, ivy.add(raiser.state.read(resource.thing), value))


@rule("AssignSubVariableOp")
def assign_sub(resource: Traced, value: Value, *, raiser: Raiser) -> None:
    raiser.state.write(resource.thing, ivy.subtract(raiser.state.read(resource.thing), value))


@rule("PartitionedCall", "StatefulPartitionedCall", ignores="Tout config config_proto executor_type")
def call(args: list[Traced], *, f: object, raiser: Raiser) -> list[Traced]:
    """A function's graph in the place of its call."""
    return raiser.run(raiser.function(f.name), args)  # type: ignore[attr-defined]


@rule("VariableShape")
def variable_shape(resource: Traced, *, out_type: DType, raiser: Raiser) -> Elements:
    return vector(raiser.shape(raiser.state.read(resource.thing)))


@rule("VarIsInitializedOp")
def is_initialized(resource: Traced) -> Elements:
    return as_elements(True)


def scattered(mode: str) -> Callable[..., None]:
    """A write of rows into a variable."""

    def write(resource: Traced, indices: Value, updates: Value, *, raiser: Raiser) -> None:
        old = raiser.state.read(resource.thing)
        flat = ivy.reshape(indices, (-1,)) if rank(indices) != 1 else indices
        rows = ivy.reshape(
            ivy.broadcast_to(updates, (*raiser.shape(indices), *raiser.shape(old)[1:])), (-1, *raiser.shape(old)[1:])
        )
        if mode in ("set", "add"):
            raiser.state.write(resource.thing, ivy.index_put(old, [flat], rows, (0,), mode == "add"))
        else:
            places = over_rows(raiser, flat, rows)
            raiser.state.write(resource.thing, ivy.scatter_along_axis(old, places, rows, 0, mode))

    return write


for kind, mode in {"Update": "set", "Add": "add", "Mul": "multiply", "Max": "max", "Min": "min"}.items():
    rule(f"ResourceScatter{kind}")(scattered(mode))


@rule("ResourceScatterSub")
def scatter_subtract(resource: Traced, indices: Value, updates: Value, *, raiser: Raiser) -> None:
    scattered("add")(resource, indices, ivy.negative(updates), raiser=raiser)


@rule("ResourceScatterNdUpdate", ignores="use_locking bad_indices_policy")
def scatter_nd_update(resource: Traced, indices: Value, updates: Value, *, raiser: Raiser) -> None:
    raiser.state.write(
        resource.thing, put(raiser, raiser.state.read(resource.thing), indices, updates, accumulate=False)
    )


@rule("ResourceScatterNdAdd", ignores="use_locking bad_indices_policy")
def scatter_nd_add(resource: Traced, indices: Value, updates: Value, *, raiser: Raiser) -> None:
    raiser.state.write(
        resource.thing, put(raiser, raiser.state.read(resource.thing), indices, updates, accumulate=True)
    )
