"""The walk from a function to all that it reaches without being given it."""

import functools
import os
import sys
import weakref
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, cast

from mlgraph.frameworks import PACKAGES, framework_of
from mlgraph.frameworks.modules import is_module, is_watched, submodules
from mlgraph.graph.effects.access_path import DICTS, ItemStep, attributes, get_keys, is_object
from mlgraph.graph.effects.code_names import CodeNames, method_names, names_in
from mlgraph.graph.effects.opaque_values import opaque_kind
from mlgraph.graph.effects.reach import MissingNames, Reach, ReachedValue
from mlgraph.graph.effects.user_code import (
    defines,
    functions_of_member,
    is_users_file,
    is_users_module,
    own_attributes,
    unwrapped,
)
from mlgraph.graph.guards.paths import (
    AttributePath,
    CallPath,
    CellPath,
    DefaultPath,
    GlobalPath,
    ItemPath,
    ObjectPath,
    Path,
)

HOLDING: tuple[type, ...] = (dict, list, tuple, deque, MappingProxyType)
"""The containers that hold values by key."""
METHODS: tuple[type, ...] = (property, functools.cached_property, staticmethod, classmethod)
"""The wrappers of functions in a class, besides plain methods."""
PARTIALS: tuple[type, ...] = (functools.partial,)
FUNCTIONS: tuple[type, ...] = (FunctionType, functools.partial)
PROXIES: tuple[type, ...] = (MappingProxyType,)
VARIABLES: tuple[type, ...] = (ContextVar,)
PLAIN: tuple[type, ...] = (bool, int, float, complex, str, bytes, type(None))
ENDLESS = 20_000
"""The most values that are visited; containers beyond are compared by identity."""
DYNAMIC = frozenset(("__dict__", "vars", "asdict", "astuple", "fields", "__slots__", "dir"))
"""The names in code that reads attributes without naming them."""


def reach_of(
    function: Any,
    modules: Iterable[Any] = (),
    declared: frozenset[int] = frozenset(),
    variables: frozenset[tuple[int, str]] = frozenset(),
) -> Reach:
    """Return everything that a function and these modules with weights reach, as it is now.

    `declared` are the ids of the containers that are watched otherwise, as stateful objects; `variables` the variables
    that are: the ids of their namespaces, and their names.
    """
    return _Walk(function, modules, declared, variables).reach


