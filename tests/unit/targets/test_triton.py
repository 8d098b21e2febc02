# pyright: basic
"""Triton kernels without a GPU: chains in the interpreter, and binaries for two kinds of GPU."""

import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from frameworks import to_framework, to_numpy
from hypothesis import given
from hypothesis import strategies as st
from triton_interpreter import interpreter, loop_nest_of, needs_triton, run, there
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import literal
from mlgraph.dialects.context import context
from mlgraph.dialects.dtypes import BY_NAME, dtype_of, tensor
from mlgraph.dialects.functions import finish, function, main_of
from mlgraph.dialects.kernel import FusedOp
from mlgraph.errors import InputError
from mlgraph.targets.callable import emit
from mlgraph.targets.kernels.triton import OPTIONS, TritonKernel, compile_for, supports
from mlgraph.targets.loop_nest import LoopNest
from mlgraph.targets.triton import LIBDEVICE, Layout, divisor
from mlgraph.transforms.fuse_elementwise import FuseElementwisePass
from mlgraph.transforms.lower_ivy import LowerIvyPass

pytestmark = [needs_triton, pytest.mark.kernels]

__all__ = ["interpreter"]


@pytest.fixture
def own_cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))


# Chains, against the operations that they are made of


def chain(body: Callable[..., Any], *arrays: np.ndarray) -> ModuleOp:
    main = function("main", [], [])
    block = main.body.block
    for i, array in enumerate(arrays):
        block.insert_arg(tensor((-1,) * array.ndim, BY_NAME[array.dtype.name]), i).name_hint = "xyz"[i]
    with building(block):
        found = body(*block.args)
    finish(main, found if isinstance(found, tuple) else (found,))
    return ModuleOp([main])


