"""The variables that are read after a block, and those that may lack a value where they are read.

Both are annotations of the syntax tree: `live_of(node)` of an `if` or a loop, `is_checked(name)` of a read.
"""

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from mlgraph.frontend.control_flow.jumps import flag_of
from mlgraph.frontend.control_flow.scope import COMPREHENSIONS, SCOPES, bound, nodes, read

LIVE, CHECKED = "live", "checked"
"""The attributes of the annotations."""


def live_of(node: ast.AST) -> frozenset[str]:
    """Return the names that may be read after an `if`, or after a step of a loop."""
    return getattr(node, LIVE, frozenset[str]())


def is_checked(node: ast.AST) -> bool:
    """Return whether a name may lack a value where it is read."""
    return getattr(node, CHECKED, False)


class Liveness:
    """The liveness of the variables of one function."""

    def __init__(self, always: Iterable[str]) -> None:
        """`always` are the names that others may read at any time."""
        self._always = frozenset(always)

    def before(self, statements: Sequence[ast.stmt], after: frozenset[str]) -> frozenset[str]:
        """Return the names that may be read from the start of a block, given those that may be read after it."""
        for node in reversed(statements):
            after = self._before(node, after)
        return after

    def _before(self, node: Any, after: frozenset[str]) -> frozenset[str]:
        match node:
            case ast.If():
                setattr(node, LIVE, after | self._always)
                return self.before(node.body, after) | self.before(node.orelse, after) | read(node.test)
            case ast.While():
                return self._loop(node, after | read(node.test), set())
            case ast.For():
                return self._loop(node, after, bound(node.target)) | read(node.iter)
            case ast.With():
                return self.before(node.body, after) | read(node.items)
            case ast.Try() | ast.TryStar():
                everything = after | read(node)
                for block in (node.body, node.orelse, node.finalbody, *(each.body for each in node.handlers)):
                    self.before(block, everything)
                return everything
            case ast.Match():
                cases = [self.before(each.body, after) | read(each) for each in node.cases]
                return after.union(read(node.subject), *cases)
            case _:
                return (after - _always_bound(node)) | read(node)

    def _loop(self, node: Any, after: frozenset[str] | set[str], targets: set[str]) -> frozenset[str]:
        flag = flag_of(node)
        head = frozenset(after) | ({flag} if flag else frozenset[str]())
        while True:
            more = head | (self.before(node.body, head) - targets)
            if more == head:
                break
            head = more
        setattr(node, LIVE, head | self._always)
        return head


def _always_bound(node: ast.stmt) -> set[str]:
    """Return the names that a simple statement certainly binds or deletes, whatever they were before."""
    match node:
        case ast.Assign(targets=targets):
            return {name for target in targets for name in _plain(target)}
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            return {name}
        case ast.Delete(targets=targets):
            return {name for target in targets for name in _plain(target)} - read(node)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case _:
            return set()


def _plain(target: ast.expr) -> set[str]:
    """Return the names of a target that is a name or a tuple of names."""
    if isinstance(target, ast.Name):
        return {target.id}
    if isinstance(target, ast.Tuple | ast.List):
        return {name for each in target.elts for name in _plain(each)}
    return _plain(target.value) if isinstance(target, ast.Starred) else set()


class Definedness:
    """Marks the reads of variables that may lack a value, among those that blocks assign."""

    def __init__(self, candidates: Iterable[str]) -> None:
        self._candidates = frozenset(candidates)

    def block(self, statements: Sequence[ast.stmt], defined: frozenset[str]) -> frozenset[str]:
        """Return the names that have a value after a block."""
        for node in statements:
            defined = self._after(node, defined)
        return defined

    def _after(self, node: Any, defined: frozenset[str]) -> frozenset[str]:
        match node:
            case ast.If():
                defined = self._mark(node.test, defined)
                return self.block(node.body, defined) & self.block(node.orelse, defined)
            case ast.While() | ast.For():
                return self._after_loop(node, defined)
            case ast.With():
                for item in node.items:
                    defined = self._mark(item, defined) | bound(item)
                self.block(node.body, defined)
                return defined - deleted(node)
            case ast.Try() | ast.TryStar():
                return self._after_try(node, defined)
            case ast.Match():
                defined = self._mark(node.subject, defined)
                for case in node.cases:
                    inside = defined | bound(case.pattern)
                    self._mark([case.guard] if case.guard else [], inside)
                    self.block(case.body, inside)
                return defined - deleted(node)
            case _:
                return self._after_simple(node, defined)

    def _after_simple(self, node: Any, defined: frozenset[str]) -> frozenset[str]:
        if isinstance(node, ast.Delete):
            self._mark(node, defined)
            return defined - bound(node)
        if isinstance(node, ast.AugAssign):
            defined = self._mark([node.value, node.target], defined)
            if isinstance(node.target, ast.Name):
                self._check(node.target, defined)
            return defined | bound(node)
        return self._mark(node, defined) | bound(node)

    def _after_loop(self, node: Any, defined: frozenset[str]) -> frozenset[str]:
        if isinstance(node, ast.While):
            tested = self._mark(node.test, defined - deleted(node))
            self.block(node.body, tested)
            return tested
        defined = self._mark(node.iter, defined) - deleted(node.body)
        self.block(node.body, self._mark(node.target, defined) | _plain(node.target))
        return defined

    def _after_try(self, node: Any, defined: frozenset[str]) -> frozenset[str]:
        body = self.block(node.body, defined)
        self.block(node.orelse, body)
        defined = defined - deleted(node)
        for handler in node.handlers:
            self._mark([handler.type] if handler.type else [], defined)
            self.block(handler.body, defined | {handler.name} if handler.name else defined)
        return self.block(node.finalbody, defined)

    def _mark(self, tree: ast.AST | Iterable[ast.AST], defined: frozenset[str]) -> frozenset[str]:
        """Mark the reads in expressions, and return the names that have a value after them."""
        trees = [tree] if isinstance(tree, ast.AST) else list(tree)
        own = _own_names(trees)
        for each in trees:
            for node in ast.walk(each):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own:
                    self._check(node, defined)
        walrus = {n.target.id for each in trees for n in ast.walk(each) if isinstance(n, ast.NamedExpr)}
        return defined | walrus

    def _check(self, node: Any, defined: frozenset[str]) -> None:
        setattr(node, CHECKED, node.id in self._candidates and node.id not in defined)


def deleted(tree: ast.AST | Iterable[ast.AST]) -> set[str]:
    """Return the names that statements delete, as `except` does at its end."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def _own_names(trees: Iterable[ast.AST]) -> set[str]:
    """Return the names that nested functions and comprehensions bind for themselves."""
    found: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, COMPREHENSIONS):
                found |= {name for each in node.generators for name in bound(each.target)}
            elif isinstance(node, SCOPES):
                found |= names_of(node)
    return found


def names_of(function: Any) -> set[str]:
    """Return the names that belong to a nested function or class itself."""
    if isinstance(function, ast.ClassDef):
        return bound(function.body)
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names = {each.arg for each in arguments if each is not None}
    if isinstance(function, ast.Lambda):
        return names
    own = bound(function.body)
    outer = {
        name
        for node in function.body
        for inner in ast.walk(node)
        if isinstance(inner, ast.Nonlocal | ast.Global)
        for name in inner.names
    }
    return names | (own - outer)
