"""The generated check that stands between a call and its specialisation.

For `fn(x, scale=2.0)` captured with a float32 matrix the generated function reads

    def fn(x, scale=2.0):
        if type(x) is A and x.dtype is t0 and len(s := x.shape) == 2 and type(scale) is float and scale == 2.0:
            n0, n1 = s
            if (s0 := n0) >= 2 and n1 == 4:
                return run(x)
        return miss((x, scale))

so that Python itself binds the arguments, and a call costs what its used arguments cost.
"""

# pyright: basic
import inspect
import keyword
import linecache
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlgraph import trees
from mlgraph.call import Call
from mlgraph.targets.arrays import CPU, array_type, dtype_object, torch_device


def binder(name: str, signature: inspect.Signature) -> Callable[..., tuple[Any, ...]]:
    """From the arguments of a call to the value of each parameter; raises `TypeError` as the function would."""
    return generate(name, signature, "numpy", (), lambda values: values)


@dataclass
class Names:
    """The objects that generated code refers to, under names that no parameter has."""

    values: dict[str, Any]
    known: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, prefix: str, value: Any) -> str:
        name = self.known.setdefault((prefix, id(value)), f"__{prefix}{len(self.values)}")
        self.values[name] = value
        return name


def generate(
    name: str, signature: inspect.Signature, framework: str, specialisations: Sequence[Any], miss: Callable[..., Any]
) -> Callable[..., Any]:
    """The function that checks a call against each specialisation in turn and runs the first that fits."""
    names = Names({"__miss": miss, "__type": type, "__len": len, "__repr": repr})
    parameters = list(signature.parameters)
    lines = [f"def {_identifier(name)}({_parameter_list(signature, names)}):"]
    for specialisation in specialisations:
        lines += _branch(specialisation, parameters, framework, names)
    lines.append(f"    return __miss(({''.join(f'{p}, ' for p in parameters)}))")
    text = "\n".join(lines) + "\n"
    filename = f"<mlgraph signature of {name} {id(miss):x} {len(specialisations)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), names.values)
    generated = names.values[_identifier(name)]
    generated.__name__ = generated.__qualname__ = name
    return generated


def _identifier(name: str) -> str:
    cleaned = re.sub(r"\W", "_", name) or "graph"
    return f"_{cleaned}" if cleaned[0].isdigit() or keyword.iskeyword(cleaned) else cleaned


def _parameter_list(signature: inspect.Signature, names: Names) -> str:
    """The user's own parameters, with their defaults by reference."""
    parts: list[str] = []
    kinds = [p.kind for p in signature.parameters.values()]
    for i, p in enumerate(signature.parameters.values()):
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = "" if p.default is p.empty else f"={names.add('default', p.default)}"
        if p.kind is p.KEYWORD_ONLY and not {p.KEYWORD_ONLY, p.VAR_POSITIONAL} & set(kinds[:i]):
            parts.append("*")
        parts.append(f"{star}{p.name}{default}")
        if p.kind is p.POSITIONAL_ONLY and p.POSITIONAL_ONLY not in kinds[i + 1 :]:
            parts.append("/")
    return ", ".join(parts)


def _branch(specialisation: Any, parameters: list[str], framework: str, names: Names) -> list[str]:
    """Run `specialisation` if the parameters are what it was captured for."""
    branch = _Branch(specialisation, framework, names)
    spec = specialisation.call.spec
    example = trees.unflatten(spec, range(spec.num_leaves))
    for child, value, parameter in zip(spec.children(), example, parameters):
        branch.visit(child, value, parameter)
    for guard, expected in specialisation.guards:
        branch.tests.append(f"{names.add('guard', guard)}() == {names.add('mode', expected)}")
    arrays = [branch.arrays[i] for i in specialisation.passed]
    done = f"return {names.add('run', specialisation.run)}({', '.join(arrays)})"
    lines = [f"    if {' and '.join(branch.tests) or 'True'}:"]
    lines += [f"        {line}" for line in branch.unpack]
    if branch.sizes:
        return [*lines, f"        if {' and '.join(branch.sizes)}:", f"            {done}"]
    return [*lines, f"        {done}"]