class _Walk:
    """The walk, which is repeated until it finds no new names in code and no new functions."""

    def __init__(
        self, function: Any, modules: Iterable[Any], declared: frozenset[int], variables: frozenset[tuple[int, str]]
    ) -> None:
        self.reach = Reach()
        self.function = function
        self.modules = [part for module in modules for part in (module, *submodules(module))]
        self.declared = declared
        self.variables = variables
        self._quiet = False
        self._module = getattr(unwrapped(self.function), "__module__", None)
        self._names: set[str] = set()
        self._strings: set[str] = set()
        before: tuple[int, ...] = ()
        while before != (now := (len(self._names), len(self._strings), len(self.reach.functions))):
            before = now
            self._walk()

    def _walk(self) -> None:
        """Follow every path, using the names known so far."""
        for found in (
            self.reach.leaves,
            self.reach.arrays,
            self.reach.containers,
            self.reach.missing,
            self.reach.memos,
            self.reach.iterators,
            self.reach.contexts,
        ):
            found.clear()
        self.reach.environ.clear()
        self._seen: set[Any] = set()
        self._count = 0
        self._start(self.function)
        for module in self.modules:
            self._visit_module(ObjectPath(module, type(module).__name__), module)

    def _start(self, function: Any) -> None:
        if isinstance(function, PARTIALS):
            if isinstance(function.func, FUNCTIONS):
                self._start(function.func)
            self._visit_partial(ObjectPath(function, "partial"), function)
        elif isinstance(function, MethodType):
            self._follow(function.__func__)
            self._visit_known("self", function.__self__)
        elif isinstance(function, FunctionType):
            self._follow(function, defaults=False)
        else:
            self._visit_known(type(function).__name__, function)

    def _visit_known(self, name: str, value: Any) -> None:
        with self._noting(id(value) not in self.declared):
            self._visit_inside(ObjectPath(value, name), value)

    def _follow(self, function: Any, defaults: bool = True) -> None:
        """Visit the variables of a function of the user."""
        if not isinstance(function, FunctionType) or not self._is_users(function) or ("f", id(function)) in self._seen:
            return
        self._seen.add(("f", id(function)))
        self.reach.functions[id(function)] = function
        names = names_in(function.__code__)
        self._names |= names.attributes
        self._strings |= names.strings
        self.reach.stored |= names.stored | (names.strings if "setattr" in names.globals else frozenset())
        with self._noting(True):
            self._visit_variables(function, names, defaults)

    def _visit_variables(self, function: FunctionType, names: CodeNames, defaults: bool) -> None:
        space = function.__globals__
        for name in sorted(names.globals):
            if name in space:
                self._visit_once((id(space), name), GlobalPath(space, name))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            self._visit_once((id(cell), name), CellPath(cell, name))
        if defaults:
            self._note_parts(function)
            self._visit_defaults(function)
        for name in [name for name in vars(function) if name != "__wrapped__" and self._is_named(name)]:
            path = AttributePath(ObjectPath(function, function.__name__), name, stored=True)
            self._visit_once((id(vars(function)), name), path)
        for name in names.imports & sys.modules.keys():
            self._visit(ObjectPath(sys.modules[name], name), sys.modules[name])
        if not self._quiet and self._asked():
            self._note_missing(ObjectPath(function, function.__name__), function, ())
        if names.globals & {"environ", "getenv"} or names.attributes & {"environ", "getenv"}:
            self.reach.environ.update(
                (name, os.environ.get(name)) for name in sorted(names.strings) if _is_variable(name)
            )
        self._follow(getattr(function, "__wrapped__", None))

    def _note_parts(self, function: FunctionType) -> None:
        """Note the parts of a helper function that may be replaced, for example when its module is reloaded."""
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            if (part := getattr(function, name)) is not None:
                self._note(self.reach.leaves, AttributePath(ObjectPath(function, function.__name__), name), part)

    def _visit_defaults(self, function: FunctionType) -> None:
        """Visit the defaults of a helper's parameters that may change."""
        for i, value in enumerate(function.__defaults__ or ()):
            if not isinstance(value, PLAIN):
                self._visit_once(("d", id(function), i), DefaultPath(function, i))
        named = AttributePath(ObjectPath(function, function.__name__), "__kwdefaults__")
        for name, value in (function.__kwdefaults__ or {}).items():
            if not isinstance(value, PLAIN):
                self._visit_once(("d", id(function), name), ItemPath(named, name))

    def _is_users(self, function: FunctionType) -> bool:
        """Return whether a function is the user's; code in the module of the compiled function counts as the user's."""
        if function.__module__ == self._module and (self._module or "").partition(".")[0] not in PACKAGES:
            return True
        return is_users_file(function.__code__.co_filename)

    def _visit_once(self, key: Any, path: Path) -> None:
        if key in self._seen:
            return
        self._seen.add(key)
        try:
            value = path.find()
        except ValueError:  # a variable that is not set yet
            return
        with self._noting(key not in self.variables):
            self._visit(path, value)

    @contextmanager
    def _noting(self, flag: bool) -> Generator[None]:
        """Record what is visited inside if `flag`, else only follow the functions that it leads to."""
        before, self._quiet = self._quiet, not flag
        try:
            yield
        finally:
            self._quiet = before

    def _note(self, found: list[ReachedValue], path: Path, value: Any) -> None:
        if not self._quiet:
            found.append(ReachedValue(path, value))

    def _visit(self, path: Path, value: Any) -> None:
        self._count += 1
        if isinstance(value, ModuleType):
            self._visit_namespace(path, value)
        elif framework_of(value) is not None:
            self._note(self.reach.arrays, path, value)
        elif (isinstance(value, HOLDING) or opaque_kind(value)) and type(value).__module__ not in PACKAGES:
            self._visit_container(path, value)
        elif not isinstance(value, type | FunctionType | MethodType) and is_object(value) and not is_module(value):
            self._visit_container(path, value)
        else:
            self._note(self.reach.leaves, path, value)
            self._visit_inside(path, value)

    def _visit_container(self, path: Path, value: Any) -> None:
        if id(value) in self._seen or self._count > ENDLESS:
            self._note(self.reach.leaves, path, value)
            return
        self._seen.add(id(value))
        known = id(value) in self.declared
        self._note(self.reach.leaves if known else self.reach.containers, path, value)
        with self._noting(not known and not self._quiet):
            self._visit_inside(path, value)

    def _visit_inside(self, path: Path, value: Any) -> None:
        """Visit what a value leads to.

        The targets of methods, partials and weak references are recorded even inside a stateful object, since the
        object session does not look into these.
        """
        match value:
            case FunctionType():
                self._follow(value)
            case MethodType():
                self._follow(value.__func__)
                with self._noting(True):
                    self._visit(AttributePath(path, "__self__"), value.__self__)
            case functools.partial():
                self._visit_partial(path, value)
            case type():
                self._visit_class(value)
            case _ if isinstance(value, HOLDING):
                self._visit_items(path, value)
            case weakref.ref() | ContextVar():
                self._visit_target(path, value)
            case functools._lru_cache_wrapper():  # pyright: ignore[reportPrivateUsage]
                self.reach.memos.append(value)
                self._follow(value.__wrapped__)
            case _:
                self._note_iterator(path, value)
        if is_module(value):
            self._visit_module(path, value)
        elif is_object(value):
            self._visit_object(path, value)

    def _note_iterator(self, path: Path, value: Any) -> None:
        owner: object = value
        if hasattr(type(owner), "__next__") and type(owner).__module__ in ("builtins", "itertools"):
            self._note(self.reach.iterators, path, value)

    def _visit_items(self, path: Path, value: Any) -> None:
        keys: Iterable[Any] = list(value) if isinstance(value, PROXIES) else range(len(value))
        for key in list(get_keys(value)) if isinstance(value, DICTS) else keys:
            self._visit(ItemPath(path, key), ItemStep(key).get(value))

    def _visit_target(self, path: Path, value: Any) -> None:
        inner = CallPath(path, ".get" if isinstance(value, VARIABLES) else "")
        try:
            found: Any = value.get() if isinstance(value, VARIABLES) else value()
        except LookupError:  # a context variable that is not set
            return
        with self._noting(True):
            self._visit(inner, found)
        if isinstance(value, VARIABLES) and not self._quiet:
            self.reach.contexts.append((path.text, value, found))

    def _visit_partial(self, path: Path, value: Any) -> None:
        with self._noting(True):
            self._visit(AttributePath(path, "func"), value.func)
            self._visit(AttributePath(path, "args"), value.args)
            self._visit(AttributePath(path, "keywords"), value.keywords)

    def _visit_object(self, path: Path, value: Any) -> None:
        held = attributes(value)
        own = own_attributes(value)
        owner: object = value
        cls = type(owner)
        self._visit_class(cls)
        for name in held:
            if self._is_named(name) or cls.__module__ == "collections":
                stored = name in own and defines(cls, name)
                self._visit(AttributePath(path, name, stored), held[name])
        if not self._quiet:
            fallback = defines(cls, "__getattr__")
            self._note_missing(path, value, (n for n in self._names if fallback or defines(cls, n)))

    def _note_missing(self, path: Path, owner: object, shadowing: Iterable[str]) -> None:
        """Note names that an object may acquire: those that its class defines, and those that code looks up."""
        if type(owner).__dictoffset__ == 0 and not isinstance(owner, type):
            return
        names = {*shadowing} | {name for name in self._asked() if not defines(type(owner), name)}
        if names := frozenset(names - set(own_attributes(owner))):
            self.reach.missing.append(MissingNames(path, names))

    def _globals(self) -> set[str]:
        return {name for f in self.reach.functions.values() for name in names_in(f.__code__).globals}

    def _asked(self) -> set[str]:
        """Return the names of attributes that code looks up without knowing that they exist."""
        used = self._globals()
        asked: set[str] = {s for s in self._strings if s.isidentifier()} if used & {"getattr", "hasattr"} else set()
        return asked | self._names if "AttributeError" in used else asked

    def _is_named(self, name: str) -> bool:
        return name in self._names or name in self._strings or bool(DYNAMIC & (self._names | self._globals()))

    def _visit_class(self, cls: type) -> None:
        """Visit the members of the user's classes under the names that code looks up, and follow their methods."""
        with self._noting(True):
            self._visit_bases(cls)

    def _visit_bases(self, cls: type) -> None:
        for base in cls.__mro__:
            if ("t", id(base)) in self._seen or not self._is_users_class(base):
                continue
            self._seen.add(("t", id(base)))
            path = ObjectPath(base, base.__name__)
            self.reach.classes[id(base)] = base
            for name, item in list(vars(base).items()):
                self._visit_member(path, name, item)
            above = {name for other in base.__mro__[1:-1] for name in vars(other)}
            self._note_missing(path, base, above & self._names)

    def _is_users_class(self, cls: type) -> bool:
        if cls.__module__ == self._module and (self._module or "").partition(".")[0] not in PACKAGES:
            return True
        module = sys.modules.get(cls.__module__)
        return (
            cls is not object and cls.__module__ != "builtins" and is_users_file(getattr(module, "__file__", "") or "")
        )

    def _visit_member(self, path: ObjectPath, name: str, item: Any) -> None:
        special = name.startswith("__") and name.endswith("__")
        if not special and name not in self._names and name not in self._strings:
            return
        for function in functions_of_member(item):
            self._follow(function)
        if isinstance(item, FunctionType) or (not special and isinstance(item, METHODS)):
            if not special or name == "__call__":
                self._note(self.reach.leaves, AttributePath(path, name, stored=True), item)
        elif not special and (not hasattr(cast(object, type(item)), "__get__") or is_object(item)):
            self._visit_once((id(path.value), name), AttributePath(path, name, stored=True))

    def _visit_namespace(self, path: Path, module: ModuleType) -> None:
        """Visit the members of a Python module of the user under the names that code looks up."""
        if ("m", id(module)) in self._seen or not is_users_module(module):
            return
        self._seen.add(("m", id(module)))
        self.reach.spaces[id(module)] = module
        held = vars(module)
        with self._noting(True):
            for name in [name for name in held if not name.startswith("__") and self._is_named(name)]:
                self._visit_once((id(held), name), AttributePath(path, name, stored=True))
            self._note_missing(path, module, ())

    def _visit_module(self, path: Path, module: Any) -> None:
        """Visit the plain attributes of a module with weights under the names in its methods."""
        if ("w", id(module)) in self._seen:
            return
        self._seen.add(("w", id(module)))
        owner: object = module
        cls = type(owner)
        for name in ("forward", "call", "__call__"):
            self._follow(getattr(cls, name, None))
        own_forward = getattr(module, "__dict__", {}).get("forward")
        if isinstance(own_forward, FunctionType | MethodType | functools.partial):
            self._visit_inside(ObjectPath(own_forward, f"{path.text}.forward"), own_forward)
        for kind in ("_forward_pre_hooks", "_forward_hooks"):
            for hook in getattr(module, "__dict__", {}).get(kind, {}).values():
                self._visit(ObjectPath(hook, f"a hook of {path.text}"), hook)
        self._visit_class(cls)
        own: frozenset[str] = method_names(cls) if is_watched(module) else frozenset()
        for name, item in attributes(module).items():
            if (name in own or self._is_named(name)) and not is_module(item):
                self._visit(AttributePath(path, name), item)
        if self._is_users_class(cls):
            self._note_missing(path, module, (name for name in self._names if defines(cls, name)))


def _is_variable(name: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name and len(name) < 200
