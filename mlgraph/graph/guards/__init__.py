"""Guards: the conditions under which a specialization is right for a call.

Each guard emits its test into the generated entry function of a graph (`emit`), describes why a call does not meet it
(`failure`), and gives its JSON for a saved graph (`to_json`).

    base               Guard, GuardFailure, Branch (the generated tests of one specialization)
    arguments          the structure of a call and the Python values in it
    arrays             class, element type, device, rank and layout of arrays; array_sources says where they are
    sizes              sizes of arrays and conditions on them, which size_conditions parses
    environment        values that a function without arguments returns
    python, paths      Python values that a function reads without being given them
    torch_modules      the construction of the torch modules that a function reaches
    keras_layers       the construction of the Keras layers that a function reaches
    identities         machine code that compares the content of objects by identity
    objects            the content of a call's stateful objects
    program_guards     all guards of a captured program
    codegen            the generated entry function
"""

from mlgraph.graph.guards.base import Branch, Guard, GuardFailure

__all__ = ["Branch", "Guard", "GuardFailure"]
