"""A snapshot of the objects that a function reaches, from which writes of a trace are found and undone.

A `Reach` holds the containers, variables, classes and arrays that the function may write to. Whatever differs after a
trace was written. Each such container is a stateful object of the next trace, as if the user had named it.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks import framework_of, of_array
from mlgraph.graph.effects.access_path import NamespaceView, Step, content, fill, is_container, is_object, same_content
from mlgraph.graph.effects.foreign_draws import ForeignDraws
from mlgraph.graph.effects.opaque_values import opaque_kind, same_content_of
from mlgraph.graph.effects.reach import Reach
from mlgraph.graph.effects.traced_ids import traced_ids
from mlgraph.graph.guards.paths import AttributePath, CellPath, GlobalPath, ItemPath, Path


class Snapshot:
    """The objects that a function reaches, with their content before the trace."""

    def __init__(self, reach: Reach, source: str) -> None:
        """Record the content; `source` is the framework of the function, whose arrays may be state."""
        self.reach = reach
        self.source = source
        self.changed: dict[Any, tuple[str, Any]] = {}
        """The objects that the function wrote to, with a Python expression for each."""
        self.refused: list[str] = []
        """The names of written objects that cannot be state."""
        self.draws = ForeignDraws(reach, source)
        self._views = [(text, view, view.content()) for text, view in self._all_views()]
        self._held = [(text, value, content(value)) for text, value in self._containers()]
        wholes = ((path, value, opaque_kind(value)) for path, value in reach.containers if not is_object(value))
        self._wholes = [(path.text, value, whole, whole.read(value)) for path, value, whole in wholes if whole]
        self._arrays = [
            (path, array, array.copy())
            for path, array in reach.arrays
            if (owner := of_array(array)) is not None and owner.is_restorable(array)
        ]

    def _containers(self) -> Iterator[tuple[str, Any]]:
        for path, value in self.reach.containers:
            if is_object(value) or not (isinstance(value, tuple | MappingProxyType) or opaque_kind(value)):
                yield path.text, value

    def _all_views(self) -> Iterator[tuple[str, NamespaceView]]:
        for space, names in self.reach.namespaces():
            yield "globals()", NamespaceView(space, names)
        for name, cell in self.reach.cells():
            yield "nonlocal", NamespaceView(cell, (name,))
        for cls in self.reach.classes.values():
            yield cls.__name__, NamespaceView(cls, self.reach.stored)
        for function in self.reach.functions.values():
            yield function.__name__, NamespaceView(vars(function), self.reach.stored)
        for module in self.reach.spaces.values():
            yield module.__name__, NamespaceView(vars(module), self.reach.stored)

    @contextmanager
    def undone(self) -> Generator[None]:
        """Restore every object on exit, and record what changed."""
        self.changed.clear()
        self.refused.clear()
        misses = [(memo, memo.cache_info().misses) for memo in self.reach.memos if hasattr(memo, "cache_info")]
        known = {id(array) for _, array in self.reach.arrays}
        try:
            with traced_ids(self.reach.functions.values(), known):
                yield
        finally:
            for text, view, held in self._views:
                self._restore_view(text, view, held)
            for text, value, held in self._held:
                if not same_content(content(value), held):
                    self.changed.setdefault(id(value), (text, value))
                    fill(value, held)
            self._restore_plain()
            self.draws.undo()
            for memo, count in misses:
                if memo.cache_info().misses != count:
                    memo.cache_clear()

    def _restore_plain(self) -> None:
        """Restore opaque objects, arrays of numpy and context variables, most of which cannot be state."""
        for text, value, whole, held in self._wholes:
            if not same_content_of(whole.read(value), held):
                self.refused.append(text)
                whole.write(value, held)
        for text, variable, held in self.reach.contexts:
            if variable.get() is not held:
                self.refused.append(text)
                variable.set(held)
        for path, array, held in self._arrays:
            if not _same_elements(array, held):
                if framework_of(array) != self.source or not self._note_holder(path):
                    self.refused.append(path.text)
                array[...] = held

    def _restore_view(self, text: str, view: NamespaceView, held: dict[Step, Any]) -> None:
        now = view.content()
        steps = [step for step in {**held, **now} if now.get(step, held) is not held.get(step, now)]
        if steps:
            changed = NamespaceView(view.space, [str(step)[1:] for step in steps])
            self.changed.setdefault((id(view.space), *changed.names), (text, changed))
            fill(changed, {step: held[step] for step in steps if step in held})

    def note_written(self, owners: Sequence[Any] | None) -> None:
        """Record the holders of arrays that share memory with `owners`, or of all arrays if `owners` is None."""
        for path, array in self.reach.arrays:
            written = owners is None or any(_same_memory(array, owner) for owner in owners)
            if written and framework_of(array) == self.source:
                self._note_holder(path)

    def _note_holder(self, path: Path) -> bool:
        """Record the holder of an array that the function writes into. Return whether it can be state."""
        if (found := _holder_of(path)) is None:
            return False
        _, holder = found
        key = (id(holder.space), *holder.names) if isinstance(holder, NamespaceView) else id(holder)
        self.changed.setdefault(key, found)
        return True

    def check(self) -> None:
        """Raise `UnsupportedOpError` for effects that a call of the graph could not repeat."""
        self.draws.check(self.source)
        if self.refused:
            raise UnsupportedOpError(
                f"the function changes {', '.join(dict.fromkeys(self.refused))}",
                why="a call of the graph would not",
                fix="pass it as an argument and return what is new, or hold it in an object",
            )
        if self.reach.iterators:
            text = self.reach.iterators[0].path.text
            raise UnsupportedOpError(
                f"the function reaches the iterator {text}",
                why="a call of the graph would not take from it",
                fix="take the next item outside, and pass it as an argument",
            )


def _holder_of(path: Path) -> tuple[str, Any] | None:
    """Return the holder of the value at a path, with a Python expression, if it can be state, else None."""
    match path:
        case GlobalPath(space, name):
            return "globals()", NamespaceView(space, (name,))
        case CellPath(cell, name):
            return "nonlocal", NamespaceView(cell, (name,))
        case AttributePath(owner, name):
            value = owner.find()
            if isinstance(value, type):
                return owner.text, NamespaceView(value, (name,))
            if isinstance(value, ModuleType | FunctionType):
                return owner.text, NamespaceView(vars(value), (name,))
        case ItemPath(owner):
            value = owner.find()
        case _:
            return None
    return (owner.text, value) if is_container(value) else None


def _same_memory(array: Any, owner: Any) -> bool:
    """Return whether two arrays are views of the same memory."""
    framework = of_array(array)
    return framework is not None and framework is of_array(owner) and framework.owns_same_memory(array, owner)


def _same_elements(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()
