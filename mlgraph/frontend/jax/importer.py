"""The import of a jaxpr: each equation becomes ivy ops that come from the user's line."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.extend.core import Literal
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects.building import located
from mlgraph.dialects.constant import array_constant
from mlgraph.dialects.dtypes import f32, tensor
from mlgraph.frontend.importer import Importer, placeholder_results
from mlgraph.frontend.jax._private import frames_of
from mlgraph.frontend.jax.dimensions import Dimensions
from mlgraph.frontend.jax.equation import Equation, apply, type_of_aval
from mlgraph.frontend.jax.keys import moves_keys, on_words
from mlgraph.frontend.jax.known import known_results
from mlgraph.frontend.locations import at
from mlgraph.frontend.rules import Rules, Unsupported

_MLGRAPH = str(Path(__file__).parents[2])


class JaxprImporter(Importer):
    """Imports jaxprs into the block that is being built."""

    framework = "jax"

    def __init__(self, rules: Rules, dimensions: Dimensions) -> None:
        super().__init__(rules)
        self.dimensions = dimensions
        self.known: dict[SSAValue, np.ndarray[Any, Any]] = {}
        self.line = ""
        self._consts: dict[int, tuple[Any, str]] = {}

    def run(self, jaxpr: Any, consts: Sequence[SSAValue], arguments: Sequence[SSAValue]) -> list[SSAValue]:
        """Import `jaxpr`, and return the values that it computes from `arguments`."""
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
        """Do as `run` does, for a jaxpr that carries its constants."""
        return self.run(closed.jaxpr, [self.constant(c) for c in closed.consts], arguments)

    def constant(self, value: Any, aval: Any = None) -> SSAValue:
        """Return a literal of the type `aval`, or a captured array of its own type."""
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
            for var, value in zip(eqn.outvars, values, strict=True):
                self.check_and_refine_type(value, type_of_aval(var.aval), eqn.primitive.name)
        except (Unsupported, ValueError) as reason:  # an op refuses operands with a ValueError
            self.note_missing(f"{eqn.primitive.name} {reason}".strip(), self.line)
            return placeholder_results([type_or_scalar(var.aval) for var in eqn.outvars])
        if len(values) == 1 and (numbers := known_results(equation, operands)) is not None:
            self.known[values[0]] = numbers
        return values

    def at_line_of(self, eqn: Any) -> AbstractContextManager[None]:
        """Let what is built inside come from the user's line of `eqn`; without one, from that of the call around it."""
        if (frame := frame_of(eqn)) is None:
            return nullcontext()
        self.line = f"{frame.file_name}:{frame.start_line}"
        return located(at(frame.file_name, frame.start_line, frame.start_column))


def type_or_scalar(aval: Any) -> Attribute:
    """Return the type of an abstract value, that of a number where the IR has none for it."""
    try:
        return type_of_aval(aval)
    except Unsupported:
        return tensor((), f32)


def frame_of(eqn: Any) -> Any:
    """Return the innermost frame of the user's code that an equation comes from, or None."""
    with suppress(Exception):
        for frame in frames_of(eqn):
            if not frame.file_name.startswith(_MLGRAPH):
                return frame
    return None
