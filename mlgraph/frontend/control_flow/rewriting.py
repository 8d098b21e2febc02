"""The control flow of a function, rewritten as calls of `operators`.

    if x.sum() > 0:                 def __if_1__():
        y = x                           nonlocal y
    else:                               y = x
        y = -x                      def __else_1__():
                                        nonlocal y
                                        y = -x
                                    operators.if_stmt(x.sum() > 0, __if_1__, __else_1__, ("y",), ())

The functions share the variables of the function around them, so that the operators find them in their closures.
"""

import ast
import copy
from collections.abc import Iterable, Sequence
from typing import Any

from mlgraph.frontend.control_flow.jumps import Unconvertible, flag_of, lower_jumps
from mlgraph.frontend.control_flow.liveness import Definedness, Liveness, is_checked, live_of
from mlgraph.frontend.control_flow.scope import bound, declared, escaping, nodes

OPERATORS = "<operators of mlgraph.frontend.control_flow>"
"""The constant that stands for the module of operators until the code is compiled."""

BUILTINS = frozenset("bool int float complex range len enumerate zip reversed any all min max abs round".split())
"""The builtins that read values, or count by them."""

READERS = frozenset("locals eval exec vars dir globals".split()) - {"globals"}
"""The builtins that see which variables a function has."""


def converted(node: ast.FunctionDef | ast.Lambda, owner: str | None, outer: Sequence[str]) -> Any:
    """Return a function with converted control flow.

    `owner` is the class by which private names are mangled, `outer` are the variables of the functions around it.
    Raise `Unconvertible` with the reason if it cannot be converted.
    """
    node = copy.deepcopy(node)
    check_convertible(node)
    if isinstance(node, ast.Lambda):
        rewriter = _Rewriter(_arguments(node), owner, _first_argument(node))
        node.body = rewriter.visit(node.body)
        return node
    return _function(node, owner, outer)


def check_convertible(node: ast.FunctionDef | ast.Lambda) -> None:
    """Raise `Unconvertible` for a function that cannot be converted."""
    body = node.body if isinstance(node.body, list) else [node.body]
    for inner in nodes(body):
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            raise Unconvertible("it is a generator")
        if isinstance(inner, ast.Await | ast.AsyncFor | ast.AsyncWith):
            raise Unconvertible("it is a coroutine")
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in READERS:
            if inner.func.id != "vars" or not inner.args:
                raise Unconvertible(f"it calls {inner.func.id}()")


def _function(node: ast.FunctionDef, owner: str | None, outer: Sequence[str]) -> ast.FunctionDef:
    original = node.body
    docstring = original[:1] if ast.get_docstring(node, clean=False) is not None else []
    statements = original[len(docstring) :]
    globals_, nonlocals = declared(statements, ast.Global), declared(statements, ast.Nonlocal)
    assigned, arguments = bound(statements), _arguments(node)
    locals_ = (assigned | arguments) - globals_ - nonlocals
    if not statements:
        return node
    statements = lower_jumps([_without_declarations(each) for each in statements])
    Liveness(globals_ | nonlocals | escaping(original)).before(statements, frozenset())
    Definedness(locals_).block(statements, frozenset(arguments))
    rewriter = _Rewriter(locals_, owner, _first_argument(node), globals_)
    body = rewriter.block(statements)
    generated = bound(statements) - globals_ - nonlocals
    head: list[ast.stmt] = [ast.Global(sorted(globals_))] if globals_ else []
    head += [ast.Nonlocal(sorted(nonlocals))] if nonlocals else []
    head += _never(sorted((assigned | generated) - globals_ - nonlocals - arguments), outer)
    for each in head:
        for inner in ast.walk(each):
            ast.copy_location(inner, original[0])
    node.body = [*docstring, *head, *body]
    return node


def _never(names: Sequence[str], outer: Sequence[str]) -> list[ast.stmt]:
    """Return a statement that never runs, by which `names` belong to the function, and `outer` to its closure."""
    inside: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in names]
    inside += [ast.Expr(ast.Name(name, ast.Load())) for name in outer]
    return [ast.If(ast.Constant(False), inside, [])] if inside else []


def _without_declarations(node: ast.stmt) -> ast.stmt:
    """Return a statement without `global`, `nonlocal` and annotations, which stand at the head of the function."""

    class Remove(ast.NodeTransformer):
        def visit_Global(self, node: Any) -> Any:
            return ast.copy_location(ast.Pass(), node)

        visit_Nonlocal = visit_Global

        def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
            if node.value is None:
                return ast.copy_location(ast.Pass(), node)
            return ast.copy_location(ast.Assign([node.target], node.value), node)

        def visit_FunctionDef(self, node: Any) -> Any:
            return node

        visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    return Remove().visit(node)


