"""The documentation says what the code does: quoted lines exist, generated parts are up to date, examples run."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
PATH = re.compile(r"`([\w./]+\.(?:py|mlir))`")


def quotations() -> list[tuple[str, str]]:
    """Each code block of CONTRIBUTING.md, and the file that was named last before it."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    found: list[tuple[str, str]] = []
    for match in FENCE.finditer(text):
        prose = FENCE.sub("", text[: match.start()])
        found.append((PATH.findall(prose)[-1], match[2]))
    return found


@pytest.mark.parametrize(("path", "code"), quotations())
def test_quoted_code_is_in_its_file(path, code):
    assert code in (ROOT / path).read_text()


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_exist(page):
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    for path in re.findall(r"`((?:mlgraph|tests|examples|docs|benchmarks)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path


def test_generated_parts_are_up_to_date():
    files = runpy.run_path(str(ROOT / "docs" / "generate.py"))["files"]()
    stale = [path.name for path, text in files.items() if path.read_text() != text]
    assert not stale, "out of date: run `make docs`"


@pytest.mark.slow  # `test_quickstart` types the same lines
def test_the_quickstart_runs(tmp_path, monkeypatch):
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    code = next(match[2] for match in FENCE.finditer((ROOT / "README.md").read_text()) if match[1] == "python")
    (tmp_path / "quickstart.py").write_text(code)
    run = subprocess.run([sys.executable, "quickstart.py"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "captured anew" not in run.stderr
    assert "<svg" in (tmp_path / "build" / "graph.html").read_text()
