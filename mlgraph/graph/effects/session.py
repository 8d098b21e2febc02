"""One trace with stateful objects: they hold traced arrays, and what the function does to them is recorded."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from mlgraph.frameworks import framework_of, names
from mlgraph.graph.effects.access_path import (
    LISTS,
    AccessPath,
    ItemStep,
    Step,
    content,
    fill,
    is_container,
    same_content,
)
from mlgraph.graph.effects.attribute_reads import AttributeReadTracker
from mlgraph.graph.effects.expected_objects import (
    ExpectedAlias,
    ExpectedArray,
    ExpectedContainer,
    ExpectedNumber,
    changed_numbers,
    difference,
    keys_of,
    with_numbers,
)
from mlgraph.graph.effects.side_effects import (
    DeleteValue,
    ExistingTemplate,
    LeafTemplate,
    NewTemplate,
    ReplaceItems,
    SetValue,
    SideEffect,
    ValueTemplate,
    apply_side_effects,
)
from mlgraph.graph.effects.traced_ids import TracedId, check_left
from mlgraph.graph.numbers import number_array, python_number, traced_number
from mlgraph.graph.trees import TUPLES, tuple_of


@dataclass
class StateSpec:
    """The reads and writes of a captured function in its stateful objects."""

    names: tuple[str, ...]
    """A Python expression for each root."""
    expected: tuple[Any, ...]
    reads: tuple[AccessPath, ...]
    """The paths of the arrays that the program takes beside its arguments."""
    changes: tuple[SideEffect, ...]
    paths: tuple[AccessPath, ...]
    """The path of each new value."""
    overwritten: tuple[AccessPath, ...] = ()
    """The paths among `reads` whose arrays the program writes in place."""
    numbers: frozenset[AccessPath] = frozenset()
    """The paths of the Python numbers that the program takes as arrays."""
    source: str = field(kw_only=True)
    """The framework of these arrays."""

    def find(self, path: AccessPath, roots: Sequence[Any]) -> Any:
        """Return the array at a path now; for a lifted Python number, an array of its value."""
        found = path.find(roots)
        return number_array(found, self.source) if path in self.numbers else found

    def difference(self, roots: Sequence[Any]) -> str | None:
        """Return a description of how the objects of a call differ from those of the trace; None if they fit."""
        for old, root, name in zip(self.expected, roots, self.names):
            if (found := difference(old, root, name, roots)) is not None:
                return found
        return None

    def other_numbers(self, roots: Sequence[Any]) -> frozenset[AccessPath]:
        """Return the paths of the Python numbers that changed; none if anything else changed too."""
        pairs = list(enumerate(zip(self.expected, roots)))
        found = frozenset(path for i, (old, new) in pairs for path in changed_numbers(old, new, AccessPath(i)))
        expected = tuple(with_numbers(old, AccessPath(i), found) for i, (old, _) in pairs)
        return found if replace(self, expected=expected).difference(roots) is None else frozenset()

    def write(self, roots: Sequence[Any], leaves: Sequence[Any]) -> None:
        """Apply the function's side effects to the objects of a call."""
        values = [python_number(leaf) if path in self.numbers else leaf for path, leaf in zip(self.paths, leaves)]
        apply_side_effects(self.changes, roots, values)


@dataclass
class _Container:
    path: AccessPath
    value: Any
    held: dict[Step, Any]
    """Its content before the trace."""
    watch: AttributeReadTracker


