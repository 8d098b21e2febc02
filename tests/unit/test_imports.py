# pyright: basic
"""Who may import whom, and what `import mlgraph` loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlgraph

pytestmark = pytest.mark.quick

ROOT = Path(mlgraph.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
FRAMEWORKS = {"torch", "jax", "tensorflow", "triton", "llvmlite", "scipy", "flax", "keras", "transformers", "ivy"}
MAY_IMPORT = {
    "dialects": {"dialects", "frameworks"},
    "frontend": {"frontend", "dialects", "errors", "frameworks"},
    "analysis": {"analysis", "dialects", "frameworks"},
    "transforms": {"transforms", "analysis", "dialects", "errors", "frameworks"},
    "targets": {"targets", "dialects", "errors", "frameworks"},
    "frameworks": {"frameworks", "errors"},
    "graph": {"graph", "dialects", "errors", "frameworks", "frontend", "targets", "tools", "serialize"},
    "capture": {"graph", "errors", "frameworks", "frontend", "options"},
    "options": {"arguments", "frameworks"},
    "errors": set[str](),
}
"""The parts of mlgraph that a part may import; every other part may import all."""


def layer_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def module_of(file: Path) -> str:
    return ".".join(("mlgraph", *file.relative_to(ROOT).with_suffix("").parts))


def imports(node: ast.AST, at_import: bool = False) -> Iterator[tuple[str, int]]:
    """The modules that `node` imports, with their lines; with `at_import` only what the import itself runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: a relative import"
            yield str(child.module), child.lineno
            yield from ((f"{child.module}.{alias.name}", child.lineno) for alias in child.names)
        elif at_import and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif at_import and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        else:
            yield from imports(child, at_import)


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


@pytest.mark.parametrize("file", [f for f in FILES if layer_of(f) in MAY_IMPORT], ids=module_of)
def test_layers(file: Path) -> None:
    allowed = MAY_IMPORT[layer_of(file)]
    for name, line in imports(tree_of(file)):
        part = name.split(".")[1:2]
        wrong = name.split(".")[0] == "mlgraph" and part and part[0] not in allowed
        assert not wrong, f"line {line}: mlgraph.{layer_of(file)} must not import {name}"


@pytest.mark.parametrize("file", [f for f in FILES if layer_of(f) == "dialects"], ids=module_of)
def test_dialects_need_xdsl_and_numpy_only(file: Path) -> None:
    known = {"xdsl", "numpy", "ml_dtypes", "typing_extensions", "mlgraph"}
    for name, line in imports(tree_of(file)):
        package = name.split(".")[0]
        assert package in known or package in sys.stdlib_module_names, f"line {line}: {name}"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_frameworks_are_imported_late(file: Path) -> None:
    """Inside functions, or in the package of the framework's own frontend, which is itself imported late."""
    own = {part for part in file.relative_to(ROOT).parts[1:2] if layer_of(file) == "frontend"}
    for name, line in imports(tree_of(file), at_import=True):
        package = name.split(".")[0]
        assert package not in FRAMEWORKS - own, f"line {line}: {name} is imported with {module_of(file)}"


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after `statement`."""
    command = [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_import_mlgraph_loads_next_to_nothing() -> None:
    modules = loaded_by("import mlgraph")
    assert not {name.split(".")[0] for name in modules} & {"numpy", "xdsl"}


def test_compile_loads_no_framework() -> None:
    modules = loaded_by("from mlgraph import compile")
    assert "mlgraph.api" in modules
    packages = {name.split(".")[0] for name in modules}
    assert not packages & (FRAMEWORKS | {"IPython", "pandas", "matplotlib", "rich", "pytest"})
    frontends = {"mlgraph.frontend.torch", "mlgraph.frontend.jax", "mlgraph.frontend.tensorflow"}
    assert not modules & frontends


def test_frameworks_are_known_without_their_libraries() -> None:
    modules = loaded_by("from mlgraph import frameworks; frameworks.of_array(1), frameworks.of_module(1)")
    assert not {name.split(".")[0] for name in modules} & (FRAMEWORKS | {"xdsl"})


def test_the_universe_is_light() -> None:
    """`xdsl-opt` and `mlgraph-opt` start without any framework, and load a dialect when it is used."""
    modules = loaded_by("import mlgraph.universe")
    assert not {name.split(".")[0] for name in modules} & FRAMEWORKS
