"""Variables: reads, and writes that the walk keeps in order."""

from collections.abc import Callable

from mlgraph.dialects import ivy
from mlgraph.dialects.dtypes import DType
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.parameters import Value
from mlgraph.frontend.tensorflow.importer import FuncGraphImporter
from mlgraph.frontend.tensorflow.nodes import Elements, Traced, as_elements, vector
from mlgraph.frontend.tensorflow.rules.indexing import over_rows
from mlgraph.frontend.tensorflow.rules.indexing import scattered as put
from mlgraph.frontend.tensorflow.rules.registry import rule


@rule("ReadVariableOp")
def read(resource: Traced, *, dtype: DType, importer: FuncGraphImporter) -> Traced:
    return Traced(dtype, importer.state.read(resource.thing), varies=True)


@rule("AssignVariableOp")
def assign(resource: Traced, value: Value, *, validate_shape: bool, importer: FuncGraphImporter) -> None:
    importer.state.write(resource.thing, value)


@rule("AssignAddVariableOp")
def assign_add(resource: Traced, value: Value, *, importer: FuncGraphImporter) -> None:
    importer.state.write(resource.thing, ivy.add(importer.state.read(resource.thing), value))


@rule("AssignSubVariableOp")
def assign_sub(resource: Traced, value: Value, *, importer: FuncGraphImporter) -> None:
    importer.state.write(resource.thing, ivy.subtract(importer.state.read(resource.thing), value))


@rule("PartitionedCall", "StatefulPartitionedCall", ignores="Tout config config_proto executor_type")
def call(args: list[Traced], *, f: object, importer: FuncGraphImporter) -> list[Traced]:
    """Import a function's graph where it is called."""
    return importer.run(importer.function(f.name), args)  # type: ignore[attr-defined]


@rule("VariableShape")
def variable_shape(resource: Traced, *, out_type: DType, importer: FuncGraphImporter) -> Elements:
    return vector(importer.shape(importer.state.read(resource.thing)))


@rule("VarIsInitializedOp")
def is_initialized(resource: Traced) -> Elements:
    return as_elements(True)


def scattered(mode: str) -> Callable[..., None]:
    """Write rows into a variable."""

    def write(resource: Traced, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> None:
        old = importer.state.read(resource.thing)
        flat = ivy.reshape(indices, (-1,)) if rank(indices) != 1 else indices
        rows = ivy.reshape(
            ivy.broadcast_to(updates, (*importer.shape(indices), *importer.shape(old)[1:])),
            (-1, *importer.shape(old)[1:]),
        )
        if mode in ("set", "add"):
            importer.state.write(resource.thing, ivy.index_put(old, [flat], rows, (0,), mode == "add"))
        else:
            places = over_rows(importer, flat, rows)
            importer.state.write(resource.thing, ivy.scatter_along_axis(old, places, rows, 0, mode))

    return write


for kind, mode in {"Update": "set", "Add": "add", "Mul": "multiply", "Max": "max", "Min": "min"}.items():
    rule(f"ResourceScatter{kind}")(scattered(mode))


@rule("ResourceScatterSub")
def scatter_subtract(resource: Traced, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> None:
    scattered("add")(resource, indices, ivy.negative(updates), importer=importer)


@rule("ResourceScatterNdUpdate", ignores="use_locking bad_indices_policy")
def scatter_nd_update(resource: Traced, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> None:
    importer.state.write(
        resource.thing, put(importer, importer.state.read(resource.thing), indices, updates, accumulate=False)
    )


@rule("ResourceScatterNdAdd", ignores="use_locking bad_indices_policy")
def scatter_nd_add(resource: Traced, indices: Value, updates: Value, *, importer: FuncGraphImporter) -> None:
    importer.state.write(
        resource.thing, put(importer, importer.state.read(resource.thing), indices, updates, accumulate=True)
    )
