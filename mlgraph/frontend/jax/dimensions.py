"""jax's symbolic sizes as size arithmetic of the IR.

A size prints as Python, such as `2*s0 + floordiv(s1 - 1, 2)` or `max(s0, 3)`, which is documented, so the text is
what is read here.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from xdsl.ir import SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.sizes import Size
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired

SYMBOL = re.compile(r"\bs\d+\b")
_BINARY: dict[type[ast.operator], Callable[[Size, Size], Size]] = {
    ast.Add: sizes.add,
    ast.Sub: sizes.subtract,
    ast.Mult: sizes.multiply,
}
_CALLS: dict[str, Callable[[Size, Size], Size]] = {
    "floordiv": sizes.floor_divide,
    "mod": sizes.remainder,
    "max": sizes.maximum,
    "min": sizes.minimum,
}


def symbols_of(dim: Any) -> set[str]:
    """Return the symbols in a size."""
    return set(SYMBOL.findall(str(dim)))


def is_known(dim: Any) -> bool:
    """Return whether a size is a number."""
    return not symbols_of(dim) if not isinstance(dim, int) else True


def static(shape: Sequence[Any]) -> tuple[int, ...]:
    """Return a shape with -1 for each size that is not a number."""
    return tuple(int(n) if is_known(n) else -1 for n in shape)


def python_of(dim: Any) -> str:
    """Return a size as Python, such as `s0 // 2`. Raise `ValueError` where Python cannot compute it for all sizes."""
    return ast.unparse(_Operators().visit(ast.parse(str(dim).replace("^", "**"), mode="eval")))


class _Operators(ast.NodeTransformer):
    """Replaces jax's functions by Python's operators."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        operator = {"floordiv": ast.FloorDiv(), "mod": ast.Mod()}.get(ast.unparse(node.func))
        if operator is None:
            return node
        left, right = node.args
        if not isinstance(right, ast.Constant) or not right.value:
            raise ValueError("a divisor that may be 0")
        return ast.BinOp(left, operator, right)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.Pow) and not isinstance(node.left, ast.Name):
            raise ValueError("a power of more than a size")
        return self.generic_visit(node)  # pyright: ignore[reportReturnType]


def fixed(dim: Any) -> int:
    """Return a size as a number; where it is none, the capture starts again with its symbols fixed."""
    if not is_known(dim):
        symbols = sorted(symbols_of(dim))
        raise StaticSizeRequired(f"the sizes {', '.join(symbols)} must be known", *symbols)
    return int(dim)


class Dimensions:
    """The sizes of a program: numbers, and expressions over the sizes of the inputs."""

    def __init__(self, where: Mapping[str, tuple[SSAValue, int]]) -> None:
        """`where` says which axis of which input each symbol is the size of."""
        self.where = where
        self.scopes: list[dict[str, Size]] = [{}]

    def __call__(self, dim: Any) -> Size:
        """Return a size as an int or a value of type `index`."""
        if is_known(dim):
            return int(dim)
        text = str(dim)
        for scope in self.scopes:
            if text in scope:
                return scope[text]
        found = self.scopes[-1][text] = self._evaluate(_parse(text))
        return found

    def _evaluate(self, node: ast.expr) -> Size:
        match node:
            case ast.Constant(int(value)):
                return value
            case ast.Name(symbol):
                return self._symbol(symbol)
            case ast.UnaryOp(ast.USub(), operand):
                return sizes.negative(self._evaluate(operand))
            case ast.BinOp(left, ast.Pow(), ast.Constant(int(power))):
                return sizes.power(self._evaluate(left), power)
            case ast.BinOp(left, operator, right):
                return _BINARY[type(operator)](self._evaluate(left), self._evaluate(right))
            case ast.Call(ast.Name(function), [left, right]):
                return _CALLS[function](self._evaluate(left), self._evaluate(right))
            case _:
                raise ValueError(f"{ast.unparse(node)!r} is no size")

    def _symbol(self, symbol: str) -> Size:
        for scope in self.scopes:
            if symbol in scope:
                return scope[symbol]
        found = self.scopes[-1][symbol] = ivy.dim(*self.where[symbol])
        return found


@lru_cache(maxsize=1024)
def _parse(text: str) -> ast.expr:
    return ast.parse(text.replace("^", "**"), mode="eval").body
