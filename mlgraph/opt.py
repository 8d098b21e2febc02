"""`mlgraph-opt`: passes and targets on IR text, as `compile` runs them in memory."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib.metadata import version
from typing import IO, ClassVar, NoReturn

from xdsl.utils.arg_spec import parse_pipeline, parse_spec
from xdsl.utils.exceptions import ArgSpecParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from mlgraph.errors import advice
from mlgraph.universe import TARGETS

EXAMPLES = """\
examples:
  mlgraph-opt file.mlir                                      parse, verify and print
  mlgraph-opt file.mlir -p 'canonicalize,cse,fold-constants'
  mlgraph-opt file.mlir -p 'lower-generator{to=jax},lower-constant{to=jax},lower-ivy{to=jax},cse,dce'
  mlgraph-opt file.mlir -p 'lower-ivy{to=torch}' -t 'python{to=torch}'
  cat file.mlir | mlgraph-opt --print-debuginfo              keep the lines of the user's code

MLGRAPH_TRACEBACK=full shows where in mlgraph an error came up.
"""


class Slip(Exception):
    """A mistake in the command: a file, a pass, a target or one of their options."""


class OptMain(xDSLOptMain):
    """xDSL's tool, with examples in its help. Dialects, passes and targets come from `mlgraph.universe`."""

    version_format: ClassVar[str] = f"mlgraph-opt of mlgraph {version('mlgraph')}, with xdsl {{xdsl_version}}"

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.prog = "mlgraph-opt"
        arg_parser.formatter_class = RawDescriptionHelpFormatter
        arg_parser.epilog = EXAMPLES
        arg_parser.error = _refuse

    def setup_pipeline(self) -> None:
        """Build the passes that `-p` names and check the options of the target. Raise `Slip` for an unknown pass."""
        for spec in parse_pipeline(self.args.passes):
            if spec.name not in self.available_passes:
                raise Slip(f"there is no pass {spec.name!r} {advice(spec.name, self.available_passes)}".rstrip())
        super().setup_pipeline()
        target = parse_spec(self.args.target)
        if target.name in TARGETS:
            TARGETS[target.name]().from_spec(target)

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """Open the input; raise `Slip` for a file that cannot be read."""
        try:
            self.inputs, extension = super().prepare_input()
        except (OSError, ValueError) as error:
            raise Slip(str(error)) from error
        return self.inputs, extension

    def prepare_output(self) -> IO[str]:
        """Open the output; raise `Slip` for a file that cannot be written."""
        try:
            return super().prepare_output()
        except OSError as error:
            for file, _ in self.inputs:
                file.close()
            raise Slip(str(error)) from error


def _refuse(message: str) -> NoReturn:
    """Raise `Slip` for a wrong argument, so that it is reported in one line as any other slip."""
    raise Slip(f"{message}; see mlgraph-opt --help")


def main(args: Sequence[str] | None = None) -> int:
    """Run the tool and return the exit status: 1 for an error in the IR, 2 for a mistake in the command."""
    try:
        tool = OptMain("Run passes of mlgraph and xDSL on IR text.", args)
    except (Exception, ArgSpecParseError) as error:  # which is no Exception
        return _fail(Slip(error), error)
    try:
        tool.run()
    except Exception as error:
        return _fail(error, error)
    return 0


def _fail(told: Exception, error: BaseException) -> int:
    """Print the message of an error and return the exit status."""
    if os.environ.get("MLGRAPH_TRACEBACK") == "full":
        raise error
    slip = isinstance(told, Slip)
    notes = "\n".join(getattr(told, "__notes__", ()))
    text = " ".join(str(told).split()) if slip else "\n".join(filter(None, [str(told), notes]))
    print(f"mlgraph-opt: {text}", file=sys.stderr)
    return 2 if slip else 1
