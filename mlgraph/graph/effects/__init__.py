"""Objects that outlive a call: what a function reads of them and writes to them.

While the function is traced, its objects hold traced arrays, as its arguments are. Afterwards what differs is what the
function wrote, and the objects are restored. A call then reads and writes the same access paths.

    stateful_arguments   which objects are stateful: those named to `compile`, and those among the arguments
    access_path          where a value is held: a stateful object, and the attributes and items that lead from there
    reach, reach_walk    what the function reaches without being given it; code_names, user_code: what code says
    snapshot             what a trace writes outside the stateful objects is undone, and becomes state
    session              one trace: objects hold traced arrays, and what the function does to them is recorded
    attribute_reads      which attributes the function reads
    expected_objects     what a call must find in its objects
    side_effects         what a call leaves in its objects
    to_ir                reads and writes as `stateful.get` and `stateful.set`
"""

from mlgraph.graph.effects.result_objects import flatten_result
from mlgraph.graph.effects.session import ObjectSession, StateSpec, arrays_below
from mlgraph.graph.effects.stateful_arguments import NO_STATE, StatefulArguments, StatefulObject

__all__ = [
    "NO_STATE",
    "ObjectSession",
    "StateSpec",
    "StatefulArguments",
    "StatefulObject",
    "arrays_below",
    "flatten_result",
]
