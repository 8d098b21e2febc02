"""The decorator that declares torch's rules, by the names of ATen overloads and of their arguments."""

from mlgraph.frontend.rules import Rules

RULES = Rules("aten.")
"""A rule takes what the trace knows of the result, then the op's arguments as ATen names them."""
rule = RULES.rule
