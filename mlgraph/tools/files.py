"""Files that mlgraph writes: folders are created, and errors of the system are raised as `FileError`."""

from pathlib import Path
from typing import Any

from mlgraph.errors import FileError, InputError


def make_folder(folder: Path) -> None:
    """Create a folder and its parents. Raise `FileError` if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError.of(folder, error) from error


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, after creating its folder. Raise `FileError` if that fails."""
    make_folder(path.parent)
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise FileError.of(path, error) from error


def path_of(path: Any) -> Path:
    """Return the path that the user gave. Raise `InputError` for any other value."""
    try:
        return Path(path)
    except TypeError as error:
        raise InputError(f"a path is a string or a pathlib.Path, not {type(path).__name__}") from error
