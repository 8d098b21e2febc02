# pyright: basic
"""The import of a jaxpr: each equation becomes ivy ops that come from the user's line."""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax._src import source_info_util
from jax.extend.core import Literal
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from mlgraph.dialects.building import located
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.table import compatible
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.jax.dimensions import Dimensions
from mlgraph.frontend.jax.rules.keys import moves_keys, on_words
from mlgraph.frontend.jax.rules.known import known_results
from mlgraph.frontend.jax.rules.registry import Equation, apply, type_of_aval
from mlgraph.frontend.locations import at
from mlgraph.frontend.rules import Unsupported

_MLGRAPH = str(Path(__file__).parents[2])


class JaxprImporter:
    """Imports jaxprs into the block that is being built."""

    def __init__(self, dimensions: Dimensions) -> None:
        self.dimensions = dimensions
        self.missing: Counter[tuple[str, str]] = Counter()
        self.known: dict[SSAValue, np.ndarray[Any, Any]] = {}
        self.line = ""
        self._consts: dict[int, tuple[Any, str]] = {}

    def run(self, jaxpr: Any, consts: Sequence[SSAValue], arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """The values that `jaxpr` computes from `arguments`."""
        env: dict[Any, SSAValue] = dict(zip(jaxpr.constvars, consts, strict=True))
        env.update(zip(jaxpr.invars, arguments, strict=True))

        def read(atom: Any) -> SSAValue:
            return self.constant(atom.val, atom.aval) if isinstance(atom, Literal) else env[atom]

        for eqn in jaxpr.eqns:
            with self.at_line_of(eqn):
                results = self.import_equation(eqn, [read(v) for v in eqn.invars])
            env.update(zip(eqn.outvars, results, strict=True))
        return [read(v) for v in jaxpr.outvars]

    def run_closed(self, closed: Any, arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """As `run`, for a jaxpr that carries its constants."""
        return self.run(closed.jaxpr, [self.constant(c) for c in closed.consts], arguments)

    def constant(self, value: Any, aval: Any = None) -> SSAValue:
        """A literal of the type `aval`, or a captured array of its own type."""
        if isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):  # pyright: ignore[reportPrivateImportUsage]
            value = jax.random.key_data(value)
        array = np.asarray(value, None if aval is None else aval.dtype)
        name = self._consts.setdefault(id(value), (value, f"constant_{len(self._consts)}"))[1]
        result = array_constant(name, array)
        if array.dtype.kind in "iub" and array.size <= 16:
            self.known[result] = array.astype(object)
        return result

    def import_equation(self, eqn: Any, operands: Sequence[SSAValue]) -> list[SSAValue]:
        equation = Equation(self, eqn)
        try:
            found = on_words(equation, operands) if moves_keys(eqn) else apply(equation, operands)
            values = [found] if isinstance(found, SSAValue) else list(found)
            self.settle(eqn, values)
        except (Unsupported, ValueError) as reason:  # a row refuses operands with a ValueError
            what = f"{eqn.primitive.name} {reason}".strip()
            self.missing[what, self.line] += 1
            return stand_ins(eqn)
        if len(values) == 1 and (numbers := known_results(equation, operands)) is not None:
            self.known[values[0]] = numbers
        return values

    def settle(self, eqn: Any, values: Sequence[SSAValue]) -> None:
        """Check the results of a rule against what jax says, and note the sizes that only jax knows."""
        for var, value in zip(eqn.outvars, values, strict=True):
            type = type_of_aval(var.aval)
            if not compatible(value.type, type):
                raise TypeError(f"{eqn.primitive.name} gives {value.type}, expected {type}")
            if isinstance(value.type, TensorType) and not type.has_static_shape() and value.type.has_static_shape():  # pyright: ignore[reportAttributeAccessIssue]
                continue
            if unknown(type) < unknown(value.type) and not isinstance(value.owner, Block):
                value._type = type

    def at_line_of(self, eqn: Any) -> AbstractContextManager[None]:
        """What is built inside comes from the user's line of `eqn`; without one, from that of the call around it."""
        if (frame := frame_of(eqn)) is None:
            return nullcontext()
        self.line = f"{frame.file_name}:{frame.start_line}"
        return located(at(frame.file_name, frame.start_line, frame.start_column))

    def raise_for_missing(self) -> None:
        """One error for all primitives that no rule covers."""
        if self.missing:
            raise UnsupportedOpError.of_source("jax", self.missing)


def unknown(type: Any) -> int:
    """How many sizes of a tensor type are not known."""
    return sum(n < 0 for n in type.get_shape())


def stand_ins(eqn: Any) -> list[SSAValue]:
    """Values in the place of results that cannot be had, so that the walk can go on to find all that is missing."""
    types: list[Any] = []
    for var in eqn.outvars:
        try:
            types.append(type_of_aval(var.aval))
        except Unsupported:
            from mlgraph.dialects.dtypes import f32, tensor

            types.append(tensor((), f32))
    return list(Block(arg_types=types).args)


def frame_of(eqn: Any) -> Any:
    """The innermost frame of the user's code that an equation comes from, or None."""
    with suppress(Exception):
        for frame in source_info_util.user_frames(eqn.source_info.traceback):
            if not frame.file_name.startswith(_MLGRAPH):
                return frame
    return None
