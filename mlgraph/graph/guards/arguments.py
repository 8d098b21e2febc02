"""Guards of the structure of a call, and of the Python values among its arguments."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from mlgraph.graph import trees
from mlgraph.graph.guards.base import Branch, Guard, NameTable, any_of
from mlgraph.graph.numbers import is_number
from mlgraph.graph.random_keys import KeyWords

MANY = 4
"""The least number of items of a container whose classes are tested at once."""


@dataclass(frozen=True)
class StructureGuard(Guard):
    """The arguments are the same tree of containers, with arrays in the same places."""

    call: Any
    """The call that was captured, without its arrays."""
    parameters: tuple[str, ...]
    sorts_keys: bool = False
    """True if the keys of dicts may come in any order."""
    depth: ClassVar[int] = 1

    def emit(self, branch: Branch) -> None:
        spec = self.call.spec
        example = trees.unflatten(spec, range(spec.num_leaves))
        leaves: list[str] = []
        for child, value, parameter in zip(spec.children(), example, self.parameters):
            leaves += self._visit(child, value, parameter, branch, len(leaves))
        branch.leaves = leaves
        branch.arrays = [text for text, flag in zip(leaves, self.call.is_array) if flag]

    def _visit(self, spec: Any, value: Any, text: str, branch: Branch, start: int) -> Iterator[str]:
        """Emit tests that `text` has the structure of `spec`. Yield its leaves as Python, the first with index `start`.

        `value` is an example of that structure.
        """
        if spec.is_leaf():
            yield text
            return
        branch.tests.append(f"__type({text}) is {branch.names.add('class', trees.class_of(spec))}")
        if isinstance(value, KeyWords):
            branch.tests.append(f"{text}._impl.name == {value.kind!r}")
        entries = spec.entries()
        children: list[Any]
        if isinstance(value, dict):
            items = cast(dict[Any, Any], value)
            if self.sorts_keys and type(items) is dict:
                branch.tests.append(f"{text}.keys() == {branch.names.add('keys', frozenset(items))}")
            else:
                branch.tests.append(f"[*{text}] == {branch.names.add('keys', list(items))}")
            texts = [f"{text}[{_key(entry, branch.names)}]" for entry in entries]
            children = [items[entry] for entry in entries]
            self._check_arrays(spec, f"{text}.values()", branch, start)
        elif isinstance(value, tuple | list | deque):
            children = list(cast(Sequence[Any], value))
            branch.tests.append(f"__len({text}) == {len(children)}")
            texts = [f"{text}[{i}]" for i in range(len(children))]
            self._check_arrays(spec, text, branch, start)
        else:
            texts = [f"{text}.{entry}" for entry in entries]
            children = [getattr(value, entry) for entry in entries]
        for child, item, inner in zip(spec.children(), children, texts):
            yield from self._visit(child, item, inner, branch, start)
            start += child.num_leaves

    def _check_arrays(self, spec: Any, values: str, branch: Branch, start: int) -> None:
        """Emit one test of the classes of all items of a container of arrays: it takes half the time of many."""
        end = start + spec.num_leaves
        if spec.num_leaves < MANY or spec.num_leaves != spec.num_children or not all(self.call.is_array[start:end]):
            return
        first, *others = branch.array_classes()
        tests = [f"(__types := [*__map(__type, {values})]).count({first}) == {spec.num_leaves}"]
        if others:
            counts = " + ".join(f"__types.count({cls})" for cls in (first, *others))
            tests.append(f"{counts} == {spec.num_leaves}")
        branch.tests.append(any_of(tests))
        before = sum(self.call.is_array[:start])
        branch.typed |= {*range(before, before + spec.num_leaves)}

    def failure(self, call: Any) -> str | None:
        if call.spec == self.call.spec and call.is_array == self.call.is_array:
            return None
        return f"the structure of the arguments changed from {_shown(self.call)} to {_shown(call)}"


def _key(key: Any, names: NameTable) -> str:
    return repr(key) if type(key) in (str, int, bool) else names.add("key", key)


def _shown(call: Any) -> str:
    """Return the structure of a call as text, with `*` for an array and `.` for a Python value."""
    leaves = [_Shown("*" if flag else ".") for flag in call.is_array]
    return repr(trees.unflatten(call.spec, leaves))


class _Shown(str):
    """A text whose `repr` has no quotes."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class StaticGuard(Guard):
    """An argument is the Python value that was captured."""

    leaf: int
    value: Any
    name: str
    """The Python that reaches the argument, for messages."""
    depth: ClassVar[int] = 2

    def emit(self, branch: Branch) -> None:
        text, value, names = branch.leaves[self.leaf], self.value, branch.names
        if value is None or value is True or value is False:
            branch.tests.append(f"{text} is {value}")
        elif isinstance(value, float) and (value == 0.0 or not math.isfinite(value)):
            branch.tests.append(f"__type({text}) is float and __repr({text}) == {repr(value)!r}")
        elif type(value) in (int, float, str):
            branch.tests.append(f"__type({text}) is {names.add('class', type(value))} and {text} == {value!r}")
        else:
            same, held = names.add("same", trees.same_static), names.add("value", value)
            branch.tests.append(f"{same}({text}, {held})")

    def is_other_float(self, call: Any) -> bool:
        """Return whether a call has another float here, where the capture had a float."""
        new = call.leaves[self.leaf]
        return type(self.value) is float and type(new) is float and is_number(new) and is_number(self.value)

    def failure(self, call: Any) -> str | None:
        new = call.leaves[self.leaf]
        if trees.same_static(self.value, new):
            return None
        return f"argument {self.name} changed from {self.value!r} to {new!r}"
