# pyright: basic
"""The examples say what they compute."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow  # the model is a BERT, as in `test_bert`
def test_sentence_similarity_is_that_of_torch(capsys):
    found = runpy.run_path(str(EXAMPLES / "sentence_similarity.py"))["main"]()
    expected = found.pop("torch")
    for rows in found.values():
        np.testing.assert_allclose(rows, expected, atol=1e-5)
        assert (np.argsort(rows[1:] @ rows[0]) == np.argsort(expected[1:] @ expected[0])).all()
    assert "Profile the code first" in capsys.readouterr().out.partition("A compiler can")[0]
