"""Imports of frameworks, in an order in which they can live together.

tensorflow and triton each carry an LLVM of their own. Where tensorflow's was loaded first, triton's registers its
options a second time and the process is aborted, without an exception; torch imports triton where one does not expect
it (`torch.export`, `torch.compile`). So triton's library is loaded before tensorflow, or, where the user's tensorflow
came first, with its own symbols before those of others.
"""

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

TRITON = "triton._C.libtriton"
_lock = threading.Lock()


def load(name: str) -> ModuleType:
    """Import a framework. Cheap when it is loaded: call it wherever one is about to be used."""
    tensorflow = "tensorflow" in sys.modules
    if (name == "tensorflow" or tensorflow) and TRITON not in sys.modules:
        with _lock:
            _load_triton(after_tensorflow=tensorflow)
    return import_module(name)


def _load_triton(after_tensorflow: bool) -> None:
    if TRITON in sys.modules or find_spec("triton") is None:
        return
    with own_symbols_first() if after_tensorflow else nullcontext(), suppress(ImportError):
        import_module(TRITON)


@contextmanager
def own_symbols_first() -> Generator[None]:
    """Libraries loaded inside prefer their own symbols to those of libraries that are there already."""
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | getattr(os, "RTLD_DEEPBIND", 0))
    try:
        yield
    finally:
        sys.setdlopenflags(flags)
