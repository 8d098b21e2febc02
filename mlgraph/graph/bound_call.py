"""A call as a structure and its leaves: the arrays, Python values and stateful objects among the arguments."""

import inspect
import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from mlgraph.frameworks import framework_of
from mlgraph.graph import trees
from mlgraph.graph.effects import NO_STATE, StatefulArguments, StatefulObject
from mlgraph.graph.effects.access_path import AccessPath
from mlgraph.graph.effects.stateful_arguments import is_implicitly_stateful
from mlgraph.graph.numbers import number_array, traced_number

MUTABLE: tuple[type, ...] = (set, bytearray)
"""The classes of leaves that are copied, since they may change after the call."""


@dataclass(frozen=True)
class BoundCall:
    """The values of a function's parameters, as a tree structure and its leaves."""

    spec: Any
    leaves: list[Any]
    is_array: tuple[bool, ...]
    stateful: StatefulArguments = NO_STATE
    lifted: tuple[int, ...] = ()
    """The indices of leaves that are Python floats and are passed as arrays."""
    numbers: frozenset[AccessPath] = frozenset()
    """The access paths of such numbers in stateful objects."""

    @property
    def arrays(self) -> list[Any]:
        return [leaf for leaf, flag in zip(self.leaves, self.is_array) if flag]

    @property
    def static(self) -> list[Any]:
        """The Python values."""
        return [leaf for leaf, flag in zip(self.leaves, self.is_array) if not flag]

    @property
    def roots(self) -> list[Any]:
        """The stateful objects: of the arguments, those given to `compile`, and those that the function reaches."""
        own = (leaf.value for leaf in self.leaves if isinstance(leaf, StatefulObject))
        return [*own, *self.stateful.objects, *(value for _, value in self.stateful.reached)]

    def reaching(self, reached: tuple[tuple[str, Any], ...]) -> "BoundCall":
        """Return this call with the objects that the function reaches and writes to, under their names."""
        return replace(self, stateful=replace(self.stateful, reached=reached)) if reached else self

    def lifting(self, leaves: Sequence[int], numbers: frozenset[AccessPath], source: str) -> "BoundCall":
        """Return this call with the floats at `leaves` as arrays of `source`; `numbers` will be arrays, too."""
        if not leaves and not numbers:
            return self
        lifted = tuple(i for i in leaves if type(self.leaves[i]) is float)
        new = [number_array(leaf, source) if i in lifted else leaf for i, leaf in enumerate(self.leaves)]
        is_array = tuple(flag or i in lifted for i, flag in enumerate(self.is_array))
        return replace(self, leaves=new, is_array=is_array, lifted=lifted, numbers=numbers)

    def with_sorted_keys(self) -> "BoundCall":
        """Return this call with its dicts sorted by key, as jax and tensorflow flatten them."""
        leaves, spec = trees.flatten(trees.with_sorted_keys(trees.unflatten(self.spec, self.leaves)))
        return replace(self, spec=spec, leaves=leaves, is_array=tuple(framework_of(x) is not None for x in leaves))

    def without_arrays(self) -> "BoundCall":
        """Return this call without references to its arrays and objects, and with copies of mutable leaves."""
        return BoundCall(self.spec, [_kept(leaf) for leaf in self.leaves], self.is_array)

    def rebuild(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """Return the values of the parameters with these arrays in place of the call's own."""
        found = iter(arrays)
        leaves = [next(found) if flag else leaf for leaf, flag in zip(self.leaves, self.is_array)]
        for i in self.lifted:
            leaves[i] = traced_number(leaves[i])
        return trees.unflatten(self.spec, [leaf.value if isinstance(leaf, StatefulObject) else leaf for leaf in leaves])

    def accessors(self, parameters: Sequence[str]) -> list[str]:
        """Return a Python expression for each leaf in terms of the parameters, as `batch["input_ids"]`."""
        return [a[1:].codify(parameters[a[0].entry]) for a in self.spec.accessors()]

    def root_names(self, parameters: Sequence[str]) -> list[str]:
        """Return a Python expression for each stateful object."""
        own = [text for text, leaf in zip(self.accessors(parameters), self.leaves) if isinstance(leaf, StatefulObject)]
        given = (f"stateful[{i}]" for i in range(len(self.stateful.objects)))
        return [*own, *given, *(name for name, _ in self.stateful.reached)]


def _kept(leaf: Any) -> Any:
    if isinstance(leaf, StatefulObject):
        return StatefulObject(None)
    if framework_of(leaf) is not None:
        return None
    return copy(leaf) if isinstance(leaf, MUTABLE) else leaf


def flatten_call(
    signature: inspect.Signature, values: tuple[Any, ...], stateful: StatefulArguments = NO_STATE
) -> BoundCall:
    """Return the call whose parameters have these values. Mutable objects are stateful without being named."""
    leaves, spec = trees.flatten(stateful.mark(signature, values))
    leaves = [StatefulObject(leaf) if is_implicitly_stateful(leaf) else leaf for leaf in leaves]
    return BoundCall(spec, leaves, tuple(framework_of(leaf) is not None for leaf in leaves), stateful)


def to_args_kwargs(signature: inspect.Signature, values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return positional and keyword arguments that bind to `values`.

    A value that is its parameter's default is left out, since decorators may tell given arguments from defaults.
    """
    positional: list[Any] = []
    keyword: dict[str, Any] = {}
    gap = False
    for value, p in zip(values, signature.parameters.values()):
        if p.kind is p.VAR_POSITIONAL:
            positional += value
        elif p.kind is p.VAR_KEYWORD:
            keyword |= value
        elif p.default is not p.empty and value is p.default and not _more_positional(signature, values):
            gap = True
        elif p.kind is p.KEYWORD_ONLY or (gap and p.kind is p.POSITIONAL_OR_KEYWORD):
            keyword[p.name] = value
        else:
            positional.append(value)
    return positional, keyword


def _more_positional(signature: inspect.Signature, values: Sequence[Any]) -> bool:
    """Return whether `*args` holds values, so that no argument before them can be left out."""
    kinds = zip(values, signature.parameters.values())
    return any(p.kind is p.VAR_POSITIONAL and len(value) > 0 for value, p in kinds)


def identifiers(texts: Iterable[str]) -> list[str]:
    """Return a unique identifier for each text: `batch_input_ids` for `batch["input_ids"]`."""
    return unique(re.sub(r"\W+", "_", text).strip("_") for text in texts)


def unique(names: Iterable[str]) -> list[str]:
    """Return the names, made unique by numbers."""
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        free = name if name not in taken else next(n for i in count(1) if (n := f"{name}_{i}") not in taken)
        taken.add(free)
        result.append(free)
    return result