class ObjectSession:
    """The arrays below `roots`, and the record of one trace of a function that uses them."""

    def __init__(
        self,
        names: Sequence[str],
        roots: Sequence[Any],
        frameworks: Sequence[str],
        numbers: frozenset[AccessPath] = frozenset(),
    ) -> None:
        """Find the arrays of `frameworks`, and the Python numbers at `numbers` as arrays of the first framework."""
        self.numbers = numbers
        self.names = tuple(names)
        self.roots = roots
        self.frameworks = frameworks
        self.arrays: dict[AccessPath, Any] = {}
        """The arrays that the objects hold, which are inputs of the trace."""
        self.paths: list[AccessPath] = []
        """The path of each new value that the function left."""
        self.changes: list[SideEffect] = []
        self._held: dict[int, AccessPath] = {}
        """The path of each traced array, by id."""
        self._containers: dict[int, _Container] = {}
        for i, root in enumerate(roots):
            self._find(root, AccessPath(i))

    def _find(self, value: Any, path: AccessPath) -> None:
        if framework_of(value) in self.frameworks:
            self.arrays[path] = value
        elif path in self.numbers:
            self.arrays[path] = number_array(value, self.frameworks[0])
        elif is_container(value) and id(value) not in self._containers:
            held = content(value)
            if not isinstance(value, tuple):
                self._containers[id(value)] = _Container(path, value, held, AttributeReadTracker(value))
            for step, child in held.items():
                self._find(child, path.then(step))

    @property
    def containers(self) -> frozenset[int]:
        """The ids of the containers below the roots."""
        return frozenset(self._containers)

    def run(self, traced: Sequence[Any], function: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """Run `function` while the objects hold traced arrays. Return its result and the new values in the objects.

        The objects are restored on return.
        """
        given = dict(zip(self.arrays, traced, strict=True))
        self._held = {id(array): path for path, array in given.items() if path not in self.numbers}
        given |= {path: traced_number(given[path]) for path in self.numbers}
        before = {key: self._traced_content(c, given) for key, c in self._containers.items()}
        with self._undone():
            for key, container in self._containers.items():
                if not same_content(before[key], container.held):
                    fill(container.value, before[key])
            for container in self._containers.values():
                container.watch.start()
            result = function()
            self._stop_watching()
            return result, self._note_changes(before)

    @contextmanager
    def _undone(self) -> Generator[None]:
        """Restore every object on exit."""
        try:
            yield
        finally:
            self._stop_watching()
            for container in self._containers.values():
                if not same_content(content(container.value), container.held):
                    fill(container.value, container.held)

    def _stop_watching(self) -> None:
        for container in self._containers.values():
            container.watch.stop()

    def _traced_content(self, container: _Container, given: Mapping[AccessPath, Any]) -> dict[Step, Any]:
        return {step: _with_traced(child, container.path.then(step), given) for step, child in container.held.items()}

    # Writes

    def _note_changes(self, before: Mapping[int, Mapping[Step, Any]]) -> list[Any]:
        """Record how each object differs from before, and return the new values."""
        self.changes, self.paths = [], []
        leaves: list[Any] = []
        for key, container in self._containers.items():
            old, new = before[key], content(container.value)
            at = container.path.then
            if isinstance(container.value, LISTS) and len(old) != len(new):
                items = [self._template(item, at(step), leaves) for step, item in new.items()]
                self.changes.append(ReplaceItems(container.path, items))
                continue
            moved: frozenset[Step] = _moved(old, new) if isinstance(container.value, dict) else frozenset()
            self.changes += [DeleteValue(at(step)) for step in old if step not in new or step in moved]
            for step, value in new.items():
                if step not in old:
                    self._check_key(step, container.path)
                if step not in old or step in moved or old[step] is not value:
                    self.changes.append(SetValue(at(step), self._template(value, at(step), leaves)))
        return leaves

    def _template(self, value: Any, path: AccessPath, leaves: list[Any]) -> ValueTemplate:
        if id(value) in self._containers:
            return ExistingTemplate(self._containers[id(value)].path)
        if id(value) in self._held:
            return ExistingTemplate(self._held[id(value)])
        if framework_of(value) is None and is_container(value):
            held = content(value)
            for step in held:
                self._check_key(step, path)
            return NewTemplate(
                type(value), {step: self._template(v, path.then(step), leaves) for step, v in held.items()}
            )
        if isinstance(value, TracedId):
            check_left(value, path.text(self.names))
        leaves.append(value)
        self.paths.append(path)
        return LeafTemplate(len(leaves) - 1)

    def _check_key(self, step: Step, path: AccessPath) -> None:
        """Raise `UnsupportedOpError` for the key of an item that no later call could find."""
        if isinstance(step, ItemStep):
            for key in step.key if isinstance(step.key, TUPLES) else (step.key,):
                check_left(key, path.text(self.names))

    # Reads

    def state(self, used: Sequence[bool]) -> StateSpec:
        """Return what a call must find and what it writes; `used` says for each array whether the program uses it."""
        for path, flag in zip(self.arrays, used, strict=True):
            if flag:
                self._require(path)
        expected = tuple(self._expected(root, AccessPath(i)) for i, root in enumerate(self.roots))
        reads = tuple(path for path in self.arrays if _reaches(expected[path.root], path.steps))
        return StateSpec(
            self.names,
            expected,
            reads,
            tuple(self.changes),
            tuple(self.paths),
            numbers=self.numbers,
            source=self.frameworks[0],
        )

    def _require(self, path: AccessPath) -> None:
        """Make a used array count as read: if its read was not seen, all attributes of its owner count."""
        for container in self._containers.values():
            read, depth = container.watch.read, len(container.path.steps)
            inside = container.path == AccessPath(path.root, path.steps[:depth])
            if inside and read is not None and str(path.steps[depth])[1:] not in read:
                container.watch.read = None

    def _expected(self, value: Any, path: AccessPath) -> Any:
        if path in self.numbers:
            return ExpectedNumber(type(value))
        if path in self.arrays:
            return ExpectedArray()
        if not is_container(value):
            return value
        container = self._containers.get(id(value))
        if container is not None and container.path != path:
            return ExpectedAlias(container.path)
        held = content(value) if container is None else container.held
        read = None if container is None else container.watch.read
        looked = [step for step in held if read is None or isinstance(step, ItemStep) or step.name in read]
        children = {step: self._expected(held[step], path.then(step)) for step in looked}
        names = {step.name for step in held if not isinstance(step, ItemStep)}
        owner: object = value
        absent = None if read is None else tuple(sorted(read - names))
        return ExpectedContainer(type(owner), keys_of(held), children, absent)


def _with_traced(value: Any, path: AccessPath, given: Mapping[AccessPath, Any]) -> Any:
    """Return `value` with traced arrays at the given paths; tuples are rebuilt around them."""
    if path in given:
        return given[path]
    if not isinstance(value, tuple):
        return value
    old = cast(tuple[Any, ...], value)
    items = [_with_traced(item, path.then(ItemStep(i)), given) for i, item in enumerate(old)]
    return old if all(a is b for a, b in zip(items, old)) else tuple_of(type(old), items)


def _reaches(expected: Any, steps: Sequence[Step]) -> bool:
    """Return whether `steps` lead to an array or a number that the trace read."""
    for step in steps:
        if not isinstance(expected, ExpectedContainer) or step not in expected.children:
            return False
        expected = expected.children[step]
    return isinstance(expected, ExpectedArray | ExpectedNumber)


def arrays_below(roots: Sequence[Any]) -> list[Any]:
    """Return every array that objects hold."""
    return list(ObjectSession([], roots, names()).arrays.values())


def _moved(old: Mapping[Step, Any], new: Mapping[Step, Any]) -> frozenset[Step]:
    """Return the items of a dict that must be removed and inserted again to give the order of `new`."""
    after = [*(step for step in old if step in new), *(step for step in new if step not in old)]
    first = next((i for i, (a, b) in enumerate(zip(after, new)) if a != b), len(after))
    return frozenset(list(new)[first:]) & old.keys()