def compare(body: Callable[..., Any], *arrays: np.ndarray, operands: Sequence[Any] | None = None) -> TritonKernel:
    """Run a chain as a kernel and by torch. `operands` are `arrays` as tensors that lie otherwise in memory."""
    given = [to_framework("torch", array) for array in arrays] if operands is None else operands
    fused = chain(body, *arrays)
    FuseElementwisePass().apply(Context(), fused)
    kernels = [op for op in fused.walk() if isinstance(op, FusedOp)]
    assert len(kernels) == 1
    kernel = TritonKernel(kernels[0])
    results = run(kernel, [given[value.index] for value in kernels[0].operands])
    assert results is not None
    returned = main_of(fused).get_return_op()
    assert returned is not None
    found = [results[value.index] for value in returned.operands]
    unfused = chain(body, *arrays)
    LowerIvyPass(to="torch").apply(Context(), unfused)
    wanted = emit(unfused, "torch").load("<unfused>", lambda array: to_framework("torch", array), {})(*given)
    for one, other in zip(found, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
        assert one.shape == other.shape
        assert one.dtype is other.dtype
        bound = 4 * float(np.finfo(np.float32).eps) if one.dtype.is_floating_point else 0
        np.testing.assert_allclose(wide(one), wide(other), rtol=bound, atol=bound)
    return kernel


def wide(x: Any) -> np.ndarray:
    array = to_numpy(x)
    return array.astype(np.float64) if array.dtype.name == "bfloat16" else array


def number(value: Any, dtype: str) -> Any:
    return literal(np.array(value, dtype), BY_NAME[dtype])


def silu(x: Any, y: Any) -> Any:
    return ivy.multiply(ivy.silu(x), y)


def normal(*shape: int, dtype: str = "float32") -> np.ndarray:
    seed = zlib.crc32(f"{shape}{dtype}".encode())
    return np.random.default_rng(seed).normal(size=shape).astype(dtype_of(BY_NAME[dtype]))


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize(
    ("shapes", "view"),
    [
        (((3, 1001), (3, 1001)), lambda x, y: (x, y)),
        (((3, 1001), (1001,)), lambda x, y: (x, y)),
        (((7, 301), (7, 1)), lambda x, y: (x, y)),
        (((7, 301), (1, 1)), lambda x, y: (x, y)),
        (((301, 1), (1, 7)), lambda x, y: (x, y)),
        (((5, 6, 7), (6, 1)), lambda x, y: (x, y)),
        (((5, 1, 7), (6, 1)), lambda x, y: (x, y)),
        (((2, 3, 4, 5), (3, 1, 5)), lambda x, y: (x, y)),
        (((40, 30), (30, 40)), lambda x, y: (x, y.T)),
        (((40, 30), (40, 30)), lambda x, y: (x.T, y.T)),
        (((9, 8, 7), (7, 8, 9)), lambda x, y: (x, y.permute(2, 1, 0))),
        (((64, 32), (64, 32)), lambda x, y: (x[::2, 3:], y[1::2, :-3])),
        (((2100,), (700,)), lambda x, y: (x[::3], y)),
        (((4, 5, 6), (4, 5, 6)), lambda x, y: (x[:, 1:4], y[:, :1].expand(4, 3, 6))),
        (((1, 1), (1, 1)), lambda x, y: (x, y)),
    ],
)
def test_layouts(shapes: Any, view: Callable[..., Any]) -> None:
    arrays = [normal(*shape) for shape in shapes]
    operands = view(*(to_framework("torch", array) for array in arrays))
    compare(silu, *(to_numpy(x) for x in operands), operands=operands)


def rounded(x: Any, y: Any) -> Any:
    return ivy.add(ivy.multiply(ivy.exp(x), y), ivy.divide(x, y))


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_halves_are_rounded_after_each_operation(dtype: str) -> None:
    compare(rounded, normal(33, 5, dtype=dtype), normal(33, 5, dtype=dtype))


@pytest.mark.usefixtures("interpreter")
def test_integers_wrap_and_floor() -> None:
    def body(x: Any, y: Any) -> Any:
        seven = ivy.add(ivy.multiply(x, x), y)
        return ivy.floor_divide(seven, number(-7, "int8")), ivy.less(seven, y)

    random = np.random.default_rng(0)
    compare(body, *(random.integers(-128, 128, (50, 3)).astype("int8") for _ in range(2)))


@pytest.mark.usefixtures("interpreter")
def test_unsigned_numbers_have_no_sign() -> None:
    def body(x: Any, y: Any) -> Any:
        largest = ivy.maximum(ivy.bitwise_right_shift(x, y), number(200, "uint8"))
        return ivy.cast(largest, BY_NAME["float32"]), ivy.greater(x, y), ivy.cast(x, BY_NAME["int64"])

    random = np.random.default_rng(0)
    compare(body, random.integers(0, 256, 99).astype("uint8"), random.integers(0, 9, 99).astype("uint8"))


@pytest.mark.usefixtures("interpreter")
def test_nan_is_neither_larger_nor_lost() -> None:
    def body(x: Any, y: Any) -> Any:
        return ivy.maximum(ivy.negative(x), y), ivy.logical_or(ivy.isnan(x), ivy.not_equal(x, y)), ivy.sign(x)

    edges = np.array([0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan], np.float32)
    kernel = compare(body, *(g.ravel() for g in np.meshgrid(edges, edges)))
    assert "propagate_nan=tl.PropagateNan.ALL" in kernel.source


@pytest.mark.usefixtures("interpreter")
def test_several_results_of_several_types() -> None:
    def body(x: Any, y: Any, z: Any) -> Any:
        chosen = ivy.where(z, ivy.square(x), y)
        return chosen, ivy.cast(ivy.greater(chosen, y), BY_NAME["int32"])

    compare(body, normal(31, 7), normal(7), np.random.default_rng(0).random((31, 1)) < 0.5)


@pytest.mark.usefixtures("interpreter")
def test_a_result_may_lie_where_an_operand_does() -> None:
    import torch

    x, y = (there(to_framework("torch", normal(3000))) for _ in range(2))
    kernel = compare(silu, to_numpy(x), to_numpy(y))
    wanted = torch.nn.functional.silu(x) * y
    nest = loop_nest_of(kernel, [x, y])
    assert nest is not None
    kernel.launch(nest, [x, y], [x])
    torch.testing.assert_close(x, wanted)


def fused(text: str) -> FusedOp:
    found = [op for op in Parser(context(), text).parse_module().walk() if isinstance(op, FusedOp)]
    return found[0]


def kernel_text(dtype: str, body: str, operands: int = 2, result: str | None = None) -> FusedOp:
    """A kernel of one-dimensional arrays; `body` reads `%x0`, `%x1` and so on, and defines `%y`."""
    array, scalar, result = f"tensor<?x{dtype}>", dtype, result or dtype
    names = [f"x{i}" for i in range(operands)]
    return fused(f"""
        func.func @main({", ".join(f"%{x}_in: {array}" for x in names)}) -> tensor<?x{result}> {{
          %0 = kernel.fused @kernel_0({", ".join(f"%{x}_in" for x in names)})
            : ({", ".join([array] * operands)}) -> tensor<?x{result}> {{
          ^bb0({", ".join(f"%{x}: {scalar}" for x in names)}):
            {body}
            kernel.yield %y : {result}
          }}
          func.return %0 : tensor<?x{result}>
        }}""")


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize(
    ("predicate", "wanted"),
    {
        "oeq": lambda x, y: x == y,
        "one": lambda x, y: (x < y) | (x > y),
        "olt": lambda x, y: x < y,
        "ord": lambda x, y: ~(np.isnan(x) | np.isnan(y)),
        "ueq": lambda x, y: ~((x < y) | (x > y)),
        "ugt": lambda x, y: ~(x <= y),
        "uge": lambda x, y: ~(x < y),
        "ult": lambda x, y: ~(x >= y),
        "ule": lambda x, y: ~(x > y),
        "une": lambda x, y: x != y,
        "uno": lambda x, y: np.isnan(x) | np.isnan(y),
    }.items(),
)
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_predicates(predicate: str, wanted: Callable[..., Any], dtype: str) -> None:
    kernel = TritonKernel(kernel_text(dtype, f"%y = arith.cmpf {predicate}, %x0, %x1 : {dtype}", result="i1"))
    grid = np.meshgrid(*[np.array([0.0, -0.0, 1.0, -np.inf, np.nan], np.float32)] * 2)
    x, y = (g.ravel() for g in grid)
    bits = kernel._torch_dtypes[0]
    results = run(kernel, [to_framework("torch", x).to(bits), to_framework("torch", y).to(bits)])
    assert results is not None
    np.testing.assert_array_equal(to_numpy(results[0]), wanted(x, y))


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *(("f32", value) for value in ("0x7F800000", "0xFF800000", "0x7FC00000", "0.1", "-0.0")),
        *(("f64", "0.1"), ("i8", "-128"), ("i64", "9223372036854775807"), ("i1", "true")),
    ],
)
def test_constants(dtype: str, value: str) -> None:
    """A constant alone keeps its type, and one beside another value takes that value's."""
    text = f"%c = arith.constant {value}{'' if dtype == 'i1' else f' : {dtype}'}\n%t = arith.constant true\n"
    text += f"%y = arith.select %t, %c, %x0 : {dtype}"
    kernel = TritonKernel(kernel_text(dtype, text, operands=1))
    import torch

    results = run(kernel, [torch.zeros(5, dtype=kernel._torch_dtypes[0])])
    assert results is not None
    constant = next(op for op in kernel.fused.body.block.ops if op.name == "arith.constant")
    wanted = np.full(5, constant.value.value.data)  # type: ignore[attr-defined]
    found = to_numpy(results[0])
    wanted = wanted.astype(found.dtype)
    np.testing.assert_array_equal(found.view(np.uint8), wanted.view(np.uint8))


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_the_negative_of_zero_is_negative(dtype: str) -> None:
    text = f"%c = arith.constant -0.0 : {dtype}\n%z = arith.addf %x0, %c : {dtype}\n%y = arith.negf %z : {dtype}"
    kernel = TritonKernel(kernel_text(dtype, text, operands=1))
    import torch

    x = torch.tensor([0.0, -0.0, 2.0, -3.0], dtype=kernel._torch_dtypes[0])
    results = run(kernel, [x])
    assert results is not None
    np.testing.assert_array_equal(np.signbit(wide(results[0])), [True, False, True, False])


