"""What `compile` may be given: functions, modules with weights, Python modules; and the framework of each."""

# pyright: basic
import contextlib
import dis
import enum
import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mlgraph.frameworks import PACKAGES, framework_of, get, neutral, of_array, of_module


def is_module(obj: Any) -> bool:
    """Whether `obj` is a module with weights."""
    return of_module(obj) is not None


def is_watched(obj: Any) -> bool:
    """Whether `obj` is a module whose attributes and hooks mlgraph watches, as one of torch."""
    framework = of_module(obj)
    return framework is not None and framework.watches_modules


def submodules(obj: Any) -> list[Any]:
    """The modules inside a module that mlgraph watches, however deep."""
    framework = of_module(obj)
    return [] if framework is None else framework.submodules(obj)


def watched_modules(objs: Iterable[Any]) -> list[Any]:
    """The modules among `objs` that mlgraph watches, and those inside them."""
    return [module for obj in objs if is_watched(obj) for module in (obj, *submodules(obj))]


def source_of(obj: Any, leaves: Sequence[Any]) -> str | None:
    """The framework of `obj`: that of a module, of the arrays it is called with, or of the names it uses.

    numpy arrays go with any framework, so the names that a function uses decide when all its arrays are numpy's.
    """
    owner = getattr(obj, "__self__", obj)
    if (framework := of_module(owner)) is not None:
        return framework.name
    plain = neutral().name
    owners = [owner for leaf in leaves if (owner := of_array(leaf)) is not None]
    kinds = {owner.name if owner.frontend else plain for owner in owners}
    used = frameworks_used(obj)
    if kinds == {plain} or not kinds:
        return next((f for f in used if f != plain), plain if plain in used or kinds else None)
    named = [f for f in used if f != plain]
    if len(named) == 1 and named[0] not in kinds:
        return named[0]
    others = [f for f in kinds if f != plain]
    return others[0] if len(others) == 1 else next((f for f in used if f in others), others[0])


def target_of(obj: Any, leaves: Sequence[Any]) -> str | None:
    """The target of a call of `obj` where the user names none: the framework of its arrays, else that of `obj`."""
    plain = neutral().name
    kinds = [framework for leaf in leaves if (framework := framework_of(leaf)) is not None]
    return next((kind for kind in kinds if kind != plain), plain if kinds else source_of(obj, ()))


def frameworks_used(obj: Any) -> list[str]:
    """The frameworks whose modules or functions the code of `obj` names, most specific first."""
    while hasattr(obj, "func") and hasattr(obj, "args"):
        obj = obj.func
    obj = getattr(obj, "__wrapped__", obj)
    function = obj if isinstance(obj, types.FunctionType) else vars(type(obj)).get("__call__")
    function = getattr(obj, "__func__", function)
    if not isinstance(function, types.FunctionType):
        return [PACKAGES[_root(obj)]] if _root(obj) in PACKAGES else []
    found: list[str] = []
    for value in _named_values(function):
        root = value.__name__.partition(".")[0] if isinstance(value, types.ModuleType) else _root(value)
        if root in PACKAGES and PACKAGES[root] not in found and get(PACKAGES[root]).frontend:
            found.append(PACKAGES[root])
    return found


def functions_of(obj: Any) -> list[types.FunctionType]:
    """The user's own Python functions that a call of `obj` may run, as far as their code names them."""
    found: dict[int, types.FunctionType] = {}
    stack = [obj]
    while stack and len(found) < 50:
        value = stack.pop()
        while isinstance(value, functools.partial | types.MethodType):
            value = value.func if isinstance(value, functools.partial) else value.__func__
        if not isinstance(value, types.FunctionType | type) and value is obj:
            value = vars(type(value)).get("__call__")
        if not isinstance(value, types.FunctionType) or _root(value) in PACKAGES or id(value) in found:
            continue
        found[id(value)] = value
        stack += [getattr(value, "__wrapped__", None), *variables(value).values()]
    return list(found.values())


