"""Loops over values whose number is known only when the graph runs, and the builtins that read values."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from mlgraph.frontend.control_flow.base import active
from mlgraph.frontend.control_flow.truth import if_exp, is_traced, or_


class Iterated:
    """Values to loop over, by position."""

    def __init__(self, length: Callable[[], Any], item: Callable[[Any], Any]) -> None:
        self.length, self.item = length, item

    @classmethod
    def of_range(cls, values: range) -> "Iterated":
        return cls(
            lambda: len(values),
            lambda i: values.start + i * values.step if values.step != 1 else _from(values.start, i),
        )

    def __iter__(self) -> Any:
        raise TypeError("a range of a traced length can be looped over by `for` statements alone")


def _from(start: Any, i: Any) -> Any:
    return i if type(start) is int and start == 0 else start + i


def iterated(values: Any) -> Iterated | None:
    """Return what a loop over an array or another traced object runs over; None for everything else."""
    if type(values) is Iterated:
        return values
    flow = active()
    if flow is None or not flow.is_traced(values):
        return None
    return Iterated(lambda: flow.length(values), lambda i: flow.item(values, i))


def _each(values: Sequence[Any]) -> list[Iterated] | None:
    """Return what loops over several objects run over; None if none of them is traced."""
    if all(iterated(each) is None for each in values):
        return None
    return [iterated(each) or Iterated(lambda each=each: len(each), lambda i, each=each: each[i]) for each in values]


def _range(*arguments: Any) -> Any:
    if not any(map(is_traced, arguments)):
        return range(*arguments)
    start, stop, step = (0, *arguments, 1) if len(arguments) == 1 else (*arguments, 1)[:3]

    def length() -> Any:
        span = stop - start if not (type(start) is int and start == 0) else stop
        if type(step) is int and step == 1:
            return if_exp(span > 0, lambda: span, lambda: 0)
        if not is_traced(step) and step < 0:
            count = (start - stop - step - 1) // -step
        else:
            count = (span + step - 1) // step
        return if_exp(count > 0, lambda: count, lambda: 0)

    def item(i: Any) -> Any:
        return _from(start, i if type(step) is int and step == 1 else i * step)

    return Iterated(length, item)


def _enumerate(values: Any, start: int = 0) -> Any:
    found = iterated(values)
    if found is None:
        return enumerate(values, start)
    return Iterated(found.length, lambda i: (_from(start, i), found.item(i)))


def _zip(*values: Any, strict: bool = False) -> Any:
    found = _each(values)
    if found is None:
        return zip(*values, strict=strict)
    return Iterated(lambda: _min(*(each.length() for each in found)), lambda i: tuple(each.item(i) for each in found))


def _reversed(values: Any) -> Any:
    found = iterated(values)
    if found is None:
        return reversed(values)
    return Iterated(found.length, lambda i: found.item(found.length() - 1 - i))


def _number(kind: type) -> Callable[..., Any]:
    def convert(*arguments: Any, **named: Any) -> Any:
        flow = active()
        if flow is not None and len(arguments) == 1 and not named and flow.is_traced(arguments[0]):
            return flow.number(arguments[0], kind)
        return kind(*arguments, **named)

    return convert


def _any(values: Any) -> Any:
    found: Any = False
    for each in values:
        found = or_(found, lambda each=each: each)
        if not is_traced(found) and found:
            return True
    return _truth(found)


def _all(values: Any) -> Any:
    found: Any = True
    for each in values:
        found = if_exp(found, lambda each=each: each, lambda: False)
        if not is_traced(found) and not found:
            return False
    return _truth(found)


def _truth(value: Any) -> Any:
    return _number(bool)(value)


def _min(*values: Any, **options: Any) -> Any:
    return _extreme(min, lambda new, old: new < old, values, options)


def _max(*values: Any, **options: Any) -> Any:
    return _extreme(max, lambda new, old: new > old, values, options)


def _extreme(original: Any, better: Callable[[Any, Any], Any], values: Sequence[Any], options: dict[str, Any]) -> Any:
    items = values[0] if len(values) == 1 else values
    if len(values) == 1 and is_traced(items):
        flow: Any = active()
        items = [items[i] for i in range(flow.length(items))]
    elif len(values) == 1:
        items = list(items)
    if not items or not any(map(is_traced, items)):
        return original(*((items,) if len(values) == 1 else values), **options)
    key: Callable[[Any], Any] = options.get("key") or (lambda each: each)
    best = items[0]
    for each in items[1:]:
        best = if_exp(better(key(each), key(best)), lambda each=each: each, lambda best=best: best)
    return best


def _len(values: Any) -> Any:
    flow = active()
    return flow.length(values) if flow is not None and flow.is_traced(values) else len(values)


REPLACEMENTS: dict[Any, Any] = {
    bool: _number(bool), int: _number(int), float: _number(float), complex: _number(complex), range: _range,
    enumerate: _enumerate, len: _len, zip: _zip, reversed: _reversed, builtins.any: _any, builtins.all: _all,
    builtins.min: _min, builtins.max: _max,
}  # fmt: skip


def builtin(function: Any) -> Any:
    """Return what takes the place of a builtin in a capture; any other function as it is."""
    if active() is None:
        return function
    try:
        return REPLACEMENTS.get(function, function)
    except TypeError:
        return function
