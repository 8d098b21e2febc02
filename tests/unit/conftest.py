# pyright: basic
"""What several files of tests share."""

import gc
import os
from typing import Any

import pytest

os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")  # most programs run twice: XLA's time is in compiling them
gc.set_threshold(20_000, 10, 10)  # four frameworks are millions of objects to walk


@pytest.fixture(name="records")
def count_records(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels that autograd has recorded."""
    from mlgraph.targets.autograd import Recorded

    found: list[str] = []
    call = Recorded.__call__

    def counted(self: Any, *tensors: Any) -> Any:
        found.append(self.kernel.symbol)
        return call(self, *tensors)

    monkeypatch.setattr(Recorded, "__call__", counted)
    return found
