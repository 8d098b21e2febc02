"""The function `mlgraph.compile`."""

import functools
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, ParamSpec, TypedDict, Unpack, overload

from xdsl.passes import ModulePass

from mlgraph import arguments
from mlgraph.driver import Compiler
from mlgraph.frameworks.detect import source_of, target_of
from mlgraph.frameworks.modules import is_module
from mlgraph.graph import trees
from mlgraph.graph.effects import StatefulArguments
from mlgraph.graph.graph import Graph, LazyGraph
from mlgraph.graph.module_patching import compile_module_object, compile_module_type, restore
from mlgraph.options import CompileOptions

P = ParamSpec("P")


class Options(TypedDict, total=False):
    """The keyword arguments of `compile`, except `args` and `kwargs`. Its docstring describes them."""

    stateful: Sequence[Any] | None
    arg_stateful_idxs: Sequence[Sequence[Any]] | None
    kwarg_stateful_idxs: Sequence[Sequence[Any]] | None
    to: str | None
    include_generators: bool
    array_caching: bool
    return_backend_compiled_fn: bool
    static_argnums: int | Iterable[int] | None
    static_argnames: str | Iterable[str] | None
    passes: Iterable[ModulePass | str]
    dynamic: bool
    dump_ir: str | None
    dump_dir: str | None
    verify: bool
    fuse: bool
    fast_math: bool
    x64: bool | None
    max_paths: int


class Example(Options, total=False):
    """The keyword arguments of `compile` with those of an example call."""

    args: Sequence[Any] | None
    kwargs: dict[str, Any] | None


@overload
def compile(**options: Unpack[Example]) -> Callable[[Callable[P, Any]], Graph[P]]: ...
@overload
def compile(obj: ModuleType, /, **options: Unpack[Options]) -> ModuleType: ...
@overload
def compile(obj: Callable[P, Any], /, **options: Unpack[Example]) -> Graph[P]: ...
@overload
def compile(obj: Any, other: Any, /, *objs: Any, **options: Unpack[Example]) -> tuple[Any, ...]: ...
def compile(
    *objs: Any,
    stateful: Sequence[Any] | None = None,
    arg_stateful_idxs: Sequence[Sequence[Any]] | None = None,
    kwarg_stateful_idxs: Sequence[Sequence[Any]] | None = None,
    to: str | None = None,
    include_generators: bool = True,
    array_caching: bool = True,
    return_backend_compiled_fn: bool = False,
    static_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    args: Sequence[Any] | None = None,
    kwargs: dict[str, Any] | None = None,
    passes: Iterable[ModulePass | str] = (),
    dynamic: bool = True,
    dump_ir: str | None = None,
    dump_dir: str | None = None,
    verify: bool = False,
    fuse: bool = True,
    fast_math: bool = False,
    x64: bool | None = None,
    max_paths: int = 16,
) -> Any:
    """Compile functions, modules or models of torch, jax, tensorflow or numpy into callables of one of them.

    With `args` or `kwargs`, capture immediately and return a `Graph`; without, return a `LazyGraph` that captures at
    its first call. For several objects, return a tuple. A module that is compiled to its own framework is itself
    returned, with its forward compiled (`mlgraph.restore` undoes it). Without objects, return a decorator.

    - `to`: "torch", "jax", "tensorflow" or "numpy"; the framework of the inputs by default.
    - `include_generators`: random operations draw new numbers at each call; False draws them once, at capture.
    - `array_caching`: values that depend on no input are computed once, at capture.
    - `stateful`, `arg_stateful_idxs`, `kwarg_stateful_idxs`: objects whose attributes the function reads and writes.
    - `return_backend_compiled_fn`: also apply `torch.compile`, `jax.jit` (with `static_argnums`, `static_argnames`) or
      `tf.function`.
    - `passes`: your own passes, or names of passes, which run at the ivy stage after canonicalization.
    - `dynamic`: False fixes every dimension to its size at capture.
    - `dump_ir`: "stage", "changed" or "pass" writes numbered `.mlir` files to `dump_dir`.
    - `verify`: run the original beside each new capture.
    - `fuse`: chains of elementwise operations, and reductions at their ends, become kernels, for torch and numpy. With
      `fast_math`, kernels compute half precision in float32 and round once.
    - `x64`: True keeps 64-bit types inside a jax callable; by default the session's `jax_enable_x64` decides.
    - `max_paths`: the most paths that are captured of a function whose control flow on values cannot be traced; 0 makes
      such control flow an error.

    Raise `UnknownTargetError` for an invalid `to`, and at capture any other error of `mlgraph.errors`.
    The contract is that of Ivy's graph compiler, `ivy.compile`.
    """
    arguments.check_target(to)
    arguments.check_list("stateful", stateful)
    arguments.check_list("arg_stateful_idxs", arg_stateful_idxs)
    arguments.check_list("kwarg_stateful_idxs", kwarg_stateful_idxs)
    options = CompileOptions(
        array_caching=array_caching,
        include_generators=include_generators,
        return_backend_compiled_fn=return_backend_compiled_fn,
        static_argnums=static_argnums,
        static_argnames=static_argnames,
        passes=arguments.passes_of(passes),
        dynamic=dynamic,
        dump_ir=dump_ir,
        dump_dir=dump_dir,
        verify=verify,
        fuse=fuse,
        fast_math=fast_math,
        x64=x64,
        max_paths=max_paths,
    )
    state = (stateful, arg_stateful_idxs, kwarg_stateful_idxs)
    given = {"args": arguments.positional(args), "kwargs": arguments.keywords(kwargs)}
    one = functools.partial(_compile_one, to=to, options=options, state=state, **given)
    if not objs:
        return one
    results = tuple(one(obj) for obj in objs)
    return results[0] if len(results) == 1 else results


def _compile_one(obj: Any, *, to: str | None, options: CompileOptions, state: Any, args: Any, kwargs: Any) -> Any:
    if isinstance(obj, ModuleType):
        return compile_module_type(
            obj, lambda f: _compile_one(f, to=to, options=options, state=state, args=None, kwargs=None)
        )
    while isinstance(obj, Graph):
        obj = obj.function
    arguments.check_callable(obj)
    eager = args is not None or kwargs is not None
    values: tuple[Sequence[Any], dict[str, Any]] = (args or (), kwargs or {})
    to = to or _target(obj, trees.flatten(values)[0])
    make = Graph if eager else LazyGraph
    graph = make(obj, to, Compiler(options), StatefulArguments.of(obj, *state))
    parameters = list(graph.signature.parameters)
    arguments.check_static(graph.name, parameters, options.static_argnums, options.static_argnames)
    own = is_module(obj) and source_of(obj, []) == to
    if own:
        compile_module_object(obj, graph)
    if eager:
        try:
            graph.prepare(*values[0], **values[1])
        except BaseException:
            if own:
                restore(obj)
            raise
    return obj if own else graph


def _target(obj: Any, leaves: Sequence[Any]) -> str | None:
    """Return the target where the user names none; None for a function whose first call decides."""
    return target_of(obj, leaves) if leaves or is_module(obj) else None