def _arguments(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    given = node.args
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {each.arg for each in found if each is not None}


def _first_argument(node: ast.FunctionDef | ast.Lambda) -> str | None:
    first = [*node.args.posonlyargs, *node.args.args][:1]
    return first[0].arg if first else None


class _Rewriter(ast.NodeTransformer):
    """The rewriting of one function."""

    def __init__(
        self,
        locals_: Iterable[str],
        owner: str | None,
        first: str | None,
        globals_: Iterable[str] = (),
    ) -> None:
        self._locals, self._globals = frozenset(locals_), frozenset(globals_)
        self._owner, self._first = owner, first
        self._count = 0
        self._depth = 0
        """The number of scopes, of lambdas and comprehensions, around the expression."""
        self._made = 0
        """The number of functions around the expression that the conversion makes."""
        self._caught = 0
        """The number of `try` statements around the statement that handle exceptions."""
        self._before: list[ast.stmt] = []
        """Functions that have to be defined before the statement."""

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return rewritten statements."""
        found: list[ast.stmt] = []
        for node in statements:
            outer, self._before = self._before, []
            new = self.visit(node)
            found += [*self._before, *(new if isinstance(new, list) else [new])]
            self._before = outer
        return found or [ast.Pass()]

    # Statements

    def visit_If(self, node: ast.If) -> Any:
        if self._caught or _is_never_traced(node.test):
            return _like(node, ast.If(self.visit(node.test), self.block(node.body), self._or_nothing(node.orelse)))
        test = self.visit(node.test)
        body, then = self._block_function("if", node.body, node)
        orelse, otherwise = self._block_function("else", node.orelse, node) if node.orelse else ([], ast.Constant(None))
        names = self._state(node, (*node.body, *node.orelse))
        return [*body, *orelse, self._statement("if_stmt", [test, then, otherwise, *names], node)]

    def visit_While(self, node: ast.While) -> Any:
        if self._caught:
            return self._plain_loop(node)
        test, condition = self._define("while", self._returning(node.test), bound([node.test]), node.test)
        body, step = self._block_function("step", node.body, node)
        names = self._state(node, [node.test, *node.body])
        flag = ast.Constant(self._mangled(flag_of(node)))
        return [*test, *body, self._statement("while_stmt", [condition, step, *names, flag], node)]

    def visit_For(self, node: ast.For) -> Any:
        if self._caught:
            return self._plain_loop(node)
        iterated = self.visit(node.iter)
        item = self._name("item")
        self._made += 1
        take = _at(ast.Assign([self.visit(node.target)], ast.Name(item, ast.Load())), node.target)
        inside = [take, *self.block(node.body)]
        self._made -= 1
        body, step = self._define("step", inside, bound([node.target, *node.body]), node, item)
        names = self._state(node, [node.target, *node.body])
        flag = ast.Constant(self._mangled(flag_of(node)))
        return [*body, self._statement("for_stmt", [iterated, step, *names, flag], node)]

    def _plain_loop(self, node: Any) -> Any:
        """Return a loop of Python, with its flag tested after each step."""
        flag = flag_of(node)
        body = self.block(node.body)
        if flag:
            test = ast.Name(flag, ast.Load())
            body.append(_at(ast.If(test, [ast.Break()], []), node))
        if isinstance(node, ast.While):
            return _like(node, ast.While(self.visit(node.test), body, []))
        return _like(node, ast.For(self.visit(node.target), self.visit(node.iter), body, []))

    def visit_Try(self, node: Any) -> Any:
        caught = bool(node.handlers)
        self._caught += caught
        body = self.block(node.body)
        self._caught -= caught
        handlers = [
            _like(each, ast.ExceptHandler(each.type and self.visit(each.type), each.name, self.block(each.body)))
            for each in node.handlers
        ]
        return _like(node, type(node)(body, handlers, self._or_nothing(node.orelse), self._or_nothing(node.finalbody)))

    visit_TryStar = visit_Try

    def visit_With(self, node: ast.With) -> Any:
        items = [self.visit(item) for item in node.items]
        return _like(node, ast.With(items, self.block(node.body)))

    def visit_Match(self, node: ast.Match) -> Any:
        cases = [
            ast.match_case(each.pattern, each.guard and self.visit(each.guard), self.block(each.body))
            for each in node.cases
        ]
        return _like(node, ast.Match(self.visit(node.subject), cases))

    def visit_Assert(self, node: ast.Assert) -> Any:
        if self._caught:
            return self.generic_visit(node)
        test = self.visit(node.test)
        text = self._lazy(node.msg) if node.msg else ast.Constant(None)
        if text is None:
            return node
        failed = self._call("fails", [test, text], node)
        error = ast.Call(ast.Name("AssertionError", ast.Load()), [copy.deepcopy(node.msg)] if node.msg else [], [])
        return _at(ast.If(failed, [ast.Raise(error, None)], []), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if is_checked(node.target) and isinstance(node.target, ast.Name):
            target = ast.Name(node.target.id, ast.Store())
            self._before.append(_at(ast.Assign([target], self._read(node.target)), node))
        return self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> Any:
        reads = [self._read(each) for each in node.targets if isinstance(each, ast.Name) and self._made]
        self._before += [_at(ast.Expr(each), node) for each in reads]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.args = self._defaults(node.args)
        try:
            check_convertible(node)
            return _function(node, self._owner, ())
        except Unconvertible:
            return node

    def visit_AsyncFunctionDef(self, node: Any) -> Any:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        for i, each in enumerate(node.body):
            if isinstance(each, ast.FunctionDef):
                try:
                    check_convertible(each)
                    node.body[i] = _function(each, node.name, ())
                except Unconvertible:
                    continue
        return node

    # Expressions

    def visit_Name(self, node: ast.Name) -> Any:
        return self._read(node) if is_checked(node) and isinstance(node.ctx, ast.Load) else node

    def _read(self, node: ast.Name) -> Any:
        """Return the read of a variable that may have no value."""
        name = ast.Name(node.id, ast.Load())
        if not self._made:
            return self._call("ld", [name], node)
        return self._call("read", [ast.Constant(node.id), ast.Lambda(_no_arguments(), name)], node)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        first = node.values[0]
        if isinstance(node.op, ast.Or) and isinstance(first, ast.BoolOp) and isinstance(first.op, ast.And):
            both, rest = [self._lazy(each) for each in first.values[1:]], [self._lazy(each) for each in node.values[1:]]
            if None not in (*both, *rest):
                parts: list[Any] = [ast.Tuple([*filter(None, each)], ast.Load()) for each in (both, rest)]
                return self._call("and_or", [self.visit(first.values[0]), *parts], node)
        lazy = [self._lazy(each) for each in node.values[1:]]
        if None in lazy:
            return node
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        return self._call(name, [self.visit(node.values[0]), *lazy], node)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        then, otherwise = self._lazy(node.body), self._lazy(node.orelse)
        if then is None or otherwise is None:
            return node
        return self._call("if_exp", [self.visit(node.test), then, otherwise], node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return self._call("not_", [operand], node)
        return ast.copy_location(ast.UnaryOp(node.op, operand), node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        if len(node.ops) == 1:
            if isinstance(node.ops[0], ast.In | ast.NotIn):
                name = "in_" if isinstance(node.ops[0], ast.In) else "not_in"
                return self._call(name, [self.visit(node.left), self.visit(node.comparators[0])], node)
            return self.generic_visit(node)
        lazy = [self._lazy(each) for each in node.comparators]
        if None in lazy:
            return node
        names = [ast.Constant(type(op).__name__) for op in node.ops]
        pairs = [each for pair in zip(names, lazy) for each in pair]
        return self._call("compare", [self.visit(node.left), *pairs], node)

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "super" and not node.args and self._first:
            node.args = [ast.Name("__class__", ast.Load()), ast.Name(self._first, ast.Load())]
            for each in node.args:
                ast.copy_location(each, node)
            return node
        found: Any = self.generic_visit(node)
        if isinstance(function, ast.Name) and function.id in BUILTINS and function.id not in self._locals:
            found.func = self._call("builtin", [function], function)
        return found

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        node.args = self._defaults(node.args)
        self._depth += 1
        node.body = self.visit(node.body)
        self._depth -= 1
        return node

    def _visit_comprehension(self, node: Any) -> Any:
        self._depth += 1
        found = self.generic_visit(node)
        self._depth -= 1
        return found

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def _defaults(self, given: ast.arguments) -> ast.arguments:
        given.defaults = [self.visit(each) for each in given.defaults]
        given.kw_defaults = [each and self.visit(each) for each in given.kw_defaults]
        return given

    def _lazy(self, node: ast.expr) -> ast.expr | None:
        """Return a function that evaluates an expression; None if there is none in this place."""
        names = {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}
        if not names:
            self._depth += 1
            self._made += 1
            value = self.visit(copy.deepcopy(node))
            self._depth -= 1
            self._made -= 1
            return ast.copy_location(ast.Lambda(_no_arguments(), value), node)
        if self._depth:
            return None
        definition, name = self._define("operand", self._returning(copy.deepcopy(node)), names, node)
        self._before += definition
        return name

    # Parts

    def _returning(self, node: ast.expr) -> list[ast.stmt]:
        """Return statements that return the value of an expression."""
        outer, self._before = self._before, []
        self._made += 1
        value = self.visit(node)
        found = [*self._before, _at(ast.Return(value), node)]
        self._made -= 1
        self._before = outer
        return found

    def _block_function(self, what: str, statements: Sequence[ast.stmt], place: Any) -> tuple[list[ast.stmt], ast.expr]:
        self._made += 1
        inside = self.block(statements)
        self._made -= 1
        return self._define(what, inside, bound(statements), place)

    def _define(
        self, what: str, statements: list[ast.stmt], assigned: Iterable[str], place: Any, argument: str | None = None
    ) -> tuple[list[ast.stmt], ast.expr]:
        """Return the definition of a function of statements that assign variables of the function around them."""
        name = self._name(what)
        names = frozenset(assigned)
        head: list[ast.stmt] = []
        if names & self._globals:
            head.append(ast.Global(sorted(names & self._globals)))
        if names - self._globals:
            head.append(ast.Nonlocal(sorted(names - self._globals)))
        arguments = _no_arguments()
        arguments.args = [ast.arg(argument)] if argument else []
        function = ast.FunctionDef(name, arguments, [*head, *statements], [], None, None)
        if not hasattr(ast.FunctionDef, "type_params"):
            function = ast.FunctionDef(name, arguments, [*head, *statements], [])
        for inner in (function, *head, *arguments.args):
            ast.copy_location(inner, place)
        return [function], ast.copy_location(ast.Name(name, ast.Load()), place)

    def _state(self, node: ast.AST, parts: Iterable[ast.AST]) -> list[ast.expr]:
        """Return the names that a block assigns and that are read after it, and those that are not, as tuples."""
        assigned, live = bound(parts), live_of(node)
        return [self._names(assigned & live), self._names(assigned - live)]

    def _names(self, names: Iterable[str]) -> ast.expr:
        return ast.Tuple([ast.Constant(self._mangled(name)) for name in sorted(names)], ast.Load())

    def _statement(self, name: str, arguments: list[Any], place: Any) -> ast.stmt:
        return _at(ast.Expr(self._call(name, arguments, place.test if isinstance(place, ast.If) else place)), place)

    def _call(self, name: str, arguments: list[Any], place: Any) -> Any:
        function = ast.Attribute(ast.Constant(OPERATORS), name, ast.Load())
        return _at(ast.Call(function, arguments, []), place)

    def _or_nothing(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        return self.block(statements) if statements else []

    def _name(self, what: str) -> str:
        self._count += 1
        return f"__{what}_{self._count}__"

    def _mangled(self, name: str | None) -> str | None:
        """Return a name as it is inside of the class."""
        owner = (self._owner or "").lstrip("_")
        if not name or not owner or not name.startswith("__") or name.endswith("__"):
            return name
        return f"_{owner}{name}"


def _is_never_traced(test: ast.expr) -> bool:
    """Return whether a test never depends on values: identity, classes, constants."""
    match test:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_never_traced(operand)
        case ast.BoolOp(values=values):
            return all(map(_is_never_traced, values))
        case ast.Compare(ops=ops):
            return all(isinstance(op, ast.Is | ast.IsNot) for op in ops)
        case ast.Call(func=ast.Name(id=name)):
            return name in ("isinstance", "issubclass", "callable", "hasattr")
        case _:
            return False


def _no_arguments() -> ast.arguments:
    return ast.arguments([], [], None, [], [], None, [])


def _at(node: Any, place: Any) -> Any:
    """Return a new node, located in the line where `place` begins."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.expr | ast.stmt | ast.arg) and not hasattr(inner, "lineno"):
            inner.lineno = inner.end_lineno = place.lineno
            inner.col_offset, inner.end_col_offset = place.col_offset, place.col_offset
    return node


def _like(old: Any, new: Any) -> Any:
    """Return a new node in the place of another."""
    return _at(ast.copy_location(new, old), old)
