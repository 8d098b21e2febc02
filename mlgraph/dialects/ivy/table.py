"""The table of the ivy dialect."""

from mlgraph.dialects.table import Table

IVY = Table("ivy")
op = IVY.op
composite = IVY.composite
