# pyright: basic
"""What several files of tests share."""

import gc
import os
import sys
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

# Most programs run twice: XLA's time is in compiling them, an operation at a time where nothing says `jax.jit`.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1")
BUILD = Path(__file__).parents[2] / "build"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(BUILD / "xla"))
os.environ.setdefault("MLGRAPH_CACHE_DIR", str(BUILD / "kernels"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
gc.set_threshold(20_000, 10, 10)  # four frameworks are millions of objects to walk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is neither quick nor about kernels as about frameworks."""
    for item in items:
        if not any(item.get_closest_marker(name) for name in ("quick", "kernels")):
            item.add_marker("frameworks")


def pytest_collection_finish() -> None:
    """Let jax lower the programs of a thread in one MLIR context: to make one is a quarter of each compilation."""
    mlir = sys.modules.get("jax._src.interpreters.mlir")
    if mlir is not None:
        make = mlir.make_ir_context
        context_of = cache(lambda thread: make())
        mlir.make_ir_context = lambda: context_of(get_ident())


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
