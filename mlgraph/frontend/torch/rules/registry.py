"""How the rules of torch are declared: by the names of ATen overloads, with the arguments that ATen names."""

from mlgraph.frontend.rules import Rules

RULES = Rules("aten.")
"""A rule takes what the trace knows of the result, then the op's arguments as ATen names them."""
rule = RULES.rule
