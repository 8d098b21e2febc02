"""Pictures of a graph's dataflow, and pages with every stage of its IR and its source."""

from mlgraph.tools.show.page import html, write
from mlgraph.tools.show.picture import svg

__all__ = ["html", "svg", "write"]
