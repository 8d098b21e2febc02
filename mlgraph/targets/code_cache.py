"""The cache of machine code on disk: one file for each piece of code, named by its digest.

A file holds the hash of its digest and code, then the code. One that is not whole, or not its owner's, is not read.
"""

import hashlib
import os
import tempfile
from pathlib import Path


def cache_folder() -> Path | None:
    """Return the folder of the code cache: `MLGRAPH_CACHE_DIR`, or the user's cache.

    None, and no cache, where it is empty.
    """
    named = os.environ.get("MLGRAPH_CACHE_DIR")
    if named is not None:
        return Path(named) if named else None
    from platformdirs import user_cache_path

    return user_cache_path("mlgraph") / "kernels"


def read(digest: str) -> bytes | None:
    """Return the code that is kept under `digest`, or None."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        path = folder / digest
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        content = path.read_bytes()
    except OSError:
        return None
    check, data = content[:32], content[32:]
    return data if hashlib.sha256(digest.encode() + data).digest() == check else None


def write(digest: str, data: bytes) -> None:
    """Keep code; a folder that cannot be written keeps nothing."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(hashlib.sha256(digest.encode() + data).digest() + data)
        os.replace(file.name, folder / digest)
    except OSError:
        return