# Calls that are wrong


def test_a_call_that_does_not_fit_is_refused() -> None:
    import torch

    kernel = TritonKernel(kernel_text("f32", "%y = arith.addf %x0, %x1 : f32"))
    x = torch.ones(4)
    nest = loop_nest_of(kernel, [x, x])
    assert nest is not None
    with pytest.raises(InputError, match="CUDA devices, and kernel_0 has tensors on cpu"):
        kernel.launch(nest, [x, x], [x])
    with pytest.raises(InputError, match="on cpu and meta"):
        kernel.launch(nest, [x, torch.empty(4, device="meta")], [x])
    with pytest.raises(InputError, match=r"made for torch.float32, not torch.float64"):
        kernel.launch(nest, [x, x.double()], [x])
    with pytest.raises(InputError, match="takes 3 operands and results, not 2"):
        kernel.launch(nest, [x], [x])


def test_indices_are_as_wide_as_the_arrays_need() -> None:
    import triton.language as tl

    kernel = TritonKernel(kernel_text("i8", "%y = arith.addi %x0, %x1 : i8"))
    near, far, flat = (1 << 31) - (1 << 13), (1 << 31) - (1 << 10), ((1,),) * 3
    assert kernel._prepare(LoopNest((near,), (0,), (near,), flat, ())).index == tl.int32
    assert kernel._prepare(LoopNest((far,), (0,), (far,), flat, ())).index == tl.int64
    apart = LoopNest((2, 3), (0, 1), (2, 3), ((1 << 31, 1), (3, 1), (3, 1)), ())
    assert kernel._prepare(apart).index == tl.int64


