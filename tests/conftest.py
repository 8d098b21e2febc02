"""What every test shares: quiet frameworks, and a seed for torch's weights."""

import os
from contextlib import suppress
from importlib import import_module

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

with suppress(ImportError):
    import_module("triton._C.libtriton")  # a test may import tensorflow first, and triton by way of transformers


@pytest.fixture(autouse=True)
def _seeded() -> None:
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(0)  # `torch.manual_seed` keeps a stack for each GPU, 1 ms
