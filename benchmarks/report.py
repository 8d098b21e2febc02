"""The parts that benchmarks share: timing in turns, a description of the machine, and tables on screen and on disk."""

import os
import platform
import sys
import timeit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("torch", "jax", "tensorflow-cpu", "numpy", "xdsl")


def microseconds(
    calls: Mapping[str, Callable[[], object]], seconds: float = 5e-4, rounds: int = 800
) -> dict[str, float]:
    """Return the least time of a call of each candidate. They run in short turns, so that load affects all alike."""
    numbers: dict[str, int] = {}
    for name, call in calls.items():
        call()
        number, taken = timeit.Timer(call).autorange()
        numbers[name] = max(1, round(number * seconds / taken))
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            found[name] = min(found[name], timeit.timeit(call, number=numbers[name]) / numbers[name])
    return {name: 1e6 * taken for name, taken in found.items()}


@dataclass
class Report:
    """Tables, each under a title, and the bounds that they are held to."""

    name: str
    about: str
    parts: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    console: Console = field(default_factory=Console)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
        """Show a table; its first column is text, the others are numbers."""
        shown = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
        for i, column in enumerate(columns):
            shown.add_column(column, justify="right" if i else "left")
        for row in rows:
            shown.add_row(*row)
        self.console.print(shown)
        rule = "|".join(["---", *["---:"] * (len(columns) - 1)])
        lines = [f"## {title}", "", *(f"| {' | '.join(row)} |" for row in [columns]), f"|{rule}|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        self.parts.append("\n".join([*lines, *(["", note] if note else [])]))

    def bound(self, what: str, value: float, limit: float, unit: str) -> None:
        """Report whether `value` is within `limit`."""
        self._judge(value <= limit, what, f"{value:.2f}{unit}, bound {limit:g}{unit}")

    def at_least(self, what: str, value: float, limit: float, unit: str) -> None:
        """Report whether `value` reaches `limit`."""
        self._judge(value >= limit, what, f"{value:.2f}{unit}, at least {limit:g}{unit} wanted")

    def _judge(self, held: bool, what: str, numbers: str) -> None:
        text = f"{what}: {numbers}: {'held' if held else 'MISSED'}"
        self.console.print(text, style="green" if held else "bold red")
        self.parts.append(f"- {text}")
        if not held:
            self.missed.append(what)

    def finish(self) -> int:
        """Write `results/NAME.md`, and return the exit status."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}.md"
        path.write_text("\n\n".join([f"# {self.name}", self.about, machine(), *self.parts]) + "\n")
        self.console.print(f"written to {os.path.relpath(path)}")
        return 1 if self.missed else 0


def machine() -> str:
    """Return a general description of the machine."""
    there = {distribution.name for distribution in distributions()}
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES if package in there)
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, {python}, {versions}."
