"""The file of a graph, a zip of uncompressed parts that is written atomically, and the folders of older versions.

    graph.json            see `mlgraph.serialize.description`
    0.mlir, 1.mlir, ...   the ivy stage of each specialization
    arrays.safetensors    weights by name, and captured arrays

Nothing is extracted. A part is read only when the sizes that the file claims add up to no more than its own.
"""

import contextlib
import os
import re
import stat
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from mlgraph.errors import FileError, IRError
from mlgraph.tools.files import make_folder

ABOUT, ARRAYS = "graph.json", "arrays.safetensors"
SUFFIX = ".mlgraph"
"""The suffix of a file that is saved to a folder."""
TIME = (1980, 1, 1, 0, 0, 0)
"""The date of every part, so that equal graphs give equal files: the earliest that a zip can hold."""


@dataclass(frozen=True)
class Parts:
    """The bytes of each part of a saved graph."""

    about: bytes
    texts: list[bytes]
    arrays: bytes


def write(path: Path, parts: Mapping[str, Iterable[bytes]]) -> None:
    """Write a file of these parts, each given in pieces. A reader finds the old file or the complete new one.

    Raise `FileError` if the file cannot be written.
    """
    make_folder(path.parent)
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False) as file:
            try:
                _write(file, parts)
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, 0o666 & ~_umask())
                os.replace(file.name, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(file.name)
                raise
    except OSError as error:
        raise FileError.of(path, error) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write(file: object, parts: Mapping[str, Iterable[bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for name, pieces in parts.items():
            info = zipfile.ZipInfo(name, TIME)
            info.external_attr = 0o644 << 16
            info.create_system = 3  # whatever the system is
            pieces = list(pieces)
            info.file_size = sum(map(len, pieces))  # decides whether the part needs 64-bit sizes
            with archive.open(info, "w") as part:
                for piece in pieces:
                    part.write(piece)


def read(path: Path) -> Parts:
    """Return the parts of a file that `write` wrote, of the only such file in a folder, or of an old version's folder.

    Raise `IRError` for anything else.
    """
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix == SUFFIX]
        if len(files) != 1:
            return _read_folder(path)
        path = files[0]
    _check_regular(path)
    with zipfile.ZipFile(path) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        _check(archive.infolist(), path.stat().st_size)
        texts = [archive.read(infos[f"{i}.mlir"]) for i in range(len(infos) - 2)]
        return Parts(archive.read(infos[ABOUT]), texts, archive.read(infos[ARRAYS]))


def _check(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Raise `IRError` for a list of parts that `write` never writes."""
    count = len(infos) - 2
    wanted = {ABOUT, ARRAYS, *(f"{i}.mlir" for i in range(count))}
    if count < 1 or {info.filename for info in infos} != wanted:
        raise IRError(f"the parts of the file are not {ABOUT}, 0.mlir, ..., {ARRAYS}")
    if any(info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size for info in infos):
        raise IRError("a part of the file is compressed")
    if sum(info.file_size for info in infos) > size:
        raise IRError("the parts of the file are larger than the file")


def _read_folder(folder: Path) -> Parts:
    names = {path.name for path in folder.iterdir()}
    count = sum(re.fullmatch(r"\d+\.mlir", name) is not None for name in names)
    if not {ABOUT, ARRAYS} <= names:
        raise IRError(f"no graph was saved here: the folder holds no {ABOUT} and {ARRAYS}")

    def part(name: str) -> bytes:
        _check_regular(folder / name)
        return (folder / name).read_bytes()

    return Parts(part(ABOUT), [part(f"{i}.mlir") for i in range(count)], part(ARRAYS))


def _check_regular(path: Path) -> None:
    """Raise `IRError` unless a path leads to a regular file."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise IRError(f"{path.name} is no file")
