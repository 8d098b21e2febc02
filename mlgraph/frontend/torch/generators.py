"""The `torch.Generator`s that a function draws from while it is traced: the user's own, and those that it makes."""

# pyright: basic
import contextlib
import sys
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

import torch

from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.locations import is_library
from mlgraph.frontend.torch._private import DisableTorchFunction, disable_current_modes


class Streams:
    """The generators of one capture."""

    def __init__(self, known: Sequence[tuple[str, Any, Callable[[], Any]]]) -> None:
        self.known = known
        self.made: list[torch.Generator] = []
        """Those that the function makes itself, new ones in each call."""
        self.noted: list[tuple[torch.Generator, bytes]] = []
        """Those that the trace drew from, in order, with their states: no draw of a trace changes these."""
        self.used: dict[str, Callable[[], Any]] = {}
        """The generators from which the program draws, by name."""

    def begin(self) -> None:
        """Forget an earlier trace."""
        self.made.clear()
        self.noted.clear()

    def note(self, arguments: Iterable[Any]) -> None:
        """Note the generators among the arguments of a function."""
        for value in arguments:
            if not isinstance(value, _GENERATOR):
                continue
            before = next((state for own, state in self.noted if own is value), None)
            state = state_of(value)
            if before is None:
                self.noted.append((value, state))
            elif before != state:
                raise _seeded_again()

    def original(self, copy: torch.Generator) -> torch.Generator:
        """Return the generator that export made a copy of; copies come in the order of the first draws."""
        state = state_of(copy)
        for i, (own, noted) in enumerate(self.noted):
            if noted == state:
                del self.noted[i]
                return own
        raise _not_found()

    def name_of(self, generator: torch.Generator) -> str:
        """Return the name of a generator, which a call can then be given."""
        for name, own, read in self.known:
            if own is generator:
                self.used[name] = read
                return name
        for i, own in enumerate(self.made):
            if own is generator:
                return self._seeded(generator, i)
        raise _not_found()

    def _seeded(self, generator: torch.Generator, i: int) -> str:
        seed = generator.initial_seed()
        if state_of(torch.Generator(generator.device).manual_seed(seed)) != state_of(generator):
            raise _seeded_again()
        name = f"seeded_{i}"
        self.used[name] = lambda: torch.Generator(generator.device).manual_seed(seed)
        return name


_GENERATOR = torch.Generator


@contextlib.contextmanager
def no_modes() -> abc.Generator[None]:
    """Let torch compute inside, whatever trace runs."""
    with disable_current_modes(), DisableTorchFunction():
        yield


def state_of(generator: torch.Generator) -> bytes:
    """Return the state of a generator."""
    with no_modes():
        return generator.get_state().numpy().tobytes()


_current: ContextVar[Streams] = ContextVar("torch_streams")


def stream_of(generator: torch.Generator | None) -> str | None:
    """Return the name of the generator that an operation draws from, None for torch's global one."""
    if generator is None or generator is torch.default_generator:
        return None
    return _current.get().name_of(generator)


@contextlib.contextmanager
def naming(streams: Streams) -> abc.Generator[None]:
    """Let rules find the generators of `streams`."""
    token = _current.set(streams)
    try:
        yield
    finally:
        _current.reset(token)


@contextlib.contextmanager
def watching_generators(streams: Streams) -> abc.Generator[None]:
    """Note the generators that the function makes, and refuse to seed those from outside, once and for all calls."""
    original = torch.Generator
    streams.begin()

    class Kind(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            streams.made.append(made)
            return made

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

    class Generator(metaclass=Kind):
        """Stands for `torch.Generator` while a function is traced."""

    seeding = [(m, name) for m in (torch, torch.random) for name in ("manual_seed", "seed", "set_rng_state")]
    patched: dict[Any, Any] = {(torch, "Generator"): Generator}
    patched |= {(module, name): _refused_to_users(getattr(module, name)) for module, name in seeding}
    before = {(module, name): getattr(module, name) for module, name in patched}
    for (module, name), value in patched.items():
        setattr(module, name, value)
    try:
        with _unchanged([generator for _, generator, _ in streams.known if isinstance(generator, original)]):
            yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


@contextlib.contextmanager
def _unchanged(generators: Sequence[torch.Generator]) -> abc.Generator[None]:
    """Refuse to change the state of generators, and leave it as it was."""
    states = [state_of(generator) for generator in generators]
    changed = False
    try:
        yield
    finally:
        for generator, state in zip(generators, states):
            if state_of(generator) != state:
                with no_modes():
                    generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
                changed = True
    if changed:
        raise _seeded_again()


def _refused_to_users(seeding: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of torch for its own code, which puts back what it sets; in the user's code it raises."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        if is_library(sys._getframe(1).f_code.co_filename):  # pyright: ignore[reportPrivateUsage]
            return seeding(*args, **kwargs)
        raise UnsupportedOpError(
            f"torch.{seeding.__name__} inside of the function",
            why="a graph draws from one stream, which its calls do not start anew",
            fix="seed outside of the function, or draw from a torch.Generator that is made and seeded inside",
        )

    return refuse


def _not_found() -> UnsupportedOpError:
    return UnsupportedOpError(
        "a draw from a torch.Generator that mlgraph does not find",
        why="it is no argument, global, closure variable or attribute that the function names",
        fix="reach it through one of these, or leave the generator out",
    )


def _seeded_again() -> UnsupportedOpError:
    return UnsupportedOpError(
        "a torch.Generator whose state the function sets",
        why="a graph holds no such step",
        fix="set it outside of the function, or make one generator for each seed inside",
    )