def catches_errors(obj: Any) -> bool:
    """Return True if the user's own code catches errors, as far as `obj` and its class name it."""
    owner = getattr(obj, "__self__", obj)
    classes = () if isinstance(owner, types.FunctionType | type) else type(owner).__mro__
    methods = [m for cls in classes if _root(cls) not in (*PACKAGES, "builtins") for m in vars(cls).values()]
    return any(_has_handler(function.__code__) for one in (obj, *methods) for function in functions_of(one))


def _has_handler(code: types.CodeType) -> bool:
    """Return True if code holds `except`: of a `with` or a `finally` the error goes on."""
    names = [instruction.opname for instruction in dis.get_instructions(code)]
    bare = ("PUSH_EXC_INFO", "POP_TOP") in itertools.pairwise(names)
    nested = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return bare or "CHECK_EXC_MATCH" in names or "suppress" in code.co_names or any(map(_has_handler, nested))


def _named_values(function: types.FunctionType) -> list[Any]:
    """Globals and closure variables that a function names, and those of the functions among them."""
    return [value for inner in functions_of(function) for value in variables(inner).values()]


def variables(function: types.FunctionType) -> dict[str, Any]:
    """The globals and closure variables that a function names."""
    found = {n: function.__globals__[n] for n in global_names(function.__code__) if n in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):  # a variable that is not set yet
            found[name] = cell.cell_contents
    return found


