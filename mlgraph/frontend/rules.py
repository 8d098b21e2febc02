"""Registries of import rules: the signature of a rule is its claim.

    RULES = Rules()
    rule = RULES.rule

    @rule("Cumsum")
    def cumsum(x: Value, axis: int, *, exclusive: bool, reverse: bool) -> Value: ...

Positional parameters are the operands in order, parameters after `*` are attributes of the operation; attributes that
several rules share are a `TypedDict`, as `**attributes: Unpack[ConvAttributes]`. An attribute that no parameter claims
is an error, unless the rule ignores it by name. An operation with two rules is an error as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, Signature, signature
from typing import Any, TypeAlias, Unpack, get_args, get_origin, get_type_hints

Function: TypeAlias = Callable[..., Any]


class Unsupported(Exception):
    """A rule does not cover this use of its operation."""


@dataclass(frozen=True)
class Rule:
    """The rule of an operation."""

    function: Function
    ignored: frozenset[str] = frozenset()
    """Attributes that say nothing about the result."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @cached_property
    def signature(self) -> Signature:
        return signature(self.function)

    @cached_property
    def claims(self) -> frozenset[str]:
        """The attributes that the rule takes by name, those of a `TypedDict` included."""
        parameters = self.signature.parameters.values()
        named = (p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY)
        return frozenset((*named, *_typed_attributes(parameters)))

    @cached_property
    def takes_all(self) -> bool:
        """True if the rule takes every attribute, as `**attributes` without a `TypedDict`."""
        parameters = self.signature.parameters.values()
        return any(p.kind is Parameter.VAR_KEYWORD for p in parameters) and not _typed_attributes(parameters)

    def check_claims(self, attributes: Iterable[str], value: Callable[[str], Any]) -> None:
        """Raise `Unsupported` for attributes that the rule neither claims nor ignores; `value` reads one."""
        if self.takes_all:
            return
        if unclaimed := sorted({*attributes} - self.claims - self.ignored):
            raise Unsupported("with " + ", ".join(f"{name}={value(name)!r}" for name in unclaimed))


def _typed_attributes(parameters: Iterable[Parameter]) -> Sequence[str]:
    """Return the keys of the `TypedDict` that `**attributes: Unpack[...]` names, none without one."""
    annotations = (p.annotation for p in parameters if p.kind is Parameter.VAR_KEYWORD)
    return [key for a in annotations if get_origin(a) is Unpack for key in get_type_hints(get_args(a)[0])]


class Rules(Mapping[str, Rule]):
    """The rules of a frontend by the names of operations."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        """The prefix of the names that `rule` is given."""
        self._rules: dict[str, Rule] = {}

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def rule(self, *names: str, ignores: str = "") -> Callable[[Function], Function]:
        """Declare the rule of operations; `ignores` names attributes that say nothing about the result."""

        def register(function: Function) -> Function:
            for name in names:
                self.add(self.prefix + name, function, ignores.split())
            return function

        return register

    def add(self, name: str, function: Function, ignored: Iterable[str] = ()) -> None:
        """Declare the rule of one operation under its full name. Raise `TypeError` where it has one already."""
        if name in self._rules:
            raise TypeError(f"{name} has two rules")
        self._rules[name] = Rule(function, frozenset(ignored))
