"""Functions from lines of Python, written for one kernel: what a call checks is what its operands need."""

import linecache
from collections.abc import Callable, Sequence
from typing import Any


def parameters(function: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters of an emitted function."""
    code = function.__code__
    return list(code.co_varnames[: code.co_argcount])


def compile_function(
    name: str, names: Sequence[str], lines: Sequence[str], given: dict[str, Any]
) -> Callable[..., Any]:
    """Return the function `name` of parameters `names` with a body of `lines`, which read `given`."""
    text = "\n".join([f"def {name}({', '.join(names)}):", *(f"    {line}" for line in lines)]) + "\n"
    filename = f"<mlgraph {name} {id(given):x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace = dict(given)
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]
