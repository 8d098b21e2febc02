"""Kernels on a GPU: Triton source, loaded, tuned and launched; or compiled for a GPU that need not be there.

Where `TRITON_INTERPRET=1` is set, Triton runs kernels on the CPU instead, in Python.
"""

import hashlib
import linecache
import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from importlib.util import find_spec
from typing import Any, NamedTuple, TypeAlias

from mlgraph.dialects.dtypes import NAME_OF, DType, dtype_of, element_type
from mlgraph.dialects.kernel import FusedOp
from mlgraph.errors import InputError
from mlgraph.frameworks.imports import load
from mlgraph.frameworks.torch import TORCH
from mlgraph.targets.kernels.loops import MAX_CACHED_SHAPES
from mlgraph.targets.loop_nest import LoopNest
from mlgraph.targets.triton import VECTOR, Layout, divisor, layout_of, natural_layout, triton_source

Tensor: TypeAlias = Any
Configuration: TypeAlias = Mapping[str, int]

DEFAULT: Configuration = {"BLOCK": 1024, "num_warps": 4}
CANDIDATES: Sequence[Configuration] = (
    {"BLOCK": 512, "num_warps": 4},
    DEFAULT,
    {"BLOCK": 2048, "num_warps": 8},
    {"BLOCK": 4096, "num_warps": 8},
)
MIN_TUNED_ELEMENTS = 1 << 18
"""Elements from which on it pays to choose the best of the candidates: below, a launch is all that it takes."""
TUNING_MS = {"warmup": 2, "rep": 10}

