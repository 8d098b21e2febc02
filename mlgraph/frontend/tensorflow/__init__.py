"""tensorflow → ivy: `tf.function` traces, a flat table raises each operation of the graph."""

from mlgraph.frontend.tensorflow.capture import capture

__all__ = ["capture"]
