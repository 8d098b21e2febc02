"""`break`, `continue` and `return` become assignments, so that each block is left at its end alone.

    for x in xs:                        __break_1__ = False
        if x > limit:                   for x in xs:           # until __break_1__
            break                           if x > limit:
        total += x                              __break_1__ = True
    else:                                   else:
        total = 0                               total += x
                                        if __break_1__: pass
                                        else: total = 0

What follows an `if` that jumps moves to its other branch. Where it may jump in both, what follows is skipped by a flag.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mlgraph.frontend.control_flow.scope import bound, nodes

RESULT = "__result__"
RETURNED = "__returned__"


class Unconvertible(Exception):
    """The reason why a function cannot be converted."""


class Exits(IntEnum):
    """The share of the paths through a block that leave it by a jump."""

    NEVER = 0
    MAYBE = 1
    ALWAYS = 2


class Leave(ast.Pass):
    """A return from outside of a loop that a return inside of it has left."""


@dataclass
class _Body:
    """The body of a function or loop."""

    stop: str | None
    """The flag that ends the loop; None for the body of a function."""
    skip: str
    """The flag by which the rest of the body is skipped."""
    skips: bool = False
    """True if it is."""


def flag_of(loop: ast.AST) -> str | None:
    """Return the flag that ends a loop early, None if it runs to its end."""
    return getattr(loop, "flag", None)


def lower_jumps(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body of a function, without jumps but for a `return` at its end."""
    if not any(map(_is_lowered, nodes(statements))):
        return statements
    lowering = _Lowering()
    *most, last = statements
    if isinstance(last, ast.Return) and not any(isinstance(node, ast.Return) for node in nodes(most)):
        return [*lowering.function(most), last]
    if not any(isinstance(node, ast.Return) for node in nodes(statements)):
        return lowering.function(statements)
    end = [] if exits(statements) is Exits.ALWAYS else [ast.Return(ast.Constant(None))]
    found = lowering.function([*statements, *(_at(each, last) for each in end)])
    return [*found, _at(ast.Return(_load(RESULT)), last)]


def _is_lowered(node: ast.AST) -> bool:
    is_jump = isinstance(node, ast.Return | ast.Break | ast.Continue)
    return is_jump or (isinstance(node, ast.For | ast.While) and bool(node.orelse))


def exits(statements: Iterable[ast.stmt]) -> Exits:
    """Return how often a block jumps out."""
    found = Exits.NEVER
    for each in statements:
        one = _exits(each)
        if one is Exits.ALWAYS:
            return one
        found = max(found, one)
    return found


def _exits(node: ast.stmt) -> Exits:
    match node:
        case ast.Return() | ast.Break() | ast.Continue() | Leave():
            return Exits.ALWAYS
        case ast.If():
            both = exits(node.body), exits(node.orelse)
            return min(both) if min(both) is Exits.ALWAYS else min(max(both), Exits.MAYBE)
        case ast.While() if is_endless(node):
            return Exits.ALWAYS
        case ast.For() | ast.While():
            returns = any(isinstance(inner, ast.Return | Leave) for inner in nodes(node.body))
            return min(max(exits(node.orelse), Exits.MAYBE if returns else Exits.NEVER), Exits.MAYBE)
        case ast.With() | ast.Try() | ast.TryStar() | ast.Match():
            return min(max((exits(block) for block in _blocks(node)), default=Exits.NEVER), Exits.MAYBE)
        case _:
            return Exits.NEVER


def is_endless(node: ast.AST) -> bool:
    """Return whether a loop ends by `return` alone."""
    if not (isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value):
        return False
    return not any(isinstance(inner, ast.Break) for inner in _own(node.body))


def _blocks(node: Any) -> list[list[ast.stmt]]:
    """Return the blocks of a `with`, `try` or `match`."""
    if isinstance(node, ast.With):
        return [node.body]
    if isinstance(node, ast.Match):
        return [case.body for case in node.cases]
    return [node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)]


