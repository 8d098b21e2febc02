# pyright: basic
"""Derivatives of kernels: each scalar operation, what a derivative reads, and how halves are rounded."""

from typing import Any

import pytest
import torch
from kernel_by_torch import BY_TORCH, ByTorch, run
from programs import parsed
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float64Type
from xdsl.ir import Block, Operation

from mlgraph.dialects import scalar
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.dtypes import f64, tensor
from mlgraph.dialects.kernel import FusedOp, YieldOp, trimmed
from mlgraph.transforms.differentiate_kernel import derivative
from mlgraph.transforms.differentiate_kernel.rules import NO_GRADIENT, RULES

pytestmark = pytest.mark.kernels

DOMAIN: dict[Any, tuple[float, float]] = {
    **dict.fromkeys((math.SqrtOp, math.RsqrtOp, math.CbrtOp, math.PowFOp), (0.2, 3)),
    **dict.fromkeys((math.LogOp, math.Log1pOp, math.Log2Op, math.Log10Op), (0.2, 3)),
    **dict.fromkeys((math.AsinOp, math.AcosOp, math.AtanhOp), (-0.8, 0.8)),
    math.AcoshOp: (1.2, 3),
}
"""Where operations are smooth that are not so everywhere."""


def kernel(text: str) -> FusedOp:
    """The kernel of a text."""
    (found,) = (op for op in parsed(text).walk() if isinstance(op, FusedOp))
    return found


def of_floats(body: str, *names: str, results: str = "y", type: str = "f64") -> FusedOp:
    """A kernel of vectors, whose body is a text."""
    outputs = results.split()
    array, count = f"tensor<?x{type}>", len(outputs)
    given, made = ", ".join([array] * len(names)), ", ".join([array] * count)
    fused = f"kernel.fused @kernel_0({', '.join(f'%{name}' for name in names)}) : ({given}) -> ({made})"
    return kernel(f"""
        func.func @main({", ".join(f"%{name}: {array}" for name in names)}) -> ({made}) {{
          %r:{count} = {fused} {{
          ^bb0({", ".join(f"%{name}_1: {type}" for name in names)}):
            {body}
            kernel.yield {", ".join(f"%{y}" for y in outputs)} : {", ".join([type] * count)}
          }}
          func.return {", ".join(f"%r#{i}" for i in range(count))} : {made}
        }}""")


def of_one(op: type[Operation], operands: int) -> FusedOp:
    """A kernel of one operation on doubles."""
    body = Block(arg_types=[f64] * operands)
    with building(body):
        insert(YieldOp(insert(op(*body.args)).results[0]))  # type: ignore[call-arg]
    vector = tensor((-1,), f64)
    return FusedOp("kernel_0", Block(arg_types=[vector] * operands).args, [vector], body)


def recorded(fused: FusedOp) -> ByTorch:
    """A kernel that stands for its own scalars, one by one on whole tensors."""
    return ByTorch(fused, lambda *tensors: run(fused, *tensors))


def doubles(n: int, low: float = -2, high: float = 2) -> Any:
    return (torch.rand(n, dtype=torch.float64) * (high - low) + low).requires_grad_()


SMOOTH = [op for op in RULES if op in BY_TORCH and op not in (arith.SelectOp, math.CopySignOp)]


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.name)
def test_gradient_of_one_operation(op: type[Operation]) -> None:
    count = 3 if op is math.FmaOp else 1 if len(op.get_irdl_definition().operands) == 1 else 2  # type: ignore[attr-defined]
    function = recorded(of_one(op, count))
    tensors = [doubles(7, *DOMAIN.get(op, (-2, 2))) for _ in range(count)]
    if op is math.CbrtOp:
        function.unfused = lambda x: x.sign() * x.abs() ** (1 / 3)
    assert torch.autograd.gradcheck(function, tensors)
    assert torch.autograd.gradgradcheck(function, tensors)


def test_every_float_operation_has_a_rule() -> None:
    """What kernels are made of, conversions of and to integers apart, either has a rule or says that it has none."""
    floats = [op for op in BY_TORCH if op.name.startswith(("math", "scalar")) or op.name.endswith("f")]
    assert not [op.name for op in floats if op not in RULES and op not in NO_GRADIENT]
    assert {scalar.ErfcOp, scalar.SigmoidOp} <= RULES.keys()


