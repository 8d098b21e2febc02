"""The signature of a rule is its claim."""

from typing import Any, TypedDict, Unpack

import pytest

from mlgraph.frontend.rules import Rules, Unsupported

pytestmark = pytest.mark.quick


class Window(TypedDict):
    strides: tuple[int, ...]
    padding: str


def test_an_operation_has_one_rule() -> None:
    rules = Rules("aten.")
    rules.rule("add.Tensor", "add.Scalar")(lambda out, x, y: x)
    assert list(rules) == ["aten.add.Tensor", "aten.add.Scalar"]
    with pytest.raises(TypeError, match=r"aten\.add\.Scalar has two rules"):
        rules.add("aten.add.Scalar", lambda out, x: x)


def test_parameters_after_the_star_are_claims() -> None:
    rules = Rules()

    @rules.rule("Cumsum", ignores="T")
    def cumsum(x: Any, axis: int, *, exclusive: bool, reverse: bool) -> Any:
        return x, axis, exclusive, reverse

    rule = rules["Cumsum"]
    assert rule.claims == {"exclusive", "reverse"}
    rule.check_claims(["exclusive", "T"], str)
    with pytest.raises(Unsupported, match="with a='a', b='b'"):
        rule.check_claims(["b", "exclusive", "a"], str)
    assert rule(1, 2, exclusive=True, reverse=False) == (1, 2, True, False)


def test_a_typed_dict_claims_its_keys() -> None:
    rules = Rules()

    @rules.rule("Conv")
    def conv(x: Any, *, groups: int, **window: Unpack[Window]) -> Any:
        return window

    assert rules["Conv"].claims == {"groups", "strides", "padding"}
    assert not rules["Conv"].takes_all
    with pytest.raises(Unsupported, match="dilations"):
        rules["Conv"].check_claims(["strides", "dilations"], str)


def test_keywords_without_a_type_claim_everything() -> None:
    rules = Rules()
    rules.add("call", lambda e, **params: params)
    assert rules["call"].takes_all
    rules["call"].check_claims(["jaxpr", "anything"], str)
