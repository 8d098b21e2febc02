"""The names that statements bind and read, in the scope of one function."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def nodes(tree: ast.AST | Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Return the nodes of statements or expressions in their own scope, nested functions without what is in them."""
    for node in [tree] if isinstance(tree, ast.AST) else tree:
        yield node
        if not isinstance(node, SCOPES):
            yield from nodes(ast.iter_child_nodes(node))


def bound(tree: ast.AST | Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind or delete in their own scope."""
    return set(_bound(tree))


def _bound(tree: ast.AST | Iterable[ast.AST]) -> Iterator[str]:
    for node in [tree] if isinstance(tree, ast.AST) else tree:
        yield from _bound_by(node)
        if isinstance(node, COMPREHENSIONS):
            walrus = (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
            yield from (inner.target.id for inner in walrus)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _bound(node.decorator_list)
        elif not isinstance(node, ast.Lambda):
            yield from _bound(ast.iter_child_nodes(node))


def _bound_by(node: Any) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            pass


def read(tree: ast.AST | Iterable[ast.AST]) -> set[str]:
    """Return the names that statements or expressions may read, nested functions included."""
    found: set[str] = set()
    for node in [tree] if isinstance(tree, ast.AST) else tree:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                found.add(inner.id)
            elif isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name):
                found.add(inner.target.id)
            elif isinstance(inner, ast.Nonlocal):
                found.update(inner.names)
    return found


def declared(tree: Iterable[ast.AST], kind: type[ast.Global] | type[ast.Nonlocal]) -> set[str]:
    """Return the names that the scope of statements declares global, or nonlocal."""
    return {name for node in nodes(tree) if isinstance(node, kind) for name in node.names}


def escaping(tree: Iterable[ast.AST]) -> set[str]:
    """Return the names that nested functions, or generator expressions, read or assign, whenever they may run."""
    lazy = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
    return {name for node in tree for inner in ast.walk(node) if isinstance(inner, lazy) for name in read(inner)}
