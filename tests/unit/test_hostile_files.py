# pyright: basic
"""Thousands of files that are nearly saved graphs: each is refused with an error of mlgraph's, or its graph runs."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "hostile_files.py"


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_files_that_were_changed(count, tmp_path):
    """In a process of its own, which may take no more than a gigabyte of memory."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), str(count), "0", str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    counts = Counter()
    for number, kind, what in re.findall(r"(\d+) (\w+): (.*)", done.stdout):
        counts[kind, what] += int(number)
    assert sum(counts.values()) == count
    for kind in ("bytes", "archive", "about", "header", "text"):
        assert counts[kind, "refused"] > 100
    assert counts["bytes", "right"] > 0
    for kind in ("about", "header", "text"):
        assert counts[kind, "ran"] > 20
