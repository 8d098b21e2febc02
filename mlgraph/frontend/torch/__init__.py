"""torch → ivy: `torch.export` traces, a flat table raises each ATen op."""

from mlgraph.frontend.torch.capture import capture

__all__ = ["capture"]
