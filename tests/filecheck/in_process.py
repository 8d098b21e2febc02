# pyright: basic
"""A format of lit that runs the tools in lit's own process, since starting Python takes longer than most tests."""

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import filecheck.main
import lit.Test
from lit.formats import ShTest
from lit.TestRunner import kPdbgRegex, parseIntegratedTestScript

import mlgraph.opt

TOOLS = {
    "mlgraph-opt": lambda arguments: mlgraph.opt.main(arguments),
    "filecheck": lambda arguments: filecheck.main.main(["filecheck", *arguments]),
}
SYNTAX = re.compile(r"[<>;&$`]")
"""Characters outside quotes that only a shell understands."""


class InProcess(ShTest):
    """Tests whose `RUN` lines are pipelines of `TOOLS`. Those that ask more of a shell are left to lit's."""

    def execute(self, test, litConfig):
        commands = parseIntegratedTestScript(test)
        if isinstance(commands, lit.Test.Result):
            return commands
        lines = [
            re.fullmatch(kPdbgRegex, command.command)[2].replace("%s", test.getSourcePath()) for command in commands
        ]
        if not all(map(is_pipeline, lines)):
            return super().execute(test, litConfig)
        for line in lines:
            if errors := run(shlex.split(line)):
                return lit.Test.Result(lit.Test.FAIL, f"{line}\n{errors}")
        return lit.Test.Result(lit.Test.PASS)


def is_pipeline(line: str) -> bool:
    """Return whether a line is a pipeline of `TOOLS` and nothing else."""
    calls = " ".join(shlex.split(line)).split(" | ")
    return not SYNTAX.search(re.sub("'.*?'", "", line)) and all(call.split()[0] in TOOLS for call in calls)


def run(words: list[str]) -> str:
    """Run a pipeline, and return what its tools wrote to stderr if one of them failed, else nothing."""
    text, failed, errors = "", False, ""
    while words:
        end = words.index("|") if "|" in words else len(words)
        status, text, error = call(words[:end], text)
        failed, errors, words = failed or status != 0, errors + error, words[end + 1 :]
    return (errors or "a tool failed without a message") if failed else ""


def call(words: list[str], text: str) -> tuple[int, str, str]:
    """Run one tool on `text` as its stdin, and return its exit status, stdout and stderr."""
    output, errors, stdin = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    with redirect_stdout(output), redirect_stderr(errors), patch("sys.stdin", stdin):
        try:
            status = TOOLS[words[0]](words[1:])
        except SystemExit as exit:
            status = exit.code
    return int(status or 0), output.getvalue(), errors.getvalue()
