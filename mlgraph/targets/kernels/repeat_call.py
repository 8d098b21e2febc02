"""A native fast path for repeated calls: machine code compares the arrays with those of the last call, and launches."""

import ctypes
import struct
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mlgraph.targets.kernels.loops import Launch
from mlgraph.targets.machine_code import Loaded, bound, machine_code

POINTER = struct.calcsize("P")


class _RepeatCall:
    """A function `call` that launches if the arguments match those of the last call, and calls the fallback if not.

    `last` holds what it compares with, and what it then does.
    """

    code: ClassVar[str]
    """The file of its machine code."""
    unlike: ClassVar[tuple[int, ...]]
    """The numbers of a form that no call has."""

    def __init__(self) -> None:
        self.last: list[tuple[Any, ...]] = []
        self.call = bound(_code(self.code), self.last)

    def set_fallback(self, other: Callable[..., Any]) -> None:
        """Call this function, until `last` has an entry that matches."""
        self.other = other
        self.never = (_packed(self.unlike), other)
        self.last[:] = [self.never]


class RepeatCallNumpy(_RepeatCall):
    """Calls with arrays of numpy."""

    code = "repeat_call_numpy.ll"
    unlike = (0, -1)

    def key_and_action(
        self, operands: Sequence["np.ndarray[Any, Any]"], launch: Launch, results: Sequence[tuple[Any, Any]]
    ) -> tuple[Any, ...]:
        """Return the entry of `last` for calls with operands like these, whose results have these shapes and types."""
        numbers = [id(np.ndarray), len(operands)]
        for x in operands:
            numbers += [id(x.dtype), x.ndim, *x.shape, *x.strides]
        owners = (launch.owner, [x.dtype for x in operands])
        return (_packed(numbers), self.other, launch.call, launch.address, np.empty, owners, *results)


class RepeatCallTorch(_RepeatCall):
    """Calls with tensors of the CPU, which the C interface of DLPack describes (dmlc/dlpack, `DLPackExchangeAPI`)."""

    code = "repeat_call_torch.ll"
    unlike = (0, 0, 0, 0, 0, 0, 0, -1, 0, 0)

    def key_and_action(
        self, operands: Sequence[Any], launch: Launch, results: Sequence[tuple[Any, Any]]
    ) -> tuple[Any, ...]:
        """Return the entry of `last` for calls with operands like these, whose results have these shapes and types.

        Where torch has no such interfaces, no call is like this one.
        """
        import torch
        from torch.autograd import forward_ad

        dtypes = [x.dtype for x in operands]
        plain = all(type(x) in (torch.Tensor, torch.nn.Parameter) for x in operands)
        describe, create = _describe(), _create()
        if not describe or not create or not plain:
            return self.never
        floats = any(dtype.is_floating_point for dtype in dtypes)
        numbers = [describe, id(torch.Tensor), id(torch.nn.Parameter), *create, len(operands), len(results), floats]
        for x in operands:
            numbers += [_dlpack_type(x, describe), x.dim(), *x.shape, *x.stride()]
        for shape, dtype in results:
            y = torch.empty(shape, device="meta")
            numbers += [_torch_type(dtype), y.dim(), *y.shape, *y.stride()]
        modes = (vars(forward_ad), "_current_level", -1, "requires_grad", torch.is_grad_enabled, torch.Tensor.is_neg)
        return (_packed(numbers), self.other, launch.call, launch.address, launch.owner, *modes)


class _Described(ctypes.Structure):
    """`DLTensor`."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int64),
        ("ndim", ctypes.c_int32),
        ("dtype", ctypes.c_uint32),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
    )


class _Exchange(ctypes.Structure):
    """`DLPackExchangeAPI` of version 1."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("older", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("give", ctypes.c_void_p),
        ("take", ctypes.c_void_p),
        ("describe", ctypes.c_void_p),
        ("stream", ctypes.c_void_p),
    )


@cache
def _describe() -> int:
    """The address of the function that describes a tensor of torch; 0 where torch has no such interface."""
    import torch

    capsule = getattr(torch.Tensor, "__dlpack_c_exchange_api__", None)
    if capsule is None:
        return 0
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.argtypes, pointer.restype = (ctypes.py_object, ctypes.c_char_p), ctypes.c_void_p
    exchange = _Exchange.from_address(pointer(capsule, b"dlpack_exchange_api"))
    return exchange.describe if exchange.major == 1 else 0


def _dlpack_type(x: Any, describe: int) -> int:
    """The type of the elements of a tensor as DLPack has it: kind, bits and lanes."""
    described = _Described()
    function = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p)(describe)
    function(x, ctypes.addressof(described))
    return described.dtype


@cache
def _create() -> tuple[int, ...]:
    """The addresses of functions of torch that make a tensor in C++, tell its address, make an object of it, delete it.

    They are of the C interface for compiled models (`aoti_torch/c/shim.h`), but for that which makes the object.
    Together they take less than half the time of `torch.empty`, which parses arguments. Empty where torch lacks one.
    """
    try:
        own, python = (_library(name) for name in ("torch_cpu", "torch_python"))
        functions = (
            own.aoti_torch_empty_strided,
            own.aoti_torch_get_data_ptr,
            python._Z16THPVariable_WrapRKN2at10TensorBaseE,
            own.aoti_torch_delete_tensor_object,
        )
    except (OSError, AttributeError):
        return ()
    return tuple(ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions)


def _torch_type(dtype: Any) -> int:
    """The number of an element type in torch's C interface."""
    return getattr(_library("torch_cpu"), f"aoti_torch_dtype_{str(dtype).removeprefix('torch.')}")()


def _library(name: str) -> ctypes.CDLL:
    """A library of torch, which is loaded already."""
    import torch

    ending = "dylib" if sys.platform == "darwin" else "so"
    return ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / f"lib{name}.{ending}"))


def _packed(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"{len(numbers)}q", *numbers)


@cache
def _code(name: str) -> Loaded:
    text = Path(__file__).with_name(name).read_text().replace("HEADER", str(object.__basicsize__ - POINTER))
    return machine_code(text, lambda: text)
