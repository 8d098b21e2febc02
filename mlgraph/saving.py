"""`graph.save` and `mlgraph.load`: a folder of IR text, arrays and JSON.

    graph.json            version, signature, and for each specialization what it demands of a call and returns
    0.mlir, 1.mlir, ...   the ivy stage of each
    arrays.safetensors    weights by name, and captured arrays

Nothing in it is run: the IR may hold operations of neutral dialects only, which the pipeline lowers again, for any
target.
"""

# pyright: basic
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from xdsl.dialects.builtin import ModuleOp

from mlgraph import trees
from mlgraph.arguments import check_target
from mlgraph.bound_call import BoundCall
from mlgraph.collector import collecting_rarely
from mlgraph.dialects.constant import ArrayOp, Captured, CapturedAttr
from mlgraph.dialects.dtypes import BY_NAME
from mlgraph.driver import CompileOptions, Compiler
from mlgraph.dumping import parse, text_of
from mlgraph.errors import CaptureError, IRError, MlgraphError, UnknownTargetError, UnsupportedOpError
from mlgraph.executable import OutputTree
from mlgraph.frontend.program import TRACED, Input, OutputKind, OutputSpec, Program
from mlgraph.function_info import FunctionInfo
from mlgraph.graph import Graph
from mlgraph.guards.arrays import linear
from mlgraph.guards.conditions import symbols
from mlgraph.specialization import Specialization
from mlgraph.targets.arrays import CPU, as_numpy

VERSION = 4
DIALECTS = ("builtin", "func", "arith", "ivy", "generator", "constant")
"""What a saved module may hold; a call of a library's function it may not."""


def save(graph: Graph, path: str | Path) -> Path:
    """Write every specialization of `graph` to the folder `path`, and return it.

    Raises `NotCapturedError` before the first capture, `UnsupportedOpError` for what has no place in a file: stateful
    objects, arguments and results of classes of the user's own.
    """
    specializations = graph.specializations()
    arrays = {f"params/{name}": as_numpy(array) for name, array in graph.params.items()}
    described = []
    texts = []
    for i, one in enumerate(specializations):
        if one.executable.effects is not None:
            raise UnsupportedOpError(f"{graph.name} reads or writes objects, and a file has none")
        module = one.stages["ivy"]
        arrays |= _named_arrays(module, f"{i}/")
        described.append(_describe(one))
        texts.append(text_of(module))
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "version": VERSION,
        "name": graph.name,
        "to": graph.to,
        "signature": [_parameter(p) for p in graph.signature.parameters.values()],
        "specializations": described,
        "arrays": {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()},
    }
    for i, text in enumerate(texts):
        (folder / f"{i}.mlir").write_text(text)
    raw = {name: np.frombuffer(np.ascontiguousarray(a).tobytes(), np.uint8) for name, a in arrays.items()}
    save_file(raw, folder / "arrays.safetensors")
    (folder / "graph.json").write_text(json.dumps(about, indent=1))
    return folder


def load(path: str | Path, to: str | None = None, device: str = CPU) -> Graph:
    """The graph that `save` wrote to `path`, for the target it had or another one.

    `device` is where torch computes it, such as `"cuda:0"`; other targets choose for themselves. It captures nothing: a
    call that fits no saved specialization raises `CaptureError`. Raises `IRError` for a folder of another version, and
    for one that holds what `save` does not write, `UnknownTargetError` for a device that torch does not have.
    """
    folder = Path(path)
    about = _about(folder)
    try:
        check_target(to)
        arrays = _arrays(folder, about["arrays"])
        signature = inspect.Signature([_read_parameter(p) for p in about["signature"]])
        graph = Graph(_Saved(about["name"], signature), to or about["to"], _NoCompiler())
        check_target(graph.to)
        place = _device(graph.to, device)
        with collecting_rarely():
            for i, described in enumerate(about["specializations"]):
                graph.add(_read_specialization(graph, folder / f"{i}.mlir", described, arrays, f"{i}/", place))
    except MlgraphError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise IRError(f"the folder holds what no graph was saved as: {error}", where=str(folder)) from error
    return graph


def _device(to: str, device: str) -> str:
    """torch's full name of a device."""
    if to != "torch":
        if device != CPU:
            raise UnknownTargetError(
                f"a graph to {to} cannot be told to compute on {device!r}", fix="leave out `device`"
            )
        return CPU
    import torch

    try:
        return str(torch.empty((), device=device).device)
    except (RuntimeError, AssertionError) as error:
        raise UnknownTargetError(f"torch has no device {device!r}", why=str(error).partition("\n")[0]) from error


