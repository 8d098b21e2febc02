"""Translation of a tracer's errors into mlgraph's own, at the user's line."""

from collections.abc import Callable
from typing import NoReturn


def raise_translated(error: Exception, translate: Callable[[Exception], Exception]) -> NoReturn:
    """Raise what `translate` makes of an error of tracing; an error of the user's own code comes out as it is."""
    found = translate(error)
    if found is error:
        raise error
    raise found from error
