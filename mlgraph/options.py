"""The options of `compile` that a capture reads."""

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.passes import ModulePass

from mlgraph.frameworks import get


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """The flags of `compile` that a capture reads; `help(mlgraph.compile)` describes them."""

    array_caching: bool = True
    include_generators: bool = True
    return_backend_compiled_fn: bool = False
    static_argnums: int | Iterable[int] | None = None
    static_argnames: str | Iterable[str] | None = None
    passes: tuple[ModulePass, ...] = ()
    dynamic: bool = True
    dump_ir: str | None = None
    dump_dir: str | None = None
    verify: bool = False
    fuse: bool = True
    fast_math: bool = False
    x64: bool | None = None
    max_paths: int = 16

    def kernels(self, to: str) -> bool:
        """Return whether elementwise chains become kernels: jax, tensorflow and torch.compile have their own."""
        return self.fuse and get(to).kernels is not None and not self.return_backend_compiled_fn
