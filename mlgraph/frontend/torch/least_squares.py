"""The replacement of `torch.linalg.lstsq`, whose shapes torch cannot trace."""

# pyright: basic
from typing import Any

import torch
from torch import Tensor

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.torch.function_overrides import replaces

DRIVERS = (None, "gels", "gelsy", "gelsd", "gelss")
"""Those of LAPACK; without one torch takes gelsy."""


@replaces(torch.linalg.lstsq)
def lstsq(input: Tensor, b: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """Through the singular value decomposition, as `gelss` does it.

    torch gives residuals for matrices of full rank alone: for others they are NaN here.
    """
    if driver not in DRIVERS:
        raise UnsupportedOpError(f"lstsq with driver={driver!r}", fix="one of gels, gelsy, gelsd, gelss")
    vectors = b.ndim == input.ndim - 1 and b.shape == input.shape[:-1]
    right = b.unsqueeze(-1) if vectors else b
    rows, columns = input.shape[-2:]
    limit = torch.finfo(input.dtype).eps * max(rows, columns) if rcond is None else rcond
    solution = torch.linalg.pinv(input, rtol=limit) @ right
    values = torch.linalg.svdvals(input)
    kept = values > limit * values[..., :1]
    rank = kept.sum(-1)
    residuals = values.new_empty((0,))
    if rows > columns and driver not in (None, "gelsy"):
        lost = (input @ solution - right).abs().square().sum(-2)
        residuals = torch.where((rank == columns).unsqueeze(-1), lost, torch.nan)
        residuals = residuals.squeeze(-1) if vectors else residuals
    return torch.return_types.linalg_lstsq(  # pyright: ignore[reportAttributeAccessIssue]
        (
            solution.squeeze(-1) if vectors else solution,
            residuals,
            rank.new_empty((0,)) if driver == "gels" else rank,
            values if driver in ("gelsd", "gelss") else values.new_empty((0,)),
        )
    )
