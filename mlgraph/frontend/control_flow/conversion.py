"""Functions whose control flow depends on values run converted code while they are traced.

The converted code takes the place of `function.__code__`, so that it does not matter who calls the function, and
closures, defaults and identity stay. It has the file and the lines of the original.
"""

import __future__

import ast
import gc
import traceback
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

from mlgraph.frontend.control_flow import operators
from mlgraph.frontend.control_flow.jumps import Unconvertible
from mlgraph.frontend.control_flow.rewriting import OPERATORS, converted
from mlgraph.frontend.control_flow.source import definition_of
from mlgraph.frontend.locations import is_library

_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})
_cache: dict[CodeType, CodeType] = {}
_ours: set[int] = set()
"""The identities of converted code, nested functions included; the code is in `_cache`, which keeps it alive."""


def is_converted(code: CodeType) -> bool:
    """Return whether code was made here."""
    return id(code) in _ours


def converted_code_of(function: FunctionType) -> CodeType:
    """Return the converted code of a function; raise `Unconvertible` with the reason if there is none."""
    code = function.__code__
    if is_converted(code):
        return code
    if code not in _cache:
        _cache[code] = _convert(code, function.__globals__)
        _ours.update(id(each) for each in _nested(_cache[code]))
    return _cache[code]


@contextmanager
def converted_code(functions: Iterable[FunctionType]) -> Generator[None, None, None]:
    """Let functions run their converted code in the body of the `with` statement.

    Other threads run it as well; without a capture in progress in the thread it means what the original code means.
    """
    originals: list[tuple[FunctionType, CodeType]] = []
    try:
        for function in functions:
            new, old = converted_code_of(function), function.__code__
            originals.append((function, old))
            function.__code__ = new
        yield
    finally:
        for function, code in reversed(originals):
            function.__code__ = code


def functions_of(error: BaseException) -> list[FunctionType]:
    """Return the functions on the traceback of an error and its causes that were not converted yet."""
    codes: dict[CodeType, None] = {}
    for each in _causes(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if is_convertible(frame.f_code):
                codes.setdefault(frame.f_code)
    return [function for code in codes for function in _functions_with(code)]


def is_convertible(code: CodeType) -> bool:
    """Return whether code is a function that may be converted: none of a framework, the library or mlgraph."""
    return not is_converted(code) and code.co_name != "<module>" and not is_own(code.co_filename)


def is_own(filename: str) -> bool:
    """Return whether a file is part of mlgraph, of a framework or of Python."""
    return is_library(filename) or (filename.startswith(_STANDARD_LIBRARY) and "site-packages" not in filename)


_STANDARD_LIBRARY = ast.__file__.rpartition("/")[0] + "/"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _functions_with(code: CodeType) -> list[FunctionType]:
    """Return the functions that run `code`, and those that define functions which do."""
    found = [each for each in gc.get_referrers(code) if isinstance(each, FunctionType) and each.__code__ is code]
    if "<locals>" in code.co_qualname:
        found += [
            each
            for each in gc.get_objects()
            if type(each) is FunctionType
            and each.__code__.co_filename == code.co_filename
            and each.__code__ is not code
            and not is_converted(each.__code__)
            and any(inner is code for inner in _nested(each.__code__))
        ]
    return found


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _nested(each)


def _convert(code: CodeType, namespace: dict[str, Any]) -> CodeType:
    found = definition_of(code, namespace)
    if found is None:
        raise Unconvertible("its source is not known")
    if isinstance(found.node, ast.AsyncFunctionDef):
        raise Unconvertible("it is a coroutine")
    node = converted(found.node, found.owner, code.co_freevars)
    new = _compiled(node, found.owner, code)
    if new.co_freevars != code.co_freevars:
        raise Unconvertible("its source has changed since it was compiled")
    return _finished(new, code)


def _compiled(node: Any, owner: str | None, code: CodeType) -> CodeType:
    """Return the code of a function, compiled inside of functions and a class as the original."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list, node.returns = [], None
        inner: ast.stmt = node
    else:
        inner = ast.Expr(node)
    for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg):
        if each is not None:
            each.annotation = None
    node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
    node.args.kw_defaults = [each and ast.Constant(None) for each in node.args.kw_defaults]
    names = [name for name in code.co_freevars if not (owner and name == "__class__")]
    arguments = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    head: list[ast.stmt] = []
    if isinstance(node, ast.FunctionDef) and node.name not in names:
        head.append(ast.Global([node.name]))
    body: list[ast.stmt] = [ast.FunctionDef("__factory__", arguments, [*head, inner], [])]
    if owner:
        body = [ast.ClassDef(owner, [], [], body, [])]
    tree = ast.Module(body, [])
    ast.copy_location(tree.body[0], node)
    ast.fix_missing_locations(tree)
    compiled: CodeType = compile(tree, code.co_filename, "exec", flags=code.co_flags & _FUTURE, dont_inherit=True)
    factory = next(each for each in _nested(compiled) if each.co_name == "__factory__")
    return next(each for each in factory.co_consts if isinstance(each, CodeType) and each.co_name == code.co_name)


def _finished(new: CodeType, old: CodeType) -> CodeType:
    """Return code with the operators among its constants, under the name of the original."""
    prefix = new.co_qualname

    def finish(code: CodeType) -> CodeType:
        consts = tuple(
            finish(c) if isinstance(c, CodeType) else operators if c == OPERATORS else c for c in code.co_consts
        )
        generated = code.co_name.startswith("__") and code.co_name.rstrip("_0123456789") in _GENERATED
        name = old.co_name if generated else code.co_name
        qualname = old.co_qualname if generated else code.co_qualname.replace(prefix, old.co_qualname, 1)
        return code.replace(co_consts=consts, co_name=name, co_qualname=qualname)

    return finish(new).replace(co_firstlineno=old.co_firstlineno)


_GENERATED = ("__if", "__else", "__while", "__step", "__operand")
