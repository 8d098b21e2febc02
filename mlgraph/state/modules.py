"""Modules whose forward sets attributes of theirs."""

# pyright: basic
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from mlgraph.errors import UnsupportedOpError
from mlgraph.objects import module_framework, submodules
from mlgraph.state.places import content, fill, same_content


@contextmanager
def unchanged(modules: Iterable[Any], stateful: Iterable[Any]) -> Iterator[None]:
    """Put back what happens inside to attributes of torch modules, and refuse it where they are not `stateful`.

    What the frameworks track themselves, as weights and buffers, is left to them.
    """
    known = {id(module) for module in stateful}
    torch = [m for module in modules if module_framework(module) == "torch" for m in (module, *submodules(module))]
    before = [(module, content(module)) for module in torch if id(module) not in known]
    changed: list[str] = []
    try:
        yield
    finally:
        for module, held in before:
            now = content(module)
            if not same_content(now, held):
                steps = [step for step in {**held, **now} if now.get(step) is not held.get(step)]
                changed += [f"{type(module).__name__}{step}" for step in steps]
                fill(module, held)
    if changed:
        raise UnsupportedOpError(
            f"the forward sets {', '.join(changed)}",
            why="a call of the graph would not",
            fix="register a buffer, or name the module in `stateful`",
        )