class Recorder:
    """Stands for a kernel of Triton: says how it is called, and gives a binary that does."""

    def __init__(self, name: str, calls: list[Any]) -> None:
        self.name, self.calls = name, calls

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., Any]:
        def launch(*arguments: Any, **options: Any) -> Any:
            self.calls.append((self.name, grid, arguments, options))
            return Recorder("binary", self.calls)

        return launch


def test_a_binary_is_launched_again_without_searching_for_it() -> None:
    """With the arguments of the kernel in order, and only where pointers are aligned as when it was compiled."""
    import torch

    kernel = TritonKernel(kernel_text("f32", "%y = arith.addf %x0, %x1 : f32"))
    memory = torch.zeros(3001)
    x = memory[:3000]
    nest = loop_nest_of(kernel, [x, x])
    assert nest is not None
    launch = kernel._prepare(nest)
    parameters = launch.function.arg_names
    calls: list[Any] = []
    launch.function = Recorder("kernel", calls)
    for tensors in ([x, x, x], [x, x, x], [memory[1:], x, x]):
        launch.run(tensors, {"BLOCK": 512, "num_warps": 2})
    assert [name for name, *_ in calls] == ["kernel", "binary", "kernel"]
    assert all(grid == (6, 1, 1) for _, grid, *_ in calls)
    _, _, given, named = calls[0]
    assert parameters == ["x0_ptr", "x1_ptr", "out_ptr", "n", "INDEX", "BLOCK"]
    assert given[3:] == (3000,)
    assert named == {"INDEX": launch.index, "BLOCK": 512, "num_warps": 2, **OPTIONS}
    _, _, given, named = calls[1]
    assert (*given[3:], named) == (3000, launch.index, 512, {})


