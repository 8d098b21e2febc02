"""Writes of a call into existing memory: new values of buffers, inputs and arrays of objects.

Results that the function returns as the caller's own arrays, or as views of them, are replaced by those.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mlgraph.dialects.outputs import Memory, OutputKind, OutputSpec
from mlgraph.errors import InputError
from mlgraph.frameworks import get
from mlgraph.frameworks.arrays import is_writable, overwrite, share_memory
from mlgraph.frontend.program import Program
from mlgraph.targets.views import rebased


class Writes:
    """The writes of one program, whose results go where `outputs` says."""

    def __init__(
        self,
        to: str,
        program: Program,
        outputs: Sequence[OutputSpec],
        names: Mapping[int, str],
        outside: Mapping[str, Any],
    ) -> None:
        """Take the names of the inputs by index, and the arrays `outside` that are constants of the program."""
        self.framework = get(to)
        self.outputs = outputs
        self.names = names
        self.outside = {Memory("outside", name): array for name, array in outside.items()}
        self.returned = {s.same: self.outside[s.same] for s in outputs if s.same is not None and s.same in self.outside}
        """The arrays of `outside` that are results."""
        self.setters = program.setters
        self.in_place = tuple(s.memory for s in outputs if s.kind is OutputKind.INPUT or s.is_written_in_place)
        """The caller's arrays that the call overwrites."""
        self.buffers = tuple(s.memory for s in outputs if s.kind is OutputKind.BUFFER)
        memory = (one for spec in outputs for one in (spec.memory, spec.same, *spec.aliases) if one is not None)
        self.shared_parameters = {one for one in memory if one.kind == "parameter"}

    def check(self, params: Mapping[str, Any], callers: Mapping[Memory, Any]) -> None:
        """Raise `InputError` if a call writes into an array that it also reaches in another way: `main` would miss it.

        `callers` are the arrays that the caller holds.
        """
        if self.in_place:
            weights = {Memory("parameter", name): array for name, array in params.items()}
            written = {memory: callers[memory] for memory in self.in_place}
            check_separate(written, {**callers, **weights, **self.outside}, self.names)
        if self.buffers and self.framework.has_buffers:
            buffers = {memory: params[memory.key] for memory in self.buffers}
            check_separate(buffers, callers, self.names)

    def write(
        self, params: dict[str, Any], results: Sequence[Any], arrays: Sequence[Any], callers: Mapping[Memory, Any]
    ) -> dict[Memory, Any]:
        """Write the new values in place if the framework can; `arrays` are those of `callers` as arrays of the target.

        Return the arrays of the target, also written, that results may be identical to or views of.
        """
        owners = dict(zip(callers, arrays)) | self.returned
        owners |= {memory: params[memory.key] for memory in self.shared_parameters if memory.key in params}
        for spec, value in zip(self.outputs, results):
            if spec.kind is OutputKind.BUFFER:
                owners[spec.memory] = self._write_buffer(params, spec.target, value)
            elif spec.kind is OutputKind.OBJECT and not is_writable(callers.get(spec.memory)):
                continue  # the object holds the new value
            elif spec.kind is OutputKind.INPUT or spec.is_written_in_place:
                overwrite(callers[spec.memory], value)
                if spec.memory not in owners and self.framework.is_array(callers[spec.memory]):
                    owners[spec.memory] = callers[spec.memory]  # `main` was not given it, since it reads nothing there
                owner = owners.get(spec.memory)
                if owner is not None and self.framework.has_views and not share_memory(callers[spec.memory], owner):
                    overwrite(owner, value)
        return owners

    def _write_buffer(self, params: dict[str, Any], name: str, value: Any) -> Any:
        """Set the new value of a buffer, in place if it can be written, and return the buffer."""
        if self.framework.has_buffers:
            self.framework.overwrite_buffer(params[name], value)
        elif hasattr(params.get(name), "assign"):
            params[name].assign(value)
        else:
            params[name] = value
            if self.framework.has_immutable_weights and name in self.setters:
                self.setters[name](value)
        return params[name]

    def shared(self, results: Sequence[Any], owners: dict[Memory, Any]) -> Sequence[Any]:
        """Return the results with the caller's own arrays, or views of them, where the function returns these."""
        if not self.framework.has_views:
            return results
        written = {spec.memory: value for spec, value in zip(self.outputs, results) if spec.memory in owners}
        finals: list[Any] = []
        for spec, value in zip(self.outputs, results):
            if spec.same is not None:
                value = owners.get(spec.same, value)
            for memory in spec.aliases & written.keys():
                value = rebased(value, written[memory], owners[memory])
            if spec.kind is OutputKind.USER_OUTPUT:
                owners[spec.memory] = value
            finals.append(value)
        return finals


def check_separate(written: Mapping[Memory, Any], others: Mapping[Memory, Any], names: Mapping[int, str]) -> None:
    """Raise `InputError` if a written array shares memory with another; `names` holds the names of inputs by index."""
    for one, target in written.items():
        for other, array in others.items():
            if other != one and share_memory(target, array):
                first, second = (names.get(m.key, "") if m.kind == "input" else str(m.key) for m in (one, other))
                raise InputError(
                    f"{first} and {second} share memory, and the function writes into {first}",
                    why="the graph would read the other one as it was before",
                    fix="pass or hold a copy of one of them",
                )
