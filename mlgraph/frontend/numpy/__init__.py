"""The numpy frontend has a tracer of its own, since numpy has none.

`capture` runs the function once on arrays that record what is done to them (`array`), over sizes that record arithmetic
(`sizes`) and a numpy that dispatches on both (`dispatch`, `rebinding`).
"""

from mlgraph.frontend.numpy.capture import capture

__all__ = ["capture"]
