"""The errors of mlgraph. Each has an id and says what failed, where in the user's code, why, and how to fix it."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from xdsl.ir import Operation


class PrecisionWarning(UserWarning):
    """Values have fewer bits than in the source framework, for example in jax without 64-bit types."""


class MlgraphError(Exception):
    """The base of all errors that mlgraph raises on purpose."""

    id: ClassVar[str] = "MLG0000"

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        parts = [f"[{self.id}] {what}"]
        parts += [f"  {label}: {text}" for label, text in (("at", where), ("why", why), ("fix", fix)) if text]
        super().__init__("\n".join(parts))
        self.what, self.where, self.why, self.fix = what, where, why, fix


class UnknownTargetError(MlgraphError, ValueError):
    """`to` names no target."""

    id = "MLG0001"


class CaptureError(MlgraphError, RuntimeError):
    """The framework's tracer could not follow the function."""

    id = "MLG0002"


class UnsupportedOpError(MlgraphError, NotImplementedError):
    """The source has operations, or the target lacks rows, that mlgraph does not support."""

    id = "MLG0003"

    @classmethod
    def of_rows(cls, target: str, missing: Mapping[tuple[str, str], int]) -> "UnsupportedOpError":
        return cls._listing(f"target {target} has no lowering for", missing, "choose another target")

    @classmethod
    def of_source(cls, source: str, missing: Mapping[tuple[str, str], int]) -> "UnsupportedOpError":
        return cls._listing(f"the {source} frontend does not know", missing, "rewrite these operations with others")

    @classmethod
    def _listing(cls, what: str, missing: Mapping[tuple[str, str], int], fix: str) -> "UnsupportedOpError":
        lines = [f"    {name} x {count}{'  at ' + line if line else ''}" for (name, line), count in missing.items()]
        names = sorted({name for name, _ in missing})
        error = cls(f"{what} {', '.join(names)}\n" + "\n".join(lines), fix=fix)
        error.operations = set(names)
        return error

    operations: set[str]


class OutsideWriteError(UnsupportedOpError):
    """The function writes to an array that it reaches without being given it."""

    id = "MLG0013"

    arrays: Sequence[Any] | None = None
    """The arrays that own the memory; None where the tracer does not say which they are."""

    @classmethod
    def of(cls, what: str, where: str, noun: str, fix: str, arrays: Sequence[Any]) -> "OutsideWriteError":
        """Return the error of a write to the memory of `arrays`, each of which the user calls a `noun`."""
        why = f"no variable, object or container that the function reaches was found to hold the {noun}"
        error = cls(what, where=where, why=why, fix=fix)
        error.arrays = arrays or None
        return error


class DataDependentControlFlowError(MlgraphError, TypeError):
    """Python branched, looped or indexed on the value of an array."""

    id = "MLG0004"


class TooManyPathsError(MlgraphError, RuntimeError):
    """Calls take more paths through a function than `max_paths`."""

    id = "MLG0014"


class InputError(MlgraphError, TypeError):
    """An argument is neither an array nor a Python value that mlgraph accepts."""

    id = "MLG0005"


class NotCapturedError(MlgraphError, RuntimeError):
    """A lazy graph was asked for something that needs a capture."""

    id = "MLG0006"


class IRError(MlgraphError, ValueError):
    """IR text does not parse or verify, or a file was not written by `Graph.save`."""

    id = "MLG0007"


class PassError(MlgraphError, RuntimeError):
    """A pass failed, or left a module that is not valid."""

    id = "MLG0008"

    stage: str = ""
    """The stage of the pipeline that it failed in."""
    pass_spec: str = ""
    """The pass as `mlgraph-opt -p` takes it, "" where the module did not verify at the end of the stage."""
    ir: str = ""
    """The text of the module as the pass left it."""


class CheckError(MlgraphError, AssertionError):
    """A graph returns something else than the function that it was made from."""

    id = "MLG0009"


class UnknownStageError(MlgraphError, KeyError):
    """A graph has no stage of this name."""

    id = "MLG0010"
    __str__ = Exception.__str__  # a `KeyError` shows the repr of its text


class MissingPackageError(MlgraphError, ImportError):
    """A package that the target needs, beside its framework, is not installed."""

    id = "MLG0011"

    @classmethod
    def of_target(cls, target: str, error: ImportError) -> "MissingPackageError":
        """Return the error of a graph to `target`, one of whose imports failed with `error`."""
        package = (error.name or "").partition(".")[0] or "a package"
        return cls(f"a graph to {target} needs {package}: {error}", fix=f"pip install 'mlgraph[{target}]'")


class FileError(MlgraphError, OSError):
    """A file or folder cannot be read or written."""

    id = "MLG0012"

    @classmethod
    def of(cls, path: object, error: OSError) -> "FileError":
        """Return the error of a path that the system refused."""
        return cls(f"{path} cannot be written", why=error.strerror or str(error), fix="choose another path")


def nearest(name: object, choices: Iterable[str]) -> str:
    """Return "did you mean 'jax'?" for a name that is nearly one of `choices`, "" for any other."""
    near = difflib.get_close_matches(str(name).lower(), list(choices), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def advice(name: object, choices: Iterable[str], meant: str | None = None) -> str:
    """Return advice for a name that is not in `choices`: the nearest choice, and all of them if they are few."""
    known = list(choices)
    near = f"did you mean {meant!r}?" if meant else nearest(name, known)
    listed = f"choose one of {', '.join(known)}" if 0 < len(known) <= 20 else ""
    return " ".join(part for part in (near, listed) if part)


def line_of(op: "Operation") -> str:
    """Return `file:line` of the user's code that `op` comes from, or ""."""
    from xdsl.dialects.builtin import FileLineColLoc, NameLoc

    location = op.location
    if isinstance(location, NameLoc) and isinstance(location.location, FileLineColLoc):
        location = location.location
    if isinstance(location, FileLineColLoc):
        return f"{location.filename.data}:{location.line.data}"
    return ""
