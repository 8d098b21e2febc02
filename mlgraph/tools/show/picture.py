"""The dataflow of a function as an SVG picture: one box for each operation, colored by its family."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from xdsl.dialects.builtin import ModuleOp

from mlgraph.tools.show.layout import Box, Layout, Point, lay_out
from mlgraph.tools.show.nodes import FAMILIES, NodeLabel, read

COLORS: dict[str, str] = {
    "elementwise": "#4c8dff",
    "reduction": "#e8912d",
    "linalg": "#9b6bff",
    "nn": "#ec5f8a",
    "manipulation": "#16a5a5",
    "indexing": "#2fa868",
    "sorting": "#c9a400",
    "creation": "#7d9b3c",
    "other": "#8a8f98",
}
"""A color for each of `FAMILIES`, legible on light and on dark pages."""

PADDING = 12.0
LINE = 16.0
MARGIN = 16.0
LEGEND = 26.0
CHARACTER = {"name": 7.6, "detail": 6.3, "type": 6.7}
"""The approximate width of a character in each kind of line, in pixels."""

STYLE = """
.mlg text { font: 12px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a }
.mlg .name, .mlg .detail, .mlg .type { text-anchor: middle }
.mlg .name { font-size: 13px; font-weight: 600; fill: #1f2328 }
.mlg .type { font: 11px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace }
.mlg .box { stroke-width: 1.4; fill-opacity: .13 }
.mlg .end { fill: none; stroke: #8a8f98; stroke-width: 1.4; stroke-dasharray: 4 3 }
.mlg .edge { fill: none; stroke: #8a8f98; stroke-width: 1.3; stroke-opacity: .8 }
.mlg .tip { fill: #8a8f98 }
@media (prefers-color-scheme: dark) {
  .mlg text { fill: #9aa4b0 }
  .mlg .name { fill: #e8edf2 }
  .mlg .box { fill-opacity: .22 }
}
"""


def svg(module: ModuleOp) -> str:
    """Return a self-contained picture of `@main`; its colors suit light and dark pages."""
    nodes, edges = read(module)
    boxes = [_box(node) for node in nodes]
    layout = lay_out(boxes, edges)
    legend, legend_width = _legend(nodes)
    width = max(layout.width, legend_width) + 2 * MARGIN
    height = layout.height + 2 * MARGIN + (LEGEND if legend else 0)
    extent = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mlg" {extent}>',
        f"<style>{STYLE}</style>",
        f'<g transform="translate({(width - layout.width) / 2:.1f} {MARGIN})">',
        *_edges(layout),
        *(_label(node, box) for node, box in zip(nodes, boxes, strict=True)),
        "</g>",
        f'<g transform="translate({(width - legend_width) / 2:.1f} {height - MARGIN})">{legend}</g>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(node: NodeLabel) -> Box:
    width = max(CHARACTER[kind] * len(text) for kind, text in node.lines)
    return Box(width + 2 * PADDING, len(node.lines) * LINE + PADDING)


def _label(node: NodeLabel, box: Box) -> str:
    place = f'x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    if node.family:
        shape = f'<rect class="box" {place} rx="7" {_paint(node.family)}/>'
    else:
        shape = f'<rect class="end" {place} rx="{box.height / 2:.1f}"/>'
    texts = [
        f'<text class="{kind}" x="{box.x:.1f}" y="{box.y + PADDING / 2 + LINE * (i + 0.75):.1f}">{escape(text)}</text>'
        for i, (kind, text) in enumerate(node.lines)
    ]
    return f"<g><title>{escape(node.tooltip)}</title>{shape}{''.join(texts)}</g>"


def _paint(family: str) -> str:
    return f'fill="{COLORS[family]}" stroke="{COLORS[family]}"'


def _edges(layout: Layout) -> Iterator[str]:
    for path in layout.paths:
        x, y = path[-1]
        yield f'<path class="edge" d="{_curve(path)}"/>'
        yield f'<path class="tip" d="M{x:.1f} {y:.1f}l-3.5 -7h7z"/>'


def _curve(points: Sequence[Point]) -> str:
    """Return the SVG path of a line that leaves and enters every layer vertically."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        bend = f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} " if abs(x0 - x1) > 0.5 else "L"
        parts.append(f"{bend}{x1:.1f} {y1:.1f}")
    return "".join(parts)


def _legend(nodes: Sequence[NodeLabel]) -> tuple[str, float]:
    """Return the legend of the families that occur, and its width."""
    parts: list[str] = []
    x = 0.0
    for family in (f for f in FAMILIES if any(node.family == f for node in nodes)):
        parts.append(f'<rect class="box" x="{x:.1f}" y="-10" width="11" height="11" rx="3" {_paint(family)}/>')
        parts.append(f'<text x="{x + 16:.1f}" y="0">{family}</text>')
        x += 36 + CHARACTER["detail"] * len(family)
    return "".join(parts), max(x - 20, 0.0)
