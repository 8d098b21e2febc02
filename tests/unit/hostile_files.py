# pyright: basic
"""A program that changes saved graphs in many ways and loads each: `python hostile_files.py COUNT SEED FOLDER`.

A file with changed bytes, or whose parts were packed otherwise, is refused or gives what the graph gave. A file whose
parts were changed and put together again is refused, or its graph runs; what it computes nobody knows.

It prints how often each happened, and leaves with status 1 at an error that is not mlgraph's, at one that a large
allocation caused, and where a file takes long.
"""

import json
import os
import random
import re
import resource
import signal
import sys
import zipfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import mlgraph
from mlgraph import driver
from mlgraph.dialects.constant import ArrayOp
from mlgraph.dialects.functions import text_of
from mlgraph.dialects.ivy import IVY
from mlgraph.errors import MlgraphError
from mlgraph.serialize import module

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.unit.saved_files import parts_of, zipped

SAVED = Path(__file__).parent / "saved"
LONGEST = 30
"""The most seconds that a file may take."""
MOST_BYTES = 2**30
"""The most memory that all files together may take."""
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
N = np.arange(12).reshape(4, 3)


def mixed(x, n, scale=2.0, *, names=("a", "b")):
    table = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
    chosen = np.where(n % 2 == 0, x * scale, np.sort(x, axis=1))
    return {"sum": ((x * scale).sum() * table).sum(0), "rest": [x.shape[0], names[0], None, float("inf")]}, (
        chosen,
        n[:2],
    )


def shapes(x):
    y = np.concatenate([x, x[:, ::-1]], axis=0).reshape(2, -1)
    return y @ y.T, y.astype(np.int32).max(axis=0, keepdims=True), np.tanh(y) + 1


def originals(folder):
    """Saved graphs, each with arguments to call it with."""
    graph = mlgraph.compile(mixed, to="numpy", args=(X, N))
    graph(X, N, 3.0)
    yield graph.save(folder / "mixed"), (X, N)
    yield mlgraph.compile(shapes, to="numpy", args=(X,)).save(folder / "shapes"), (X,)
    yield mlgraph.load(SAVED / "version_4").save(folder / "model"), (np.ones((4, 3), np.float32),)


# Changes


def change_bytes(rng, content):
    """Flip, drop, repeat, swap or clear bytes anywhere in a file."""
    content = bytearray(content)
    start, end = sorted(rng.randrange(len(content)) for _ in range(2))
    match rng.randrange(7):
        case 0 | 1:
            for _ in range(rng.randint(1, 8)):
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        case 2:
            del content[start:]
        case 3:
            del content[start : start + rng.randint(1, 40)]
        case 4:
            content[start:start] = content[start : start + rng.randint(1, 40)]
        case 5:
            length = min(rng.randint(1, 40), end - start)
            content[start : start + length], content[end - length : end] = (
                content[end - length : end],
                content[start : start + length],
            )
        case _:
            content[start : start + rng.randint(1, 40)] = bytes(rng.randint(1, 40))
    return bytes(content)


def change_archive(rng, parts):
    """Drop, rename, repeat or compress parts, and change what the archive says of them."""
    name = rng.choice(list(parts))
    match rng.randrange(5):
        case 0:
            return zipped({key: value for key, value in parts.items() if key != name})
        case 1:
            new = rng.choice(
                [
                    "../x",
                    "/etc/x",
                    "1.mlir",
                    "9.mlir",
                    "GRAPH.JSON",
                    "",
                    "graph.json/",
                    "a\\b",
                    "\ud800".encode("utf-8", "replace").decode(),
                ]
            )
            return zipped({new if key == name else key: value for key, value in parts.items()})
        case 2:
            return zipped(parts, compression=rng.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
        case 3:
            return zipped({**parts, name: b"\0" * rng.choice([0, 10, 10**6])})
        case _:
            content = bytearray(zipped(parts))
            place = rng.choice([match.start() for match in re.finditer(b"PK[\x01\x03\x05]", content)])
            for _ in range(rng.randint(1, 3)):
                content[min(place + rng.randrange(46), len(content) - 1)] = rng.choice(
                    [0, 1, 8, 255, rng.randrange(256)]
                )
            return bytes(content)


VALUES = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        2**31,
        2**63,
        -(2**63),
        2**70,
        10**30,
        1.5,
        1e300,
        float("nan"),
        float("inf"),
    ),
    *(
        "",
        "x",
        "s0",
        "s4",
        "2*s0 + 1",
        "0*s0",
        "float64",
        "int8",
        "object",
        "torch",
        "os",
        "class",
        "__miss",
        "\ud800",
        "a\0b",
        "a\nb",
    ),
    *(
        "params/x",
        "0/0",
        "tuple",
        "dict",
        "named",
        "record",
        "buffer",
        "input",
        "user output",
        "x" * 5000,
        "__import__('os')",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [0, 0],
        ["tuple", [None]],
        ["list", []],
        ["dict", [["a", None]]],
        ["record", [["a", None]]],
    ),
    *(
        ["named", "P", [["a", None]]],
        ["named", "P Q", [["class", None]]],
        {"float": "nan"},
        {"float": "1e999"},
        {"float": 3},
    ),
    *({"traced": True}, {"value": 3}, {"kind": "buffer", "target": "calls", "aliases": [], "same": None}),
]


