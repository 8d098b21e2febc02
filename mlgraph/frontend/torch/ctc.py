"""The CTC loss, whose kernel export cannot follow: torch for what is around the steps, an op of our own for them."""

# pyright: basic
import math
from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from mlgraph.frontend.torch.function_overrides import reduced, replaces

torch.library.define("mlgraph::ctc_alignments", "(Tensor start, Tensor scores, Tensor skips, Tensor lengths) -> Tensor")


@torch.library.register_fake("mlgraph::ctc_alignments")  # pyright: ignore[reportUnknownMemberType, reportUntypedFunctionDecorator]
def alignments(start: Tensor, scores: Tensor, skips: Tensor, lengths: Tensor) -> Tensor:
    return torch.empty_like(start)


@replaces(F.ctc_loss, torch.ctc_loss)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: Any = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The sum over alignments step by step (Graves et al., 2006): labels stand between blanks, some may be left out."""
    reduction = ("none", "mean", "sum")[reduction] if isinstance(reduction, int) else reduction
    batched = log_probs.dim() == 3
    scores = log_probs if batched else log_probs.unsqueeze(1)
    inputs, lengths = (lengths_of(n, log_probs.device) for n in (input_lengths, target_lengths))
    labels = spread(targets, lengths, target_lengths) if targets.dim() == 1 else targets
    labels = between_blanks(labels.to(torch.int64), blank)
    scored = scores.gather(2, labels.unsqueeze(0).expand(scores.shape[0], -1, -1))
    place = torch.arange(labels.shape[1], device=scores.device)
    again = torch.cat([labels[:, :2], labels[:, :-2]], 1)[:, : labels.shape[1]] == labels
    start = torch.where(place < 2, scored[0], -math.inf)
    alpha = torch.ops.mlgraph.ctc_alignments(start, scored, ~again, inputs)
    last = alpha.gather(1, (2 * lengths).unsqueeze(1))
    label = alpha.gather(1, (2 * lengths - 1).clamp(min=0).unsqueeze(1))
    label = torch.where((lengths > 0).unsqueeze(1), label, -math.inf)
    loss = -torch.logaddexp(last, label).squeeze(1)
    nothing = torch.where(lengths == 0, 0.0, math.inf).to(loss.dtype)
    loss = torch.where(inputs == 0, nothing, loss)
    if zero_infinity:
        loss = torch.where(torch.isinf(loss), torch.zeros_like(loss), loss)
    if reduction == "mean":
        return (loss / lengths.clamp(min=1).to(loss.dtype)).mean()
    return reduced(loss if batched else loss.squeeze(0), reduction)


def lengths_of(lengths: Any, device: Any) -> Tensor:
    found = lengths if isinstance(lengths, Tensor) else torch.tensor(lengths, device=device)
    return found.reshape(-1).to(device, torch.int64)


def spread(targets: Tensor, lengths: Tensor, given: Any) -> Tensor:
    """Return concatenated targets as one row each; places beyond the length of a row hold arbitrary targets."""
    known = list(cast(Sequence[int], given)) if isinstance(given, Sequence) else []
    longest = max(map(int, known), default=int(targets.shape[0]))
    starts = (lengths.cumsum(0) - lengths).unsqueeze(1)
    places = starts + torch.arange(longest, device=targets.device)
    if int(targets.shape[0]) == 0:
        return targets.new_zeros((lengths.shape[0], 0))
    return targets[places.clamp(max=targets.shape[0] - 1)]


def between_blanks(labels: Tensor, blank: int) -> Tensor:
    """Return a row `a b` as `_ a _ b _`."""
    blanks = torch.full_like(labels, blank)
    pairs = torch.stack([blanks, labels], 2).reshape(labels.shape[0], 2 * labels.shape[1])
    return torch.cat([pairs, labels.new_full((labels.shape[0], 1), blank)], 1)
