# pyright: basic
"""What several files of tests share."""

from typing import Any

import pytest


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