def change_json(rng, value):
    """Change a value somewhere in JSON: put another in its place, drop it, repeat it, or swap it with a neighbour."""
    places = list(places_of(value))
    if not places:
        value["x"] = rng.choice(VALUES)
        return
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        holder, key = rng.choice(places)
        if (isinstance(holder, list) and key >= len(holder)) or (isinstance(holder, dict) and key not in holder):
            continue
        match rng.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(rng.randrange(len(holder) + 1), holder[key])
            case 2:
                other, index = rng.choice(places)
                if (index < len(other)) if isinstance(other, list) else index in other:
                    holder[key] = json.loads(json.dumps(other[index]))
            case 3 if isinstance(holder, dict):
                holder[rng.choice(["x", "version", "outputs", "\ud800", "0/0", "params/calls"])] = holder.pop(key)
            case 4 if type(holder[key]) is int:
                holder[key] += rng.choice([-1, 1, 2, 100])
            case _:
                holder[key] = rng.choice(VALUES)


def places_of(value):
    """Every place in JSON: what holds it, and its key there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from places_of(inner)


def change_about(rng, parts):
    about = json.loads(parts["graph.json"])
    change_json(rng, about)
    return zipped({**parts, "graph.json": json.dumps(about).encode()})


def change_header(rng, parts):
    content = parts["arrays.safetensors"]
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    change_json(rng, header)
    text = json.dumps(header).encode()
    length = rng.choice([len(text)] * 8 + [len(text) - 1, 2**62])
    return zipped({**parts, "arrays.safetensors": length.to_bytes(8, "little") + text + content[8 + size :]})


TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[%@!#]?[\w.$-]+|\s+|.')
WORDS = [
    *(
        "0",
        "1",
        "-1",
        "2",
        "7",
        "99999999999",
        "1e999",
        "nan",
        "inf",
        "none",
        "true",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        ",",
        "=",
    ),
    *(
        "tensor<99999999999xf32>",
        "tensor<3xf32>",
        "tensor<?x3xf32>",
        "tensor<f64>",
        "index",
        "i1",
        "f32",
        "f64",
        "i99999999",
        "?",
        "x",
    ),
    *(
        "ivy.add",
        "ivy.sum",
        "ivy.matmul",
        "ivy.reshape",
        "ivy.tanh",
        "ivy.sort",
        "ivy.dim",
        "ivy.where",
        "ivy.full",
        "torch.call",
    ),
    *(
        "constant.literal",
        "constant.array",
        "constant.parameter",
        "func.return",
        "func.func",
        "func.call",
        "builtin.module",
    ),
    *(
        "dense<1.0>",
        'dense<"0xff">',
        '"x"',
        '"\\00"',
        "@main",
        "%x",
        "%0",
        "loc(unknown)",
        "[" * 200,
        "ivy.while",
        "llvm.mlir.undef",
    ),
    *(
        "dense_resource<x>",
        "affine_map<(d0) -> (d0)>",
        "!llvm.ptr",
        "array<i8: 300>",
        "#builtin.int<3>",
        "arith.constant",
    ),
]


LIKE = {
    r"%\w+": [],
    r"ivy\.\w+": [f"ivy.{name}" for name in IVY.rows],
    r"-?\d[\d.]*": ["0", "1", "2", "3", "4", "7", "12", "-1", "1.0", "65536", "99999999999", "9999999999999999999999"],
    r"\?|x(\d+x)*[a-z]\w*": [
        "?",
        "xf32",
        "x3xf32",
        "x4xf32",
        "x3xf64",
        "x3x4xf32",
        "x3xi1",
        "xi64",
        "x99999999999xf32",
    ],
    r"true|false|none": ["true", "false", "none"],
    r"float\d+|int\d+": ["float32", "float64", "int32", "int8", "bool", "complex64", "bfloat16"],
}
"""Tokens of one kind, and others that may stand in their places."""


def change_text(rng, parts):
    """Put a token in the place of one of its kind; or drop, repeat, swap or replace tokens of any."""
    name = rng.choice([name for name in parts if name.endswith(".mlir")])
    tokens = TOKENS.findall(parts[name].decode())
    solid = [i for i, token in enumerate(tokens) if not token.isspace()]
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        i, j = rng.choice(solid), rng.choice(solid)
        match rng.randrange(16):
            case 0:
                tokens[i] = ""
            case 1:
                tokens[i] = f"{tokens[i]} {tokens[i]}"
            case 2:
                tokens[i], tokens[j] = tokens[j], tokens[i]
            case 3:
                tokens[i] = tokens[j]
            case 4:
                tokens[i] = rng.choice(WORDS)
            case _:
                kind = rng.choice(list(LIKE))
                places = [i for i in solid if re.fullmatch(kind, tokens[i])]
                if places:
                    tokens[rng.choice(places)] = rng.choice([*LIKE[kind], *(tokens[i] for i in places)])
    return zipped({**parts, name: "".join(tokens).encode()})


KINDS = {"bytes": 5, "archive": 2, "about": 5, "text": 2, "header": 2}
"""How often each kind of change is made, relative to the others."""


def changed(rng, kind, content, parts):
    match kind:
        case "bytes":
            return change_bytes(rng, content)
        case "archive":
            return change_archive(rng, parts)
        case "about":
            return change_about(rng, parts)
        case "header":
            return change_header(rng, parts)
        case _:
            return change_text(rng, parts)


# Running


class Hang(BaseException):
    """A file took longer than `LONGEST`."""


def stop(number, frame):
    raise Hang(f"more than {LONGEST} s")


def same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b or a is b


def outcome(path, args, expected):
    """Load and call; what happened, in a word. An error that is not mlgraph's is raised."""
    try:
        graph = mlgraph.load(path, "numpy")
    except MlgraphError as error:
        causes = [error]
        while causes[-1].__cause__ is not None:
            causes.append(causes[-1].__cause__)
        if any(isinstance(cause, MemoryError) for cause in causes):
            raise causes[-1] from None
        return "refused"
    try:
        graph.signature.bind(*args)
    except TypeError:
        return "other parameters"
    try:
        found = graph(*(np.array(a) for a in args))
    except MlgraphError:
        return "refused at the call"
    if expected is None:
        return "ran"
    if not same(found, expected):
        raise AssertionError("a file with the same parts gives another result")
    return "right"


