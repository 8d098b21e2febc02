"""The leaves of control flow on values: tensors and Python numbers, and the type that two of them have in common."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols, statically_known_true

from mlgraph.frontend.control_flow.base import NO_VALUE
from mlgraph.frontend.torch._private import FakeTensor, sym_ite

NUMBERS = (bool, int, float, complex)
"""Python's numbers, each of which takes up those before it."""
SYMBOLS = {torch.SymBool: bool, torch.SymInt: int, torch.SymFloat: float}
DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float64, complex: torch.complex128}
"""The element type of the tensor that stands for a number in a region."""


def is_traced(value: object) -> bool:
    """Return whether `value` is a tensor or a number that is known only when the graph runs."""
    if isinstance(value, FakeTensor):
        return value.constant is None
    return isinstance(value, Tensor) or (isinstance(value, tuple(SYMBOLS)) and bool(free_unbacked_symbols(value)))


def is_same_number(first: object, second: object) -> bool:
    """Return whether two traced numbers are one expression."""
    if type(first) is not type(second) or not isinstance(first, tuple(SYMBOLS)):
        return False
    return str(first) == str(second)


def kind_of(value: Any) -> type | None:
    """Return the class of a Python number, traced or not; None for a tensor."""
    return None if isinstance(value, Tensor) else SYMBOLS.get(value.__class__, value.__class__)


@dataclass(frozen=True)
class LeafType:
    """The type of a leaf that regions give."""

    kind: type | None
    """The class of a Python number, None for a tensor."""
    dtype: torch.dtype
    rank: int

    @classmethod
    def of(cls, value: Any) -> "LeafType | None":
        """Return the type of a leaf, None for `NO_VALUE`."""
        if value is NO_VALUE:
            return None
        kind = kind_of(value)
        return cls(None, value.dtype, value.dim()) if kind is None else cls(kind, DTYPES[kind], 0)

    def joined(self, other: "LeafType") -> "LeafType | None":
        """Return the type that takes up both, None where there is none."""
        if self.kind is not None and other.kind is not None:
            kind = NUMBERS[max(NUMBERS.index(self.kind), NUMBERS.index(other.kind))]
            return LeafType(kind, DTYPES[kind], 0)
        if self.kind is None and other.kind is None:
            return self if self == other else None
        array, number = (self, other) if self.kind is None else (other, self)
        assert number.kind is not None
        example = torch.result_type(torch.empty((), dtype=array.dtype, device="meta"), number.kind(1))
        return array if array.rank == 0 and example == array.dtype else None


def joined(a: LeafType | None, b: LeafType | None) -> LeafType | None:
    """Return the type of both; that of one where the other has no value. Raise `TypeError` where there is none."""
    if a is None or b is None:
        return b if a is None else a
    if (found := a.joined(b)) is None:
        raise TypeError
    return found


def describe(value: Any) -> str:
    """Return the type of a leaf for the user, as `float32[3, s0]` or `int`."""
    kind = kind_of(value)
    if kind is not None:
        return kind.__name__
    return f"{str(value.dtype).removeprefix('torch.')}[{', '.join(map(str, value.shape))}]"


def is_known(size: Any) -> bool:
    """Return whether a size of a traced tensor is a number."""
    return isinstance(size, int)


def as_tensor(value: Any) -> Tensor:
    """Return a leaf as a tensor, that of a Python number without axes."""
    if isinstance(value, Tensor):
        return value
    kind = kind_of(value)
    assert kind is not None
    if isinstance(value, torch.SymBool):
        value = sym_ite(value, 1, 0)
    return torch.scalar_tensor(value, dtype=DTYPES[kind])


def as_leaf(value: Tensor, type: LeafType) -> Any:
    """Return what a region gives as a leaf: a number where `type` is one."""
    return value if type.kind in (None, complex) else value.item()


def truth(condition: Any) -> Tensor:
    """Return the truth of a traced value as a tensor of one bool. Raise `RuntimeError` as torch does."""
    x = as_tensor(condition)
    if statically_known_true(x.numel() > 1):
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    if statically_known_true(x.numel() == 0):
        raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
    x = x.reshape(())
    return x if x.dtype == torch.bool else x != 0