class _Lowering:
    """The lowering of one function."""

    def __init__(self) -> None:
        self._count = 0

    def function(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        body = _Body(None, RETURNED)
        found = self._block(statements, body)
        uses = any(isinstance(node, ast.Name) and node.id == RETURNED for node in nodes(found) if _is_load(node))
        tests = any(flag_of(node) == RETURNED for node in nodes(found))
        if uses or tests:
            return [_assign(RETURNED, False, statements[0]), *found]
        return _without(found, {RETURNED})

    def _name(self, what: str) -> str:
        self._count += 1
        return f"__{what}_{self._count}__"

    def _block(self, statements: Sequence[ast.stmt], body: _Body) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for i, node in enumerate(statements):
            rest = statements[i + 1 :]
            if _exits(node) is Exits.NEVER and not isinstance(node, ast.For | ast.While):
                found.append(self._without_jumps(node, body))
                continue
            if isinstance(node, ast.Return | ast.Break | ast.Continue | Leave):
                return [*found, *_jump(node, body)]
            if isinstance(node, ast.If):
                return [*found, *self._if(node, rest, body)]
            if isinstance(node, ast.For | ast.While):
                loop, after = self._loop(node)
                if after:
                    return [*found, *loop, *self._block([*after, *rest], body)]
                found += loop
                continue
            return [*found, self._container(node, body), *self._guarded(rest, body, node)]
        return found

    def _without_jumps(self, node: Any, body: _Body) -> ast.stmt:
        """Return a statement that does not jump itself, but may hold loops that do."""
        if isinstance(node, ast.If):
            return _like(node, ast.If(node.test, self._block(node.body, body), self._block(node.orelse, body)))
        if isinstance(node, ast.With | ast.Try | ast.TryStar | ast.Match):
            return self._container(node, body)
        return node

    def _if(self, node: ast.If, rest: Sequence[ast.stmt], body: _Body) -> list[ast.stmt]:
        """Return an `if` that jumps, with what follows it."""
        then, otherwise = exits(node.body), exits(node.orelse)
        first, second = list(node.body), list(node.orelse)
        if rest and then is Exits.ALWAYS and otherwise is not Exits.ALWAYS:
            second, rest = [*second, *rest], ()
        elif rest and otherwise is Exits.ALWAYS and then is not Exits.ALWAYS:
            first, rest = [*first, *rest], ()
        elif then is otherwise is Exits.ALWAYS:
            rest = ()
        whole = _like(node, ast.If(node.test, self._block(first, body), self._block(second, body)))
        return [whole, *self._guarded(rest, body, node)]

    def _guarded(self, rest: Sequence[ast.stmt], body: _Body, node: ast.stmt) -> list[ast.stmt]:
        """Return statements that are skipped once the body was left."""
        if not rest:
            return []
        body.skips = True
        return [_at(ast.If(_load(body.skip), [ast.Pass()], self._block(rest, body)), rest[0])]

    def _loop(self, node: Any) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """Return a loop with flags for its jumps, and the statements that have to follow it."""
        own = [inner for inner in _own(node.body) if isinstance(inner, ast.Break)]
        returns = any(isinstance(inner, ast.Return | Leave) for inner in nodes(node.body))
        stop = self._name("break") if own else RETURNED if returns else None
        body = _Body(stop or "", self._name("skip"))
        inside = self._block(node.body, body)
        inside = [_assign(body.skip, False, node), *inside] if body.skips else _without(inside, {body.skip})
        if isinstance(node, ast.While):
            loop: Any = ast.While(node.test, inside, [])
        else:
            loop = ast.For(node.target, node.iter, inside, [])
        _like(node, loop)
        loop.flag = stop if stop in bound(inside) else None  # a jump may never be reached
        before = [_assign(stop, False, node)] if stop and stop != RETURNED else []
        after: list[ast.stmt] = []
        if node.orelse:
            after += [_at(ast.If(_load(stop), [ast.Pass()], node.orelse), node.orelse[0])] if stop else node.orelse
        if is_endless(node):
            return [*before, loop], [_at(Leave(), node)]
        if returns:
            after.append(_at(ast.If(_load(RETURNED), [Leave()], []), node))
        return [*before, loop], after

    def _container(self, node: Any, body: _Body) -> ast.stmt:
        """Return a `with`, `try` or `match` whose blocks jump."""
        if isinstance(node, ast.With):
            return _like(node, ast.With(node.items, self._block(node.body, body)))
        if isinstance(node, ast.Match):
            cases = [ast.match_case(case.pattern, case.guard, self._block(case.body, body)) for case in node.cases]
            return _like(node, ast.Match(node.subject, cases))
        if exits(node.finalbody) is not Exits.NEVER:
            raise Unconvertible(f"line {node.lineno} jumps out of a finally clause")
        handlers = [
            _like(each, ast.ExceptHandler(each.type, each.name, self._block(each.body, body))) for each in node.handlers
        ]
        orelse = self._block(node.orelse, body)
        if node.orelse and exits(node.body) is not Exits.NEVER:
            orelse = self._guarded(node.orelse, body, node)
        parts = self._block(node.body, body), handlers, orelse, self._block(node.finalbody, body)
        return _like(node, type(node)(*parts))


def _own(statements: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """Return the nodes of a loop's body that are in no inner loop, but for the `else` of inner loops."""
    for node in statements:
        yield node
        if isinstance(node, ast.For | ast.While):
            yield from _own(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _own(ast.iter_child_nodes(node))


def _jump(node: Any, body: _Body) -> list[ast.stmt]:
    """Return the assignments that a jump becomes."""
    found: list[ast.stmt] = []
    if isinstance(node, ast.Return):
        value = ast.Constant(None) if node.value is None else node.value
        found.append(_at(ast.Assign([ast.Name(RESULT, ast.Store())], value), node))
        found.append(_assign(RETURNED, True, node))
    if not isinstance(node, ast.Continue) and body.stop not in (None, RETURNED):
        found.append(_assign(body.stop, True, node))
    if body.skip != RETURNED:
        found.append(_assign(body.skip, True, node))
    return found or [_at(ast.Pass(), node)]


def _without(statements: list[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """Return statements without the assignments to flags that nobody reads."""

    class Remove(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> Any:
            target = node.targets[0]
            return _at(ast.Pass(), node) if isinstance(target, ast.Name) and target.id in names else node

    return [Remove().visit(each) for each in statements]


def _is_load(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _load(name: str | None) -> ast.Name:
    return ast.Name(name or "", ast.Load())


def _assign(name: str | None, value: bool, place: ast.AST) -> ast.stmt:
    return _at(ast.Assign([ast.Name(name or "", ast.Store())], ast.Constant(value)), place)


def _at(node: Any, place: Any) -> Any:
    """Return a new node, located where `place` is."""
    ast.copy_location(node, place)
    for inner in ast.walk(node):
        if isinstance(inner, ast.expr | ast.stmt) and not hasattr(inner, "lineno"):
            ast.copy_location(inner, place)
    return node


def _like(old: Any, new: Any) -> Any:
    """Return a new node in the place of another, with a statement in each of its blocks."""
    ast.copy_location(new, old)
    for field in ("body", "orelse"):
        if field == "body" and getattr(new, field, None) == []:
            new.body = [_at(ast.Pass(), old)]
    return new