def _root(obj: Any) -> str:
    """The package that something was defined in."""
    return str(getattr(obj, "__module__", None)).partition(".")[0]


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> tuple[str, ...]:
    """The globals that code and the code inside it name, each once; `x.T` names no global `T`."""
    own = [i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    nested = [name for c in code.co_consts if isinstance(c, types.CodeType) for name in global_names(c)]
    return tuple(dict.fromkeys([*own, *nested]))


def weights_of(obj: Any, arguments: Iterable[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """The modules with weights and the arrays that a call of `obj` may use, each once, under its name.

    `arguments` are the Python values that it is called with. A module that is called itself has no name.
    """
    found: dict[int, tuple[str, Any]] = {}
    seen: set[int] = set()
    stack = [(name, value, 0) for name, value in (*arguments, ("", obj))]
    while stack:
        name, value, depth = stack.pop()
        if id(value) in seen or depth > 3:
            continue
        seen.add(id(value))
        if is_module(value) or framework_of(value) is not None:
            found[id(value)] = (name, value)
        else:
            stack += [(key if not name or depth == 0 else f"{name}.{key}", v, depth + 1) for key, v in _inside(value)]
    return list(found.values())


def _inside(value: Any) -> list[tuple[str, Any]]:
    """What a function, a container or an object refers to, by name."""
    if isinstance(value, types.FunctionType):
        return [] if _root(value) in PACKAGES else list(variables(value).items())
    if isinstance(value, types.MethodType):
        return [("", value.__self__), ("", value.__func__)]
    if isinstance(value, functools.partial):
        return [("", value.func), *(("", arg) for arg in value.args)]
    if isinstance(value, dict):
        return [(str(key), item) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [(str(i), item) for i, item in enumerate(value)]
    if isinstance(value, type | types.ModuleType) or _root(type(value)) in (*PACKAGES, "builtins", "mlgraph"):
        return []
    return [("", vars(type(value)).get("__call__")), *getattr(value, "__dict__", {}).items()]


def callable_of(obj: Any) -> tuple[Callable[..., Any], inspect.Signature]:
    """What to call to run `obj` as its framework does, hooks included, and the signature of the user's own code."""
    framework = of_module(obj)
    name = None if framework is None else framework.forward(obj)
    if framework is None or name is None:
        return obj, signature_of(obj)
    signature = signature_of(getattr(obj, name))
    return _with_keywords(obj, signature) if framework.takes_flags_by_name(obj) else obj, signature


def _with_keywords(layer: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """Return a function that calls a keras layer, which takes no flags by position, with all but its first by name."""
    kinds = [p.kind for p in signature.parameters.values()]
    names = () if inspect.Parameter.VAR_POSITIONAL in kinds else (*signature.parameters,)[1:]

    @functools.wraps(type(layer).call)
    def call(*args: Any, **kwargs: Any) -> Any:
        by_name = dict(zip(names, args[1:]))
        return layer(*(args[:1] if names else args), **by_name, **kwargs)

    return call


def signature_of(function: Any) -> inspect.Signature:
    """The signature of a callable; `(*args, **kwargs)` where Python does not know it."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        kinds = (("args", inspect.Parameter.VAR_POSITIONAL), ("kwargs", inspect.Parameter.VAR_KEYWORD))
        return inspect.Signature([inspect.Parameter(name, kind) for name, kind in kinds])


def name_of(obj: Any) -> str:
    """What errors call `obj`."""
    while hasattr(obj, "func") and hasattr(obj, "args"):
        obj = obj.func
    return str(getattr(obj, "__name__", type(obj).__name__))


def compile_module_object(module: Any, graph: Any) -> Any:
    """Make `graph` the forward of `module`; the module itself is returned."""
    name = _forward_name(module)
    if name is None:
        cls = type(module)
        graph.original = types.MethodType(cls.__call__, module)
        members = {"__call__": _call_graph, "__module__": cls.__module__, "__doc__": cls.__doc__}
        object.__setattr__(module, "__class__", type(cls)(cls.__name__, (cls,), members))  # pyright: ignore[reportCallIssue]
        vars(module)[_GRAPH] = graph
    else:
        graph.original = getattr(module, name)
        graph.replaced = vars(module).get(name)
        vars(module)[name] = graph
    return module


def is_forward(graph: Any, module: Any) -> bool:
    """Return whether `graph` stands for the forward of `module`."""
    return is_module(module) and vars(module).get(_forward_name(module) or "") is graph


_GRAPH = "_mlgraph_compiled"


def _forward_name(module: Any) -> str | None:
    """The method that a module's `__call__` runs; None where `__call__` is the user's own."""
    framework = of_module(module)
    return None if framework is None else framework.forward(module)


def _call_graph(self: Any, *args: Any, **kwargs: Any) -> Any:
    return vars(self)[_GRAPH](*args, **kwargs)


def restore(module: Any) -> Any:
    """Undo `compile` of a module to its own framework: its forward is the original again. Returns the module."""
    held: dict[str, Any] = getattr(module, "__dict__", {})
    if _GRAPH in held:
        del vars(module)[_GRAPH]
        object.__setattr__(module, "__class__", type(module).__mro__[1])
        return module
    name = _forward_name(module) or ""
    graph: Any = held.get(name)
    if hasattr(graph, "replaced"):
        del vars(module)[name]
        if graph.replaced is not None:
            vars(module)[name] = graph.replaced
    return module


def compile_module_type(module: types.ModuleType, compile_one: Callable[[Any], Any]) -> types.ModuleType:
    """A copy of a Python module whose public functions and methods are lazily compiled; the rest is shared."""
    copy = types.ModuleType(module.__name__, module.__doc__)
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        if own and isinstance(value, type):
            value = _compiled_class(value, compile_one)
        elif own and isinstance(value, types.FunctionType):
            value = compile_one(value)
        setattr(copy, name, value)
    return copy


def _compiled_class(cls: type, compile_one: Callable[[Any], Any]) -> type:
    """A subclass of `cls` with compiled methods; a class without such, an enumeration or an exception as it is."""
    public = {n: v for n, v in vars(cls).items() if isinstance(v, types.FunctionType) and not n.startswith("_")}
    if not public or issubclass(cls, enum.Enum | BaseException):
        return cls
    methods = {name: compile_one(function) for name, function in public.items()}
    return type(cls)(cls.__name__, (cls,), {**methods, "__module__": cls.__module__, "__doc__": cls.__doc__})  # pyright: ignore[reportCallIssue]
