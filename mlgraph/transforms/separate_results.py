"""`separate-results`: results of `@main` share memory only where the function's own results do.

    old = x.clone()        def main(x):
    x.add_(1)                  add = torch.add(x, 1)
    return old                 clone = torch.clone(x)      # without it the caller would find x's new value in it
                               return clone, add

Passes before this one take `x.clone()` and `x * 1` for `x`, equal values for one, and newly made arrays for constants.
That is right for values, but not for memory that can be written. A result is copied if it would share memory that the
function's own result does not share; so is the new value of an input or a buffer that is a view of what the call
overwrites.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.analysis.aliases import Aliases, Root, Roots
from mlgraph.analysis.scalars import is_scalar
from mlgraph.dialects.backend import CallOp, backend
from mlgraph.dialects.building import building
from mlgraph.dialects.functions import functions
from mlgraph.dialects.ivy.types import rank
from mlgraph.dialects.outputs import Memory, OutputKind, OutputSpec
from mlgraph.dialects.stateful import read_slots, written_slots
from mlgraph.errors import UnsupportedOpError, line_of
from mlgraph.frameworks import get
from mlgraph.transforms.target_pass import TargetPass
from mlgraph.transforms.view_chains import rebuild, views_between, views_of


@dataclass(frozen=True)
class SeparateResultsPass(TargetPass):
    """Copy the results of `@main` that would share memory which the function's own results do not."""

    name = "separate-results"

    inputs: tuple[Memory, ...] = field(default=(), init=False)
    """The inputs that `@main` takes, in order."""
    outputs: tuple[OutputSpec, ...] = field(default=(), init=False)
    """The destination of each result of `@main` but those of objects; without any, no result may share memory."""
    exact: bool = field(default=False, init=False)
    """True if the function is of the same framework: its results then share memory exactly where its own do."""

    @classmethod
    def of(
        cls,
        to: str,
        inputs: Sequence[int],
        outputs: Sequence[OutputSpec],
        exact: bool,
    ) -> "SeparateResultsPass":
        """Return the pass for a program that takes the inputs of these numbers."""
        found = cls(to)
        object.__setattr__(found, "inputs", tuple(Memory("input", i) for i in inputs))
        object.__setattr__(found, "outputs", tuple(outputs))
        object.__setattr__(found, "exact", exact)
        return found

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        main = next((f for f in functions(op) if f.sym_name.data == "main"), None)
        if main is not None and self.framework.has_views:
            separation = _Separation(main, self.to, self.inputs, self.outputs)
            separation.run()
            if self.exact:
                separation.check()


