"""Calls of kernels of numpy that are as the last one."""

import gc
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

from mlgraph.targets.kernels.repeat_call import RepeatCallNumpy

pytestmark = pytest.mark.kernels

DOUBLE = np.dtype(np.float64)


class Launch(NamedTuple):
    call: Any
    address: int
    owner: Any = None


def twice(plan: int, x: Any, *results: Any) -> Any:
    for n, y in enumerate(results, plan):
        y[...] = n * x
    return results[-1]


@pytest.fixture
def others() -> list[Any]:
    return []


@pytest.fixture
def again(others: list[Any]) -> RepeatCallNumpy:
    again = RepeatCallNumpy()
    again.set_fallback(lambda *arrays: others.append(arrays) or "other")
    return again


def test_an_array_as_before_is_given_to_the_loops(again: RepeatCallNumpy, others: list[Any]):
    x = np.arange(6.0).reshape(2, 3)
    assert again.call(x) == "other"
    again.last[0] = again.key_and_action([x], Launch(twice, 2), [((2, 3), DOUBLE)])
    np.testing.assert_array_equal(again.call(x + 1), 2 * (x + 1))
    assert len(others) == 1


def test_several_results_are_a_tuple(again: RepeatCallNumpy):
    x = np.arange(3.0)
    again.last[0] = again.key_and_action([x], Launch(twice, 2), [((3,), DOUBLE), ((3,), np.dtype(np.float32))])
    two, three = again.call(x)
    np.testing.assert_array_equal(two, 2 * x)
    np.testing.assert_array_equal(three, 3 * x)
    assert three.dtype == np.float32


class Sub(np.ndarray):
    pass


OTHERS = {
    "size": np.zeros((2, 4)),
    "rank": np.zeros(6),
    "no axes": np.zeros(()),
    "order": np.zeros((2, 3), order="F"),
    "gaps": np.zeros((2, 6))[:, ::2],
    "backwards": np.zeros((2, 3))[::-1],
    "type": np.zeros((2, 3), np.int64),
    "byte order": np.zeros((2, 3), ">f8"),
    "class": np.zeros((2, 3)).view(Sub),
    "number": np.float64(0),
    "no array": None,
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_array_is_given_to_the_other_function(again: RepeatCallNumpy, others: list[Any], name: str):
    x = np.zeros((2, 3))
    again.last[0] = again.key_and_action([x, x], Launch(twice, 2), [((2, 3), DOUBLE)])
    for arrays in ((OTHERS[name], x), (x, OTHERS[name]), (x,), (x, x, x), ()):
        assert again.call(*arrays) == "other"
        assert len(others.pop()) == len(arrays)


def test_errors_of_the_loops_the_results_and_the_other_function_are_raised(again: RepeatCallNumpy):
    def fails(*_: Any) -> Any:
        raise KeyError("reason")

    x = np.zeros(3)
    for launch, shape in ((Launch(fails, 0), (3,)), (Launch(twice, 2), (-3,))):
        again.last[0] = again.key_and_action([x], launch, [((3,), DOUBLE), (shape, DOUBLE)])
        with pytest.raises((KeyError, ValueError)):
            again.call(x)
    again.set_fallback(fails)
    with pytest.raises(KeyError):
        again.call(x)


def test_nothing_is_kept_alive_and_nothing_is_freed_that_is_used(again: RepeatCallNumpy):
    x, owner = np.zeros(3), object()
    again.last[0] = again.key_and_action([x], Launch(twice, 2, owner), [((3,), DOUBLE)])
    counted = (x, owner, again.last[0], again.other, twice, DOUBLE)
    before = [sys.getrefcount(thing) for thing in counted]
    for _ in range(100):
        found = again.call(x)
        again.call(None)
    assert sys.getrefcount(found) == 2
    del found
    assert [sys.getrefcount(thing) for thing in counted] == before


def test_the_form_may_be_replaced_while_it_is_used(again: RepeatCallNumpy):
    """Another thread may call with other arrays meanwhile: what the call needs is kept until it ends."""
    x = np.zeros(3)

    def replacing(plan: int, x: Any, y: Any) -> Any:
        again.set_fallback(again.other)
        gc.collect()  # what nobody holds any more is gone now
        return twice(plan, x + 1, y)

    again.last[0] = again.key_and_action([x], Launch(replacing, 2, [object()]), [((3,), DOUBLE)])
    np.testing.assert_array_equal(again.call(x), [2.0, 2.0, 2.0])
    assert again.call(x) == "other"
