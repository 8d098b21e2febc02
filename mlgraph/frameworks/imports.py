"""Imports of frameworks in an order in which they coexist in one process.

tensorflow and triton each contain an LLVM. If tensorflow's is loaded first, triton's registers its options a second
time, which aborts the process without an exception; torch imports triton in unexpected places (`torch.export`,
`torch.compile`). Therefore triton's library is loaded before tensorflow or, if the user imported tensorflow first, with
preference for its own symbols.
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
    """Import a framework and return it. The call is cheap if the library is loaded already."""
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
    """Make libraries that are loaded inside prefer their own symbols to those of libraries loaded before."""
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | getattr(os, "RTLD_DEEPBIND", 0))
    try:
        yield
    finally:
        sys.setdlopenflags(flags)