POINTERS = {
    **{"float16": "fp16", "bfloat16": "bf16", "float32": "fp32", "float64": "fp64", "bool": "i1"},
    **{f"{sign}int{bits}": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
"""Triton's names of element types in signatures."""


OPTIONS: Mapping[str, Any] = {"enable_fp_fusion": False, "enable_reflect_ftz": False, "sanitize_overflow": False}
"""Products and sums are rounded each, and denormals kept, as the frameworks do."""

OLDEST = (8, 0)
"""The compute capability of the oldest GPUs that kernels are compiled for in tests."""


class Binary(NamedTuple):
    """A kernel compiled for one kind of GPU."""

    ptx: str
    cubin: bytes


class TritonKernel:
    """The kernel of a `kernel.fused` on tensors of torch that are on one GPU."""

    def __init__(self, fused: FusedOp, narrow: FusedOp | None = None) -> None:
        """Take a kernel, and in `narrow` one with arithmetic in half precision, which the interpreter has not."""
        self.fused, self.narrow, self.name = fused, narrow or fused, fused.symbol
        self.dtypes = [element_type(type) for type in (*fused.operand_types, *fused.result_types)]
        self.itemsizes = [dtype_of(dtype).itemsize for dtype in self.dtypes]
        self._launches: dict[LoopNest, _Launch] = {}
        self._tuned: dict[tuple[Any, ...], Configuration] = {}
        self._lock = threading.Lock()

    @property
    def source(self) -> str:
        """The source for contiguous arrays of the types that the kernel was made for."""
        return triton_source(self.narrow, self.name)

    @cached_property
    def _torch(self) -> Any:
        return load(TORCH.name)

    @cached_property
    def _torch_dtypes(self) -> list[Any]:
        return [getattr(self._torch, NAME_OF[dtype]) for dtype in self.dtypes]

    def launch(self, nest: LoopNest, operands: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        """Compute `results`, which lie in memory as the loop nest says, on the current stream of their device.

        A result may share the memory of an operand whose elements are at the same places. Raises `InputError` for
        tensors of other types or devices than the kernel's.
        """
        self._check([*operands, *results])
        self.run(nest, operands, results)

    def run(self, nest: LoopNest, operands: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        """Launch the kernel on tensors that are known to fit."""
        tensors = [*operands, *results]
        launch = self._launches.get(nest)
        if launch is None:
            if len(self._launches) >= MAX_CACHED_SHAPES:
                self._launches.clear()
            launch = self._launches[nest] = self._prepare(nest)
        if launch.interpreted:
            launch.run(tensors, DEFAULT)
            return
        cuda, device = self._torch.cuda, tensors[0].device
        with cuda.device(device) if cuda.current_device() != device.index else nullcontext():
            launch.run(tensors, self._configuration(launch, operands, results))

    def _check(self, tensors: Sequence[Tensor]) -> None:
        if len(tensors) != len(self.dtypes):
            raise InputError(f"{self.name} takes {len(self.dtypes)} operands and results, not {len(tensors)}")
        device = tensors[0].device
        for tensor, dtype in zip(tensors, self._torch_dtypes):
            if tensor.dtype is not dtype:
                raise InputError(f"{self.name} was made for {dtype}, not {tensor.dtype}")
            if tensor.device != device:
                raise InputError(
                    f"{self.name} has operands and results on {device} and {tensor.device}",
                    fix="move them to one device",
                )
        if device.type != "cuda" and not (device.type == "cpu" and _interpreted()):
            raise InputError(
                f"Triton runs kernels on CUDA devices, and {self.name} has tensors on {device}",
                fix="call the functions that the kernel stands for, or set TRITON_INTERPRET=1 to debug it on the CPU",
            )

    def _prepare(self, nest: LoopNest) -> "_Launch":
        layout = layout_of(nest, self.itemsizes[: len(self.fused.operands)])
        interpreted = _interpreted()
        text = triton_source(self.fused if interpreted else self.narrow, self.name, layout)
        function = load_kernel(text, self.name, interpreted)
        steps = [[step // size for step in loops] for loops, size in zip(nest.strides, self.itemsizes)]
        count = math.prod(nest.sizes)
        sizes = [number for axis in layout.sizes for number in divisor(nest.sizes[axis])]
        strides = [steps[k][axis] for k, axes in enumerate(layout.operands) for axis in axes or ()]
        runs = [1 if nest.sizes[-1] % VECTOR else VECTOR] if sizes else []
        numbers = (count, *sizes, *strides, *runs)
        return _Launch(function, interpreted, layout, count, numbers, _reach(nest.sizes, steps))

    def _configuration(self, launch: "_Launch", operands: Sequence[Tensor], results: Sequence[Tensor]) -> Configuration:
        """The best of the candidates for a layout and about this many elements, measured once.

        It is measured on results of its own, because it runs the kernel many times and results may be operands.
        """
        torch = self._torch
        if launch.count < MIN_TUNED_ELEMENTS or torch.cuda.is_current_stream_capturing():
            return DEFAULT
        key = (results[0].device.index, launch.layout, launch.reach >> 31 > 0, launch.count.bit_length() // 3)
        if key not in self._tuned:
            with self._lock:
                if key not in self._tuned:
                    own = [torch.empty_like(result) for result in results]
                    self._tuned[key] = launch.tuned([*operands, *own])
        return self._tuned[key]


@dataclass(eq=False)
class _Launch:
    """A kernel for one loop nest."""

    function: Any
    interpreted: bool
    layout: Layout
    count: int
    numbers: tuple[int, ...]
    """The arguments behind the pointers."""
    reach: int
    """The largest distance in elements that an index has to say."""
    compiled: dict[Any, Any] = field(default_factory=dict[Any, Any])
    """The launcher of a binary, by what the binary was compiled for."""

    @cached_property
    def index(self) -> Any:
        language = load("triton.language")
        largest = max(candidate["BLOCK"] for candidate in CANDIDATES)
        return language.int32 if self.reach + largest < 1 << 31 else language.int64

    def run(self, tensors: Sequence[Tensor], configuration: Configuration) -> None:
        """Launch the kernel; from the second time on the binary itself, past Triton's search for it."""
        block = configuration["BLOCK"]
        aligned = tuple(tensor.data_ptr() % 16 == 0 for tensor in tensors)
        key = (tensors[0].device, block, configuration["num_warps"], aligned)
        launch = self.compiled.get(key)
        if launch is not None:
            launch(*tensors, *self.numbers, self.index, block)
            return
        grid = (-(-self.count // block), 1, 1)
        binary = self.function[grid](*tensors, *self.numbers, INDEX=self.index, **configuration, **OPTIONS)
        if binary is not None:  # the interpreter has none
            self.compiled[key] = binary[grid]

    def tuned(self, tensors: Sequence[Tensor]) -> Configuration:
        """The fastest of the candidates."""
        triton, testing = load("triton"), load("triton.testing")
        configs = [triton.Config({"BLOCK": c["BLOCK"]}, num_warps=c["num_warps"]) for c in CANDIDATES]
        tuner = triton.autotune(configs, key=[], do_bench=partial(testing.do_bench, **TUNING_MS))(self.function)

        def grid(meta: Configuration) -> tuple[int]:
            return (-(-self.count // meta["BLOCK"]),)

        tuner[grid](*tensors, *self.numbers, INDEX=self.index, **OPTIONS)
        best = tuner.best_config
        return {"BLOCK": best.kwargs["BLOCK"], "num_warps": best.num_warps}


@cache
def supports(device: Any) -> bool:
    """Return whether kernels run on a device of torch."""
    if device.type != "cuda" or find_spec("triton") is None:
        return False
    torch = load(TORCH.name)
    return torch.version.cuda is not None and torch.cuda.get_device_capability(device) >= OLDEST


def _reach(sizes: Sequence[int], steps: Sequence[Sequence[int]]) -> int:
    return max(sum(abs(step) * (size - 1) for size, step in zip(sizes, loops)) for loops in steps)


def compile_for(
    fused: FusedOp,
    capability: int,
    layout: Layout | None = None,
    wide: bool = False,
    configuration: Configuration = DEFAULT,
) -> Binary:
    """Compile the kernel for a GPU of a compute capability such as 90, which need not be present.

    It is for arrays that start at multiples of 16 bytes, sizes and strides that are multiples of 16, and operands whose
    elements lie side by side along the innermost loop. Indices that are `wide` have 64 bits.
    """
    compiler, backends, language = load("triton.compiler"), load("triton.backends.compiler"), load("triton.language")
    layout = layout or natural_layout(fused)
    function = load_kernel(triton_source(fused, fused.symbol, layout), fused.symbol, False)
    names = function.arg_names
    dtypes = [element_type(type) for type in (*fused.operand_types, *fused.result_types)]
    axes = [axis for loops in layout.operands for axis in loops or ()]
    first = len(dtypes) + 1
    strides = names[first + 3 * len(layout.sizes) :]
    constants: dict[str, Any] = {name: 1 for name, axis in zip(strides, axes) if axis == layout.rank - 1}
    constants |= {"VECTOR": VECTOR} if layout.sizes else {}
    constants |= {"INDEX": language.int64 if wide else language.int32, "BLOCK": configuration["BLOCK"]}
    factors = names[first + 1 : first + 3 * len(layout.sizes) : 3]
    shifts = names[first + 2 : first + 3 * len(layout.sizes) : 3]
    signature = dict.fromkeys(names, "i64" if wide else "i32") | dict(zip(names, map(_pointer, dtypes)))
    signature |= dict.fromkeys(factors, "i64") | dict.fromkeys(constants, "constexpr")
    any_value = {*factors, *shifts, *constants}
    aligned = {(k,): [["tt.divisibility", 16]] for k, name in enumerate(names) if name not in any_value}
    source = compiler.ASTSource(function, signature, constants, aligned)
    settings = {"num_warps": configuration["num_warps"], **OPTIONS}
    found = compiler.compile(source, target=backends.GPUTarget("cuda", capability, 32), options=settings).asm
    return Binary(found["ptx"], found["cubin"])


def _pointer(dtype: DType) -> str:
    return f"*{POINTERS[NAME_OF[dtype]]}"


@cache
def load_kernel(text: str, name: str, interpreted: bool) -> Any:
    """Load the kernel that a file of Triton defines; `interpreted` says what `triton.jit` gives at present."""
    load("triton")
    filename = f"<{name} {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace: dict[str, Any] = {"__name__": "mlgraph.kernels"}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]


def _interpreted() -> bool:
    return bool(load("triton").knobs.runtime.interpret)
