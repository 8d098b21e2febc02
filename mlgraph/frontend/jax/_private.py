"""The one door to the internals of jax: its private modules, and names of them that it does not promise.

Checked against jax 0.10. Beside these the frontend reads `dtype._impl`, the implementation of a type of random keys,
`size_access_hooks.py` patches members of `DimExpr` and `Tracer.aval` during a capture, and `path_reads.py` the methods
of `ArrayImpl` and `Tracer` by which Python reads elements.
"""

from collections.abc import Iterable
from typing import Any

from jax._src.array import ArrayImpl
from jax._src.core import Tracer
from jax._src.effects import Effect, control_flow_allowed_effects
from jax._src.export.shape_poly import _DimExpr as DimExpr  # pyright: ignore[reportPrivateUsage]
from jax._src.lax.lax import _convert_element_type  # pyright: ignore[reportPrivateUsage, reportUnknownVariableType]
from jax._src.source_info_util import user_frames  # pyright: ignore[reportUnknownVariableType]

__all__ = ["ArrayImpl", "DimExpr", "Effect", "Tracer", "allow_effect", "convert_element_type", "frames_of"]


def allow_effect(effect: type[Effect]) -> None:
    """Let control flow hold operations with an effect."""
    control_flow_allowed_effects.add_type(effect)


def frames_of(eqn: Any) -> Iterable[Any]:
    """Return the frames outside of jax that an equation comes from, the innermost first."""
    return user_frames(eqn.source_info.traceback)


def convert_element_type(array: Any, dtype: Any, weak_type: bool) -> Any:
    """Return an array in another type, which gives way to others as that of a Python number does if it is weak."""
    convert: Any = _convert_element_type
    return convert(array, dtype, weak_type=weak_type)
