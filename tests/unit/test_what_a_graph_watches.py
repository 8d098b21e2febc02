# pyright: basic
"""The page on what a graph watches says what holds: each of its blocks runs."""

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.quick

PAGE = Path(__file__).parents[2] / "docs" / "what_a_graph_watches.md"
SECTIONS = PAGE.read_text().split("\n## ")


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("section", SECTIONS[1:], ids=lambda text: text.partition("\n")[0])
def test_every_block_of_a_section_runs(section: str, tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate([*blocks(SECTIONS[0]), *blocks(section)]):
        path = tmp_path / f"block{number}.py"
        path.write_text(block)
        exec(compile(block, str(path), "exec"), names)
