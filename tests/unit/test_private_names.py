"""The internals of a framework are reached through the `_private.py` of its frontend alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlgraph

pytestmark = pytest.mark.quick

ROOT = Path(mlgraph.__file__).parent / "frontend"
FILES = [file for file in sorted(ROOT.rglob("*.py")) if file.name != "_private.py"]
LIBRARIES = {
    "torch": "torch",
    "jax": "jax",
    "jnp": "jax.numpy",
    "lax": "jax.lax",
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
}
"""The names by which modules call the frameworks."""


def is_private(name: str) -> bool:
    """Return whether a dotted name of a framework passes a module or attribute that it does not promise."""
    library, *rest = name.split(".")
    private = any(part.startswith("_") and not part.startswith("__") for part in rest)
    return library in LIBRARIES.values() and (private or name.startswith("tensorflow.python"))


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what a module imports or reads of a framework, as dotted names with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Attribute):
            library, dot, rest = ast.unparse(node).partition(".")
            if library in LIBRARIES:
                yield f"{LIBRARIES[library]}{dot}{rest}", node.lineno


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_internals_are_reached_by_one_door(file: Path) -> None:
    found = [f"line {line}: {name}" for name, line in names(ast.parse(file.read_text())) if is_private(name)]
    assert not found


@pytest.mark.parametrize("name", ["torch", "jax", "tensorflow"])
def test_a_door_says_which_version_it_was_checked_against(name: str) -> None:
    text = (ROOT / name / "_private.py").read_text()
    assert f"Checked against {name} " in (ast.get_docstring(ast.parse(text)) or "")
