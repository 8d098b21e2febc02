"""The modules of the numpy frontend are layers: none is imported late, inside a function, to break a circle."""

import ast
from pathlib import Path

import pytest

import mlgraph.frontend.numpy

pytestmark = pytest.mark.quick

ROOT = Path(mlgraph.frontend.numpy.__file__).parent


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_its_own_package_at_its_top(path: Path):
    functions = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    imports = [n for function in functions for n in ast.walk(function) if isinstance(n, ast.ImportFrom)]
    assert not [n.module for n in imports if (n.module or "").startswith("mlgraph.frontend")]
