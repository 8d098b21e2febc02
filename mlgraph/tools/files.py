"""Files that mlgraph writes: their folders are made, and what the system refuses is a `FileError`."""

from pathlib import Path
from typing import Any

from mlgraph.errors import FileError, InputError


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; raise `FileError` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError.of(folder, error) from error


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, its folder made first; raise `FileError` where that cannot be."""
    make_folder(path.parent)
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise FileError.of(path, error) from error


def path_of(path: Any) -> Path:
    """Return a path that somebody gave; raise `InputError` for what is none."""
    try:
        return Path(path)
    except TypeError as error:
        raise InputError(f"a path is a string or a pathlib.Path, not {type(path).__name__}") from error
