"""`generator.native`: a draw as its own framework spells it, and what it means elsewhere.

    %e = generator.native @torch.Tensor.exponential_(%x, 2.0, generator = @rng)
        : (tensor<?xf32>) -> tensor<?xf32> {
      %u = generator.exponential(shape = [%n], dtype = float32) : (index) -> tensor<?xf32>
      %r = ivy.divide(%u, %rate) : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
      ivy.yield %r : tensor<?xf32>
    }

Lowered to the framework of the callee it is that call, which gives the numbers that the framework gives; to any other
it is its region, which has the same distribution. `@rng` among the arguments is the stream that is drawn from,
`stream "noise"` names a generator of the user's own. Regions read values of the function around them.

A method of `torch.Tensor` fills new memory laid out as its first argument, `dense` or with the same gaps: torch draws
in the order of memory.
"""

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, UnitAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind
from xdsl.utils.exceptions import VerifyException

from mlgraph.dialects.backend import Arguments, ArgumentsAttr, each_once, parse_arguments, print_arguments
from mlgraph.dialects.ivy.control import yielded
from mlgraph.dialects.literals import Name
from mlgraph.dialects.table import compatible

RNG = Name("rng")
"""Stands for the stream among the arguments of a call."""

METHODS = frozenset(
    (
        "beta binomial chisquare choice dirichlet exponential f gamma geometric gumbel integers laplace logistic"
        " lognormal multinomial multivariate_normal negative_binomial normal pareto permutation permuted poisson power"
        " rand randint randn random random_sample rayleigh standard_cauchy standard_exponential standard_gamma"
        " standard_normal standard_t triangular uniform weibull"
    ).split()
)
"""The methods of numpy's generators of either generation that draw."""
_OF_TORCH = "rand randn randint randperm normal bernoulli poisson binomial multinomial"
_OF_ATEN = "rrelu_with_noise_functional.default _sample_dirichlet.default _standard_gamma.default"
_FILLS = "bernoulli_ cauchy_ exponential_ geometric_ log_normal_ normal_ random_ uniform_"
CALLEES = frozenset(
    [f"numpy.random.{kind}.{name}" for kind in ("Generator", "RandomState") for name in METHODS]
    + [f"torch.{name}" for name in _OF_TORCH.split()]
    + [f"torch.Tensor.{name}" for name in _FILLS.split()]
    + [f"torch.ops.aten.{name}" for name in _OF_ATEN.split()]
)
"""The functions that may be called: text that says `os.system` is no draw."""


class Draw(MemoryEffect):
    """A draw moves the stream of random numbers on."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.READ), EffectInstance(MemoryEffectKind.WRITE)}


@irdl_op_definition
class NativeOp(IRDLOperation):
    """A draw by a function of one framework, with a region of the same distribution for the others."""

    name = "generator.native"
    inputs = var_operand_def()
    outputs = var_result_def()
    callee = prop_def(StringAttr)
    arguments = prop_def(ArgumentsAttr)
    stream = opt_prop_def(StringAttr)
    dense = opt_prop_def(UnitAttr)
    body = region_def("single_block")
    traits = traits_def(Draw())

    def __init__(
        self,
        callee: str,
        operands: Sequence[SSAValue],
        arguments: Arguments,
        body: Block,
        stream: str | None = None,
        dense: bool = False,
    ):
        super().__init__(
            operands=[operands],
            result_types=[[value.type for value in yielded(body)]],
            properties={
                "callee": StringAttr(callee),
                "arguments": ArgumentsAttr(arguments),
                "stream": None if stream is None else StringAttr(stream),
                "dense": UnitAttr() if dense else None,
            },
            regions=[Region(body)],
        )

    @property
    def framework(self) -> str:
        """The framework whose function it calls."""
        return self.callee.data.partition(".")[0]

    def verify_(self) -> None:
        if self.callee.data not in CALLEES:
            raise VerifyException(f"{self.name}: {self.callee.data} is no draw")
        found: list[Attribute] = [value.type for value in yielded(self.body.block)]
        if len(found) != len(self.outputs) or not all(map(compatible, found, self.outputs.types)):
            raise VerifyException(f"{self.name}: the region gives other types than the operation")

    def print(self, printer: Printer) -> None:
        printer.print_string(" dense" if self.dense is not None else "")
        printer.print_string(f" @{self.callee.data}(")
        print_arguments(printer, self.arguments.data, lambda i: printer.print_ssa_value(self.inputs[i]))
        printer.print_string(")")
        if self.stream is not None:
            printer.print_string(" stream ")
            printer.print_string_literal(self.stream.data)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)
        printer.print_string(" ")
        printer.print_region(self.body)

    @classmethod
    def parse(cls, parser: Parser) -> "NativeOp":
        dense = parser.parse_optional_keyword("dense") is not None
        callee = parser.parse_symbol_name().data
        operands: list[UnresolvedOperand] = []
        with parser.in_parens():
            arguments, operands = each_once(parse_arguments(parser, operands), operands)
        named = parser.parse_optional_keyword("stream") is not None
        stream = parser.parse_str_literal() if named else None
        attributes = parser.parse_optional_attr_dict()
        position = parser.pos
        parser.parse_punctuation(":")
        types = parser.parse_function_type()
        values = parser.resolve_operands(operands, types.inputs.data, position)
        region = parser.parse_region()
        op = cls.create(
            operands=values,
            result_types=list(types.outputs.data),
            properties={
                "callee": StringAttr(callee),
                "arguments": ArgumentsAttr(arguments),
                **({} if stream is None else {"stream": StringAttr(stream)}),
                **({"dense": UnitAttr()} if dense else {}),
            },
            regions=[region],
        )
        op.attributes.update(attributes)
        return op
