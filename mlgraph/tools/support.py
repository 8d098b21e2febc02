"""The operations that each target supports, from the op table: counts by family, and the full list as Markdown."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from mlgraph.dialects.ivy import IVY
from mlgraph.dialects.table import Op
from mlgraph.frameworks import get, names
from mlgraph.tools.show.nodes import FAMILIES, family_of_module
from mlgraph.transforms.lower_ivy.rules import rules_of


def holes() -> dict[tuple[str, str], Mapping[str, str]]:
    """Return the rows that a backend cannot run, with the reason, by backend and element type ("" for all types)."""
    return {(f.name, dtype): rows for f in map(get, names()) for dtype, rows in f.missing_rows.items()}


@dataclass(frozen=True)
class Support:
    """The way in which each target runs one operation: a "rule", its "template", its "body", or "" for none."""

    row: Op[..., Any]
    family: str
    ways: dict[str, str]


def support() -> list[Support]:
    """Return every row of the op table, family by family."""
    rows = [Support(row, family_of_module(row.function.__module__), _ways(row)) for row in IVY.rows.values()]
    return sorted(rows, key=lambda row: FAMILIES.index(row.family))


def _ways(row: Op[..., Any]) -> dict[str, str]:
    def way(target: str) -> str:
        if row in rules_of(target):
            return "rule"
        has_template = target in row.templates or row.name.rpartition(".")[2] in get(target).templates
        return "template" if has_template else "body" if row.composite else ""

    return {target: way(target) for target in names()}


def counts() -> Iterator[tuple[str, int, dict[str, int]]]:
    """Yield each family, its number of rows, and the number that each target runs; "all" comes last."""
    rows = support()
    total = Counter(row.family for row in rows)
    for family in (*(family for family in FAMILIES if total[family]), "all"):
        chosen = [row for row in rows if family in (row.family, "all")]
        yield family, len(chosen), {target: sum(bool(row.ways[target]) for row in chosen) for target in names()}


def table() -> Table:
    """Return the counts as a table for a terminal."""
    shown = Table(title="Operations by family, and how many of them each target runs", title_justify="left")
    shown.add_column("family")
    for name in ("operations", *names()):
        shown.add_column(name, justify="right")
    for family, total, found in counts():
        style = "bold" if family == "all" else ""
        shown.add_row(family, str(total), *(str(found[target]) for target in names()), style=style)
    return shown


def markdown_counts() -> str:
    """Return the counts as a Markdown table in which each family links to its list."""
    lines = [f"| family | operations | {' | '.join(names())} |", f"|---|---:{'|---:' * len(names())}|"]
    for family, total, found in counts():
        name = "**all**" if family == "all" else f"[{family}](docs/support.md#{family})"
        lines.append(f"| {name} | {total} | {' | '.join(str(found[target]) for target in names())} |")
    return "\n".join(lines)


def markdown_list() -> str:
    """Return every operation, with its meaning and the way in which each target runs it, as Markdown."""
    parts: list[str] = []
    family = ""
    for row in support():
        if row.family != family:
            family = row.family
            parts += ["", f"## {family}", "", f"| operation | {' | '.join(names())} |", f"|---{'|---' * len(names())}|"]
        summary = " ".join((row.row.__doc__ or "").partition("\n\n")[0].split()).replace("|", "\\|")
        ways = " | ".join(row.ways[target] or "-" for target in names())
        parts.append(f"| `{row.row.name}` {summary} | {ways} |")
    return "\n".join(parts).strip()


def markdown_holes() -> str:
    """Return the operations that a target does not run, with the reason, as Markdown."""
    lines = ["## What is missing, and why", "", "| target | element type | operations | reason |", "|---|---|---|---|"]
    for (target, dtype), rows in holes().items():
        for why in dict.fromkeys(rows.values()):
            names = ", ".join(f"`ivy.{name}`" for name, reason in rows.items() if reason == why)
            lines.append(f"| {target} | {dtype or 'any'} | {names} | {why} |")
    return "\n".join(lines)
