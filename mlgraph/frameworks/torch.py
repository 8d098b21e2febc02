"""torch: mutable tensors on devices and with gradients, generators, and modules with buffers."""

import ctypes
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from mlgraph.errors import InputError, UnknownTargetError
from mlgraph.frameworks.base import CPU, Framework
from mlgraph.frameworks.spelling import at


class Torch(Framework):
    """torch."""

    name = "torch"
    packages = ("torch",)
    own_files = ("torch", "torchgen")
    other_names = ("pytorch",)
    distributions = ("torch",)

    has_views = True
    has_buffers = True
    watches_modules = True
    has_gradients = True
    has_devices = True
    has_late_conjugates = True
    has_random_state = True
    draws_without_stream = True
    kernels = "mlgraph.targets.kernels.torch"

    modules = MappingProxyType({"torch": "torch", "F": "torch.nn.functional"})
    aliases = MappingProxyType({"torch.nn.functional": "F"})
    methods = ("torch.Tensor.",)
    creators = frozenset(f"torch.{name}" for name in "arange empty eye full rand randint randn randperm tensor".split())
    constant = "torch.tensor"
    stack = "torch.stack"
    copy_call = "torch.clone"
    takes_numbers = MappingProxyType(
        {
            **at((0, 1), "torch", "add sub mul div pow remainder floor_divide"),
            **at((1,), "torch", "fmod eq ne lt le gt ge"),
            **at((1, 2), "torch", "where"),
        }
    )
    unwritten = ("uint64",)
    repeating = frozenset(("torch.Tensor.expand", "torch.broadcast_to"))
    views = frozenset(
        f"torch.{name}"
        for name in (
            "Tensor.contiguous Tensor.detach Tensor.expand Tensor.expand_as Tensor.movedim Tensor.narrow "
            "Tensor.permute Tensor.reshape Tensor.squeeze Tensor.t Tensor.to Tensor.transpose Tensor.unsqueeze "
            "Tensor.unfold Tensor.view as_strided broadcast_tensors broadcast_to conj detach diagonal "
            "einsum flatten imag movedim narrow nn.functional.dropout permute ravel real reshape resolve_conj select "
            "split squeeze swapaxes t transpose unbind unsqueeze view_as_complex view_as_real"
        ).split()
    )
    draws = MappingProxyType(
        {
            "uniform": (
                "torch.rand(shape, generator=rng, dtype=dtype) if low == 0 and high == 1 else"
                " torch.rand(shape, generator=rng, dtype=dtype) * (high - low) + low"
            ),
            "normal": "torch.randn(shape, generator=rng, dtype=dtype)",
            "randint": "torch.randint(low, high, shape, generator=rng, dtype=dtype)",
            "permutation": "torch.Tensor.to(torch.randperm(size[0], generator=rng), dtype)",
            "poisson": "torch.poisson(rate, generator=rng)",
            "gamma": "torch.ops.aten._standard_gamma.default(shape_parameter, generator=rng)",
            "binomial": "torch.binomial(count, p, generator=rng)",
        }
    )
    missing_rows = MappingProxyType(
        {
            "": {"betainc": "torch has no incomplete beta function"},
            "uint64": dict.fromkeys(
                "floor_divide remainder fmod maximum minimum clip abs sign less less_equal greater greater_equal"
                " bitwise_right_shift relu max min argmax argmin max_and_argmax min_and_argmin"
                " cumulative_max cumulative_min max_pool searchsorted sort_and_argsort topk"
                " scatter_along_axis".split(),
                "torch has no kernel, and no wider integer holds them",
            ),
        }
    )

    def is_array(self, x: Any) -> bool:
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(x, torch.Tensor)

    def as_numpy(self, x: Any) -> "np.ndarray[Any, Any]":
        import torch

        x = plain(x)
        if x.dtype == torch.bfloat16:
            import ml_dtypes

            return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return x.numpy()

    def from_array(self, x: Any, owner: Framework) -> Any:
        import torch

        array = np.array(owner.as_numpy(x))
        if array.dtype.name == "bfloat16":
            array = array.view(np.int16)
            return _from_numpy(array).view(torch.bfloat16)
        return _from_numpy(array)

    def to_dlpack(self, x: Any) -> Any:
        import torch
        from torch import to_dlpack

        return to_dlpack(plain(x).clone(memory_format=torch.contiguous_format))

    def array_types(self) -> tuple[type, ...]:
        import torch

        return torch.Tensor, torch.nn.Parameter

    def dtype(self, name: str) -> Any:
        import torch

        return getattr(torch, name)

    def dtype_test(self, text: str, dtype: str) -> str:
        return f"{text}.dtype is {dtype}"  # there is one object for each element type

    def place(self, x: Any, device: str) -> Any:
        return x if device == CPU else x.to(device)

    def device_of(self, x: Any) -> str:
        return str(x.device)

    def device(self, name: str) -> Any:
        import torch

        return torch.device(name)

    def thread_limit(self) -> int:
        """Return the address of the function behind `torch.get_num_threads`; 0 where torch is not imported.

        Other libraries bring an OpenMP of their own, whose number of threads is another.
        """
        return _address("_ZN2at15get_num_threadsEv")

    def thread_team(self) -> int:
        """Return the address of `GOMP_parallel`; 0 where torch is not imported, or uses another OpenMP than GNU's."""
        return _address("GOMP_parallel")

    def full_device(self, name: str) -> str:
        import torch

        try:
            return str(torch.empty((), device=name).device)
        except (RuntimeError, AssertionError) as error:
            raise UnknownTargetError(f"torch has no device {name!r}", why=str(error).partition("\n")[0]) from error

    def copied(self, x: Any) -> Any:
        return x.detach().clone().requires_grad_(x.requires_grad)

    def is_complex(self, x: Any) -> bool:
        return x.dtype.is_complex

    def is_writable(self, x: Any) -> bool:
        return True

    def overwrite(self, x: Any, value: Any) -> None:
        import torch

        with torch.no_grad() if x.requires_grad and x.is_leaf else nullcontext():
            x.copy_(value)

    def overwrite_buffer(self, x: Any, value: Any) -> None:
        import torch

        with torch.no_grad():
            x.copy_(value)

    def may_share(self, x: Any, y: Any) -> bool:
        return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()

    def owns_same_memory(self, x: Any, y: Any) -> bool:
        return self.may_share(x, y)

    def strides(self, x: Any) -> tuple[int, ...]:
        return tuple(x.stride())

    def offset(self, x: Any) -> int:
        return x.storage_offset()

    def distance(self, view: Any, array: Any) -> int | None:
        if view.dtype != array.dtype or not self.may_share(view, array):
            return None
        return view.storage_offset() - array.storage_offset()

    def strided(self, x: Any, shape: tuple[int, ...], strides: Sequence[int], begin: int) -> Any:
        return x.as_strided(shape, tuple(strides), x.storage_offset() + begin)

    def complex_dtype(self, dtype: Any) -> Any:
        return dtype.to_complex()

    def turned(self, view: Any) -> str | None:
        if view.is_conj():
            return "conj"
        return "_neg_view" if view.is_neg() else None

    def version(self, x: Any) -> int | None:
        return None if x.is_inference() else x._version

    def layout_tests(
        self, text: str, order: tuple[int, ...] | None, strides: tuple[int, ...] | None, begins: bool
    ) -> list[str]:
        start = [f"{text}.storage_offset() == 0"] if begins else []
        if strides is not None:
            return [*start, f"{text}.stride() == {strides}"]
        ordered = text if order is None else f"{text}.permute({order})"
        return [*start, f"{ordered}.is_contiguous()"]

    def source(self, seed: int | None) -> Any:
        import torch

        return None if seed is None else torch.Generator().manual_seed(seed)

    def is_source(self, rng: Any) -> bool:
        import torch

        return isinstance(rng, torch.Generator)

    def step(self, stream: Any, device: str) -> tuple[Any, Any]:
        generator = stream if stream is None or str(stream.device) == device else _moved(stream, device)
        return generator, generator

    def stream_keeper(self, stream: Any) -> Callable[[], None]:
        if stream is None:
            return _default_states()
        state = stream.get_state()
        return lambda: stream.set_state(state)

    def generator_types(self) -> tuple[type, ...]:
        torch = sys.modules.get("torch")
        return () if torch is None else (torch._C.Generator,)

    def is_module(self, obj: Any) -> bool:
        cls = getattr(getattr(sys.modules.get("torch"), "nn", None), "Module", None)
        return isinstance(cls, type) and isinstance(obj, cls)

    def submodules(self, module: Any) -> list[Any]:
        return [m for m in module.modules() if m is not module]

    def weights(self, module: Any) -> Iterable[tuple[str, Any]]:
        yield from module._parameters.items()
        yield from module._buffers.items()

    def forward(self, module: Any) -> str | None:
        return "forward"

    def is_internal(self, module: Any, name: str) -> bool:
        own = name == "forward" or name in vars(sys.modules["torch"].nn.Module())
        return own or name in ("_flat_weights", "_flat_weight_refs")  # lists of the weights of recurrent layers

    def compiled(self, main: Callable[..., Any]) -> Callable[..., Any]:
        import torch

        library: Any = torch
        return library.compile(main)


