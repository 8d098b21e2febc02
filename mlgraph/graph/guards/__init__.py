"""Guards: the conditions under which a specialization is right for a call.

Each guard emits its test into the generated entry function of a graph (`emit`), describes why a call does not meet it
(`failure`), and gives its JSON for a saved graph (`to_json`).

    base          Guard, Failure, Branch (the generated tests of one specialization)
    arguments     the structure of a call and the Python values in it
    arrays        class, element type, device, rank, sizes and layout of arrays
    conditions    conditions on sizes as text
    environment   Python values that a function reads without being given them
    modules       how the torch modules are built that a function reaches
    identities    machine code that tells whether objects hold what they held
    objects       what a call must find in its stateful objects
    codegen       the generated entry function
"""

from mlgraph.graph.guards.base import Branch, Guard, GuardFailure

__all__ = ["Branch", "Guard", "GuardFailure"]
