"""The frontend of jax: `jax.make_jaxpr` over symbolic sizes, and a table from primitives to ivy rows."""

from mlgraph.frontend.jax.capture import capture

__all__ = ["capture"]
