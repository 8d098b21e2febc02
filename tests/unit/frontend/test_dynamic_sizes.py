"""Which sizes a capture gives up, and in what order."""

import pytest

from mlgraph.frontend.dynamic_sizes import DynamicSizes, fix_all, fix_all_but_first, fix_last, unify_equal

pytestmark = pytest.mark.quick

LADDER = (fix_last, fix_all_but_first, fix_all)


def test_sizes_of_two_and_more_are_free() -> None:
    sizes = DynamicSizes([(4, 1, 0, 2), ()], True, LADDER)
    assert sizes.shapes == [["s0", 1, 0, "s1"], []]
    assert sizes.axes == {(0, 0), (0, 3)}
    assert sizes.sizes == {"s0": 4, "s1": 2}


def test_no_size_is_free_unless_asked_for() -> None:
    assert not DynamicSizes([(4, 3)], False, LADDER).free


def test_only_the_sizes_that_are_needed_become_numbers() -> None:
    sizes = DynamicSizes([(4, 3), (3, 5)], True, LADDER)
    assert sizes.fix_axes([(0, 1)])
    assert sizes.shapes == [["s0", 3], ["s2", "s3"]]
    assert not sizes.fix_axes([(0, 1)])
    assert sizes.fix(["s3", "s9"])
    assert sizes.shapes == [["s0", 3], ["s2", 5]]


def test_a_capture_goes_down_the_ladder() -> None:
    sizes = DynamicSizes([(4, 3, 2), (5,)], True, LADDER)
    sizes.descend()
    assert sizes.shapes == [["s0", "s1", 2], ["s3"]]
    sizes.descend()
    assert sizes.shapes == [["s0", 3, 2], ["s3"]]
    sizes.descend()
    assert not sizes.free


def test_rungs_that_change_nothing_are_passed_over() -> None:
    sizes = DynamicSizes([(4,)], True, LADDER)
    sizes.descend()
    assert sizes.shapes == [[4]]
    sizes.descend()


def test_equal_sizes_become_one_before_any_is_fixed() -> None:
    sizes = DynamicSizes([(4, 3), (3, 4)], True, (unify_equal, fix_all_but_first, fix_all))
    sizes.descend()
    assert sizes.shapes == [["s0", "s1"], ["s1", "s0"]]
    assert sizes.first == {"s0", "s1"}
    sizes.descend()
    assert not sizes.free
