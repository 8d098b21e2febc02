"""What depends on the framework stands where a framework has its home: no other module quotes the name of one."""

import tokenize
from collections import Counter
from pathlib import Path

import mlgraph
from mlgraph.frameworks import names

ROOT = Path(mlgraph.__file__).parent


def quoted(file: Path) -> int:
    """Return how many string literals of a file are the name of a framework."""
    quotes = {f"{quote}{name}{quote}" for name in names() for quote in ("'", '"')}
    with tokenize.open(file) as text:
        tokens = list(tokenize.generate_tokens(text.readline))
    return sum(token.type == tokenize.STRING and token.string in quotes for token in tokens)


def is_home(file: Path) -> bool:
    """Return whether a module is in `frameworks`, or named after one, as `frontend/torch/` and `control/jax.py`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return parts[0] == "frameworks" or not set(names()).isdisjoint(parts)


def test_no_other_module_quotes_the_name_of_a_framework() -> None:
    others = [file for file in ROOT.rglob("*.py") if not is_home(file)]
    found = Counter({file.relative_to(ROOT).as_posix(): quoted(file) for file in others})
    assert not dict(+found)
