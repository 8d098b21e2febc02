"""Objects that outlive a call: what a function reads of them and writes to them.

While the function is traced, the arrays that its objects hold are traced ones, as its arguments are. What differs
afterwards is what it wrote, and the objects are put back as they were. A call then reads and writes the same places.

    root       an object, under the Python that reaches it: `cont`, `batch["cache"]`, `stateful[0]`
    place      a root and the steps from there: `cont.layers[0].keys`
    expected   what a call must find at the places that the trace looked at
    change     what the trace left at a place that it wrote
"""

from mlgraph.graph.effects.result_objects import flatten_result
from mlgraph.graph.effects.session import State, Trace, arrays_below
from mlgraph.graph.effects.stateful_arguments import NO_STATE, Plan, Root

__all__ = ["NO_STATE", "Plan", "Root", "State", "Trace", "arrays_below", "flatten_result"]
