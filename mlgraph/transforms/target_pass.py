"""Passes that lower to one framework."""

from dataclasses import dataclass

from xdsl.passes import ModulePass

from mlgraph.frameworks import get
from mlgraph.frameworks.base import Framework


@dataclass(frozen=True)
class TargetPass(ModulePass):
    """A pass whose option `to` names the framework that it lowers to.

    Raises `UnknownTargetError` for any other name.
    """

    to: str

    def __post_init__(self) -> None:
        get(self.to)

    @property
    def framework(self) -> Framework:
        """The framework that the pass lowers to."""
        return get(self.to)
