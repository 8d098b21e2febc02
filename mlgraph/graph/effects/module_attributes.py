"""Modules whose forward sets attributes of theirs, which are state then."""

# pyright: basic
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.frameworks.modules import watched_modules
from mlgraph.graph.effects.access_path import content, fill, same_content


@contextmanager
def attributes_restored(
    modules: Iterable[Any], stateful: Iterable[Any], changed: dict[Any, tuple[str, Any]]
) -> Iterator[None]:
    """Put back what happens inside to attributes of torch modules, and note those that are not `stateful` in `changed`.

    What the frameworks track themselves, as weights and buffers, is left to them. A module may install hooks when it is
    first called, as those of `transformers` do, and an attribute that says so by its name: then both are put back.
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
    """Where torch keeps the hooks of a module, of each kind."""
    return [held for name, held in vars(module).items() if "hooks" in name and isinstance(held, dict)]
