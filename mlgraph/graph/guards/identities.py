"""A test in machine code whether objects still hold identical objects, at some nanoseconds a fact.

It may report a change where nothing relevant changed, for example an equal key in place of another, but never misses
one. After a report the caller compares in Python and records the facts again.
"""

import ctypes
import gc
import struct
from functools import cache
from pathlib import Path
from typing import Any

from mlgraph.frameworks.torch import TORCH
from mlgraph.targets.machine_code import Loaded, bound, machine_code

CODE = Path(__file__).with_suffix(".ll")
DICTS: tuple[type, ...] = (dict,)
POINTER = struct.calcsize("P")
END, OBJECT, VERSIONS, ENTRIES, TENSOR, NEVER = range(6)
"""The kinds of facts, numbered as in the machine code."""


class Facts:
    """The current content of objects, as a table for the machine code."""

    def __init__(self) -> None:
        self._words = [id(True), id(False)]
        self._versions: list[int] = []
        self._owners: list[Any] = []
        """The objects that the table points to."""

    def object(self, value: Any) -> None:
        """Record the class of an object and its attribute dict."""
        self._add(OBJECT, value, type(value), vars(value))

    def dict(self, held: dict[Any, Any]) -> None:
        """Record all items of a dict and their order."""
        if _has_versions():
            self._versions += [id(held), _version(held)]
            self._owners.append(held)
            return
        self._add(ENTRIES, held)
        self._words.append(len(held))
        for key, value in held.items():
            self._add(None, key, value)

    def members(self, cls: type) -> None:
        """Record the members that a class itself defines."""
        referents: list[Any] = gc.get_referents(vars(cls))
        self.dict(next(held for held in referents if isinstance(held, DICTS)))

    def tensor(self, value: Any, memory: bool) -> bool:
        """Record the element type, device and shape of a torch tensor, and with `memory` the address of its elements.

        Return False if only Python can read them.
        """
        calls, place = _tensor_calls(), _place_of_tensor(value)
        if calls is None or place is None:
            return False
        dtype, device, rank, data = (ctypes.c_int32(), ctypes.c_int32(), ctypes.c_int64(), ctypes.c_int64())
        functions = [calls.functions[i] for i in (0, 1, 2, 4)]
        asked = zip(functions, (dtype, device, rank, data))
        if any(call(ctypes.c_void_p(place), ctypes.byref(found)) != 0 for call, found in asked):
            return False
        self._owners.append(value)
        known = (dtype.value, device.value, data.value if memory else 0, rank.value, *value.shape)
        self._words += [TENSOR, place, calls.address, *known]
        return True

    def _add(self, kind: int | None, *objects: Any) -> None:
        self._words += [*([] if kind is None else [kind]), *map(id, objects)]
        self._owners += objects

    def table(self) -> tuple[bytes, list[Any]]:
        """Return the table, and the objects that must live as long as it."""
        versions = [VERSIONS, len(self._versions) // 2, *self._versions] if self._versions else []
        words = [*self._words, *versions, END]
        return struct.pack(f"{len(words)}q", *words), self._owners


class Identities:
    """The function `same`, which returns whether all facts recorded last still hold."""

    def __init__(self) -> None:
        self._held: list[tuple[bytes, list[Any]]] = []
        self.forget()
        self.same = bound(_code(), self._held)

    def note(self, facts: Facts) -> None:
        """Compare with these facts from now on."""
        self._held[:] = [facts.table()]

    def forget(self) -> None:
        """Report a change until facts are recorded."""
        self._held[:] = [(struct.pack("3q", id(True), id(False), NEVER), [])]


VERSION_AT = object.__basicsize__ + POINTER
"""The offset of a dict's version in CPython, after its number of items (PEP 509)."""


def _version(held: dict[Any, Any]) -> int:
    return ctypes.c_int64.from_address(id(held) + VERSION_AT).value


@cache
def _has_versions() -> bool:
    """Return whether this Python gives a dict a new version at each change."""

    class Example:
        pass

    example = Example()
    held = vars(example)
    known = {_version({}), _version(held)}
    for i in range(1000, 1004):
        setattr(example, "ab"[i % 2], i)
        if _version(held) in known or _version(held) != _version(held):
            return False
        known.add(_version(held))
    held.pop("a")
    return _version(held) not in known


@cache
def _code() -> Loaded:
    text = CODE.read_text().replace("HEADER", str(object.__basicsize__ - POINTER)).replace("VERSION", str(VERSION_AT))
    return machine_code(text, lambda: text)


class _TensorCalls:
    """The functions of torch's stable C interface that describe a tensor, and the address of a table of them."""

    names = tuple(f"aoti_torch_get_{name}" for name in ("dtype", "device_type", "dim", "sizes", "data_ptr"))

    def __init__(self, library: ctypes.CDLL) -> None:
        self.functions = [getattr(library, name) for name in self.names]
        found = [ctypes.cast(function, ctypes.c_void_p).value for function in self.functions]
        self._addresses = (ctypes.c_void_p * len(found))(*found)
        self.address = ctypes.addressof(self._addresses)


@cache
def _tensor_calls() -> _TensorCalls | None:
    folder = Path(getattr(TORCH.loaded(), "__file__", None) or "").parent / "lib"
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll"):
        if (folder / name).exists():
            try:
                return _TensorCalls(ctypes.CDLL(str(folder / name)))
            except (OSError, AttributeError):
                return None
    return None


def _place_of_tensor(value: Any) -> int | None:
    """Return the address of the tensor pointer in the Python object, after its header or one word later."""
    places = (id(value) + object.__basicsize__ + i * POINTER for i in range(2))
    return next((p for p in places if ctypes.c_size_t.from_address(p).value == value._cdata), None)