class _Branch:
    """What one specialisation demands of a call, as Python tests on the parameters."""

    def __init__(self, specialisation: Any, framework: str, names: Names) -> None:
        call: Call = specialisation.call
        self.framework = framework
        self.names = names
        self.bounds = specialisation.bounds
        self.leaves = iter(zip(call.leaves, call.is_array))
        self.inputs = iter(specialisation.program_inputs)
        self.arrays: list[str] = []
        """The Python that reaches each array."""
        self.tests: list[str] = []
        self.unpack: list[str] = []
        self.sizes: list[str] = []
        """Tests that follow once the lines of `unpack` have named the sizes."""
        self.bound: set[str] = set()
        self.first = True
        """Whether no array was tested for being on the CPU yet."""
        self.shapes: dict[tuple[int | str, ...], str] = {}
        """The variable that holds the first shape of each kind: another of the kind only has to equal it."""

    def visit(self, spec: Any, value: Any, text: str) -> None:
        """Test that `text` has the structure and the leaves of `spec`; `value` is an example of it."""
        if spec.is_leaf():
            self.leaf(text)
            return
        self.tests.append(f"__type({text}) is {self.names.add('class', spec.type)}")
        entries = spec.entries()
        if isinstance(value, dict):
            self.tests.append(f"(*{text},) == {self.names.add('keys', tuple(value))}")
            texts = [f"{text}[{self.key(entry)}]" for entry in entries]
            children = [value[entry] for entry in entries]
        elif isinstance(value, tuple | list | deque):
            self.tests.append(f"__len({text}) == {len(value)}")
            texts = [f"{text}[{i}]" for i in range(len(value))]
            children = list(value)
        else:
            texts = [f"{text}.{entry}" for entry in entries]
            children = [getattr(value, entry) for entry in entries]
        for child, item, inner in zip(spec.children(), children, texts):
            self.visit(child, item, inner)

    def key(self, key: Any) -> str:
        return repr(key) if type(key) in (str, int, bool) else self.names.add("key", key)

    def leaf(self, text: str) -> None:
        value, is_array = next(self.leaves)
        if not is_array:
            self.tests.append(_static(text, value, self.names))
            return
        self.arrays.append(text)
        wanted = next(self.inputs)
        self.tests.append(f"__type({text}) is {self.names.add('array', array_type(self.framework))}")
        if wanted.used:
            self.array(text, wanted)

    def array(self, text: str, wanted: Any) -> None:
        test = "is" if self.framework in ("torch", "tensorflow") else "=="
        dtype = self.names.add("dtype", dtype_object(self.framework, wanted.dtype))
        self.tests.append(f"{text}.dtype {test} {dtype}")
        if wanted.weak is not None:
            self.tests.append(f"{text}.weak_type is {wanted.weak}" if self.framework == "jax" else str(not wanted.weak))
        if wanted.device is not None:
            self.tests += self.device(text, wanted.device)
        if wanted.shape in self.shapes:
            self.tests.append(f"{text}.shape == {self.shapes[wanted.shape]}")
            return
        shape = self.shapes[wanted.shape] = f"__shape{len(self.arrays)}"
        if all(isinstance(size, int) for size in wanted.shape):
            self.tests.append(f"({shape} := {text}.shape) == {wanted.shape}")
            return
        self.tests.append(f"__len({shape} := {text}.shape) == {len(wanted.shape)}")
        places = [f"__n{len(self.arrays)}_{axis}" for axis in range(len(wanted.shape))]
        for place, size in zip(places, wanted.shape):
            self.sizes += self.size(place, size)
        self.unpack.append(f"{', '.join(places)}{',' if len(places) == 1 else ''} = {shape}")

    def device(self, text: str, device: str) -> list[str]:
        """Test where an array is. Of the CPU's the first will do, as torch itself refuses a mixture."""
        if device != CPU:
            return [f"{text}.device == {self.names.add('device', torch_device(device))}"]
        first, self.first = self.first, False
        return [f"{text}.is_cpu"] if first else []

    def size(self, place: str, size: int | str) -> list[str]:
        """Bind each symbol at its first place and test it at every other. They are spelled unlike any parameter."""
        if isinstance(size, int):
            return [f"{place} == {size}"]
        form = linear(size)
        if form is None:
            raise ValueError(f"{size!r} is not linear in one symbol")
        factor, symbol, offset = form
        again = f"{place} == {_linear_text(factor, f'__{symbol}', offset)}"
        if symbol in self.bound:
            return [again]
        self.bound.add(symbol)
        low, high = self.bounds.get(symbol, (0, None))
        simple = (factor, offset) == (1, 0)
        first = place if simple else f"({place} - {offset}) // {factor}"
        tests = [f"(__{symbol} := {first}) >= {low}"] + ([] if high is None else [f"__{symbol} <= {high}"])
        return tests if simple else [*tests, again]


def _linear_text(factor: int, symbol: str, offset: int) -> str:
    return symbol if (factor, offset) == (1, 0) else f"{factor} * {symbol} + {offset}"


def _static(accessor: str, value: Any, names: Names) -> str:
    """A test that a Python value is the traced one."""
    if value is None or value is True or value is False:
        return f"{accessor} is {value}"
    if isinstance(value, float) and (value == 0 or not math.isfinite(value)):
        return f"__type({accessor}) is float and __repr({accessor}) == {repr(value)!r}"
    if type(value) in (int, float, str):
        return f"__type({accessor}) is {names.add('class', type(value))} and {accessor} == {value!r}"
    return f"{names.add('same', trees.same_static)}({accessor}, {names.add('value', value)})"


def linear(expression: str) -> tuple[int, str, int] | None:
    """`2*s0 + 1` as (2, "s0", 1); None for what is not linear in one symbol."""
    match = re.fullmatch(r"(?:(-?\d+)\*)?([A-Za-z_]\w*)(?: ([+-]) (\d+))?", expression)
    if match is None:
        return None
    factor, symbol, sign, offset = match.groups()
    return int(factor or 1), symbol, int(f"{sign or '+'}{offset or 0}")
