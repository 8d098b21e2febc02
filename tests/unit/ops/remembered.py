"""What takes seconds to find out about the table, kept in `build` until the table, its kernels or an example change."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
import xdsl

ROOT = Path(__file__).parents[3]
SOURCES = ("mlgraph/dialects", "mlgraph/transforms/fuse_elementwise", "tests/unit/ops")


@cache
def state() -> str:
    """A hash of the sources that answers depend on."""
    digest = hashlib.sha256(f"{np.__version__} {xdsl.__version__}".encode())
    for folder in SOURCES:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def remembered(name: str, find: Callable[[], Iterable[str]]) -> set[str]:
    """Return what `find` gives, without calling it where it was called before."""
    kept = ROOT / "build" / "tests" / f"{name}-{state()}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker finds out for all
        if not kept.exists():
            part = kept.with_suffix(".part")
            part.write_text(json.dumps(sorted(find())))
            part.replace(kept)
    return set(json.loads(kept.read_text()))