KINKS = {
    "absf": (math.AbsFOp, 1),
    "maximumf": (arith.MaximumfOp, 2),
    "minimumf": (arith.MinimumfOp, 2),
    "powf": (math.PowFOp, 2),
    "atan2": (math.Atan2Op, 2),
    "copysign": (math.CopySignOp, 2),
    "sqrt": (math.SqrtOp, 1),
    "divf": (arith.DivfOp, 2),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_of_one_operation(name: str) -> None:
    op, count = KINKS[name]
    points = torch.tensor([0.0, -0.0, 1.0, -1.0, 2.0, -3.0, torch.inf, -torch.inf, torch.nan], dtype=torch.float64)
    grid = torch.meshgrid(*[points] * count, indexing="ij")
    tensors = [x.flatten().requires_grad_() for x in grid]
    weights = torch.rand(tensors[0].shape, dtype=torch.float64) + 0.5
    found = torch.autograd.grad(recorded(of_one(op, count))(*tensors), tensors, weights)
    wanted = torch.autograd.grad(BY_TORCH[op](*tensors), tensors, weights)
    torch.testing.assert_close(found, wanted, equal_nan=True)


def test_a_branch_not_taken_gets_zero_of_an_infinite_gradient() -> None:
    fused = of_floats(
        "%0 = arith.constant 0.0 : f64\n%c = arith.cmpf ogt, %a_1, %0 : f64\n%y = arith.select %c, %a_1, %b_1 : f64",
        "a",
        "b",
    )
    a, b = torch.tensor([1.0, -1.0]).double(), torch.tensor([5.0, 6.0]).double()
    by_a, by_b = run(derivative(fused), a, b, torch.full((2,), torch.inf).double())
    assert by_a.tolist() == [torch.inf, 0]
    assert by_b.tolist() == [0, torch.inf]


def test_constant_exponents_need_no_logarithm() -> None:
    squared = of_floats("%c = arith.constant 2.0 : f64\n%y = math.powf %x_1, %c : f64", "x")
    assert {"math.powf", "math.log"}.isdisjoint(op.name for op in derivative(squared).walk())
    cubed = of_floats("%c = arith.constant 3.0 : f64\n%y = math.powf %x_1, %c : f64", "x")
    assert "math.log" not in {op.name for op in derivative(cubed).walk()}
    x = doubles(5)
    torch.testing.assert_close(run(derivative(cubed), x.detach(), torch.ones(5).double()), 3 * x.detach() ** 2)


def test_integers_bits_and_steps_stop_the_gradient() -> None:
    fused = of_floats(
        """%n = arith.fptosi %a_1 : f64 to i64
           %0 = arith.sitofp %n : i64 to f64
           %1 = math.floor %a_1 : f64
           %2 = arith.bitcast %a_1 : f64 to i64
           %3 = arith.bitcast %2 : i64 to f64
           %4 = arith.addf %0, %1 : f64
           %5 = arith.addf %4, %3 : f64
           %y = arith.mulf %5, %b_1 : f64""",
        "a",
        "b",
    )
    found = derivative(fused)
    assert found.reads == [[], [0, 2]]


def test_an_operation_without_rule_is_named() -> None:
    with pytest.raises(ValueError, match=r"math\.round has no derivative"):
        derivative(of_one(math.RoundOp, 1))


def test_a_part_computes_and_reads_only_what_it_needs() -> None:
    fused = of_floats("%p = arith.mulf %a_1, %b_1 : f64\n%q = math.exp %c_1 : f64", *"abc", results="p q")
    by_a = derivative(fused, wrt=[0], of=[0])
    assert by_a.symbol == "kernel_0_gradient_of_0_by_0"
    assert by_a.reads == [[1, 3]]
    kept, numbers = trimmed(by_a, [0])
    kept.verify()
    assert numbers == [1, 3]
    assert [op.name for op in kept.body.block.ops] == ["arith.mulf", "kernel.yield"]
    everything = derivative(fused)
    everything.verify()
    assert everything.symbol == "kernel_0_gradient"
    assert everything.reads == [[1, 3], [0, 3], [2, 4]]


def test_the_kernel_itself_is_left_as_it_was() -> None:
    fused = of_floats("%y = math.tanh %x_1 : f64", "x")
    text = str(fused.get_toplevel_object())
    derivative(derivative(fused))
    assert str(fused.get_toplevel_object()) == text


def test_operands_keep_their_types_and_results_have_the_iteration_space() -> None:
    fused = kernel("""
        func.func @main(%x: tensor<?x4xf64>, %b: tensor<4xf32>, %n: tensor<4xi32>) -> tensor<?x4xf64> {
          %y = kernel.fused @kernel_0(%x, %b, %n) : (tensor<?x4xf64>, tensor<4xf32>, tensor<4xi32>) -> tensor<?x4xf64> {
          ^bb0(%x_1: f64, %b_1: f32, %n_1: i32):
            %0 = arith.extf %b_1 : f32 to f64
            %1 = arith.sitofp %n_1 : i32 to f64
            %2 = arith.mulf %0, %1 : f64
            %3 = arith.mulf %x_1, %2 : f64
            kernel.yield %3 : f64
          }
          func.return %y : tensor<?x4xf64>
        }""")
    found = derivative(fused)
    found.verify()
    assert list(map(str, found.operand_types)) == [
        "tensor<?x4xf64>",
        "tensor<4xf32>",
        "tensor<4xi32>",
        "tensor<?x4xf64>",
    ]
    assert list(map(str, found.result_types)) == ["tensor<?x4xf64>", "tensor<?x4xf32>"]
    assert isinstance(found.body.block.args[0].type, Float64Type)


HALF = {"f16": torch.float16, "bf16": torch.bfloat16}


@pytest.mark.parametrize("type", HALF)
def test_halves_are_rounded_after_each_operation(type: str) -> None:
    """The gradient of `sin(x) * x + sin(x)`: what meets at `x`, and at its sine, is added in halves."""
    fused = of_floats(
        f"""%0 = arith.extf %x_1 : {type} to f32
            %1 = math.sin %0 : f32
            %2 = arith.truncf %1 : f32 to {type}
            %3 = arith.extf %2 : {type} to f32
            %4 = arith.extf %x_1 : {type} to f32
            %5 = arith.mulf %3, %4 : f32
            %6 = arith.truncf %5 : f32 to {type}
            %7 = arith.extf %6 : {type} to f32
            %8 = arith.extf %2 : {type} to f32
            %9 = arith.addf %7, %8 : f32
            %y = arith.truncf %9 : f32 to {type}""",
        "x",
        type=type,
    )
    x = torch.randn(1000).to(HALF[type])
    g = torch.randn(1000).to(HALF[type])
    s = x.float().sin().to(x.dtype)
    by_s = (g.float() * x.float()).to(x.dtype) + g
    wanted = (g.float() * s.float()).to(x.dtype) + (by_s.float() * x.float().cos()).to(x.dtype)
    assert torch.equal(run(derivative(fused), x, g), wanted)
