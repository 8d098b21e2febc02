"""How programs to a framework are spelled."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

NOTHING: Mapping[str, Any] = MappingProxyType({})

ARITHMETIC = "add subtract multiply divide power remainder floor_divide maximum minimum"
COMPARISONS = "equal not_equal less less_equal greater greater_equal"
BITWISE = "bitwise_and bitwise_or bitwise_xor left_shift right_shift"


def at(places: tuple[int, ...], module: str, names: str) -> dict[str, tuple[int, ...]]:
    """Return the functions of a module that take Python numbers at these places."""
    return {f"{module}.{name}": places for name in names.split()}


class Spelling:
    """How programs to a framework are spelled, in the IR and in emitted source."""

    name: ClassVar[str]
    """What users call the framework in `to=`."""
    control: ClassVar[str] = "mlgraph.targets.control.statements"
    """The module whose `PRINTERS` print `ivy.if`, `ivy.while` and `ivy.scan`."""
    modules: ClassVar[Mapping[str, str]]
    """What templates call its modules, and their full names."""
    aliases: ClassVar[Mapping[str, str]] = NOTHING
    """What emitted source calls its modules."""
    methods: ClassVar[tuple[str, ...]] = ()
    """The classes whose functions are called as methods."""
    creators: ClassVar[frozenset[str]] = frozenset()
    """The functions that make arrays of no array, and are told on which device."""
    constant: ClassVar[str]
    """The function that makes an array of Python numbers."""
    stack: ClassVar[str]
    """The function that stacks a list of arrays."""
    copy_call: ClassVar[str] = ""
    """The function that copies an array of a framework that has views."""
    index_functions: ClassVar[Mapping[str, str]] = NOTHING
    """What computes with sizes in the place of Python's own functions."""
    takes_numbers: ClassVar[Mapping[str, tuple[int, ...]]] = NOTHING
    """The functions that accept a Python number in the place of an array, and at which places."""
    unwritten: ClassVar[tuple[str, ...]] = ()
    """The element types of numbers that are not written so: the library would widen the array beside them."""
    views: ClassVar[frozenset[str]] = frozenset()
    """The functions whose results may share the memory of their arguments; every other gives an array of its own."""
    repeating: ClassVar[frozenset[str]] = frozenset()
    """The functions among these whose results may have an element of their argument in several places."""
    templates: ClassVar[Mapping[str, str]] = NOTHING
    """Call templates by the names of rows that have none for this framework."""
    draws: ClassVar[Mapping[str, str]] = NOTHING
    """Call templates of the rows of the `generator` dialect, which draw from `rng`."""
    draw_rules: ClassVar[str] = ""
    """The module whose `RULES` are for draws where a call template is too little, "" where none are."""
    split: ClassVar[str] = ""
    """The template that makes two keys of one, where keys are split."""
    missing_rows: ClassVar[Mapping[str, Mapping[str, str]]] = NOTHING
    """Rows that it cannot run and why, by element type, "" for all."""

    @property
    def rules(self) -> str:
        """Return the module of the rules where an operation's template is too little, "" where there are none."""
        return f"mlgraph.transforms.lower_ivy.{self.name}"

    def dtype_path(self, name: str) -> str:
        """Return how emitted source spells the element type that numpy calls `name`."""
        return f"{self.name}.{name}"