@pytest.mark.usefixtures("interpreter")
def test_the_kernel_of_a_graph_runs_by_triton() -> None:
    """As it would with tensors of a GPU, here those that the interpreter takes."""
    import torch

    import mlgraph
    from mlgraph.targets.kernels.torch import allocate

    def f(x: Any, y: Any) -> Any:
        return torch.tanh(x) * y + 1

    (kernel,) = mlgraph.compile(f, to="torch", args=(torch.randn(7, 300), torch.randn(300))).kernels
    assert kernel.triton.startswith("import triton\n")
    x, y = there(torch.randn(9, 500).T), there(torch.randn(9))
    nest = kernel.loop_nest([x.shape, y.shape], [(4, 2000), (4,)])
    found = allocate(nest, torch.float32, x.device)
    kernel.gpu.launch(nest, [x, y], [found])
    torch.testing.assert_close(found, f(x, y))
    assert found.stride() == x.stride()


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_gpu_computes_two_halves_at_once(dtype: str) -> None:
    import torch

    import mlgraph

    x = torch.zeros(64, dtype=getattr(torch, dtype))
    (kernel,) = mlgraph.compile(lambda x, y: x * y + x - 0.5, to="torch", args=(x, x)).kernels
    ptx = compile_for(kernel.gpu.narrow, 90).ptx
    short = {"float16": "f16x2", "bfloat16": "bf16x2"}[dtype]
    assert all(f"{name}.rn.{short}" in ptx for name in ("mul", "add"))
    assert "cvt" not in ptx


