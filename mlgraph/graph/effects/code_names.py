"""The names in Python code, sorted by how the code uses them."""

import dis
import functools
from collections.abc import Iterable
from types import CodeType, FunctionType
from typing import Any, NamedTuple, cast


class CodeNames(NamedTuple):
    """The names in the code of a function and of its inner functions."""

    globals: frozenset[str]
    attributes: frozenset[str]
    stored: frozenset[str]
    strings: frozenset[str]
    written_globals: frozenset[str]
    written_cells: frozenset[str]
    imports: frozenset[str]


KINDS = {
    "LOAD_GLOBAL": ("globals",),
    "LOAD_NAME": ("globals",),
    "STORE_GLOBAL": ("written_globals",),
    "DELETE_GLOBAL": ("written_globals",),
    "STORE_DEREF": ("written_cells",),
    "DELETE_DEREF": ("written_cells",),
    "IMPORT_NAME": ("imports",),
    "IMPORT_FROM": ("attributes",),
    "LOAD_METHOD": ("attributes",),
    "LOAD_ATTR": ("attributes",),
    "LOAD_SUPER_ATTR": ("attributes",),
    "STORE_ATTR": ("attributes", "stored"),
    "DELETE_ATTR": ("attributes", "stored"),
}
"""The kinds of name that an instruction of the interpreter holds."""


@functools.lru_cache(maxsize=4096)
def names_in(code: CodeType) -> CodeNames:
    """Return the names in code."""
    named: dict[str, set[str]] = {name: set() for name in CodeNames._fields}
    for instruction in dis.get_instructions(code):
        for kind in KINDS.get(instruction.opname, ()):
            named[kind].add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            for kind, names in names_in(constant)._asdict().items():
                named[kind] |= names
        items = cast(Iterable[Any], constant) if isinstance(constant, tuple | frozenset) else (constant,)
        named["strings"].update(item for item in items if isinstance(item, str))
    return CodeNames(**{kind: frozenset(names) for kind, names in named.items()})


OTHER_METHODS = ("__init__", "__setstate__", "__repr__", "extra_repr", "reset_parameters")
"""The methods of a module that its forward does not run."""


@functools.lru_cache(maxsize=1024)
def method_names(cls: type) -> frozenset[str]:
    """Return the attributes that the methods of a class of torch modules name."""
    methods = [m for base in cls.__mro__[:-2] for m in vars(base).values() if isinstance(m, FunctionType)]
    named = [names_in(m.__code__).attributes for m in methods if m.__name__ not in OTHER_METHODS]
    return frozenset(name for names in named for name in names)
