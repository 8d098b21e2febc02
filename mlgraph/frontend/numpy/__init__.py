"""The numpy frontend: a tracer of our own, since numpy has none.

`capture` runs the function once on arrays that record what is done to them (`array`), over sizes that record arithmetic
(`sizes`) and a numpy that knows both (`dispatch`, `transplant`).
"""

from mlgraph.frontend.numpy.capture import capture

__all__ = ["capture"]
