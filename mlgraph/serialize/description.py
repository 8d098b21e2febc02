"""The content of `graph.json`: the signature, and for each specialization its inputs and outputs.

version, name, to, signature, arrays (element type and shape by name), and specializations, of each of which
    call, leaves, arrays    the structure of the arguments, the Python values among them, which leaves are arrays
    inputs                  element type, shape, whether it is used, jax's weak type, and the layout, of each array
    bounds, size_guards     what must hold of the symbols in the shapes
    passed                  the numbers of the arrays that `@main` takes
    result, result_leaves   the structure of the result, and the Python values among its leaves
    outputs                 where each result of `@main` goes, and what memory it shares
    tests                   what Python read of values on the path that the program is for, as what, and on which line
"""

import inspect
import json
import keyword
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, cast

from mlgraph.dialects.dtypes import BY_NAME
from mlgraph.errors import IRError
from mlgraph.frameworks import names, neutral
from mlgraph.frontend.control_flow.paths import Decision, PathTest
from mlgraph.frontend.program import TRACED, Input, Layout, Memory, OutputKind, OutputSpec
from mlgraph.graph import trees
from mlgraph.graph.bound_call import BoundCall
from mlgraph.graph.executable import OutputTree
from mlgraph.graph.guards.size_conditions import holds, symbols
from mlgraph.graph.guards.sizes import linear
from mlgraph.graph.specialization import Specialization
from mlgraph.serialize import upgrades
from mlgraph.serialize.values import DEEPEST, tree_from_json, tree_to_json, value_from_json, value_to_json

VERSION = 5
LARGEST = 2**63 - 1
"""The largest size and number of an array."""


def read_about(content: bytes) -> dict[str, Any]:
    """Return the content of `graph.json`, upgraded to this version. Raise `IRError` for an unknown version."""
    read: Any = json.loads(content.decode())
    about = cast(dict[str, Any], read if isinstance(read, dict) else {})
    version = about.get("version")
    if type(version) is not int or version not in (*upgrades.UPGRADES, VERSION):
        known = ", ".join(map(str, (*upgrades.UPGRADES, VERSION)))
        raise IRError(f"the graph is of version {version!r}, this mlgraph reads {known}")
    return upgrades.upgraded(about)


# The signature


def signature_to_json(signature: inspect.Signature) -> list[Any]:
    """Return the parameters as JSON."""
    return [_parameter_to_json(parameter) for parameter in signature.parameters.values()]


