"""The generated entry function of a graph: it tests the guards of each specialization, and runs the one that fits.

For `fn(x, scale=2.0)` captured with a float32 matrix the generated function reads

    def fn(x, scale=2.0):
        if type(x) is A and x.dtype is t0 and len(s := x.shape) == 2 and type(scale) is float and scale == 2.0:
            n0, n1 = s
            if (s0 := n0) >= 2 and n1 == 4:
                return run(x)
        return miss((x, scale))

so that Python itself binds the arguments, and the time of a call depends only on the arguments that are used.
"""

import inspect
import keyword
import linecache
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from mlgraph.frameworks import Framework, neutral
from mlgraph.graph.guards.base import Branch, Guard, NameTable
from mlgraph.graph.paths import LeftPath


class Entry(NamedTuple):
    """One specialization for the entry function."""

    guards: Sequence[Guard]
    run: Callable[..., Any]
    passed: Sequence[int]
    """The indices of the arrays that `run` takes."""
    may_leave: bool = False
    """True if `run` is for one path, and raises `LeftPath` where a call may take another."""


def binder(name: str, signature: inspect.Signature) -> Callable[..., tuple[Any, ...]]:
    """Return a function that binds the arguments of a call and returns the values of the parameters.

    It raises the `TypeError` that the original function would raise.
    """
    return generate(name, signature, neutral(), (), _same)


def _same(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


def generate(
    name: str,
    signature: inspect.Signature,
    framework: Framework,
    entries: Sequence[Entry],
    miss: Callable[..., Any],
    draw: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Return the function that checks a call against each entry in turn and runs the first that fits.

    With `draw` it also accepts `rng=`, which calls `draw`, unless the user's own parameters accept `rng`.
    """
    names = NameTable(
        {"__miss": miss, "__type": type, "__len": len, "__map": map, "__repr": repr, "__Exception": Exception}
    )
    parameters = list(signature.parameters)
    kinds = [p.kind for p in signature.parameters.values()]
    takes_rng = draw is not None and "rng" not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds
    lines = [f"def {_identifier(name)}({_parameter_list(signature, names, ['rng=None'] if takes_rng else [])}):"]
    if takes_rng:
        names.values["__draw"] = draw
        lines += ["    if rng is not None:", f"        return __draw(rng, ({''.join(f'{p}, ' for p in parameters)}))"]
    for entry in entries:
        lines += _branch(entry, framework, names)
    lines.append(f"    return __miss(({''.join(f'{p}, ' for p in parameters)}))")
    text = "\n".join(lines) + "\n"
    filename = f"<mlgraph signature of {name} {id(miss):x} {len(entries)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), names.values)
    generated = names.values[_identifier(name)]
    generated.__name__ = generated.__qualname__ = name
    return generated


def _identifier(name: str) -> str:
    cleaned = re.sub(r"\W", "_", name) or "graph"
    return f"_{cleaned}" if cleaned[0].isdigit() or keyword.iskeyword(cleaned) else cleaned


def _parameter_list(signature: inspect.Signature, names: NameTable, more: Sequence[str]) -> str:
    """Return the user's own parameters, with their defaults by reference, then the keyword parameters `more`."""
    parts: list[str] = []
    kinds = [p.kind for p in signature.parameters.values()]
    for i, p in enumerate(signature.parameters.values()):
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = "" if p.default is p.empty else f"={names.add('default', p.default)}"
        if p.kind is p.KEYWORD_ONLY and not {p.KEYWORD_ONLY, p.VAR_POSITIONAL} & set(kinds[:i]):
            parts.append("*")
        parts.append(f"{star}{p.name}{default}")
        if p.kind is p.POSITIONAL_ONLY and p.POSITIONAL_ONLY not in kinds[i + 1 :]:
            parts.append("/")
    named = inspect.Parameter.KEYWORD_ONLY in kinds or inspect.Parameter.VAR_POSITIONAL in kinds
    return ", ".join([*parts, *(["*"] if more and not named else []), *more])


def _branch(entry: Entry, framework: Framework, names: NameTable) -> Iterator[str]:
    """Yield the statements that run `entry` if its guards hold; guards of the environment cost most and come last."""
    branch = Branch(framework, names)
    for guard in sorted(entry.guards, key=lambda guard: guard.depth == 0):
        guard.emit(branch)
    arrays = ", ".join(branch.arrays[i] for i in entry.passed)
    run = f"return {names.add('run', entry.run)}({arrays})"
    if not entry.may_leave:
        return branch.lines(run)
    return branch.lines(f"try: {run}", f"except {names.add('LeftPath', LeftPath)}: pass")
