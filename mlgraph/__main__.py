"""The command line: `python -m mlgraph`, or `mlgraph`."""

import argparse
import ast
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from mlgraph.errors import (
    FileError,
    InputError,
    MissingPackageError,
    MlgraphError,
    UnknownStageError,
    UnknownTargetError,
    advice,
)

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


SLIPS = (InputError, UnknownTargetError, UnknownStageError, FileError, MissingPackageError)
"""Errors in what the user typed: printed in one line, with exit status 2. Other errors are about the program."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status. Print errors without a traceback unless MLGRAPH_TRACEBACK=full."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = parser().parse_args(argv)
    try:
        options.run(options)
    except Exception as error:
        if os.environ.get("MLGRAPH_TRACEBACK") == "full":
            raise
        print(f"mlgraph: {told(error)}", file=sys.stderr)
        return 2 if isinstance(error, SLIPS) else 1
    except KeyboardInterrupt:
        return 130
    return 0


def told(error: Exception) -> str:
    """Return the message for an error: one line for a slip, the text of any other mlgraph error, a hint for a bug."""
    if not isinstance(error, MlgraphError):
        return f"internal error, {type(error).__name__}: {error} (MLGRAPH_TRACEBACK=full shows where)"
    if not isinstance(error, SLIPS):
        return str(error)
    parts = [error.what, f"at {error.where}" if error.where else "", error.why, error.fix]
    return "; ".join(" ".join(part.split()) for part in parts if part)


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the commands and of their arguments."""
    made = Parser(
        prog="mlgraph",
        description="Compile functions of torch, jax, tensorflow and numpy into functions of any of the four.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"mlgraph {version('mlgraph')}")
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
    from mlgraph.arguments import check_target
    from mlgraph.frameworks import names
    from mlgraph.tools.files import make_folder

    for target in options.to or names():
        check_target(target)
    make_folder(Path(options.out))
    try:
        from mlgraph.tools.demo import main as demo

        demo(options.to or names(), options.out)
    except ImportError as error:
        fix = "pip install 'mlgraph[examples]'"
        raise MissingPackageError(f"the demo needs a package: {error}", fix=fix) from error


def run_compile(options: argparse.Namespace) -> None:
    import mlgraph
    from mlgraph.arguments import check_target
    from mlgraph.graph.function_info import callable_of, name_of

    check_target(options.to)
    function = find(options.function)
    inputs = [argument(text) for text in options.input]
    if callable(function):
        try:
            callable_of(function)[1].bind(*inputs)
        except TypeError as error:
            what = f"{name_of(function)} does not take {len(inputs)} arguments: {error}"
            raise InputError(what, fix="give each of them as --input 'f32[2,3]' or --input 0.5") from error
    graph = mlgraph.compile(function, to=options.to, args=inputs)
    graph = getattr(graph, "forward", graph)
    if options.stage is not None:
        print(graph.ir(options.stage))
    if options.source or options.stage is None:
        print(graph.source, end="")
    if options.show is not None:
        print(f"written to {graph.show(options.show)}", file=sys.stderr)


def run_support(_: argparse.Namespace) -> None:
    from rich.console import Console

    from mlgraph.tools.support import table

    Console().print(table())


def run_version(_: argparse.Namespace) -> None:
    from mlgraph.frameworks import every

    frameworks = (name for framework in every() for name in framework.distributions)
    for package in ("mlgraph", "xdsl", *frameworks, "triton"):
        try:
            print(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue


def find(text: str) -> Any:
    """Return the object that `package.module:name.name` names. Raise `InputError` if there is none."""
    module, _, path = text.partition(":")
    if module.endswith(".py") or not path:
        dotted = module.removesuffix(".py").replace(os.sep, ".").strip(".")
        raise InputError(f"{text!r} names no function", fix=f"write {dotted or 'package.module'}:{path or 'function'}")
    found = imported(module)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise InputError(f"{text!r} is not there: {error}", fix=_nearest(name, found)) from error
    return found


def _nearest(name: str, owner: Any) -> str:
    """Return advice that names the function of a module or class that `name` may mean."""
    public = {known: value for known, value in getattr(owner, "__dict__", {}).items() if not known.startswith("_")}
    return advice(name, [known for known, value in public.items() if callable(value)])


def imported(module: str) -> Any:
    """Import a module, also from the current directory. Raise `InputError` for whatever the import raises."""
    from mlgraph.frontend.locations import user_line

    sys.path.insert(0, os.getcwd())
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == module
        what = f"{module!r} is not there" if absent else f"importing {module!r} raises {type(error).__name__}"
        where = user_line(error)
        raise InputError(f"{what}: {error}", where="" if "importlib" in where else where) from error
    finally:
        sys.path.pop(0)


def argument(text: str) -> Any:
    """Return an array for `f32[2,3]`, drawn from a fixed seed, or the Python value of any other literal."""
    match = re.fullmatch(r"(\w+)\[ *(|\d+(?: *, *\d+)* *,?) *\]", text)
    if match is None:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise InputError(f"{text[:40]!r} is neither an array nor a value", fix="write 'f32[2,3]' or 0.5") from None
    name, sizes = match.groups()
    if name not in DTYPES:
        raise InputError(f"{text!r} has no known element type", fix=advice(name, DTYPES))
    try:
        return random_array(DTYPES[name], tuple(int(size) for size in sizes.split(",") if size.strip()))
    except (MemoryError, ValueError) as error:
        raise InputError(f"{text!r} is too large an array: {error}") from error


def random_array(dtype: str, shape: tuple[int, ...]) -> Any:
    import ml_dtypes
    import numpy as np

    random = np.random.default_rng(0)
    if "int" in dtype or dtype == "bool":
        return random.integers(0, 2, shape).astype(dtype)
    return random.uniform(0.1, 0.9, shape).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


if __name__ == "__main__":
    sys.exit(main())