def cached_pipeline(run):
    """Lower each different module once."""
    known = {}

    def cached(info, call, captured, options):
        program = captured.program
        flags = captured.passed, captured.source, bool(call.lifted or call.numbers), options
        arrays = [op.value.data.array.tobytes() for op in program.module.walk() if isinstance(op, ArrayOp)]
        key = (info.to, flags, text_of(program.module), *arrays)
        if key not in known:
            stages, dump = run(info, call, captured, options)
            known[key] = program.module.clone(), stages, dump
        program.module, stages, dump = known[key][0].clone(), *known[key][1:]
        return stages, dump

    return cached


def cached_parse(parse):
    """Parse each different text once."""
    known = {}

    def cached(text, *arguments):
        if text not in known:
            known[text] = parse(text, *arguments)
        return known[text].clone()

    return cached


def main(count, seed, folder):
    driver._run_pipeline = cached_pipeline(driver._run_pipeline)
    module.parse = cached_parse(module.parse)
    rng = random.Random(seed)
    graphs = []
    for path, args in originals(folder):
        expected = mlgraph.load(path)(*(np.array(a) for a in args))
        graphs.append((path.read_bytes(), parts_of(path), args, expected))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))
    signal.signal(signal.SIGALRM, stop)
    counts, wrong = Counter(), 0
    path = folder / "changed"
    for number in range(count):
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        content, parts, args, expected = rng.choice(graphs)
        path.write_bytes(changed(rng, kind, content, parts))
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        try:
            counts[f"{kind}: {outcome(path, args, expected if kind in ('bytes', 'archive') else None)}"] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong += 1
            kept = path.rename(folder / f"wrong_{number}")
            print(f"{kept}: {kind}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            if os.environ.get("SHOW"):
                import traceback

                traceback.print_exception(error, limit=-6)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    for name, number in sorted(counts.items()):
        print(f"{number:6} {name}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
