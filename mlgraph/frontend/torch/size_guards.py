"""The facts of a trace about its free sizes, as conditions that a call must meet.

torch keeps a guard for each decision that the function, torch's own Python or a rule of ours made by a size. Those that
follow from the bounds of the sizes, or from other guards, are left out.
"""

# pyright: basic
import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import sympy
import torch
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import ShapeEnv

LONGEST = 2000
"""The most characters of a condition, as long as a saved one may be."""


class Unprintable(Exception):
    """A condition of `symbols` that Python's integers and floats cannot compute exactly as the trace did."""

    def __init__(self, symbols: Any = frozenset()) -> None:
        super().__init__("a condition on sizes cannot be written in Python")
        self.symbols = symbols


def shape_env_of(exported: ExportedProgram) -> ShapeEnv | None:
    """Return what torch knows of the free sizes of a trace, None for a trace with none."""
    for node in exported.graph.nodes:
        val = node.meta.get("val")
        for size in (val, *val.shape) if isinstance(val, torch.Tensor) else (val,):
            if isinstance(size, torch.SymInt):
                return size.node.shape_env
    return None


class SizeGuard(NamedTuple):
    """A condition that a call must meet beyond the bounds of its sizes."""

    text: str
    symbols: frozenset[str]


def guards_of(env: ShapeEnv, equations: Sequence[Any]) -> tuple[SizeGuard, ...]:
    """Return the guards of a trace, and of equations between sizes. Raises `Unprintable`."""
    found: dict[str, SizeGuard] = {}
    for condition in (*equations, *_not_implied(env)):
        for text in Printer(env).conditions(condition):
            found.setdefault(text, SizeGuard(text, frozenset(map(str, condition.free_symbols))))
    return tuple(found.values())


def _not_implied(env: ShapeEnv) -> Iterator[Any]:
    """Yield each guard that follows from neither the bounds of the sizes nor the equations among the others."""
    parts = list(dict.fromkeys(part for guard in env.guards for part in _parts(env.replace(guard.expr))))
    numbers = {part: _equal_number(part) for part in parts}
    for part in parts:
        others = dict(pair for other, pair in numbers.items() if pair is not None and other is not part)
        implied = env._maybe_evaluate_static(part.xreplace(others), axioms=())
        if implied is None or not implied:
            yield part
        else:
            del numbers[part]


def bounds(env: ShapeEnv) -> dict[str, tuple[int, int | None]]:
    """Return the least and the greatest value of each free size."""
    found: dict[str, tuple[int, int | None]] = {}
    for symbol, interval in env.var_to_range.items():
        if symbol in env.replacements or not isinstance(interval.lower, sympy.Integer):
            continue  # of a float
        upper = int(interval.upper) if isinstance(interval.upper, sympy.Integer) else None
        found[str(symbol)] = (int(interval.lower), upper)
    return found


def known_number(size: torch.SymInt) -> int | None:
    """Return the number that a traced size has wherever the guards hold, None for a free one."""
    expression = size.node.expr
    if not expression.is_Symbol and not expression.is_Integer:
        expression = expression.xreplace(_equalities(size.node.shape_env))
    return int(expression) if expression.is_Integer else None


_EQUALITIES: WeakKeyDictionary[ShapeEnv, tuple[Any, dict[Any, Any]]] = WeakKeyDictionary()


def _equalities(env: ShapeEnv) -> dict[Any, Any]:
    """Return the expressions that guards say equal a number."""
    state = (len(env.guards), env._replacements_version_counter)
    before, found = _EQUALITIES.get(env, (None, {}))
    if before != state:
        parts = [part for guard in env.guards for part in _parts(env.replace(guard.expr))]
        found = dict(pair for part in parts if (pair := _equal_number(part)) is not None)
        _EQUALITIES[env] = state, found
    return found


def _parts(expression: Any) -> Sequence[Any]:
    """Return the conditions that all have to hold, without those that always do."""
    parts = expression.args if isinstance(expression, sympy.And) else (expression,)
    return [part for part in parts if part != sympy.true]


def _equal_number(part: Any) -> tuple[Any, Any] | None:
    if not isinstance(part, sympy.Eq):
        return None
    left, right = (part.rhs, part.lhs) if part.lhs.is_Integer else (part.lhs, part.rhs)
    return (left, right) if right.is_Integer and left.is_integer else None


# Expressions as Python text

