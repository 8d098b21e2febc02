# pyright: basic
"""Trees come apart and together as themselves."""

import collections
import dataclasses
import enum

import pytest

from mlgraph import errors
from mlgraph.graph import trees


@dataclasses.dataclass
class Pair:
    first: object
    second: object = 3


@dataclasses.dataclass(frozen=True)
class Frozen:
    value: object


class Bag(dict):
    """A dict of a class of its own."""


class Decorated(dict):
    """A dict with an attribute beside its items."""

    def __init__(self, mark):
        super().__init__()
        self.mark = mark


class Row(list):
    """A list of a class of its own."""


Point = collections.namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("tree", "leaves"),
    [
        ((1, [2, {"b": 3, "a": None}]), [1, 2, 3, None]),
        ({"b": 1, "a": 2}, [1, 2]),
        (collections.OrderedDict(b=1, a=2), [1, 2]),
        (collections.defaultdict(int, b=1, a=2), [1, 2]),
        (collections.deque([1, 2], maxlen=4), [1, 2]),
        (Pair(1, Frozen([2])), [1, 2]),
        (Point(1, Point(2, 3)), [1, 2, 3]),
        (Bag(b=1, a=2), [1, 2]),
        ({3: 1, (1, 2): 4}, [1, 4]),
        (Row([1, Row([2])]), [1, 2]),
        (None, [None]),
        ([], []),
        (Colour.RED, [Colour.RED]),
        (range(3), [range(3)]),
        (Pair, [Pair]),
    ],
)
def test_leaves_come_in_order_and_go_back(tree, leaves):
    found, spec = trees.flatten(tree)
    assert found == leaves
    again = trees.unflatten(spec, found)
    assert again == tree
    assert type(again) is type(tree)


def test_order_of_keys_is_structure():
    assert trees.flatten({"a": 1, "b": 2})[1] != trees.flatten({"b": 1, "a": 2})[1]


def test_attributes_that_a_dataclass_was_given_later_are_kept():
    pair = Pair(1)
    pair.extra = 5
    leaves, spec = trees.flatten(pair)
    assert leaves == [1, 3, 5]
    assert trees.unflatten(spec, leaves).extra == 5


def test_model_output_keeps_attributes_and_keys():
    from transformers.modeling_outputs import BaseModelOutput

    leaves, spec = trees.flatten(BaseModelOutput(last_hidden_state=1, attentions=None))
    again = trees.unflatten(spec, leaves)
    assert again.last_hidden_state == again["last_hidden_state"] == again[0] == 1
    assert again.attentions is None


def test_result_of_torch_max_keeps_its_class():
    import torch

    value = torch.ones(2, 2).max(1)
    leaves, spec = trees.flatten(value)
    assert type(trees.unflatten(spec, leaves)) is type(value)


def test_dict_with_attributes_is_a_leaf():
    bag = Decorated(5)
    assert trees.flatten(bag)[0] == [bag]


def test_dict_that_got_attributes_later_is_refused():
    trees.flatten(Bag(a=1))
    bag = Bag(a=1)
    bag.mark = 2
    with pytest.raises(errors.InputError, match="attributes"):
        trees.flatten(bag)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ("a", "a", True),
        (None, None, True),
        ({1, 2}, {2, 1}, True),
        (Colour.RED, Colour.RED, True),
        (range(3), range(3), True),
        (range(3), range(4), False),
    ],
)
def test_same_static(a, b, same):
    assert trees.same_static(a, b) is same
