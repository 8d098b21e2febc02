"""The options of `compile` that a capture reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from xdsl.passes import ModulePass

from mlgraph.arguments import check_count, check_dump_mode, check_switch
from mlgraph.frameworks import get


def _checked(check: Callable[[str, Any], None], default: Any) -> Any:
    """Return a field with a check, which takes the name and the value of the field."""
    return field(default=default, metadata={"check": check})


def _switch(default: bool | None) -> Any:
    return _checked(check_switch, default)


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """The flags of `compile` that a capture reads; `help(mlgraph.compile)` describes them.

    Raise `InputError` for a value that the check of its field refuses.
    """

    array_caching: bool = _switch(True)
    include_generators: bool = _switch(True)
    return_backend_compiled_fn: bool = _switch(False)
    static_argnums: int | Iterable[int] | None = None
    static_argnames: str | Iterable[str] | None = None
    passes: tuple[ModulePass, ...] = ()
    dynamic: bool = _switch(True)
    dump_ir: str | None = _checked(check_dump_mode, None)
    dump_dir: str | None = None
    verify: bool = _switch(False)
    fuse: bool = _switch(True)
    fast_math: bool = _switch(False)
    x64: bool | None = _switch(None)
    max_paths: int = _checked(check_count, 16)

    def __post_init__(self) -> None:
        for one in fields(self):
            if check := one.metadata.get("check"):
                check(one.name, getattr(self, one.name))

    def kernels(self, to: str) -> bool:
        """Return whether elementwise chains become kernels: jax, tensorflow and torch.compile have their own."""
        return self.fuse and get(to).kernels is not None and not self.return_backend_compiled_fn
