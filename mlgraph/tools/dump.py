"""IR as text: printing, parsing, and the dumps of `dump_ir`, `dump_dir` and their environment variables."""

import math
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError

from mlgraph.arguments import check_dump_mode
from mlgraph.dialects.constant import MOST_ELEMENTS
from mlgraph.dialects.context import context
from mlgraph.dialects.functions import text_of
from mlgraph.errors import IRError, PassError
from mlgraph.tools.files import make_folder, path_of, write_file


def read(path: str | Path) -> ModuleOp:
    """Return the module in a file of IR. Raise `IRError`, with the line if it is known, if it does not verify."""
    return parse(Path(path).read_text(), str(path))


DEEPEST = 100
"""The deepest nesting of brackets; the parser is recursive."""
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|->|>=|[][(){}<>]')
"""Brackets, and the tokens that may contain them: strings, comments, arrows and comparisons."""


class _Parser(Parser):
    """xDSL's parser, which refuses to repeat a number to an array of more than `MOST_ELEMENTS` elements."""

    def _parse_dense_literal_type(self) -> Any:
        type = super()._parse_dense_literal_type()
        if math.prod(type.get_shape()) > MOST_ELEMENTS:
            self.raise_error(f"an array of more than {MOST_ELEMENTS} elements does not stand in the IR")
        return type


def parse(text: str, name: str, dialects: Sequence[str] | None = None) -> ModuleOp:
    """Return the module in `text`, whose file is `name` in messages. Raise `IRError` if it does not parse or verify.

    With `dialects`, only operations and types of these are known.
    """
    if _depth(text) > DEEPEST:
        raise IRError(f"the IR has more than {DEEPEST} brackets inside one another", where=name)
    try:
        module = _Parser(context(dialects), text, name).parse_module()
    except ParseError as error:
        place, _, what = str(error).strip().partition("\n")
        what = what.strip().rpartition("\n")[2].strip()
        raise IRError(f"the IR does not parse: {what}", where=place) from error
    except Exception as error:  # of an attribute or operation that is built from what does not suit it
        raise IRError(f"the IR does not parse: {type(error).__name__}: {error}", where=name) from error
    try:
        module.verify()
    except Exception as error:
        raise IRError(f"the IR does not verify: {error}", where=name) from error
    return module


def _depth(text: str) -> int:
    """Return the depth to which brackets nest."""
    depth = deepest = 0
    for match in BRACKETS.finditer(text):
        if (token := match.group()) in ("(", "[", "{", "<"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (")", "]", "}", ">"):
            depth -= 1
    return deepest


@dataclass
class Dump:
    """The writer of `NN-stage[-pass].mlir` files of one capture; it writes nothing if no mode is set."""

    directory: Path | None
    mode: str | None
    count: int = 0
    last: str = field(default="", repr=False)

    @staticmethod
    def open(name: str, mode: str | None, directory: str | None) -> "Dump":
        """Return the dump for the arguments or else for `MLGRAPH_DUMP_IR` and `MLGRAPH_DUMP_DIR`."""
        mode = mode or os.environ.get("MLGRAPH_DUMP_IR") or None
        if mode is None:
            return Dump(None, None)
        check_dump_mode("dump_ir", mode)
        root = path_of(directory or os.environ.get("MLGRAPH_DUMP_DIR") or "mlgraph-dump")
        folder = root / (re.sub(r"\W+", "_", name).strip("_") or "graph")
        make_folder(folder)
        return Dump(folder, mode)

    def stage(self, name: str, module: ModuleOp) -> None:
        if self.mode == "stage":
            self.write(name, text_of(module))

    def after_pass(self, stage: str, step: Any, module: ModuleOp) -> None:
        if self.mode in (None, "stage"):
            return
        text = text_of(module)
        if self.mode == "pass" or text != self.last:
            self.write(f"{stage}-{step.name}", text)
        self.last = text

    def kernels(self, kernels: Iterable[Any]) -> None:
        """Write the text of each kernel after each step to a folder `kernels`."""
        if self.directory is None:
            return
        for kernel in kernels:
            folder = self.directory / "kernels"
            folder.mkdir(exist_ok=True)
            for suffix, text in kernel.steps().items():
                (folder / f"{kernel.name}-{suffix}").write_text(text)

    def write(self, name: str, text: str) -> Path:
        assert self.directory is not None
        path = self.directory / f"{self.count:02}-{name}.mlir"
        write_file(path, text)
        self.count += 1
        return path

    def failed(self, error: PassError) -> PassError:
        """Write the IR on which a pass failed, and return the error with the command that runs the pass on it again."""
        folder = self.directory or Path(tempfile.mkdtemp(prefix="mlgraph-"))
        path = folder / "failed.mlir"
        path.write_text(error.ir)
        spec = f" -p '{error.pass_spec}'" if error.pass_spec else ""
        told = PassError(error.what, where=error.where, why=error.why, fix=f"rerun it with: mlgraph-opt {path}{spec}")
        told.stage, told.pass_spec, told.ir = error.stage, error.pass_spec, error.ir
        return told
