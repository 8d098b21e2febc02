# pyright: basic
"""State becomes arguments and results, in a known order."""

from typing import Any

import numpy as np
import pytest
from programs import by_numpy, names, parsed, program
from xdsl.context import Context
from xdsl.ir import Block

from mlgraph.dialects import ivy, stateful
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import literal, parameter
from mlgraph.dialects.dtypes import f32, i1, tensor
from mlgraph.dialects.functions import main_of
from mlgraph.dialects.ivy.control import IfOp, YieldOp
from mlgraph.dialects.stateful import Slot, read_slots, written_slots
from mlgraph.errors import UnsupportedOpError
from mlgraph.transforms.functionalize_state import FunctionalizeStatePass
from mlgraph.transforms.lower_constant import LowerConstantPass

pytestmark = pytest.mark.quick

COUNT = Slot("args[0]", "count")
ITEM = Slot("args[0].cache", 3, item=True)
VECTOR = tensor((3,), f32)


def functional(body: Any, *types: Any) -> Any:
    module = program(body, types)
    FunctionalizeStatePass().apply(Context(), module)
    module.verify()
    return module


def counter(x: Any) -> Any:
    count = stateful.get(COUNT, VECTOR)
    stateful.set(COUNT, ivy.add(count, x))
    stateful.set(ITEM, count)
    stateful.set(COUNT, ivy.multiply(stateful.get(COUNT, VECTOR), literal(2, f32)))
    return ivy.negative(stateful.get(COUNT, VECTOR))


def test_values_follow_program_order() -> None:
    module = functional(counter, VECTOR)
    x, count = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    result, new_count, item = by_numpy(module, x, count)
    np.testing.assert_array_equal(result, -2 * (x + count))
    np.testing.assert_array_equal(new_count, 2 * (x + count))
    np.testing.assert_array_equal(item, count)


def test_the_signature_tells_what_is_state() -> None:
    main = main_of(functional(counter, VECTOR))
    assert read_slots(main) == {1: COUNT}
    assert written_slots(main) == {1: COUNT, 2: ITEM}
    assert str(COUNT) == "args[0].count"
    assert str(ITEM) == "args[0].cache[3]"


def test_the_signature_survives_text_and_new_arguments() -> None:
    def body(x: Any) -> Any:
        return ivy.add(counter(x), parameter("w", np.zeros(3, np.float32), VECTOR))

    module = parsed(str(functional(body, VECTOR)))
    LowerConstantPass("numpy").apply(Context(), module)
    assert read_slots(main_of(module)) == {2: COUNT}
    assert written_slots(main_of(module)) == {1: COUNT, 2: ITEM}


def test_no_access_changes_nothing() -> None:
    module = functional(ivy.negative, VECTOR)
    assert names(module) == ["ivy.negative"]
    assert main_of(module).arg_attrs is None


def branch(value: Any, write: bool) -> Block:
    with building(block := Block()) as builder:
        if write:
            stateful.set(COUNT, value)
        builder.insert(YieldOp(stateful.get(COUNT, VECTOR) if not write else value))
    return block


def test_a_read_in_a_branch() -> None:
    def body(x: Any, p: Any) -> Any:
        return stateful.insert(IfOp(p, branch(x, False), branch(x, False))).results[0]

    module = functional(body, VECTOR, tensor((), i1))
    assert read_slots(main_of(module)) == {2: COUNT}
    assert "stateful.get" not in names(module)


def test_a_write_in_a_branch_raises() -> None:
    def body(x: Any, p: Any) -> Any:
        return stateful.insert(IfOp(p, branch(x, True), branch(x, True))).results[0]

    with pytest.raises(
        UnsupportedOpError, match=r"args\[0\]\.count is written inside a loop or branch[^$]*program.py:1"
    ):
        functional(body, VECTOR, tensor((), i1))
