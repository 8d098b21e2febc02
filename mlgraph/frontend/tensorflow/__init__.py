"""tensorflow → ivy: `tf.function` traces, rules import each operation of the graph."""

from mlgraph.frontend.tensorflow.capture import capture

__all__ = ["capture"]
