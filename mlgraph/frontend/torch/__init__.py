"""torch → ivy: `torch.export` traces, rules import each ATen op."""

from mlgraph.frontend.torch.capture import capture

__all__ = ["capture"]
