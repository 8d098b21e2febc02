# pyright: basic
"""Which numpy functions take a list of axes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy_cases import check, draw, traced

pytestmark = pytest.mark.quick

LISTS_REFUSED: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "var": np.var, "std": np.std, "max": np.max, "all": np.all,
    "nansum": np.nansum, "nanmean": np.nanmean, "add.reduce": np.add.reduce, "squeeze": np.squeeze,
}  # fmt: skip
LISTS_TAKEN: dict[str, Callable[..., Any]] = {
    "median": np.median, "nanmedian": np.nanmedian, "average": np.average, "transpose": np.transpose, "flip": np.flip,
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS_REFUSED)
def test_a_list_of_axes_is_refused_where_numpy_refuses_it(name: str):
    def function(x: Any) -> Any:
        return LISTS_REFUSED[name](x + 1, [0, 1])

    x = np.ones((1, 1))
    with pytest.raises(TypeError, match="list"):
        function(x)
    with pytest.raises(TypeError, match="list"):
        traced(function, x)


@pytest.mark.parametrize("name", LISTS_TAKEN)
def test_a_list_of_axes_is_taken_where_numpy_takes_it(name: str):
    check(lambda x: LISTS_TAKEN[name](x + 1, [0, 1]), draw(0, (3, 4)), draw(1, (2, 5)))
