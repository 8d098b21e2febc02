# pyright: basic
"""The rules of the torch frontend against the schemas of ATen."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from mlgraph.frontend.torch.rules import RULES

pytestmark = pytest.mark.quick

EMPTY = inspect.Parameter.empty
OTHERWISE_SAID = {"correction", "memory_format"}
"""Arguments whose default the rule spells out, or that mean nothing to values."""


def schemas() -> Iterator[tuple[str, Any]]:
    for name in RULES:
        space, op, overload = name.split(".")
        packet = getattr(getattr(torch.ops, space), op, None)
        if packet is not None and overload in packet.overloads():
            yield name, getattr(packet, overload)._schema


def alike(a: Any, b: Any) -> bool:
    """Whether two defaults mean the same: one number for all axes, None or nothing for all of them."""
    if isinstance(b, list):
        return a in ((), None) if not b else a in (tuple(b), b[0])
    return a == b and isinstance(a, bool) == isinstance(b, bool)


@pytest.mark.parametrize(("name", "schema"), list(schemas()))
def test_an_argument_left_out_means_to_a_rule_what_it_means_to_torch(name: str, schema: Any):
    parameters = RULES[name].signature.parameters
    for argument in schema.arguments:
        given = parameters.get(argument.name)
        if given is None or not argument.has_default_value() or argument.name in OTHERWISE_SAID:
            continue
        assert given.default is not EMPTY, argument.name
        assert alike(given.default, argument.default_value), argument.name


@pytest.mark.parametrize(("name", "schema"), list(schemas()))
def test_a_rule_takes_arguments_in_the_order_of_torch(name: str, schema: Any):
    if "positional" in RULES[name].signature.parameters:
        return  # overloads with different orders, which the rule tells apart
    places = {parameter: i - 1 for i, parameter in enumerate(RULES[name].signature.parameters)}
    for i, argument in enumerate(argument for argument in schema.arguments if not argument.kwarg_only):
        assert places.get(argument.name, i) == i, argument.name
