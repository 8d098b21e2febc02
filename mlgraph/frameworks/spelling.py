"""The spelling of programs: how IR and emitted source call the functions of a framework."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

NOTHING: Mapping[str, Any] = MappingProxyType({})

ARITHMETIC = "add subtract multiply divide power remainder floor_divide maximum minimum"
COMPARISONS = "equal not_equal less less_equal greater greater_equal"
BITWISE = "bitwise_and bitwise_or bitwise_xor left_shift right_shift"


def at(places: tuple[int, ...], module: str, names: str) -> dict[str, tuple[int, ...]]:
    """Return the functions of a module that accept Python numbers at these positions."""
    return {f"{module}.{name}": places for name in names.split()}


class Spelling:
    """The spelling of programs to a framework, in the IR and in emitted source."""

    name: ClassVar[str]
    """The name of the framework, as in `to=`."""
    control: ClassVar[str] = "mlgraph.targets.control.statements"
    """The module whose `PRINTERS` print `ivy.if`, `ivy.while` and `ivy.scan`."""
    modules: ClassVar[Mapping[str, str]]
    """The full name of each module, by its name in call templates."""
    aliases: ClassVar[Mapping[str, str]] = NOTHING
    """The alias of each module in emitted source."""
    methods: ClassVar[tuple[str, ...]] = ()
    """The classes whose functions are called as methods."""
    creators: ClassVar[frozenset[str]] = frozenset()
    """The creation functions, which are passed a device."""
    constant: ClassVar[str]
    """The function that makes an array of Python numbers."""
    stack: ClassVar[str]
    """The function that stacks a list of arrays."""
    copy_call: ClassVar[str] = ""
    """The function that copies an array of a framework that has views."""
    index_functions: ClassVar[Mapping[str, str]] = NOTHING
    """The functions that replace Python's own in computations with sizes."""
    takes_numbers: ClassVar[Mapping[str, tuple[int, ...]]] = NOTHING
    """The functions that accept Python numbers as arrays, with the positions of those arguments."""
    unwritten: ClassVar[tuple[str, ...]] = ()
    """The element types whose numbers are not written as Python numbers, since the library would widen the result."""
    views: ClassVar[frozenset[str]] = frozenset()
    """The functions whose results may share memory with their arguments; all others return new arrays."""
    repeating: ClassVar[frozenset[str]] = frozenset()
    """The functions among `views` whose results may repeat an element of their argument."""
    templates: ClassVar[Mapping[str, str]] = NOTHING
    """Call templates by the names of operations that have none for this framework."""
    draws: ClassVar[Mapping[str, str]] = NOTHING
    """Call templates for the operations of the `generator` dialect, which draw from `rng`."""
    draw_rules: ClassVar[str] = ""
    """The module whose `RULES` are for draws where a call template is too little, "" where none are."""
    split: ClassVar[str] = ""
    """The template that makes two keys of one, where keys are split."""
    missing_rows: ClassVar[Mapping[str, Mapping[str, str]]] = NOTHING
    """The rows that it cannot run, with the reason, by element type ("" for all types)."""

    @property
    def rules(self) -> str:
        """Return the module of the rules where an operation's template is too little, "" where there are none."""
        return f"mlgraph.transforms.lower_ivy.{self.name}"

    def dtype_path(self, name: str) -> str:
        """Return the path of the element type that numpy calls `name`, as emitted source spells it."""
        return f"{self.name}.{name}"
