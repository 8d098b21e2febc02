"""What every test shares: quiet frameworks, and a seed for torch's weights."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
