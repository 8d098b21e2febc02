"""What a graph shows: a picture of its dataflow, and a page with every stage of its IR and its source."""

from mlgraph.show.page import html, write
from mlgraph.show.picture import svg

__all__ = ["html", "svg", "write"]