class _Separation:
    """The results of one function, visited in order."""

    def __init__(self, main: FuncOp, to: str, inputs: Sequence[Memory], outputs: Sequence[OutputSpec]) -> None:
        last = main.body.block.last_op
        assert isinstance(last, ReturnOp)
        self.last = last
        self.to = to
        self.framework = get(to)
        self.aliases = Aliases(main, to)
        slots = written_slots(main)
        known = list(outputs) or [OutputSpec(OutputKind.USER_OUTPUT, i) for i in range(len(last.operands) - len(slots))]
        placed = {spec.target: spec for spec in known if spec.kind is OutputKind.OBJECT}
        own = [spec for spec in known if spec.kind is not OutputKind.OBJECT]
        objects = [placed.get(slot, OutputSpec(OutputKind.OBJECT, slot)) for slot in slots.values()]
        self.outputs = (*own, *objects)
        self.owners = self._owners(main, inputs)
        self.overwritten = {spec.memory for spec in self.outputs if self._is_in_place(spec)}
        self.shared = {spec.memory: set(spec.aliases) for spec in self.outputs}
        """The memory that each of the function's own results shares, whichever of two results came first."""
        for spec in self.outputs:
            for memory in spec.aliases & self.shared.keys():
                self.shared[memory].add(spec.memory)
        self.results: dict[Memory, SSAValue] = {}
        """The results so far that stay what they are."""
        self.finals: dict[Memory, tuple[SSAValue, SSAValue]] = {}
        """The results so far by the memory that they are or are written to: the value, or the array that it is a view
        of, and what became of it."""
        self.kept: dict[Root, list[OutputSpec]] = {}
        """The memory of the results so far that stay what they are, and those results."""

    def _owners(self, main: FuncOp, inputs: Sequence[Memory]) -> dict[Root, Memory]:
        """Return the memory that the last arguments of `@main` are: inputs, then what objects hold."""
        read = [Memory("object", slot) for slot in read_slots(main).values()]
        memory = [*inputs, *read]
        arguments = main.body.block.args[len(main.body.block.args) - len(memory) :] if memory else ()
        return {Root("argument", argument): one for argument, one in zip(arguments, memory, strict=True)}

    def _is_in_place(self, spec: OutputSpec) -> bool:
        """Return whether a result's values are copied into memory of the caller's; others are kept as they are."""
        is_buffer = spec.kind is OutputKind.BUFFER and self.framework.has_buffers
        return spec.kind is OutputKind.INPUT or is_buffer or spec.is_written_in_place

    def run(self) -> None:
        """Copy what must be, and return the copies: first what is written in place, which others may be views of."""
        if self.framework.has_late_conjugates:
            self._share_conjugates()
        results = list(self.last.operands)
        for i in sorted(range(len(results)), key=self._visit_order):
            spec = self.outputs[i]
            value = self.last.operands[i]
            if isinstance(value.type, TensorType) and spec.kind is not OutputKind.TEST:
                results[i] = self._overwriting(value, spec) if self._is_in_place(spec) else self._kept(value, spec)
        self.last.operands = results

    def check(self) -> None:
        """Raise `UnsupportedOpError` where a result does not share the memory that the function's own result does."""
        given = {spec.memory: value for spec, value in zip(self.outputs, self.last.operands, strict=True)}
        for spec, value in zip(self.outputs, self.last.operands, strict=True):
            self._check_shares(spec, value, given)

    def _check_shares(self, spec: OutputSpec, value: SSAValue, given: Mapping[Memory, SSAValue]) -> None:
        if spec.kind is not OutputKind.USER_OUTPUT or spec.same is not None or spec.scalar:
            return
        mine = self.aliases.roots(value)
        known = {memory for memory in spec.aliases if memory.kind != "output"}
        for memory in known or spec.aliases:
            if mine.isdisjoint(self._roots(memory, given)):
                raise UnsupportedOpError(
                    f"{_named(spec)} is a view of {_named(memory)}, and {self.to} has no call that gives it as one",
                    where=line_of(value.owner if isinstance(value.owner, Operation) else self.last),
                    fix="return a copy",
                )

    def _roots(self, memory: Memory, given: Mapping[Memory, SSAValue]) -> Roots:
        """Return the roots of the values that share this memory."""
        if memory in given:
            return self.aliases.roots(given[memory])
        if memory.kind == "parameter":
            return frozenset({Root("parameter", memory.key)})
        return frozenset(root for root, owner in self.owners.items() if owner == memory)

    def _share_conjugates(self) -> None:
        """Let results that share memory be conjugates of it that torch has yet to compute, as its own are."""
        pairs = list(zip(self.outputs, self.last.operands, strict=True))
        written = {value for spec, value in pairs if self._is_in_place(spec)}
        self.last.operands = [self._conjugated_late(value, written) if spec.aliases else value for spec, value in pairs]

    def _conjugated_late(self, value: SSAValue, written: Collection[SSAValue]) -> SSAValue:
        """Return a view of conjugates as a view of memory that is not conjugate."""
        op = value.owner
        if not isinstance(op, CallOp) or value in written:
            return value
        conjugates = _is_conjugation(op)
        if not conjugates and not self.aliases.is_view(op):
            return value
        source = op.inputs[0]
        viewed = self._conjugated_late(source, written)
        if viewed is source and not conjugates:
            return value
        view = op.clone({source: viewed})
        if conjugates:
            view.callee = StringAttr("torch.conj")
        self._insert(view)
        return view.results[0]

    def _visit_order(self, i: int) -> tuple[int, int]:
        """Return the key that sorts results: values to write first, then views of these; arrays before their views."""
        spec = self.outputs[i]
        if self._is_in_place(spec):
            return 0, 0
        return 1 if spec.aliases & self.overwritten else 2, self._views(self.last.operands[i])

    def _views(self, value: SSAValue) -> int:
        """Return the number of calls in the chain that made a view."""
        return sum(1 for _ in views_of(value, self._is_view))

    def _is_view(self, op: Operation) -> bool:
        """Return whether an operation is a call that may give a view of its first argument."""
        return isinstance(op, CallOp) and self.aliases.is_view(op)

    def _overwriting(self, value: SSAValue, spec: OutputSpec) -> SSAValue:
        """Return a value to write in place, copied where it may be a view of what this call overwrites.

        Also one that has an element in several places, of which another result is a view: that view becomes the same
        part of what is overwritten, and its elements must tell which.
        """
        overlaps = any(self._memory(root) in self.overwritten for root in self.aliases.roots(value))
        has_views = any(spec.memory in other.aliases for other in self.outputs)
        views = [op for op in views_of(value, self._is_view) if isinstance(op, CallOp)]
        repeats = any(op.callee.data in self.framework.repeating for op in views)
        new = self._copied(value) if overlaps or (has_views and repeats) else value
        self.finals[spec.memory] = (value, new)
        return new

    def _kept(self, value: SSAValue, spec: OutputSpec) -> SSAValue:
        """Return a result that stays what it is, copied where it would share memory that is not its own."""
        if spec.same is not None and spec.same.kind != "outside":
            return self.results.get(spec.same, value)
        if self.framework.has_scalars and spec.scalar:
            return self._scalar(value, spec)
        new, base = self._as_view_of_final(value, spec), (value, value)
        if new is None and not all(self._may_share(root, spec) for root in self.aliases.roots(value)):
            new, base = self._copied_with_base(value, spec)
        new = self._as_own_array(value if new is None else new)
        if self.framework.has_scalars and spec.scalar is False and is_scalar(new) is not False:
            new = self._called("numpy.asarray", new)
        if self.framework.has_scalars and spec.read_only:
            new = self._read_only(new)
        for root in self.aliases.roots(new):
            self.kept.setdefault(root, []).append(spec)
        self.finals[spec.memory] = base if base[0] is not value else (value, new)
        self.results[spec.memory] = new
        return new

    def _scalar(self, value: SSAValue, spec: OutputSpec) -> SSAValue:
        """Return a scalar, which shares no memory, instead of an array without axes."""
        new = value if is_scalar(value) else self._indexed(value)
        self.results[spec.memory] = new
        return new

    def _as_own_array(self, value: SSAValue) -> SSAValue:
        """Return a view of a whole array that the caller holds, or gets as another result; other values as they are.

        The function's own result shares its memory, but is an array of its own.
        """
        is_callers = Root("argument", value) in self.owners
        if not is_callers and not any(value is other for other in self.results.values()):
            return value
        if not self.framework.has_scalars or rank(value):
            return self._indexed(value)
        is_array = is_callers or is_scalar(value) is False
        return self._called("numpy.ndarray.view", value) if is_array else value

    def _copied_with_base(self, value: SSAValue, spec: OutputSpec) -> tuple[SSAValue, tuple[SSAValue, SSAValue]]:
        """Return a copy of a result, and what was copied with its copy.

        Of a view that shares memory with other results the array is copied that all of them are views of.
        """
        base = self._common_base(value, spec)
        copy = self._copied(base)
        return self._rebuild_on(copy, base, value), (base, copy)

    def _common_base(self, value: SSAValue, spec: OutputSpec) -> SSAValue:
        """Return the last array that a result, and each result that it shares memory with, is a view of.

        A `reshape` that may copy can stand before it: one copy of what it returns serves all of them.
        """
        if not self.shared[spec.memory]:
            return value
        bases = self._bases(value)
        for other, result in zip(self.outputs, self.last.operands, strict=True):
            if other is not spec and self._share_new_memory(spec, other):
                theirs = self._bases(result)
                bases = [base for base in bases if base in theirs] or bases
        return bases[0]

    def _bases(self, value: SSAValue) -> list[SSAValue]:
        """Return the value, then each array that it is a view of, the first one last."""
        return [value, *(op.operands[0] for op in views_of(value, self._is_view))]

    def _share_new_memory(self, spec: OutputSpec, other: OutputSpec) -> bool:
        """Return whether the function's own results of these two share memory that the function made."""
        mine, theirs = self.shared[spec.memory], self.shared[other.memory]
        return other.memory in mine or any(memory.kind == "new" for memory in mine & theirs)

    def _as_view_of_final(self, value: SSAValue, spec: OutputSpec) -> SSAValue | None:
        """Return the same view of what is written to, or returned as, memory that the function's own result shares."""
        for memory in self.shared[spec.memory] & self.finals.keys():
            old, new = self.finals[memory]
            if (found := self._rebuilt(value, old, new)) is not None:
                return found
        return None

    def _rebuilt(self, value: SSAValue, old: SSAValue, new: SSAValue) -> SSAValue | None:
        """Return `value`, a chain of views of `old`, as the same chain of views of `new`; None where it is no such."""
        if old not in self._bases(value):
            return None
        return value if new is old else self._rebuild_on(new, old, value)

    def _rebuild_on(self, new: SSAValue, base: SSAValue, value: SSAValue) -> SSAValue:
        """Build the calls that made `value` a view of `base` on `new` in its place."""
        return rebuild(views_between(base, value, self._is_view), new, self._insert)

    def _insert(self, view: Operation) -> None:
        """Insert a call before the function returns."""
        block = self.last.parent
        assert block is not None
        block.insert_op_before(view, self.last)
        self.aliases.add(view)

    def _memory(self, root: Root) -> Memory | None:
        """Return the memory of the caller's that a root is, None for what `@main` makes."""
        return Memory("parameter", root.key) if root.kind == "parameter" else self.owners.get(root)

    def _may_share(self, root: Root, spec: OutputSpec) -> bool:
        """Return whether a result that stays what it is may share the memory of `root`."""
        if root.kind == "constant":
            return False
        if root.kind == "value":
            return all(self._share(spec, other) for other in self.kept.get(root, ()))
        return self._memory(root) in spec.aliases

    def _share(self, spec: OutputSpec, other: OutputSpec) -> bool:
        """Return whether the function's own results of these two share memory."""
        return spec.same is not None or other.memory in self.shared[spec.memory]

    def _copied(self, value: SSAValue) -> SSAValue:
        if not self.framework.has_scalars or rank(value):
            return self._called(self.framework.copy_call, value)
        return self._indexed(value)

    def _indexed(self, value: SSAValue) -> SSAValue:
        """Return `value[()]`: a view of the whole array, or a scalar of numpy instead of an array without axes."""
        return self._called("operator.getitem", value, ())

    def _read_only(self, value: SSAValue) -> SSAValue:
        """Return a view of a whole array of numpy's that cannot be written."""
        if isinstance(op := value.owner, CallOp) and op.callee.data == "numpy.broadcast_to":
            return value
        with building(Builder(InsertPoint.before(self.last)), self.last.location):
            (shape,) = backend(self.to).call("builtins.getattr", (value, "shape"), {})
        return self._called("numpy.broadcast_to", value, shape)

    def _called(self, callee: str, value: SSAValue, *literals: Any) -> SSAValue:
        """Insert a call that returns such a value as it is given."""
        owner = value.owner if isinstance(value.owner, Operation) else self.last
        with building(Builder(InsertPoint.before(self.last)), owner.location):
            (result,) = backend(self.to).call(callee, (value, *literals), {})
        result._type = value.type  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        result.name_hint = value.name_hint
        self.aliases.add(cast(CallOp, result.owner))
        return result


def _named(place: OutputSpec | Memory) -> str:
    """Return the name of a result, or of memory, in an error."""
    if isinstance(place, OutputSpec):
        return f"result {place.target}"
    nouns = {"input": "argument", "output": "result"}
    return f"{nouns.get(place.kind, place.kind)} {place.key}"


def _is_conjugation(op: CallOp) -> bool:
    return op.callee.data == "torch.conj_physical"