class _Saved:
    """Stands for the function that a loaded graph was made from."""

    def __init__(self, name: str, signature: inspect.Signature) -> None:
        self.__name__ = str(name)
        self.__signature__ = signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise CaptureError(f"the function {self.__name__} is not in the file", fix="load its graph's source instead")


class _NoCompiler:
    """Stands for the compiler of a loaded graph, whose function is not there to be captured."""

    verify = False

    def specialize(self, info: FunctionInfo, call: BoundCall) -> Specialization:
        raise CaptureError(
            f"no specialization of {info.name} that was saved fits this call",
            why="the file does not hold the function, so that nothing can be captured anew",
            fix="call the graph this way before you save it, or load it with the `device` that the arrays are on",
        )


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "graph.json").read_text())
    except (OSError, ValueError) as error:
        raise IRError(f"no graph was saved here: {error}", where=str(folder)) from error
    version = about.get("version") if isinstance(about, dict) else None
    if version != VERSION:
        raise IRError(f"the graph is of version {version!r}, this mlgraph reads {VERSION}", where=str(folder))
    return about


# Arrays


def _named_arrays(module: ModuleOp, prefix: str) -> "dict[str, np.ndarray[Any, Any]]":
    """The captured arrays of a module, each under a name of its own there."""
    names: dict[int, str] = {}
    found: dict[str, np.ndarray[Any, Any]] = {}
    for op in module.walk():
        if isinstance(op, ArrayOp):
            array = op.value.data.array
            name = names.setdefault(id(array), f"{prefix}{len(names)}")
            found[name] = as_numpy(array)
            op.value = CapturedAttr(Captured(name, array))
    return found


def _arrays(folder: Path, described: Mapping[str, Sequence[Any]]) -> "dict[str, np.ndarray[Any, Any]]":
    raw = load_file(folder / "arrays.safetensors")
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, (dtype, shape) in described.items():
        found[name] = np.frombuffer(raw[name].tobytes(), _numpy(dtype)).reshape(shape)
    return found


def _numpy(name: str) -> "np.dtype[Any]":
    from mlgraph.dialects.dtypes import dtype_of

    return dtype_of(BY_NAME[name])


# What a call must be


def _describe(one: Specialization) -> dict[str, Any]:
    program, tree = one.executable.program, one.executable.tree
    return {
        "call": _tree(one.call.spec),
        "leaves": [None if flag else _value(leaf) for leaf, flag in zip(one.call.leaves, one.call.is_array)],
        "arrays": list(one.call.is_array),
        "inputs": [[i.dtype, list(i.shape), i.used, i.weak] for i in program.inputs],
        "bounds": {symbol: list(interval) for symbol, interval in program.bounds.items()},
        "size_guards": list(program.size_guards),
        "passed": list(one.executable.passed),
        "result": _tree(tree.spec),
        "result_leaves": [_output_leaf(leaf) for leaf in tree.leaves],
        "outputs": [[spec.kind.value, spec.target] for spec in program.outputs],
    }


def _read_specialization(
    graph: Graph, path: Path, described: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str, device: str
) -> Specialization:
    module = parse(path.read_text(), str(path))
    _fill(module, arrays, path)
    call = BoundCall(
        _read_tree(described["call"]), [_read_value(v) for v in described["leaves"]], tuple(described["arrays"])
    )
    place = device if graph.to == "torch" else None
    inputs = tuple(
        Input(dtype, tuple(map(_size, shape)), bool(used), None if weak is None else bool(weak), place)
        for dtype, shape, used, weak in described["inputs"]
    )
    parameters = {name.removeprefix("params/"): a for name, a in arrays.items() if name.startswith("params/")}
    bounds = {
        symbol: (int(low), None if high is None else int(high)) for symbol, (low, high) in described["bounds"].items()
    }
    leaves = [TRACED if "traced" in leaf else _read_value(leaf["value"]) for leaf in described["result_leaves"]]
    outputs = tuple(_read_output(kind, target) for kind, target in described["outputs"])
    guards = tuple(_size_guard(guard, inputs) for guard in described["size_guards"])
    program = Program(module, inputs, leaves, outputs, bounds, parameters, device=device, size_guards=guards)
    passed = tuple(map(int, described["passed"]))
    compiler = Compiler(CompileOptions(array_caching=False))
    return compiler.lower(graph.info(), call, program, OutputTree(_read_tree(described["result"]), leaves), passed, {})