def _default_states() -> Callable[[], None]:
    """Return a function that sets torch's global generators back to the states that they have now."""
    import torch

    state = torch.random.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore() -> None:
        torch.random.set_rng_state(state)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)

    return restore


def _from_numpy(array: "np.ndarray[Any, Any]") -> Any:
    """Return a tensor in the memory of a numpy array."""
    library: Any = sys.modules["torch"]
    return library.from_numpy(array)


def _address(symbol: str) -> int:
    """Return the address of a function of torch's libraries; 0 where torch is not imported, or has none of the name."""
    torch = sys.modules.get("torch")
    if torch is None:
        return 0
    try:
        library = ctypes.CDLL(str(Path(torch.__file__ or "").with_name("lib") / "libtorch_cpu.so"))
        return ctypes.cast(library[symbol], ctypes.c_void_p).value or 0
    except (OSError, AttributeError):  # a torch that is built otherwise, or still being imported
        return 0


def plain(x: Any) -> Any:
    """Return a tensor that other libraries can read: on the CPU, detached, without pending conjugation or negation.

    Raise `InputError` for one that is not strided.
    """
    import torch

    x = x.detach().resolve_conj().resolve_neg().cpu()
    if x.layout != torch.strided or x.is_quantized:
        raise InputError("sparse and quantized tensors have no counterpart", fix="pass x.to_dense()")
    return x


def _moved(generator: Any, device: str) -> Any:
    """Return a generator on another device, seeded by a draw from this one, so that no numbers repeat."""
    import torch

    seed = torch.randint(1 << 62, (), generator=generator, device=generator.device)
    return torch.Generator(device).manual_seed(int(seed))


TORCH = Torch()
