"""`graph.save`: every specialization of a graph, in one file."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from mlgraph.dialects.constant import ArrayOp, Captured, CapturedAttr
from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks.arrays import as_numpy
from mlgraph.graph.specialization import Specialization
from mlgraph.serialize import archive, description
from mlgraph.serialize import arrays as safetensors
from mlgraph.tools.dump import text_of
from mlgraph.tools.files import path_of


class SavableGraph(Protocol):
    """The parts of a `Graph` that are saved."""

    name: str

    @property
    def to(self) -> str:
        """The target."""
        ...

    @property
    def signature(self) -> inspect.Signature:
        """The signature of the function."""
        ...

    @property
    def params(self) -> dict[str, Any]:
        """The weights by their `state_dict()` name."""
        ...

    def specializations(self) -> Sequence[Specialization]:
        """Return the specializations, the oldest first."""
        ...


def save(graph: SavableGraph, path: str | Path) -> Path:
    """Write every specialization of `graph` to the file `path`, and return it; see `Graph.save`.

    Paths on which the function raises an error are left out: a loaded graph has no function to raise it.
    """
    specializations = [one for one in graph.specializations() if one.executable.program.raises is None]
    found = {f"params/{name}": as_numpy(array) for name, array in graph.params.items()}
    texts: list[str] = []
    for i, one in enumerate(specializations):
        if one.executable.effects is not None:
            raise UnsupportedOpError(f"{graph.name} reads or writes objects, and a file has none")
        ivy = one.stages["ivy"]
        found |= _named_arrays(ivy, f"{i}/")
        texts.append(text_of(ivy))
    described = safetensors.described(found)
    about = description.about_to_json(graph.name, graph.to, graph.signature, specializations, described)
    file = path_of(path)
    if file.is_dir():
        file /= (re.sub(r"\W+", "_", graph.name).strip("_") or "graph") + archive.SUFFIX
    parts = {archive.ABOUT: [about], **{f"{i}.mlir": [text.encode()] for i, text in enumerate(texts)}}
    archive.write(file, {**parts, archive.ARRAYS: safetensors.pieces(found)})
    return file


def _named_arrays(ivy: ModuleOp, prefix: str) -> "dict[str, np.ndarray[Any, Any]]":
    """Give each captured array of a module a unique name there, and return the arrays by name."""
    names: dict[int, str] = {}
    found: dict[str, np.ndarray[Any, Any]] = {}
    for op in ivy.walk():
        if isinstance(op, ArrayOp):
            array = op.value.data.array
            name = names.setdefault(id(array), f"{prefix}{len(names)}")
            found[name] = as_numpy(array)
            op.value = CapturedAttr(Captured(name, array))
    return found
