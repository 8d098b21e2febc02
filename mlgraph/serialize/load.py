"""`mlgraph.load`: the graph in a file, which is checked before anything of it is used."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlgraph.arguments import check_target
from mlgraph.driver import CapturedProgram, Compiler
from mlgraph.errors import CaptureError, IRError, MlgraphError, PassError
from mlgraph.frameworks import CPU, get, names
from mlgraph.frontend.control_flow.paths import Decision
from mlgraph.frontend.program import Program
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.function_info import FunctionInfo
from mlgraph.graph.gc_pause import infrequent_gc
from mlgraph.graph.graph import Graph
from mlgraph.graph.specialization import Specialization
from mlgraph.options import CompileOptions
from mlgraph.serialize import archive, description, module, upgrades
from mlgraph.serialize import arrays as safetensors
from mlgraph.tools.files import path_of


def load(path: str | Path, to: str | None = None, device: str = CPU) -> Graph:
    """Return the graph that `save` wrote to `path`, for the target it had or for another one.

    If `path` is a folder, it must hold one file whose name ends in `.mlgraph`; the folders that older versions wrote
    load too. `device` is where torch computes, such as `"cuda:0"`; other targets choose for themselves. A loaded graph
    cannot capture: a call that fits no saved specialization raises `CaptureError`. Named tuples in a result become
    named tuples of the same names; dataclasses and outputs of `transformers` become a `Record` of the same names.

    Raise `IRError` for a file that `save` did not write, `UnknownTargetError` for a device that torch does not have.
    """
    check_target(to)
    file = path_of(path)
    with _reading(file):
        parts = archive.read(file)
        about = description.read_about(parts.about)
        if len(parts.texts) != len(about["specializations"]):
            raise IRError("the parts of the graph do not fit together")
        to = to or _saved_target(about["to"])
        arrays = safetensors.read(parts.arrays, about["arrays"])
        signature = description.signature_from_json(about["signature"])
        graph = Graph(_Saved(description.name_from_json(about["name"]), signature), to, _NoCompiler())
    check_target(graph.to)
    place = get(graph.to).full_device(device)
    with _reading(file), infrequent_gc():
        for i, (text, described) in enumerate(zip(parts.texts, about["specializations"])):
            graph.add(_specialization(graph, text, described, arrays, f"{file}/{i}.mlir", place))
    return graph


def _saved_target(to: Any) -> str:
    """Return the target that a graph had. Raise `IRError` if it is not known here."""
    if to not in names():
        what = f"the graph was saved for {to!r}, which is no target here"
        raise IRError(what, why="if its package cannot be installed, mlgraph.load(path, to=...) chooses another target")
    return to


@contextlib.contextmanager
def _reading(path: Path) -> Generator[None]:
    """Convert errors in reading a file into `IRError`, which names the file."""
    try:
        yield
    except (IRError, PassError) as error:
        raise IRError(error.what, where=error.where or str(path), why=error.why) from error
    except MlgraphError:
        raise
    except Exception as error:
        what = f"no graph was saved here: {type(error).__name__}: {error}"
        raise IRError(what, where=str(path)) from error


def _specialization(
    graph: Graph,
    text: bytes,
    described: Mapping[str, Any],
    arrays: "Mapping[str, np.ndarray[Any, Any]]",
    name: str,
    device: str,
) -> Specialization:
    call = description.call_from_json(described, len(graph.signature.parameters))
    inputs = description.inputs_from_json(described["inputs"], device if get(graph.to).has_devices else None)
    bounds = description.bounds_from_json(described["bounds"])
    guards = description.size_guards_from_json(described["size_guards"], description.symbols_of(inputs), bounds)
    tree = description.result_from_json(described)
    outputs = description.outputs_from_json(described["outputs"])
    ivy = module.read(text, name)
    if "results" in described:
        upgrades.reorder_results(ivy, described["results"])
    parameters = {name.removeprefix("params/"): a for name, a in arrays.items() if name.startswith("params/")}
    module.fill(ivy, arrays, parameters)
    program = Program(ivy, inputs, list(tree.leaves), outputs, bounds, parameters, device=device, size_guards=guards)
    program.tests = description.tests_from_json(described)
    passed = tuple(described["passed"])
    module.check(program, passed, tree, sum(call.is_array))
    compiler = Compiler(CompileOptions(array_caching=False))
    source = description.lifted_from_json(described, call.is_array)[0]
    captured = CapturedProgram(program=program, tree=tree, passed=passed, source=source)
    found = compiler.lower(graph.info(), call, captured, {})
    found.executable.main = _first_call_checked(found.executable.main)
    return found


def _first_call_checked(main: Callable[..., Any]) -> Callable[..., Any]:
    """Return `main`, whose errors are raised as `IRError` until a first call succeeds."""
    went_well = False

    def checked(*args: Any) -> Any:
        nonlocal went_well
        if went_well:
            return main(*args)
        try:
            result = main(*args)
        except MlgraphError:
            raise
        except Exception as error:
            raise IRError(
                f"the first call of a loaded graph raises {type(error).__name__}: {error}",
                why="what the file says cannot be computed from these arguments",
            ) from error
        went_well = True
        return result

    setattr(checked, "autograph_info__", {})  # noqa: B010
    return checked


class _Saved:
    """A substitute for the function of a loaded graph."""

    def __init__(self, name: str, signature: inspect.Signature) -> None:
        self.__name__ = name
        self.__signature__ = signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise CaptureError(f"the function {self.__name__} is not in the file", fix="load its graph's source instead")


class _NoCompiler:
    """A substitute for the compiler of a loaded graph, whose function is not in the file."""

    verify = False
    max_paths = sys.maxsize

    def specialize(self, info: FunctionInfo, call: BoundCall, decisions: Sequence[Decision] = ()) -> Specialization:
        if decisions:
            raise CaptureError(
                f"a call of {info.name} takes a path that was not saved",
                why="the file does not hold the function, so that nothing can be captured anew",
                fix="call the graph with such values before you save it",
            )
        raise CaptureError(
            f"no specialization of {info.name} that was saved fits this call",
            why="the file does not hold the function, so that nothing can be captured anew",
            fix="call the graph this way before you save it, or load it with the `device` that the arrays are on",
        )
