"""The first five minutes: what the README says to type works in an empty folder."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import mlgraph

README = Path(__file__).parents[2] / "README.md"


def quickstart():
    """The lines of the code block under `Quickstart`."""
    section = README.read_text().partition("## Quickstart")[2]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]


def test_the_quickstart_can_be_typed_in_an_empty_folder(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    typed = subprocess.run(
        [sys.executable, "-i", "-q"],
        input=quickstart(),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONSTARTUP": ""},
        timeout=300,
    )
    assert typed.returncode == 0
    assert "Error" not in typed.stderr, typed.stderr
    assert "captured anew" not in typed.stderr
    for shown in ("(8, 4)", "ivy.linear", "import jax.numpy as jnp"):
        assert shown in typed.stdout
    assert [path.name for path in folder.iterdir()] == ["build"]
    assert "<svg" in (folder / "build" / "graph.html").read_text()


def test_version():
    assert mlgraph.__version__ == version("mlgraph")
    assert "__version__" in dir(mlgraph)
