"""`mlgraph-opt`: passes and targets on IR text, as `compile` runs them in memory."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from xdsl.xdsl_opt_main import xDSLOptMain

EXAMPLES = """\
examples:
  mlgraph-opt file.mlir                                      parse, verify and print
  mlgraph-opt file.mlir -p 'canonicalize,cse,fold-constants'
  mlgraph-opt file.mlir -p 'lower-generator{to=jax},lower-constant{to=jax},lower-ivy{to=jax},cse,dce'
  mlgraph-opt file.mlir -p 'lower-ivy{to=torch}' -t 'python{to=torch}'
  cat file.mlir | mlgraph-opt --print-debuginfo              keep the lines of the user's code

MLGRAPH_TRACEBACK=full shows where in mlgraph an error came up.
"""


class OptMain(xDSLOptMain):
    """xDSL's tool, with examples in its help. Dialects, passes and targets come from `mlgraph.universe`."""

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.formatter_class = RawDescriptionHelpFormatter
        arg_parser.epilog = EXAMPLES


def main(args: Sequence[str] | None = None) -> int:
    """Run the tool; what is wrong with the IR is told in words, with exit status 1."""
    try:
        OptMain("Run passes of mlgraph and xDSL on IR text.", args).run()
    except Exception as error:
        if os.environ.get("MLGRAPH_TRACEBACK") == "full":
            raise
        notes = "\n".join(getattr(error, "__notes__", ()))
        print(f"mlgraph-opt: {error}", notes, sep="\n" if notes else "", file=sys.stderr)
        return 1
    return 0
