"""The comparison of a graph with its original function, for `graph.check` and `verify=True`.

Both run on the given inputs and on perturbed ones, which show a value that was fixed at capture by mistake.
"""

import contextlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import numpy as np

from mlgraph.errors import CheckError, InputError
from mlgraph.frameworks import framework_of, names
from mlgraph.frameworks.arrays import as_numpy, convert, device_of, is_writable, overwrite, owner_of, placed
from mlgraph.frameworks.modules import watched_modules
from mlgraph.frontend.program import OutputKind
from mlgraph.graph import trees
from mlgraph.graph.bound_call import BoundCall, to_args_kwargs
from mlgraph.graph.effects import ObjectSession, flatten_result
from mlgraph.graph.effects.weights import weights_of
from mlgraph.graph.function_info import FunctionInfo
from mlgraph.graph.paths import OtherPath
from mlgraph.graph.specialization import Specialization

TOLERANCES = {"float64": 1e-8, "complex128": 1e-8, "float16": 2e-2, "bfloat16": 5e-2}
"""The largest allowed difference, relative to the largest value; 1e-4 for other types."""


def check(
    info: FunctionInfo, call: BoundCall, specialization: Specialization, params: dict[str, Any], trusted: int = 0
) -> None:
    """Compare on the inputs of `call`, then on perturbed ones. Raise `CheckError` at the first difference.

    Raise `OtherPath` where the call takes another path than the program, of which the first `trusted` tests hold.
    """
    if specialization.executable.draws:
        raise InputError(
            f"{info.name} draws random numbers, and no two draws are the same", fix="check it in eval mode"
        )
    call = call.reaching(specialization.reached)
    compare(info, call, specialization, params, "the given inputs", trusted)
    generator = np.random.default_rng(0)
    moved = [perturbed(as_numpy(array), generator) for array in call.arrays]
    try:
        places = map(device_of, call.arrays)
        other = with_arrays(call, [placed(array, info.source, place) for array, place in zip(moved, places)])
        run_original(info, other, specialization)
    except Exception:  # the function may refuse values that nobody chose
        return
    with contextlib.suppress(OtherPath):
        compare(info, other, specialization, params, "perturbed inputs")


def compare(
    info: FunctionInfo,
    call: BoundCall,
    specialization: Specialization,
    params: dict[str, Any],
    which: str,
    trusted: int = 0,
) -> None:
    """Run the graph and its original, and compare every leaf of their results. Raise `CheckError` if one differs."""
    expected, spec = flatten_result(run_original(info, call, specialization))
    executable = specialization.executable
    result = specialization.pure(params, None, call, trusted)
    leaves, _ = flatten_result(result[0] if executable.writes_state else result)
    for accessor, a, b in zip(spec.accessors(), leaves, expected, strict=True):
        text = difference(a, b)
        if text is not None:
            raise CheckError(
                f"{info.name} differs from the original on {which}: {accessor.codify('result')} {text}",
                why="a value was fixed at capture, or an operation of the target means something else",
                fix="look at graph.ir('ivy') and graph.source, and report it with a minimal example",
            )


def difference(found: Any, expected: Any) -> str | None:
    """Return a description of how two leaves differ, None if they agree."""
    if framework_of(expected) is None:
        size = isinstance(expected, int) and framework_of(found) is None
        same = found == expected if size else trees.same_static(found, expected) or found is expected
        return None if same else f"is {found!r} instead of {expected!r}"
    a, b = as_numpy(found), as_numpy(expected)
    if a.shape != b.shape:
        return f"has shape {a.shape} instead of {b.shape}"
    if a.size == 0:
        return None
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return None if np.array_equal(a, b) else f"differs in {int((a != b).sum())} of {a.size} elements"
    tolerance = max(TOLERANCES.get(array.dtype.name, 1e-4) for array in (a, b))
    wide = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    a, b = a.astype(wide), b.astype(wide)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return "is not finite at other places"
    finite = np.isfinite(b)
    largest = float(np.abs(a - b)[finite].max(initial=0))
    limit = tolerance * max(float(np.abs(b[finite]).max(initial=0)), 1.0)
    return None if largest <= limit else f"differs by up to {largest:.3g}, and rounding makes at most {limit:.3g}"


def perturbed(array: "np.ndarray[Any, Any]", generator: np.random.Generator) -> "np.ndarray[Any, Any]":
    """Return other values similar to those of `array`: floats changed by about a tenth, integers and bools permuted."""
    if array.dtype.kind in "biu":
        return generator.permutation(array.reshape(-1)).reshape(array.shape)
    noise = cast("np.ndarray[Any, Any]", generator.standard_normal(array.shape))
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    moved: np.ndarray[Any, Any] = np.where(wide == 0, np.abs(noise) / 100, wide * (1 + noise / 10))
    return np.asarray(moved).astype(array.dtype)


def with_arrays(call: BoundCall, arrays: Sequence[Any]) -> BoundCall:
    """Return `call` with other arrays."""
    found = iter(arrays)
    return replace(call, leaves=[next(found) if flag else leaf for leaf, flag in zip(call.leaves, call.is_array)])


def run_original(info: FunctionInfo, call: BoundCall, specialization: Specialization) -> Any:
    """Return the result of the user's function for copies of the call's arrays, and undo its writes."""
    own = [copied(convert(array, info.source)) for array in call.arrays]
    session = ObjectSession(["" for _ in call.roots], call.roots, names())
    held = [copied(array) for array in session.arrays.values()]
    positional, keyword = to_args_kwargs(info.signature, call.rebuild(own))
    with kept(info, specialization):
        return session.run(held, lambda: info.original(*positional, **keyword))[0]


def copied(array: Any) -> Any:
    """Return a copy of an array in the same framework."""
    return owner_of(array).copied(array)


@contextmanager
def kept(info: FunctionInfo, specialization: Specialization) -> Generator[None]:
    """Restore on exit the weights and buffers that the function writes."""
    buffers = specialization.executable.program.targets(OutputKind.BUFFER)
    weights = specialization.weights()
    written = [weights[name] for name in buffers if name in weights]
    values = [np.array(as_numpy(array)) for array in written]
    modules = watched_modules(value for _, value in weights_of(info.function))
    held_buffers = [(module, dict(module._buffers)) for module in modules]
    try:
        yield
    finally:
        for module, held in held_buffers:
            module._buffers.update(held)
        for array, value in zip(written, values):
            if is_writable(array):
                overwrite(array, value)