def _parameter_to_json(p: inspect.Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": p.name, "kind": p.kind.name}
    if p.default is p.empty:
        return found
    leaves, spec = trees.flatten(p.default)
    return {**found, "default": [tree_to_json(spec), [value_to_json(leaf) for leaf in leaves]]}


def signature_from_json(described: Sequence[Any]) -> inspect.Signature:
    """Return the signature. Raise `ValueError` for a name that generated code cannot use."""
    return inspect.Signature([_parameter_from_json(parameter) for parameter in described])


def _parameter_from_json(described: Mapping[str, Any]) -> inspect.Parameter:
    name, default = described["name"], inspect.Parameter.empty
    if not is_name(name):
        raise ValueError(f"{name!r} is no name of a parameter")
    if "default" in described:
        tree, leaves = described["default"]
        default = trees.unflatten(tree_from_json(tree), [value_from_json(leaf) for leaf in leaves])
    kinds = {kind.name: kind for kind in type(inspect.Parameter.KEYWORD_ONLY)}  # of a class that has no public name
    return inspect.Parameter(name, kinds[described["kind"]], default=default)


def is_name(name: Any) -> bool:
    """Return whether generated code can use a name as it is, without a clash with its own names."""
    if type(name) is not str or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        return False
    return unicodedata.normalize("NFKC", name) == name  # Python reads names of one normal form as the same


def name_from_json(name: Any) -> str:
    """Return the name of a graph, which may be any text that Python's own messages can hold."""
    if type(name) is not str or "\0" in name:
        raise ValueError(f"{name!r} is no name")
    name.encode()
    return name


# A specialization


def to_json(one: Specialization) -> dict[str, Any]:
    """Return the inputs and outputs of a specialization. Raise `UnsupportedOpError` for values that cannot be saved."""
    program, tree = one.executable.program, one.executable.tree
    return {
        "call": tree_to_json(one.call.spec),
        "leaves": [None if flag else value_to_json(leaf) for leaf, flag in zip(one.call.leaves, one.call.is_array)],
        "arrays": list(one.call.is_array),
        "lifted": [one.source_framework, *one.lifted],
        "inputs": [_input_to_json(one) for one in program.inputs],
        "bounds": {symbol: list(interval) for symbol, interval in program.bounds.items()},
        "size_guards": list(program.size_guards),
        "passed": list(one.executable.passed),
        "result": tree_to_json(tree.spec, result=True),
        "result_leaves": [_leaf_to_json(leaf) for leaf in tree.leaves],
        "outputs": [_output_to_json(spec) for spec in program.outputs],
        **({"tests": [_test_to_json(test) for test in program.tests]} if program.tests else {}),
    }


def _test_to_json(test: PathTest) -> list[Any]:
    return [_decision_to_json(test.decision), test.what, test.line]


def _decision_to_json(decision: Decision) -> Any:
    if isinstance(decision, tuple):
        return {"tuple": [_decision_to_json(item) for item in cast(tuple[Any, ...], decision)]}
    if isinstance(decision, complex):
        return {"complex": [repr(decision.real), repr(decision.imag)]}
    return value_to_json(decision)


def tests_from_json(described: Mapping[str, Any]) -> tuple[PathTest, ...]:
    """Return what must be found in values; no tests for a program that is right for all."""
    tests = [PathTest(_decision_from_json(decision), *names) for decision, *names in described.get("tests", ())]
    if not all(type(test.what) is type(test.line) is str for test in tests):
        raise ValueError("a test does not say what it reads, and where")
    return tuple(tests)


def _decision_from_json(described: Any, depth: int = 0) -> Decision:
    tagged = cast(dict[str, Any], described) if type(described) is dict else {}
    if list(tagged) == ["tuple"] and depth < DEEPEST:
        return tuple(_decision_from_json(item, depth + 1) for item in tagged["tuple"])
    if list(tagged) == ["complex"]:
        real, imag = tagged["complex"]
        return complex(float(real), float(imag))
    found = value_from_json(described)
    if type(found) not in (bool, int, float):
        raise ValueError(f"{found!r} is nothing that Python reads of an array")
    return found


def _leaf_to_json(leaf: Any) -> dict[str, Any]:
    return {"traced": True} if leaf is TRACED else {"value": value_to_json(leaf)}


def _output_to_json(spec: OutputSpec) -> dict[str, Any]:
    return {
        "kind": spec.kind.value,
        "target": spec.target,
        "aliases": sorted(list(memory) for memory in spec.aliases),
        "same": None if spec.same is None or spec.same.kind == "outside" else list(spec.same),
        "scalar": spec.scalar,
        "read_only": spec.read_only,
    }


def call_from_json(described: Mapping[str, Any], parameters: int) -> BoundCall:
    """Return the call that a specialization was captured with, without its arrays."""
    spec = tree_from_json(described["call"])
    leaves, flags = [value_from_json(leaf) for leaf in described["leaves"]], tuple(described["arrays"])
    if not all(type(flag) is bool for flag in flags) or not spec.num_leaves == len(leaves) == len(flags):
        raise ValueError("the leaves of a call are not those of its structure")
    if spec.type is not tuple or spec.num_children != parameters:
        raise ValueError(f"a call has {spec.num_children} values for {parameters} parameters")
    return BoundCall(spec, leaves, flags, lifted=lifted_from_json(described, flags)[1])


def lifted_from_json(described: Mapping[str, Any], flags: Sequence[bool]) -> tuple[str, tuple[int, ...]]:
    """Return the framework of lifted floats and the indices of their leaves. Older files have none."""
    source, *leaves = described.get("lifted", [neutral().name])
    if source not in names() or not all(type(i) is int and 0 <= i < len(flags) and flags[i] for i in leaves):
        raise ValueError("the floats of a call are not among its arrays")
    return source, tuple(leaves)


def inputs_from_json(described: Sequence[Any], device: str | None) -> tuple[Input, ...]:
    """Return the description of each input array."""
    return tuple(_input_from_json(*one, device=device) for one in described)


def _input_to_json(one: Input) -> list[Any]:
    return [one.dtype, list(one.shape), one.used, one.weak, _layout_to_json(one.layout), one.requires_grad]


def _input_from_json(
    dtype: Any, shape: Any, used: Any, weak: Any, layout: Any, gradient: Any = None, *, device: str | None
) -> Input:
    if dtype not in BY_NAME or type(used) is not bool or not (weak is None or type(weak) is bool):
        raise ValueError(f"{[dtype, shape, used, weak]!r} describes no array")
    return Input(dtype, tuple(map(_size, shape)), used, weak, device, _layout_from_json(layout, len(shape)), gradient)


def _layout_to_json(layout: Layout | None) -> list[Any] | None:
    if layout is None:
        return None
    return [list(layout.order), None if layout.strides is None else list(layout.strides), layout.begins]


def _layout_from_json(described: Any, rank: int) -> Layout | None:
    if described is None:
        return None
    order, strides, *rest = described
    known = strides is None or (len(strides) == rank and all(type(step) is int for step in strides))
    known = known and len(rest) < 2 and all(type(begins) is bool for begins in rest)
    if not known or sorted(order) != list(range(rank)) or not all(type(axis) is int for axis in order):
        raise ValueError(f"{described!r} is no layout of an array of rank {rank}")
    return Layout(tuple(order), None if strides is None else tuple(strides), *rest)


def _size(size: Any) -> int | str:
    if type(size) is int and 0 <= size <= LARGEST:
        return size
    form = linear(size) if type(size) is str else None
    if form is None or form[0] == 0:
        raise ValueError(f"{size!r} is no size")
    return size


def symbols_of(inputs: Sequence[Input]) -> set[str]:
    """Return the symbols that the sizes of the arrays bind in a call."""
    sizes = [size for i in inputs if i.used for size in i.shape if isinstance(size, str)]
    return {form[1] for size in sizes if (form := linear(size)) is not None}


def bounds_from_json(described: Mapping[str, Any]) -> dict[str, tuple[int, int | None]]:
    """Return the interval of each symbol."""
    bounds = {symbol: (low, high) for symbol, (low, high) in described.items()}
    for symbol, (low, high) in bounds.items():
        if not is_name(symbol) or type(low) is not int or not (high is None or type(high) is int):
            raise ValueError(f"{symbol!r} has the bounds {[low, high]!r}")
    return bounds


def size_guards_from_json(
    described: Sequence[Any], known: set[str], bounds: Mapping[str, tuple[int, int | None]]
) -> tuple[str, ...]:
    """Return the conditions on sizes. Raise `ValueError` for one with unknown symbols or that cannot be computed."""
    for guard in described:
        if type(guard) is not str or not symbols(guard) <= known:
            raise ValueError(f"{guard!r} is no condition on the sizes of the arrays")
        try:
            holds(guard, {symbol: max(bounds.get(symbol, (2, None))[0], 2) for symbol in symbols(guard)})
        except (ArithmeticError, TypeError) as error:
            raise ValueError(f"{guard!r} cannot be computed: {error}") from error
    return tuple(described)


def outputs_from_json(described: Sequence[Any]) -> tuple[OutputSpec, ...]:
    """Return where the results of `@main` go."""
    return tuple(_output_from_json(one) for one in described)


def _output_from_json(described: Mapping[str, Any]) -> OutputSpec:
    kind, target = OutputKind(described["kind"]), described["target"]
    if kind is OutputKind.OBJECT or type(target) is not (str if kind is OutputKind.BUFFER else int):
        raise ValueError(f"{target!r} is no target of a result")
    same, scalar, read_only = described["same"], described.get("scalar"), described.get("read_only", False)
    if type(scalar) not in (bool, type(None)) or type(read_only) is not bool:
        raise ValueError(f"{scalar!r} and {read_only!r} do not say whether a result is a scalar, and read-only")
    aliases = frozenset(map(_memory, described["aliases"]))
    return OutputSpec(kind, target, aliases, None if same is None else _memory(same), scalar, read_only)


def _memory(described: Sequence[Any]) -> Memory:
    kind, key = described
    if kind not in ("input", "parameter", "output") or type(key) is not (str if kind == "parameter" else int):
        raise ValueError(f"{described!r} is no memory")
    return Memory(kind, key)


def result_from_json(described: Mapping[str, Any]) -> OutputTree:
    """Return the structure of the user's result, and the Python values in it."""
    spec = tree_from_json(described["result"])
    leaves = [TRACED if "traced" in leaf else value_from_json(leaf["value"]) for leaf in described["result_leaves"]]
    if spec.num_leaves != len(leaves):
        raise ValueError("the leaves of a result are not those of its structure")
    return OutputTree(spec, leaves)


def about_to_json(
    name: str,
    to: str,
    signature: inspect.Signature,
    specializations: Sequence[Specialization],
    arrays: Mapping[str, Any],
) -> bytes:
    """Return the text of `graph.json`, for a graph of this name and target."""
    about = {
        "version": VERSION,
        "name": name,
        "to": to,
        "signature": signature_to_json(signature),
        "specializations": [to_json(one) for one in specializations],
        "arrays": arrays,
    }
    return json.dumps(about, indent=1).encode()
