"""The operators of expressions: truth, choices and comparisons."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from mlgraph.frontend.control_flow.base import active
from mlgraph.frontend.control_flow.branches import TracedIf
from mlgraph.frontend.control_flow.variables import MaybeUndefined, Result

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt,
    "GtE": operator.ge, "Is": operator.is_, "IsNot": operator.is_not,
}  # fmt: skip


def is_traced(value: object) -> bool:
    """Return whether the truth of a value is known only when the graph runs."""
    flow = active()
    return flow is not None and flow.is_traced(value)


def if_exp(test: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """Return the value of `then() if test else otherwise()`."""
    if not is_traced(test):
        return then() if test else otherwise()
    result = Result()
    flow: Any = active()

    def assign(value: Callable[[], Any]) -> Callable[[], None]:
        return lambda: result.set(value())

    TracedIf(flow, test, assign(then), assign(otherwise), [result], (then, otherwise)).run()
    return result.value


def and_(value: Any, *rest: Callable[[], Any]) -> Any:
    """Return the value of `value and rest[0]() and ...`."""
    if not rest:
        return value
    if is_traced(value):
        return if_exp(value, lambda: and_(rest[0](), *rest[1:]), lambda: value)
    return and_(rest[0](), *rest[1:]) if value else value


def or_(value: Any, *rest: Callable[[], Any]) -> Any:
    """Return the value of `value or rest[0]() or ...`."""
    if not rest:
        return value
    if is_traced(value):
        return if_exp(value, lambda: value, lambda: or_(rest[0](), *rest[1:]))
    return value if value else or_(rest[0](), *rest[1:])


def and_or(value: Any, both: Sequence[Callable[[], Any]], otherwise: Sequence[Callable[[], Any]]) -> Any:
    """Return the value of `value and both[0]() and ... or otherwise[0]() or ...`."""

    def more() -> Any:
        return and_or(both[0](), both[1:], otherwise)

    def none() -> Any:
        return or_(otherwise[0](), *otherwise[1:])

    if both:
        return if_exp(value, more, none)
    return or_(value, *otherwise)


def not_(value: Any) -> Any:
    """Return `not value`."""
    flow = active()
    return flow.not_(value) if flow is not None and flow.is_traced(value) else not value


def compare(left: Any, *pairs: Any) -> Any:
    """Return a chained comparison; `pairs` are names of relations, and functions that give the right sides."""
    relation, function, *rest = pairs
    right = function()
    found = _related(relation, left, right)
    return and_(found, lambda: compare(right, *rest)) if rest else found


def _related(relation: str, left: Any, right: Any) -> Any:
    if relation == "In":
        return in_(left, right)
    return not_in(left, right) if relation == "NotIn" else RELATIONS[relation](left, right)


def in_(value: Any, container: Any) -> Any:
    """Return `value in container`."""
    if is_traced(container):
        return (container == value).any()
    if type(container) not in (list, tuple, set, frozenset) or not any(map(is_traced, (value, *container))):
        return value in container
    found: Any = False
    for each in container:
        found = or_(found, lambda each=each: True if each is value else value == each)
    return found


def not_in(value: Any, container: Any) -> Any:
    """Return `value not in container`."""
    return not_(in_(value, container))


def fails(test: Any, text: Callable[[], Any] | None) -> bool:
    """Return whether an assertion fails now; if that is known only when the graph runs, let the graph check it."""
    flow = active()
    if flow is None or not flow.is_traced(test):
        return not test
    flow.check(test, AssertionError() if text is None else AssertionError(text()))
    return False


def ld(value: Any) -> Any:
    """Return the value of a variable; one that may have none is checked when the graph runs."""
    if type(value) is not MaybeUndefined:
        return value
    flow: Any = active()
    flow.check(value.defined, _unbound(value.name))
    return value.value


def read(name: str, value: Callable[[], Any]) -> Any:
    """Return the value of a variable of the function around a block; raise what a read of its own raises."""
    try:
        found = value()
    except NameError:
        raise _unbound(name) from None
    return ld(found)


def _unbound(name: str) -> UnboundLocalError:
    text = f"cannot access local variable '{name}' where it is not associated with a value"
    return UnboundLocalError(text, name=name)
