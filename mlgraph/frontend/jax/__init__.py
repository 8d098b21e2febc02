"""The frontend of jax: `jax.make_jaxpr` over symbolic sizes, and rules from primitives to ivy ops."""

from mlgraph.frontend.jax.capture import capture

__all__ = ["capture"]
