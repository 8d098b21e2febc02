"""The syntax tree of a function, found by its code object in the file that it was compiled from."""

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Definition:
    """A function in the source."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    owner: str | None
    """The name of the class around it, by which private names are mangled."""


def definition_of(code: CodeType, namespace: dict[str, Any]) -> Definition | None:
    """Return the definition of a function's code; None without source. `namespace` are the globals of the function."""
    tree = _tree("".join(linecache.getlines(code.co_filename, namespace)))
    if tree is None:
        return None
    found = [each for each in _definitions(tree, None) if _is_definition(each.node, code)]
    return found[0] if len(found) == 1 else next((each for each in found if _holds(each.node, code)), None)


@lru_cache(maxsize=64)
def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text) if text else None
    except SyntaxError:
        return None


def _definitions(node: ast.AST, owner: str | None) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield Definition(child, owner)
        yield from _definitions(child, child.name if isinstance(child, ast.ClassDef) else owner)


def _is_definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, code: CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    line = min([node.lineno, *(each.lineno for each in decorators)])
    arguments = node.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    return (name, line, len(names)) == (code.co_name, code.co_firstlineno, count) and all(
        given.endswith(own) for given, own in zip(code.co_varnames, names)
    )


def _holds(node: Any, code: CodeType) -> bool:
    """Return whether the body of a lambda spans exactly the places of the code; several may start in one line."""
    body = node.body
    if isinstance(body, list):
        return True
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column is not None and column]
    first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    return bool(places) and min(places) >= first and max(places) <= last and min(places) == _first(body, places)


def _first(body: ast.AST, places: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the first place of the code, if it is one of a node of the body."""
    nodes = {(n.lineno, n.col_offset) for n in ast.walk(body) if isinstance(n, ast.expr)}
    return min(places) if min(places) in nodes else (-1, -1)
