"""Writes docs/accuracy.md: the errors of the functions in kernels, and how much work they are.

`python docs/accuracy.py`; it takes about a minute, and a processor whose `long double` is wider than a double.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
COUNT = 200_000
COUNT_EXACT = 4000
ABOUT = """# Accuracy of kernels

Written by `python docs/accuracy.py`. Functions inside kernels for the CPU are arithmetic that mlgraph writes out (the
pass `expand-math`), not calls of a library. **Error** is the greatest found, in units in the last place of the result:
one rightly rounded has at most 0.5. Inputs are random bit patterns of the whole range, random numbers where the
function does most, every power of two, and the neighbors of every number where a formula changes, about {points}
thousand for each type; exact values are those of the C library in a wider type, but for erf and erfc of float64, whose
{exact} thousand are mpmath's, as in the tests. Zeros with their signs, infinities and nans are C99's.
sin, cos and tan of angles up to 2**15 (float32) or 2**40 (float64) take a shorter form, which the tests hold to 2 and 4
units; the table tells of the form for all. **Operations** counts arithmetic and selects, constants apart; a processor
with vectors does each once for 4 to 16 elements.

| function | error, float32 | error, float64 | operations, float32 | operations, float64 |
|---|---|---|---|---|
"""


def error(name: str, dtype: Any) -> tuple[float, int]:
    """The greatest error of a function, and of how many inputs."""
    from scalar_functions import FUNCTIONS, compiled, errors, inputs

    exact = dtype is np.float64 and name in ("erf", "erfc")
    arguments = inputs(name, dtype, COUNT_EXACT if exact else COUNT, np.random.default_rng(0))
    got = compiled(name, dtype)(*arguments)
    if exact:
        found = errors(name, got, *arguments)
    else:
        wide = np.float64 if dtype is np.float32 else np.longdouble
        with np.errstate(all="ignore"):
            found = distances(got, FUNCTIONS[name].numpy(*(a.astype(wide) for a in arguments)))
    return float(np.nanmax(found)), int(np.isfinite(found).sum())


def distances(got: Any, wanted: Any) -> Any:
    """How far results are from exact ones, in units in the last place; infinity is the number after the greatest."""
    info = np.finfo(got.dtype)
    most = np.ldexp(wanted.dtype.type(1), int(info.maxexp))
    exponent = np.clip(np.frexp(wanted)[1] - 1, int(info.minexp), int(info.maxexp) - 1)
    apart = np.clip(got.astype(wanted.dtype), -most, most) - np.clip(wanted, -most, most)
    return np.where(
        np.isfinite(wanted), abs(apart) / np.ldexp(wanted.dtype.type(1), exponent - int(info.nmant)), np.nan
    )


def operations(name: str, dtype: Any) -> int:
    """The operations of an expansion but for constants and the end of the kernel."""
    from scalar_functions import fused
    from xdsl.context import Context
    from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

    from mlgraph.targets.kernels import module_of, standalone
    from mlgraph.transforms.expand_math import ExpandMathPass

    alone = standalone(fused(name, dtype))
    module = module_of(alone)
    for each in (ExpandMathPass(), CommonSubexpressionElimination()):
        each.apply(Context(), module)
    return sum(op.name != "arith.constant" for op in alone.body.block.ops) - 1


def page() -> str:
    """docs/accuracy.md."""
    from scalar_functions import DTYPES, FUNCTIONS

    lines: list[str] = []
    counts: dict[bool, int] = {}
    for name in FUNCTIONS:
        measured = [error(name, dtype) for dtype in DTYPES]
        counts[name == "erf"] = measured[-1][1]
        sizes = [operations(name, dtype) for dtype in DTYPES]
        shown = [*(f"{value:.2f}" for value, _ in measured), *map(str, sizes)]
        lines.append(f"| {name.removesuffix('f') if name == 'powf' else name} | {' | '.join(shown)} |")
    return ABOUT.format(points=counts[False] // 1000, exact=counts[True] // 1000) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.environ["MLGRAPH_CACHE_DIR"] = ""
    sys.path.insert(0, str(ROOT / "tests" / "unit" / "transforms"))
    (ROOT / "docs" / "accuracy.md").write_text(page())
