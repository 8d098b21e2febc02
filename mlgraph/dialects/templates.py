"""A call template is the call of one backend that an operation becomes, as text in Python's own syntax.

    "torch.sum(x, dim=axis, keepdim=keepdims)"

Names are the operation's parameters or a backend's modules. A nested call becomes a call op of its own, `x[i]`,
`x.shape` and operators become Python's operators; `dtype_of(x)` and `rank_of(x)` read a type, as does
`integer_dtype(x)`, which is None unless it is an integer type. A keyword argument whose value is None is left out; a
condition (`a if axis is None else b`, `keepdims or None`), arithmetic and indexing on parameters alone are worked out
while lowering. A template that evaluates to None leaves the operation to its body.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue

from mlgraph.dialects.backend import Backend, Callee, backend
from mlgraph.dialects.dtypes import INTEGERS, element_type

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,  # pyright: ignore[reportUnknownMemberType]
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,  # pyright: ignore[reportUnknownMemberType]
}
_COMPARE: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
}


def dtype_of(x: SSAValue) -> Attribute:
    """Return the element type of an array."""
    return element_type(x.type)


def integer_dtype(x: SSAValue) -> Attribute | None:
    """Return the element type of an array of integers, None of any other."""
    return element_type(x.type) if element_type(x.type) in INTEGERS else None


def rank_of(x: SSAValue) -> int:
    """Return the number of axes of an array."""
    return len(cast(TensorType[Attribute], x.type).get_shape())


_BUILTINS: dict[str, Callable[..., Any]] = {
    "len": len,
    "dtype_of": dtype_of,
    "integer_dtype": integer_dtype,
    "rank_of": rank_of,
}


@dataclass(frozen=True)
class CallTemplate:
    """A parsed template."""

    text: str
    tree: ast.expr
    backend: Backend

    @staticmethod
    def parse(text: str, names: set[str], library: str) -> "CallTemplate":
        """Parse `text`; a name that is neither one of `names` nor a module of the library raises `NameError`."""
        owner = backend(library)
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise SyntaxError(f"template {text!r}: {error.msg}") from error
        known = names | set(owner.aliases) | set(_BUILTINS)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in known:
                raise NameError(f"template {text!r}: {node.id!r} is neither a parameter nor a module of {library}")
        return CallTemplate(text, tree, owner)

    def callees(self) -> list[str]:
        """Return the public names that the template mentions."""
        found: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                value = self._callee(node)
                if value is not None:
                    found.append(value.path)
        return found

    def lower(self, arguments: Mapping[str, Any], results: int) -> tuple[SSAValue, ...] | None:
        """Build the calls for these arguments, None where there are none."""
        found = self._evaluate(self.tree, arguments, results)
        if found is None:
            return None
        values: tuple[Any, ...] = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
        if not all(isinstance(value, SSAValue) for value in values):
            raise TypeError(f"template {self.text!r} is no call of {self.backend.name}")
        return values

    def _callee(self, node: ast.expr) -> Callee | None:
        if isinstance(node, ast.Name):
            path = self.backend.aliases.get(node.id)
            return None if path is None else Callee(self.backend, path)
        if isinstance(node, ast.Attribute) and (owner := self._callee(node.value)) is not None:
            return Callee(self.backend, f"{owner.path}.{node.attr}")
        return None

    def _evaluate(self, node: ast.expr, names: Mapping[str, Any], results: int = 1) -> Any:
        def go(child: ast.expr) -> Any:
            return self._evaluate(child, names)

        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name) if name in names:
                return names[name]
            case ast.IfExp(test, body, orelse):
                return self._evaluate(body if go(test) else orelse, names, results)
            case ast.Call(function, args, keywords):
                given = [value for a in args for value in (go(a.value) if isinstance(a, ast.Starred) else (go(a),))]
                return self._call(function, given, {str(k.arg): go(k.value) for k in keywords}, results)
            case ast.Attribute(value, name) if self._callee(node) is None:
                return self._python("builtins.getattr", getattr, go(value), name)
            case ast.Name() | ast.Attribute():
                return self._callee(node)
            case _:
                return self._composed(node, go)

    def _composed(self, node: ast.expr, go: Callable[[ast.expr], Any]) -> Any:
        match node:
            case ast.Tuple(items):
                return tuple(go(item) for item in items)
            case ast.List(items):
                return [go(item) for item in items]
            case ast.Subscript(value, index):
                return self._python("operator.getitem", operator.getitem, go(value), go(index))
            case ast.Slice(lower, upper, step):
                return slice(*(None if part is None else go(part) for part in (lower, upper, step)))
            case _:
                return self._operated(node, go)

    def _operated(self, node: ast.expr, go: Callable[[ast.expr], Any]) -> Any:
        match node:
            case ast.UnaryOp(ast.USub(), value):
                return self._python("operator.neg", operator.neg, go(value))
            case ast.UnaryOp(ast.Not(), value):
                return not go(value)
            case ast.BoolOp(kind, [first, second]):
                left = go(first)
                return go(second) if bool(left) is isinstance(kind, ast.And) else left
            case ast.BinOp(left, kind, right):
                function = _BINARY[type(kind)]
                return self._python(f"operator.{function.__name__}", function, go(left), go(right))
            case ast.Compare(left, [kind], [right]):
                return _COMPARE[type(kind)](go(left), go(right))
            case _:
                raise SyntaxError(f"template {self.text!r}: {ast.unparse(node)!r} is not in the language of templates")

    def _call(self, function: ast.expr, args: Sequence[Any], kwargs: Mapping[str, Any], results: int) -> Any:
        if isinstance(function, ast.Name) and function.id in _BUILTINS:
            return _BUILTINS[function.id](*args)
        callee = self._callee(function)
        if callee is None:
            raise SyntaxError(
                f"template {self.text!r}: {ast.unparse(function)!r} is no function of {self.backend.name}"
            )
        given = {name: value for name, value in kwargs.items() if value is not None}
        found = self.backend.call(callee.path, args, given, results)
        return found[0] if results == 1 else found

    def _python(self, path: str, function: Callable[..., Any], *args: Any) -> Any:
        """A Python operator: worked out now on parameters, a call on values."""
        if path == "operator.getitem" and _plain_index(*args):
            return args[0][args[1]]
        if any(isinstance(a, SSAValue) or _holds_value(a) for a in args):
            return self.backend.call(path, args, {})[0]
        return function(*args)


def _plain_index(items: Any, index: Any) -> bool:
    return isinstance(items, tuple | list) and isinstance(index, int | slice) and not _holds_value(index)


def _holds_value(value: Any) -> bool:
    if isinstance(value, slice):
        bounds = cast("slice[Any, Any, Any]", value)
        return any(isinstance(part, SSAValue) for part in (bounds.start, bounds.stop, bounds.step))
    return isinstance(value, tuple | list) and any(isinstance(v, SSAValue) for v in cast(Sequence[Any], value))