def test_rounding_twice_does_not_show() -> None:
    """As `narrow-to-half` needs it: products and sums of halves in double precision are exact."""
    random = np.random.default_rng(0)
    x, y = random.integers(0, 1 << 16, (2, 1 << 20), dtype=np.uint16).view(np.float16)
    with np.errstate(all="ignore"):
        for operation in (np.add, np.subtract, np.multiply):
            once = operation(x.astype(np.float64), y.astype(np.float64)).astype(np.float16)
            twice = operation(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
            np.testing.assert_array_equal(once, twice)


def test_devices_that_kernels_run_on() -> None:
    import torch

    assert not any(supports(torch.device(kind)) for kind in ("cpu", "meta", "mps"))


# Binaries

EVERYTHING: dict[str, tuple[str, Sequence[str]]] = {
    "floats": (
        "f32 f64",
        [
            *(f"{op.name} %, %" if op.name in ("math.powf", "math.atan2") else f"{op.name} %" for op in LIBDEVICE),
            *(f"arith.{name} %, %" for name in "addf subf mulf divf maximumf minimumf".split()),
            *(f"math.{name} %" for name in "sqrt absf floor ceil trunc roundeven".split()),
            *("arith.negf %", "scalar.sigmoid %", "math.copysign %, %", "math.fma %, %, %"),
        ],
    ),
    "integers": (
        "i8 i16 i32 i64",
        [
            f"arith.{name} %, %"
            for name in "addi subi muli divsi divui remsi remui andi ori xori shli shrsi shrui".split()
            + "maxsi minsi maxui minui".split()
        ],
    ),
}


def everything(dtype: str, lines: Sequence[str]) -> FusedOp:
    """All the operations, one after the other."""
    text, last = list[str](), "%x0"
    for i, line in enumerate(lines):
        head, *rest = line.split("%")
        filled = head + last + "".join(f"{between}%x1" for between in rest[:-1]) + rest[-1]
        text.append(f"%v{i} = {filled} : {dtype}")
        last = f"%v{i}"
    text[-1] = text[-1].replace(last, "%y", 1)
    return kernel_text(dtype, "\n".join(text))


SMALL = {"BLOCK": 128, "num_warps": 4}


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize(
    ("family", "dtype"), [(family, dtype) for family, (dtypes, _) in EVERYTHING.items() for dtype in dtypes.split()]
)
def test_binaries_of_every_operation(family: str, dtype: str, capability: int) -> None:
    kernel = everything(dtype, EVERYTHING[family][1])
    binary = compile_for(kernel, capability, configuration=SMALL)
    assert binary.cubin.startswith(b"\x7fELF")
    assert f".target sm_{capability}" in binary.ptx


CONVERSIONS = """
    %c = arith.constant 3 : i32
    %wide = arith.extf %x0 : {half} to f32
    %more = arith.extf %wide : f32 to f64
    %i = arith.fptosi %more : f64 to i64
    %j = arith.trunci %i : i64 to i8
    %k = arith.extui %j : i8 to i32
    %l = arith.extsi %j : i8 to i32
    %bits = arith.bitcast %wide : f32 to i32
    %less = arith.cmpi ult, %k, %l : i32
    %same = arith.cmpf uno, %x0, %x0 : {half}
    %both = arith.xori %less, %same : i1
    %one = arith.extui %both : i1 to i32
    %sum = arith.addi %one, %bits : i32
    %chosen = arith.select %both, %c, %sum : i32
    %u = arith.uitofp %chosen : i32 to f32
    %s = arith.sitofp %chosen : i32 to f32
    %t = arith.addf %u, %s : f32
    %y = arith.truncf %t : f32 to {half}"""


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("half", ["f16", "bf16"])
def test_binaries_of_conversions(half: str, capability: int) -> None:
    kernel = kernel_text(half, CONVERSIONS.format(half=half), operands=1)
    assert compile_for(kernel, capability).cubin.startswith(b"\x7fELF")


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("wide", [False, True])
def test_binaries_of_layouts(capability: int, wide: bool) -> None:
    kernel = kernel_text("f32", "%s = arith.addf %x0, %x1 : f32\n%y = arith.mulf %s, %x2 : f32", operands=3)
    for layout in (Layout(1, (None, None, None)), Layout(3, (None, (0, 2), ())), Layout(2, ((1,), (0, 1), None))):
        binary = compile_for(kernel, capability, layout, wide=wide)
        divided = re.search(r"(div|rem)\.[su]64", binary.ptx)
        assert (divided is not None) == (wide and layout.rank > 1)
        assert wide or not re.search(r"(div|rem)\.[su]32", binary.ptx)


@given(st.integers(1, (1 << 31) - 1), st.integers(0, (1 << 31) - 1))
def test_a_product_and_a_shift_divide(n: int, i: int) -> None:
    _, factor, shift = divisor(n)
    for number in (i, i - i % n, max(0, i - i % n - 1)):
        high = number * factor >> 32
        assert factor < 1 << 32
        assert high + number < 1 << 32
        assert high + number >> shift == number // n


@pytest.mark.usefixtures("own_cache")
def test_a_broadcast_row_is_loaded_sixteen_bytes_at_a_time() -> None:
    kernel = kernel_text("f32", "%y = arith.addf %x0, %x1 : f32")
    ptx = compile_for(kernel, 90, Layout(2, (None, (1,)))).ptx
    assert "ld.global.b32" not in ptx
    assert "ld.global.v4.b32" in ptx


@pytest.mark.usefixtures("own_cache")
def test_results_are_rounded_as_the_frameworks_do() -> None:
    """Exact quotients and roots, no fused multiply-add, denormals kept, 16 bytes a load."""
    text = """%a = arith.mulf %x0, %x1 : f32
        %b = arith.addf %a, %x0 : f32
        %c = arith.divf %b, %x1 : f32
        %d = math.sqrt %c : f32
        %y = arith.maximumf %d, %x0 : f32"""
    exact = compile_for(kernel_text("f32", text), 90).ptx
    found = set(re.findall(r"^\s+(?:@\S+ )?([a-z]\w*\.[\w.]+)", exact, re.MULTILINE))
    assert {"mul.rn.f32", "add.rn.f32", "div.rn.f32", "sqrt.rn.f32", "max.NaN.f32"} <= found
    assert not [name for name in found if name.startswith("fma") or "ftz" in name or "approx" in name]
    assert {"ld.global.v4.b32", "st.global.v4.b32"} <= found
