"""The state of one capture: arrays that objects hold are traced, what the function does to the objects is noted."""

# pyright: basic
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from mlgraph.frameworks import framework_of, names
from mlgraph.graph.effects.access_path import Item, Place, Step, content, fill, is_container, same_content
from mlgraph.graph.effects.attribute_reads import Watch
from mlgraph.graph.effects.expected_objects import (
    Array,
    Expected,
    Number,
    Same,
    changed_numbers,
    difference,
    keys_of,
    with_numbers,
)
from mlgraph.graph.effects.side_effects import Change, Delete, Known, Leaf, New, Refill, Set, Template, apply_changes
from mlgraph.graph.effects.traced_ids import Identity, check_left
from mlgraph.graph.numbers import number_array, python_number, traced_number


@dataclass
class State:
    """What a captured function reads of its objects and writes to them."""

    names: tuple[str, ...]
    """The Python that reaches each root."""
    expected: tuple[Any, ...]
    reads: tuple[Place, ...]
    """The arrays that it takes beside its arguments."""
    changes: tuple[Change, ...]
    places: tuple[Place, ...]
    """Where each value goes that it leaves behind."""
    overwritten: tuple[Place, ...] = ()
    """The arrays among `reads` that it writes in place."""
    numbers: frozenset[Place] = frozenset()
    """The places of Python numbers that it takes as arrays."""
    source: str = field(kw_only=True)
    """The framework of these arrays."""

    def find(self, place: Place, roots: Sequence[Any]) -> Any:
        """The array that is held at a place now, of a Python number the array that stands for it."""
        found = place.find(roots)
        return number_array(found, self.source) if place in self.numbers else found

    def difference(self, roots: Sequence[Any]) -> str | None:
        """What of the objects of a call does not fit, in words; None when all does."""
        for old, root, name in zip(self.expected, roots, self.names):
            if (found := difference(old, root, name, roots)) is not None:
                return found
        return None

    def other_numbers(self, roots: Sequence[Any]) -> frozenset[Place]:
        """The places of the Python numbers that changed, none where anything else of the objects changed, too."""
        pairs = list(enumerate(zip(self.expected, roots)))
        found = frozenset(place for i, (old, new) in pairs for place in changed_numbers(old, new, Place(i)))
        expected = tuple(with_numbers(old, Place(i), found) for i, (old, _) in pairs)
        return found if replace(self, expected=expected).difference(roots) is None else frozenset()

    def arrays(self, roots: Sequence[Any]) -> list[Any]:
        """The arrays that the objects of a call hold now."""
        return [self.find(place, roots) for place in self.reads]

    def read_name(self, i: int) -> str:
        """The Python that reaches the i-th of `arrays`."""
        return self.reads[i].text(self.names)

    def write(self, roots: Sequence[Any], leaves: Sequence[Any]) -> None:
        """Leave in the objects of a call what the function would have left there."""
        values = [python_number(leaf) if place in self.numbers else leaf for place, leaf in zip(self.places, leaves)]
        apply_changes(self.changes, roots, values)


@dataclass
class _Container:
    place: Place
    value: Any
    held: dict[Step, Any]
    """What it holds, before the trace."""
    watch: Watch


