"""Conditions on sizes as text, such as `s0 % 2 == 0`, which are parsed and checked before they are evaluated.

A captured program demands such conditions besides the bounds of each size; a saved program holds them as text.
"""

import ast
import functools
import math
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

LONGEST = 2000
"""The greatest length of a condition, in characters."""

HIGHEST = 64
"""The greatest exponent in a condition, which bounds the time and memory to evaluate it."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "float": float,
    "max": max,
    "min": min,
    "round": round,
    **{
        name: getattr(math, name)
        for name in ("acos asin asinh atan ceil cos cosh erf exp floor log log2 sin sinh sqrt tan tanh trunc").split()
    },
}
"""The functions that a condition may call."""

NODES = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Compare, ast.IfExp),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.BitXor),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Load),
)


def symbols(condition: str) -> set[str]:
    """Return the names of the sizes in a condition."""
    return {node.id for node in ast.walk(parsed(condition)) if isinstance(node, ast.Name)} - FUNCTIONS.keys()


def holds(condition: str, sizes: Mapping[str, int]) -> bool:
    """Return whether the condition holds for these values of its symbols."""
    return bool(eval(_code(condition), {"__builtins__": {}, **FUNCTIONS}, dict(sizes)))


def spelled(condition: str, name: Callable[[str], str]) -> str:
    """Return the condition with all symbols and functions renamed."""
    tree = ast.parse(condition, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = name(node.id)
    return ast.unparse(tree)


@functools.lru_cache(maxsize=1024)
def parsed(condition: str) -> ast.Expression:
    """Return the syntax tree of a condition. Raise `ValueError` for any other text."""
    if len(condition) > LONGEST:
        raise ValueError(f"a condition on sizes of {len(condition)} characters is too long")
    try:
        tree = ast.parse(condition, mode="eval")
        for node in ast.walk(tree):
            _check(node)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{condition!r} is no condition on sizes") from error
    return tree


@functools.lru_cache(maxsize=1024)
def _code(condition: str) -> CodeType:
    return compile(parsed(condition), "<condition on sizes>", "eval")


def _check(node: ast.AST) -> None:
    match node:
        case ast.Name(id=name):
            known = not name.startswith("__")
        case ast.Constant(value=value):
            known = isinstance(value, int | float)
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            known = name in FUNCTIONS
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
            known = _is_small(exponent) and not any(isinstance(inner, ast.Pow) for inner in ast.walk(base))
        case _:
            known = isinstance(node, NODES)
    if not known:
        raise ValueError(f"{ast.unparse(node)!r} has no place in a condition on sizes")


def _is_small(exponent: ast.expr) -> bool:
    return isinstance(exponent, ast.Constant) and isinstance(exponent.value, int | float) and exponent.value <= HIGHEST
