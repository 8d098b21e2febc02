"""Loaded code for the CPU: LLVM IR → machine code → a function that Python calls.

Machine code is kept in `code_cache`, under the hash of everything that it depends on: the kernel, the versions, the
processor.
"""

import ctypes
import functools
import hashlib
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from mlgraph.errors import PassError
from mlgraph.targets import code_cache
from mlgraph.targets.llvm import ENTRY

_lock = threading.Lock()
"""LLVM's objects are made by one thread at a time."""


Code: TypeAlias = Callable[..., Any]
"""Loaded machine code: from the address of a plan and arrays to the last array."""


@functools.cache
def _llvm() -> Any:
    """llvmlite's binding, ready to make code for this machine."""
    from llvmlite import binding  # pyright: ignore[reportMissingTypeStubs]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def machine() -> Any:
    """Return the LLVM target machine of this processor. One serves one module: they are not shared between threads."""
    binding = _llvm()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=processor(), opt=3, jit=True, codemodel="jitdefault"
    )


@functools.cache
def processor() -> str:
    """Return the features of this processor."""
    return _llvm().get_host_cpu_features().flatten()


def optimized(text: str, target: Any) -> Any:
    """Parse LLVM IR, and vectorize its loops for `target`."""
    binding = _llvm()
    module = binding.parse_assembly(text)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = True
    passes = binding.create_pass_builder(target, options)
    passes.getModulePassManager().run(module, passes)
    return module


def assembly(text: str) -> str:
    """Return the assembly of LLVM IR on this processor."""
    with _lock:
        target = machine()
        return target.emit_assembly(optimized(text, target))


def load(key: str, make: Callable[[], str]) -> Code:
    """Return the bound code of the LLVM IR that `make` returns; from disk where `key` is found there.

    `key` is text that `make` depends on alone. Raises `PassError`, which holds the IR, where LLVM refuses it.
    """
    return bound(machine_code(key, make), None)


def machine_code(key: str, make: Callable[[], str]) -> "Loaded":
    """Return the unbound code of the LLVM IR that `make` returns; from disk where `key` is found there."""
    digest = hashlib.sha256("\n".join((key, *_versions(), processor())).encode()).hexdigest()
    data = code_cache.read(digest)
    if data is None:
        data = _object(make())
        code_cache.write(digest, data)
    return _link(data)


def _object(text: str) -> bytes:
    try:
        with _lock:
            target = machine()
            return target.emit_object(optimized(text, target))
    except RuntimeError as refusal:
        error = PassError("LLVM refuses the code of a kernel", why=str(refusal), fix="compile with fuse=False")
        error.stage, error.ir = "kernel", text
        raise error from refusal


@functools.cache
def _versions() -> tuple[str, ...]:
    """Return all that machine code depends on besides its kernel: the sources that make it, libraries, processor."""
    package = Path(__file__).parents[1]
    made_by = [path for folder in ("dialects", "transforms", "targets") for path in (package / folder).rglob("*.py")]
    own = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(made_by))).hexdigest()
    versions = [f"{name} {version(name)}" for name in ("mlgraph", "xdsl", "llvmlite")]
    return (own, *versions, _llvm().get_host_cpu_name(), sys.version)


def _link(data: bytes) -> "Loaded":
    binding = _llvm()
    with _lock:
        engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine())
        engine.add_object_file(binding.ObjectFileRef.from_data(data))
        engine.finalize_object()
        definition = _MethodDefinition(b"kernel", engine.get_function_address(ENTRY), METH_FASTCALL, None)
    return Loaded(definition, engine)


def bound(code: "Loaded", first: Any) -> Code:
    """Return the Python function that is this code, whose first argument is `first`."""
    return _new_function(ctypes.byref(code.definition), first, code)


METH_FASTCALL = 0x80


class _MethodDefinition(ctypes.Structure):
    """`PyMethodDef` of Python's C interface."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Loaded(NamedTuple):
    """Machine code in memory, and what owns it."""

    definition: _MethodDefinition
    engine: Any


_new_function = ctypes.pythonapi.PyCFunction_NewEx  # of a definition, the first argument, and what to keep alive
_new_function.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
_new_function.restype = ctypes.py_object