INFIX = {
    **{"Mul": "*", "And": "and", "Or": "or", "FloatPow": "**"},
    **{"Mod": "%", "PythonMod": "%", "FloorDiv": "//", "CleanDiv": "//", "IntTrueDiv": "/", "FloatTrueDiv": "/"},
    **{"BitwiseFn_bitwise_and": "&", "BitwiseFn_bitwise_or": "|", "BitwiseFn_bitwise_xor": "^"},
}
CALLS = {
    **{"Max": "max", "Min": "min", "Abs": "abs", "ToFloat": "float", "RoundToInt": "round", "RoundDecimal": "round"},
    **{"TruncToInt": "trunc", "FloorToInt": "floor", "CeilToInt": "ceil", "floor": "floor", "ceiling": "ceil"},
    **{f"OpaqueUnaryFn_{name}": name for name in "acos asin asinh atan cos log log2 sin sqrt tan tanh".split()},
}
FORMS: dict[str, Callable[..., str]] = {
    "Identity": lambda x: x,
    "ModularIndexing": lambda x, divisor, modulus: f"({x} // {divisor} % {modulus})",
    "Not": lambda x: f"(not {x})",
    "Where": lambda condition, x, y: f"({x} if {condition} else {y})",
}
DEFINED: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("Mod", "PythonMod", "FloorDiv", "CleanDiv", "IntTrueDiv", "FloatTrueDiv"), lambda x, y: sympy.Ne(y, 0)
    ),
    "ModularIndexing": lambda x, divisor, modulus: sympy.Ne(divisor * modulus, 0),
    "FloatPow": lambda base, exponent: base >= 0 if exponent >= 0 else base > 0,
    "OpaqueUnaryFn_sqrt": lambda x: x >= 0,
    **dict.fromkeys(("OpaqueUnaryFn_log", "OpaqueUnaryFn_log2"), lambda x: x > 0),
    **dict.fromkeys(("OpaqueUnaryFn_acos", "OpaqueUnaryFn_asin"), lambda x: sympy.And(x >= -1, x <= 1)),
}
"""The condition under which a function has a value; a check of it would raise elsewhere."""

HIGHEST_POWER = 8
"""The greatest power that is written as a product."""


class Printer:
    """Writes conditions on sizes, and what must hold for them to have a value."""

    def __init__(self, env: ShapeEnv) -> None:
        self.env = env
        self.defined: dict[Any, None] = {}
        """The condition under which every written expression has a value."""

    def conditions(self, condition: Any) -> list[str]:
        """Return the condition as Python, after those that it needs. Raises `Unprintable`."""
        text = self.text(condition)
        needed = [need for need in self.defined if not self._always(need)]
        return [*(Printer(self.env).text(need) for need in needed), text]

    def text(self, expression: Any) -> str:
        """Return a condition, or a size, as Python over the names of the sizes. Raises `Unprintable`."""
        try:
            text = ast.unparse(ast.parse(self._text(expression), mode="eval"))
        except Unprintable as error:
            error.symbols = expression.free_symbols
            raise
        if len(text) > LONGEST:
            raise Unprintable(expression.free_symbols)
        return text

    def _always(self, need: Any) -> bool:
        return self.env._maybe_evaluate_static(need, axioms=()) == sympy.true

    def _text(self, e: Any) -> str:
        if e.is_Symbol:
            return str(e)
        if isinstance(e, sympy.Integer | sympy.Float):
            return repr(int(e) if isinstance(e, sympy.Integer) else float(e))
        if e in (sympy.true, sympy.false):
            return str(bool(e))
        name = type(e).__name__
        if not _is_exact(e, name):
            raise Unprintable
        if name in DEFINED:
            self.defined[DEFINED[name](*e.args)] = None
        return self._function(e, name, [self._text(a) for a in e.args])

    def _function(self, e: Any, name: str, arguments: list[str]) -> str:
        if e.is_Relational:
            return f"({arguments[0]} {e.rel_op} {arguments[1]})"
        if isinstance(e, sympy.Pow):
            return f"({' * '.join(arguments[:1] * int(e.exp))})"
        if name == "Add":
            return f"({self._sum(e)})"
        if name in INFIX:
            return f"({f' {INFIX[name]} '.join(arguments)})"
        if name in CALLS:
            return f"{CALLS[name]}({', '.join(arguments)})"
        if name in FORMS:
            return FORMS[name](*arguments)
        raise Unprintable

    def _sum(self, e: Any) -> str:
        """Return `s0 - 1` for sympy's `-1 + s0`."""
        first, *others = sorted(e.args, key=lambda term: (term.is_number, term.could_extract_minus_sign()))
        signs = ["-" if term.could_extract_minus_sign() else "+" for term in others]
        terms = [self._text(-term if sign == "-" else term) for sign, term in zip(signs, others)]
        return " ".join([self._text(first), *(word for pair in zip(signs, terms) for word in pair)])


def _is_exact(e: Any, name: str) -> bool:
    """Return True if Python computes the same: sympy reorders sums and products, which matters to floats."""
    if name == "Pow":
        return e.exp.is_Integer and 0 < e.exp <= HIGHEST_POWER and e.base.is_integer
    if name == "FloatPow":
        return e.args[1].is_number
    if name not in ("Add", "Mul") or e.is_integer:
        return True
    inner = [part for a in e.args for part in sympy.preorder_traversal(a)]
    return len(e.args) == 2 and not any(part.is_Add or part.is_Mul for part in inner if not part.is_integer)
