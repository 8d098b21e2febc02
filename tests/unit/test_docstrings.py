"""Docstrings are sentences: none begins with a clause without a verb, and those of functions begin with one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mlgraph

pytestmark = pytest.mark.quick

ROOT = Path(mlgraph.__file__).parent
HEADLESS = frozenset("How What When Where Whether Which Who Whom Whose Why".split())
"""First words of clauses that are no sentence."""
VERBS = frozenset(
    """
    Add Adopt Allocate Analyze Answer Append Apply Assign Attach Broadcast Build Call Cancel Capture Cast Change
    Check Choose Clamp Clone Collect Combine Compare Compile Compute Continue Convert Copy Correct Count Create Cut
    Decide Declare Decompose Derive Describe Divide Do Draw Drop Emit End Erase Estimate Evaluate Expand Extend Fold
    Follow Forget Free Get Give Have Hide Import Inline Insert Join Keep Launch Leave Let Load Look Lower Make Mark
    Merge Move Narrow Note Number Open Pad Parse Pick Place Print Put Raise Read Record Reduce Refine Refuse
    Register Remove Reorder Replace Report Require Reset Reshape Resolve Restore Return Reverse Rewrite Round Run
    Seed Set Shape Share Sort Spell Split Spread Start Stop Store Substitute Take Trace Transform Translate Turn
    Undo Unpack Update Use Verify Wait Warn Wrap Write Yield
    """.split()
)
"""First words of what a function does."""
RULES = frozenset(("op", "composite", "rule", "expands", "gradient_of", "replaces", "implements", "method"))
"""Decorators of functions in rule tables, whose docstrings say what an operation is."""


class Docstring(NamedTuple):
    """A docstring, or the text under a constant or a field."""

    place: str
    text: str
    owner: ast.AST
    public: bool

    @property
    def area(self) -> str:
        """The folder of the file, "" for a module beside the folders."""
        folder, _, file = self.place.partition("/")
        return folder if file else ""

    @property
    def word(self) -> str:
        """The first word, "" where it is code."""
        found = re.match(r"[A-Za-z']+", self.text)
        return found[0] if found else ""


def docstrings(file: Path) -> Iterator[Docstring]:
    """Yield all docstrings of a file."""
    name = file.relative_to(ROOT).as_posix()

    def below(node: ast.AST, public: bool) -> Iterator[Docstring]:
        for owner, text in texts_in(node):
            yield Docstring(f"{name}:{text.lineno}", ast.literal_eval(text).strip(), owner, public)
        for child in ast.iter_child_nodes(node):
            hidden = (getattr(child, "name", None) or "").startswith("_")
            inside = isinstance(node, ast.FunctionDef)
            yield from below(child, public and not hidden and not inside)

    yield from below(ast.parse(file.read_text()), True)


def texts_in(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr]]:
    """Yield what the text in a body is about, and the text."""
    body = getattr(node, "body", None)
    for i, statement in enumerate(body if isinstance(body, list) else ()):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            if isinstance(statement.value.value, str):
                yield node if i == 0 else body[i - 1], statement.value


def decorators(node: ast.AST) -> set[str]:
    """Return the names of the decorators of a definition."""
    called = [d.func if isinstance(d, ast.Call) else d for d in getattr(node, "decorator_list", ())]
    return {ast.unparse(d).rpartition(".")[2] for d in called}


def is_rule(docstring: Docstring) -> bool:
    """Return whether a docstring is that of a rule, or of a helper beside the rules of a frontend."""
    beside = re.match(r"frontend/\w+/rules/", docstring.place) and isinstance(docstring.owner, ast.FunctionDef)
    return bool(beside or decorators(docstring.owner) & RULES)


ALL = [docstring for file in sorted(ROOT.rglob("*.py")) for docstring in docstrings(file)]


def shown(found: list[Docstring]) -> str:
    """Return a line for each docstring."""
    return "\n".join(f"{d.place} {d.text.splitlines()[0]}" for d in found)


def test_docstrings_are_no_headless_clauses() -> None:
    headless = [d for d in ALL if (d.word in HEADLESS or d.text.startswith("The same")) and not is_rule(d)]
    assert not headless, f"begin with a noun or a verb:\n{shown(headless)}"


def test_functions_say_what_they_do() -> None:
    functions = [d for d in ALL if isinstance(d.owner, ast.FunctionDef) and d.public and not is_rule(d)]
    functions = [d for d in functions if not decorators(d.owner) & {"property", "cached_property"}]
    wrong = [d for d in functions if d.word not in VERBS]
    assert not wrong, f"begin with a verb:\n{shown(wrong)}"
