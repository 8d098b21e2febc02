"""The command line: `python -m mlgraph`, or `mlgraph`."""

# pyright: basic
import argparse
import ast
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mlgraph.errors import InputError, MlgraphError

EXAMPLES = """examples:
  mlgraph demo
  mlgraph compile package.module:function --to jax --input 'f32[2,3]' --input 'f32[3]'
  mlgraph compile package.module:function --to numpy --input 'i64[5]' --input 0.5 --stage ivy
  mlgraph support

`mlgraph-opt` runs passes on IR text: mlgraph-opt file.mlir -p 'canonicalize,cse,lower-ivy{to=jax}'
"""

FLOATS = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64"}
COMPLEX = {"c64": "complex64", "c128": "complex128"}
INTEGERS = {f"{kind[0]}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
DTYPES = {**FLOATS, **COMPLEX, **INTEGERS, "bool": "bool"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status. Errors that mlgraph raises on purpose are printed without a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = parser().parse_args(argv)
    try:
        options.run(options)
    except MlgraphError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and what each takes."""
    made = argparse.ArgumentParser(
        prog="mlgraph",
        description="Compile functions of torch, jax, tensorflow and numpy into functions of any of the four.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(run=run)
        return added

    demo = command("demo", run_demo, "compile a ResNet-50 written for torch to every target and compare the logits")
    demo.add_argument("--to", action="append", metavar="TARGET", help="only this target; may be repeated")
    demo.add_argument("--out", default="build/demo", metavar="DIR", help="where the stages go (%(default)s)")

    one = command("compile", run_compile, "compile a function and print its source, or its IR")
    one.add_argument("function", metavar="PACKAGE.MODULE:FUNCTION", help="looked up from the current directory too")
    one.add_argument("--to", metavar="TARGET", help="torch, jax, tensorflow or numpy (the function's own framework)")
    one.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="INPUT",
        help="an argument, in order: an array as 'f32[2,3]', drawn at random, or a Python value; may be repeated",
    )
    one.add_argument("--stage", metavar="STAGE", help="print the IR after this stage: ivy, stateful, ..., the target")
    one.add_argument("--source", action="store_true", help="print the source, which is what is printed without --stage")
    one.add_argument("--show", metavar="FILE", help="also write a picture (.svg) or a page (.html)")

    command("support", run_support, "show how many operations each target runs")
    command("version", run_version, "print the versions of mlgraph and of what it builds on")
    return made


def run_demo(options: argparse.Namespace) -> None:
    from mlgraph.demo import main as demo
    from mlgraph.targets.arrays import FRAMEWORKS

    demo(options.to or FRAMEWORKS, options.out)


def run_compile(options: argparse.Namespace) -> None:
    import mlgraph

    function = find(options.function)
    graph = mlgraph.compile(function, to=options.to, args=[argument(text) for text in options.input])
    graph = getattr(graph, "forward", graph)
    if options.stage is not None and options.stage not in graph.stages:
        raise InputError(f"no stage is called {options.stage!r}", fix=f"choose one of {', '.join(graph.stages)}")
    if options.stage is not None:
        print(graph.ir(options.stage))
    if options.source or options.stage is None:
        print(graph.source, end="")
    if options.show is not None:
        print(f"written to {graph.show(options.show)}", file=sys.stderr)


def run_support(_: argparse.Namespace) -> None:
    from rich.console import Console

    from mlgraph.support import table

    Console().print(table())


def run_version(_: argparse.Namespace) -> None:
    for package in ("mlgraph", "xdsl", "numpy", "torch", "jax", "tensorflow", "tensorflow-cpu", "triton"):
        try:
            print(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue


def find(text: str) -> Any:
    """The object that `package.module:name.name` names."""
    module, _, path = text.partition(":")
    if not path:
        raise InputError(f"{text!r} names no function", fix="write package.module:function")
    sys.path.insert(0, os.getcwd())
    try:
        found = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{text!r} is not there: {error}") from error
    finally:
        sys.path.pop(0)
    return found


def argument(text: str) -> Any:
    """An array for `f32[2,3]`, from a fixed seed; a Python value for any other literal."""
    match = re.fullmatch(r"(\w+)\[([\d, ]*)\]", text)
    if match is None:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise InputError(f"{text!r} is neither an array nor a value", fix="write 'f32[2,3]' or 0.5") from None
    name, sizes = match.groups()
    if name not in DTYPES:
        raise InputError(f"{text!r} has no known element type", fix=f"choose one of {', '.join(DTYPES)}")
    return random_array(DTYPES[name], tuple(int(size) for size in sizes.split(",") if size.strip()))


def random_array(dtype: str, shape: tuple[int, ...]) -> Any:
    import ml_dtypes
    import numpy as np

    random = np.random.default_rng(0)
    if "int" in dtype or dtype == "bool":
        return random.integers(0, 2, shape).astype(dtype)
    return random.uniform(0.1, 0.9, shape).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


if __name__ == "__main__":
    sys.exit(main())