def _read_output(kind: str, target: Any) -> OutputSpec:
    found = OutputKind(kind)
    if found is OutputKind.OBJECT or type(target) is not (str if found is OutputKind.BUFFER else int):
        raise TypeError(f"{target!r} is no target of a result")
    return OutputSpec(found, target)


def _fill(module: ModuleOp, arrays: Mapping[str, Any], path: Path) -> None:
    """Give the module its arrays; refuse operations that only a library's own functions could run."""
    for op in module.walk():
        if op.name.partition(".")[0] not in DIALECTS:
            raise IRError(f"a saved graph holds no {op.name}", where=str(path))
        if isinstance(op, ArrayOp):
            op.value = CapturedAttr(Captured(op.value.data.name, arrays[op.value.data.name]))


def _size(size: Any) -> int | str:
    if isinstance(size, int) or (isinstance(size, str) and linear(size) is not None):
        return size
    raise TypeError(f"{size!r} is no size")


def _size_guard(guard: Any, inputs: Sequence[Input]) -> str:
    """A condition on sizes that the inputs of a file show. Raises `TypeError` for any other text."""
    bound = {form[1] for i in inputs if i.used for size in i.shape if isinstance(size, str) and (form := linear(size))}
    try:
        if isinstance(guard, str) and symbols(guard) <= bound:
            return guard
    except ValueError as error:
        raise TypeError(str(error)) from error
    raise TypeError(f"{guard!r} is about sizes of no input")


def _output_leaf(leaf: Any) -> dict[str, Any]:
    return {"traced": True} if leaf is TRACED else {"value": _value(leaf)}


def _parameter(p: inspect.Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": p.name, "kind": p.kind.name}
    if p.default is p.empty:
        return found
    leaves, spec = trees.flatten(p.default)
    return {**found, "default": [_tree(spec), [_value(leaf) for leaf in leaves]]}


def _read_parameter(described: Mapping[str, Any]) -> inspect.Parameter:
    default: Any = inspect.Parameter.empty
    if "default" in described:
        tree, leaves = described["default"]
        default = trees.unflatten(_read_tree(tree), [_read_value(leaf) for leaf in leaves])
    try:
        kind = getattr(inspect.Parameter, str(described["kind"]))
        return inspect.Parameter(described["name"], kind, default=default)
    except ValueError as error:
        raise TypeError(str(error)) from error


# Values and trees as JSON


def _value(value: Any) -> Any:
    """A plain Python value; floats and tuples under a tag, for JSON has neither NaN nor tuples."""
    if isinstance(value, bool | int | str | None):
        return value
    if type(value) is float:
        return {"float": repr(value)}
    raise UnsupportedOpError(f"{value!r} of class {type(value).__name__} has no place in a file")


def _read_value(value: Any) -> Any:
    if isinstance(value, dict):
        return float(value["float"])
    if isinstance(value, bool | int | str | None):
        return value
    raise TypeError(f"{value!r} is no plain value")


def _tree(spec: Any) -> Any:
    """The structure of a tree of tuples, lists and dicts; a leaf is `null`."""
    if spec.is_leaf():
        return None
    children = [_tree(child) for child in spec.children()]
    if spec.type in (tuple, list):
        return [spec.type.__name__, children]
    if spec.type is dict and all(type(key) in (str, int) for key in spec.entries()):
        return ["dict", [list(item) for item in zip(spec.entries(), children)]]
    raise UnsupportedOpError(
        f"a tree with {spec.type.__name__} in it has no place in a file",
        why="loading must not import classes that a file names",
        fix="take and return tuples, lists and dicts",
    )


def _read_tree(tree: Any) -> Any:
    return trees.flatten(_example(tree))[1]


def _example(tree: Any) -> Any:
    if tree is None:
        return 0
    kind, children = tree
    match kind:
        case "tuple":
            return tuple(_example(child) for child in children)
        case "list":
            return [_example(child) for child in children]
        case "dict":
            return {key: _example(child) for key, child in children}
        case _:
            raise TypeError(f"{kind!r} is no kind of tree")
