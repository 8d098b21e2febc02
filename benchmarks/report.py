"""The parts that benchmarks share: timing in turns, a description of the machine, and tables on screen and on disk."""

import os
import platform
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
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


def spreads(
    calls: Mapping[str, Callable[[], object]], seconds: float = 0.5, least: int = 10
) -> dict[str, tuple[float, float]]:
    """Return the median and the 95th percentile of the time of a call of each candidate, in microseconds.

    Each is called for so many seconds, and at least so often.
    """
    found: dict[str, tuple[float, float]] = {}
    for name, call in calls.items():
        call()
        taken: list[float] = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(taken) < least:
            started = time.perf_counter()
            call()
            taken.append(1e6 * (time.perf_counter() - started))
        found[name] = (statistics.median(taken), statistics.quantiles(taken, n=20)[-1])
    return found


@contextmanager
def busy(count: int) -> Generator[None]:
    """Run this many other processes that keep a processor busy."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    time.sleep(0.5 if count else 0)
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


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
