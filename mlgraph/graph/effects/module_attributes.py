"""Attributes of torch modules that a forward sets: a trace restores them, and they become state."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks.modules import watched_modules
from mlgraph.graph.effects.access_path import content, fill, same_content


@contextmanager
def attributes_restored(
    modules: Iterable[Any], stateful: Iterable[Any], changed: dict[Any, tuple[str, Any]]
) -> Generator[None]:
    """Restore the attributes of torch modules on exit, and record changed modules that are not `stateful` in `changed`.

    Weights and buffers are left to the framework, which tracks them itself. A module may install hooks at its first
    call, as in `transformers`, and set an attribute whose name says so; both are restored and not recorded.
    """
    known = {id(module) for module in stateful}
    watched = watched_modules(modules)
    before = [(module, content(module)) for module in watched if id(module) not in known]
    hooks = [(held, dict(held)) for module in watched for held in _hooks(module)]
    try:
        yield
    finally:
        installs = [(held, old) for held, old in hooks if held != old]
        for held, old in installs:
            held.clear()
            held.update(old)
        for module, held in before:
            now = content(module)
            if not same_content(now, held):
                steps = [step for step in {**held, **now} if now.get(step) is not held.get(step)]
                steps = [step for step in steps if not (installs and "hook" in str(step))]
                if steps:
                    changed[id(module)] = (type(module).__name__, module)
                fill(module, held)
    if installs and any(id(module) in known for module in watched):
        raise UnsupportedOpError(
            "the forward of a stateful module installs hooks",
            why="a call of the graph would not",
            fix="call the module once before it is compiled",
        )


def _hooks(module: Any) -> list[dict[Any, Any]]:
    """Return the dicts in which torch keeps the hooks of a module, one for each kind."""
    attributes: dict[str, Any] = module.__dict__
    return [held for name, held in attributes.items() if "hooks" in name and isinstance(held, dict)]