class Trace:
    """Finds the arrays below `roots`; `run` then traces a function that uses them."""

    def __init__(
        self,
        names: Sequence[str],
        roots: Sequence[Any],
        frameworks: Sequence[str],
        numbers: frozenset[Place] = frozenset(),
    ) -> None:
        """The arrays are those of `frameworks`, and the Python numbers at `numbers` as arrays of the first."""
        self.numbers = numbers
        self.names = tuple(names)
        self.roots = roots
        self.frameworks = frameworks
        self.arrays: dict[Place, Any] = {}
        """The arrays of `frameworks` that the objects hold: inputs of the trace."""
        self.places: list[Place] = []
        """Where each value goes that the function left behind."""
        self.changes: list[Change] = []
        self._held: dict[int, Place] = {}
        """The place of each traced array, by its id."""
        self._containers: dict[int, _Container] = {}
        for i, root in enumerate(roots):
            self._find(root, Place(i))

    def _find(self, value: Any, place: Place) -> None:
        if framework_of(value) in self.frameworks:
            self.arrays[place] = value
        elif place in self.numbers:
            self.arrays[place] = number_array(value, self.frameworks[0])
        elif is_container(value) and id(value) not in self._containers:
            held = content(value)
            if not isinstance(value, tuple):
                self._containers[id(value)] = _Container(place, value, held, Watch(value))
            for step, child in held.items():
                self._find(child, place.then(step))

    @property
    def containers(self) -> frozenset[int]:
        """The ids of the containers below the roots."""
        return frozenset(self._containers)

    def run(self, traced: Sequence[Any], function: Callable[[], Any]) -> tuple[Any, list[Any]]:
        """The result of `function` on objects that hold traced arrays, and the values that it left in them.

        The objects are as before when this returns.
        """
        given = dict(zip(self.arrays, traced, strict=True))
        self._held = {id(array): place for place, array in given.items() if place not in self.numbers}
        given |= {place: traced_number(given[place]) for place in self.numbers}
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
    def _undone(self) -> Iterator[None]:
        """Whatever happens inside, every object is as it was."""
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

    def _traced_content(self, container: _Container, given: Mapping[Place, Any]) -> dict[Step, Any]:
        return {step: _traced(child, container.place.then(step), given) for step, child in container.held.items()}

    # What it wrote

    def _note_changes(self, before: Mapping[int, Mapping[Step, Any]]) -> list[Any]:
        """Compare each object with what it held before; the values that are new."""
        self.changes, self.places = [], []
        leaves: list[Any] = []
        for key, container in self._containers.items():
            old, new = before[key], content(container.value)
            at = container.place.then
            if isinstance(container.value, list | deque) and len(old) != len(new):
                items = [self._template(item, at(step), leaves) for step, item in new.items()]
                self.changes.append(Refill(container.place, items))
                continue
            moved = _moved(old, new) if isinstance(container.value, dict) else frozenset()
            self.changes += [Delete(at(step)) for step in old if step not in new or step in moved]
            for step, value in new.items():
                if step not in old:
                    self._check_key(step, container.place)
                if step not in old or step in moved or old[step] is not value:
                    self.changes.append(Set(at(step), self._template(value, at(step), leaves)))
        return leaves

    def _template(self, value: Any, place: Place, leaves: list[Any]) -> Template:
        if id(value) in self._containers:
            return Known(self._containers[id(value)].place)
        if id(value) in self._held:
            return Known(self._held[id(value)])
        if framework_of(value) is None and is_container(value):
            held = content(value)
            for step in held:
                self._check_key(step, place)
            return New(type(value), {step: self._template(v, place.then(step), leaves) for step, v in held.items()})
        if isinstance(value, Identity):
            check_left(value, place.text(self.names))
        leaves.append(value)
        self.places.append(place)
        return Leaf(len(leaves) - 1)

    def _check_key(self, step: Step, place: Place) -> None:
        """Raise `UnsupportedOpError` for the key of an item that no later call would find."""
        if isinstance(step, Item):
            for key in step.key if isinstance(step.key, tuple) else (step.key,):
                check_left(key, place.text(self.names))

    # What it read

    def state(self, used: Sequence[bool]) -> State:
        """What a call must find and what it writes; `used` says of each array whether the program takes it."""
        for place, flag in zip(self.arrays, used, strict=True):
            if flag:
                self._require(place)
        expected = tuple(self._expected(root, Place(i)) for i, root in enumerate(self.roots))
        reads = tuple(place for place in self.arrays if _reaches(expected[place.root], place.steps))
        return State(
            self.names,
            expected,
            reads,
            tuple(self.changes),
            tuple(self.places),
            numbers=self.numbers,
            source=self.frameworks[0],
        )

    def _require(self, place: Place) -> None:
        """The program takes this array: where nobody saw how it was reached, everything counts as read."""
        for container in self._containers.values():
            read, depth = container.watch.read, len(container.place.steps)
            inside = container.place == Place(place.root, place.steps[:depth])
            if inside and read is not None and str(place.steps[depth])[1:] not in read:
                container.watch.read = None

    def _expected(self, value: Any, place: Place) -> Any:
        if place in self.numbers:
            return Number(type(value))
        if place in self.arrays:
            return Array()
        if not is_container(value):
            return value
        container = self._containers.get(id(value))
        if container is not None and container.place != place:
            return Same(container.place)
        held = content(value) if container is None else container.held
        read = None if container is None else container.watch.read
        looked = [step for step in held if read is None or isinstance(step, Item) or step.name in read]
        children = {step: self._expected(held[step], place.then(step)) for step in looked}
        names = {step.name for step in held if not isinstance(step, Item)}
        return Expected(type(value), keys_of(held), children, None if read is None else tuple(sorted(read - names)))


def _traced(value: Any, place: Place, given: Mapping[Place, Any]) -> Any:
    """`value` with traced arrays in their places, tuples rebuilt around them."""
    if place in given:
        return given[place]
    if not isinstance(value, tuple):
        return value
    items = [_traced(item, place.then(Item(i)), given) for i, item in enumerate(value)]
    return value if all(a is b for a, b in zip(items, value)) else tuple.__new__(type(value), items)


def _reaches(expected: Any, steps: Sequence[Step]) -> bool:
    """Whether what is found by `steps` was looked at."""
    for step in steps:
        if not isinstance(expected, Expected) or step not in expected.children:
            return False
        expected = expected.children[step]
    return isinstance(expected, Array | Number)


def arrays_below(roots: Sequence[Any]) -> list[Any]:
    """Every array that objects hold."""
    return list(Trace([], roots, names()).arrays.values())


def _moved(old: Mapping[Step, Any], new: Mapping[Step, Any]) -> frozenset[Step]:
    """Return the steps of a dict that must be taken out and put in again for the order of `new`."""
    after = [*(step for step in old if step in new), *(step for step in new if step not in old)]
    first = next((i for i, (a, b) in enumerate(zip(after, new)) if a != b), len(after))
    return frozenset(list(new)[first:]) & old.keys()
