"""The region of a `kernel.fused` → Triton source.

    def kernel_0(x_ptr, b_ptr, y_ptr, n, n1, n1_m, n1_s, b_s1, VECTOR: tl.constexpr, INDEX: tl.constexpr, ...):
        i = tl.program_id(0).to(INDEX) * BLOCK + tl.arange(0, BLOCK)
        mask = i < n
        rest, i1 = split(i, n1, n1_m, n1_s, VECTOR)
        x = tl.load(x_ptr + i, mask=mask)
        b = tl.load(b_ptr + i1 * b_s1, mask=mask)
        add = x + b
        y = libdevice.tanh(add)
        tl.store(y_ptr + i, y, mask=mask)

Each program takes a block of the iteration space. What is computed is what the frameworks' own kernels compute:
division and square root are exact, NaN propagates, integers wrap, and functions are those of CUDA's `libdevice` where
Triton's own are less accurate. Values are signed; an operation on unsigned integers says so. What a kernel reduces is
stored whole: the framework reduces it.

GPUs have no instruction that divides integers: an index is divided by a product and a shift, whose numbers the launch
finds (Granlund and Montgomery, Division by Invariant Integers using Multiplication, 1994).
"""

import math as numbers
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from xdsl.context import Context
from xdsl.dialects import arith, math, scf
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, ModuleOp, TensorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.target import Target

from mlgraph.dialects import scalar
from mlgraph.dialects.dtypes import HALF_PRECISION, NAME_OF, bf16, dtype_of, element_type, f32, i1
from mlgraph.dialects.kernel import FusedOp, YieldOp, elementwise, step_count
from mlgraph.targets.loop_nest import LoopNest, make_loop_nest
from mlgraph.targets.names import Names

TEMPLATES: dict[type[Operation], str] = {
    arith.NegfOp: "{0} * -1.0",
    math.AbsFOp: "tl.abs({0})",
    math.AbsIOp: "tl.abs({0})",
    math.FmaOp: "tl.fma({0}, {1}, {2})",
    math.FloorOp: "tl.floor({0})",
    math.CeilOp: "tl.ceil({0})",
    math.TruncOp: "libdevice.trunc({0})",
    math.RoundEvenOp: "libdevice.rint({0})",
    math.CopySignOp: "libdevice.copysign({0}, {1})",
    arith.MaximumfOp: "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    arith.MinimumfOp: "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    arith.MaxSIOp: "tl.maximum({0}, {1})",
    arith.MinSIOp: "tl.minimum({0}, {1})",
    arith.MaxUIOp: "tl.maximum({0:u}, {1:u}).to({type})",
    arith.MinUIOp: "tl.minimum({0:u}, {1:u}).to({type})",
    arith.DivUIOp: "({0:u} // {1:u}).to({type})",
    arith.RemUIOp: "({0:u} % {1:u}).to({type})",
    arith.ShRUIOp: "({0:u} >> {1:u}).to({type})",
    arith.SelectOp: "tl.where({0}, {1}, {2})",
    arith.ExtFOp: "{0}.to({type})",
    arith.TruncFOp: "{0}.to({type})",
    arith.SIToFPOp: "{0}.to({type})",
    arith.UIToFPOp: "{0:u}.to({type})",
    arith.FPToSIOp: "{0}.to({type})",
    arith.ExtUIOp: "{0:u}.to({type})",
    arith.BitcastOp: "{0}.to({type}, bitcast=True)",
}
"""The spelling of operations: operands by number (`:u` as unsigned), and the type of the result."""

INFIX: dict[type[Operation], str] = {
    arith.AddfOp: "+",
    arith.SubfOp: "-",
    arith.MulfOp: "*",
    arith.AddiOp: "+",
    arith.SubiOp: "-",
    arith.MuliOp: "*",
    arith.DivSIOp: "//",
    arith.RemSIOp: "%",
    arith.AndIOp: "&",
    arith.OrIOp: "|",
    arith.XOrIOp: "^",
    arith.ShLIOp: "<<",
    arith.ShRSIOp: ">>",
}
"""Operations that are an operator. Division and remainder of integers are towards 0 in Triton, as in `arith`."""

LIBDEVICE: dict[type[Operation], str] = {
    math.ExpOp: "exp",
    math.Exp2Op: "exp2",
    math.ExpM1Op: "expm1",
    math.LogOp: "log",
    math.Log1pOp: "log1p",
    math.Log2Op: "log2",
    math.Log10Op: "log10",
    math.RsqrtOp: "rsqrt",
    math.CbrtOp: "cbrt",
    math.SinOp: "sin",
    math.CosOp: "cos",
    math.TanOp: "tan",
    math.AsinOp: "asin",
    math.AcosOp: "acos",
    math.AtanOp: "atan",
    math.Atan2Op: "atan2",
    math.SinhOp: "sinh",
    math.CoshOp: "cosh",
    math.TanhOp: "tanh",
    math.AsinhOp: "asinh",
    math.AcoshOp: "acosh",
    math.AtanhOp: "atanh",
    math.ErfOp: "erf",
    scalar.ErfcOp: "erfc",
    math.PowFOp: "pow",
}
"""Functions of CUDA's library, by the name that Triton calls them by."""

NEGATIVE_ZERO = "-0.0"
"""A number that Triton before 3.7 takes for 0, as it takes `-x` for `0 - x`."""

FLOAT_PREDICATES = {
    "oeq": "{0} == {1}",
    "ogt": "{0} > {1}",
    "oge": "{0} >= {1}",
    "olt": "{0} < {1}",
    "ole": "{0} <= {1}",
    "one": "({0} < {1}) | ({0} > {1})",
    "ord": "({0} == {0}) & ({1} == {1})",
    "ueq": "~(({0} < {1}) | ({0} > {1}))",
    "ugt": "~({0} <= {1})",
    "uge": "~({0} < {1})",
    "ult": "~({0} >= {1})",
    "ule": "~({0} > {1})",
    "une": "{0} != {1}",
    "uno": "({0} != {0}) | ({1} != {1})",
}
"""Comparisons of floats; Triton's are false where one is NaN, but for `!=`."""

INTEGER_PREDICATES = {"eq": "==", "ne": "!="} | {
    f"{sign}{name}": operator
    for sign in "su"
    for name, operator in {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items()
}

HEADER = """import triton
import triton.language as tl
from triton.language.extra import libdevice


"""

SPLIT = """@triton.jit
def split(i, n, m, s, vector: tl.constexpr):
    if i.dtype == tl.int64:
        q = i // n
    else:
        q = ((tl.umulhi(i.to(tl.uint32), m.to(tl.uint32)) + i.to(tl.uint32)) >> s.to(tl.uint32)).to(tl.int32)
    return q, tl.max_contiguous(tl.multiple_of(i - q * n, vector), vector)


"""
"""The quotient and remainder of indices by a size, of which remainders come in runs that lie side by side."""

VECTOR = 16
"""The elements that lie side by side, from a multiple of as many on, if that divides the innermost size."""


@dataclass(frozen=True)
class Layout:
    """The part of a loop nest that the source depends on: the access to each operand in `rank` loops."""

    rank: int
    operands: tuple[tuple[int, ...] | None, ...]
    """The loops that move an operand; None for one that lies in memory as the loops go, like every result."""

    @property
    def inner(self) -> int:
        """The outermost loop whose index is needed, `rank` if none is."""
        return min((axis for axes in self.operands for axis in axes or ()), default=self.rank)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The loops whose sizes are needed: an index is the remainder by its own."""
        return tuple(range(max(self.inner, 1), self.rank))


def layout_of(nest: LoopNest, itemsizes: Sequence[int]) -> Layout:
    """Return the layout of operands whose elements have `itemsizes` bytes."""
    dense = tuple(numbers.prod(nest.sizes[k + 1 :]) for k in range(len(nest.sizes)))
    operands = tuple(
        None
        if strides == tuple(step * itemsize for step in dense)
        else tuple(axis for axis, stride in enumerate(strides) if stride)
        for strides, itemsize in zip(nest.strides, itemsizes)
    )
    layout = Layout(len(nest.sizes), operands)
    return layout if layout.inner < layout.rank else Layout(1, operands)


def divisor(n: int) -> tuple[int, int, int]:
    """Return `n`, and the factor and shift that divide a number below 2³¹ by it."""
    shift = (n - 1).bit_length()
    return n, ((1 << 32) * ((1 << shift) - n)) // n + 1, shift


def natural_layout(fused: FusedOp) -> Layout:
    """Return the layout of contiguous operands whose unknown sizes are not 1."""
    types = [cast("TensorType[Any]", type) for type in (*fused.operand_types, *fused.result_types)]
    itemsizes = [dtype_of(element_type(type)).itemsize for type in types]
    shapes = [type.get_shape() for type in types[: len(fused.operands)]]
    rank = max(map(len, shapes), default=0)
    whole = dict.fromkeys(range(-rank, 0), 2)
    for shape in shapes:
        whole |= {axis - len(shape): size for axis, size in enumerate(shape) if size > 1}
    known = [tuple(whole[k - len(s)] if n == -1 else n for k, n in enumerate(s)) for s in shapes]
    strides = [
        tuple(itemsize * numbers.prod(shape[axis + 1 :]) for axis in range(len(shape)))
        for shape, itemsize in zip(known, itemsizes)
    ]
    nest = make_loop_nest(known, strides, itemsizes[len(known) :], [range(len(known))] * len(fused.results))
    return Layout(1, (None,) * len(known)) if nest is None else layout_of(nest, itemsizes[: len(known)])


def triton_source(fused: FusedOp, name: str, layout: Layout | None = None) -> str:
    """Return a Python file that defines `name`, the kernel for operands of a layout.

    Its parameters are pointers to the operands and results, the number of elements, for each size of `layout.sizes`
    what `divisor` says, for each operand that is moved by some loops its strides there in elements, the length of runs
    along the innermost loop where there are several, the type of indices and the size of a block.
    """
    return _Printer(fused, name, layout or natural_layout(fused)).text()


@dataclass(frozen=True)
class TritonTarget(Target):
    """Print the Triton source of each kernel, for contiguous arrays."""

    name = "triton"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        kernels = {op.symbol: op for op in reversed([*module.walk()]) if isinstance(op, FusedOp)}
        output.write("\n\n".join(triton_source(elementwise(op), symbol) for symbol, op in sorted(kernels.items())))


class _Printer:
    def __init__(self, fused: FusedOp, name: str, layout: Layout) -> None:
        self.fused, self.name, self.layout = fused, name, layout
        own = {"triton", "tl", "libdevice", "split", "n", "i", "rest", "mask", "VECTOR", "INDEX", "BLOCK"}
        self.names = Names({*own, name})
        self.block = fused.body.block
        self.scalars: dict[SSAValue, str] = {}
        hints = [argument.name_hint for argument in self.block.args]
        self.operands = [self.names.fresh(hint, "_ptr") for hint in hints]
        self.results = [self.names.fresh(result.name_hint or "out", "_ptr") for result in fused.results]
        needed = range(layout.inner, layout.rank)
        self.indices = {axis: self.names.fresh(f"i{axis}") if layout.rank > 1 else "i" for axis in needed}
        self.divisors = {a: [self.names.fresh(f"n{a}{part}") for part in ("", "_m", "_s")] for a in layout.sizes}
        self.strides = [
            {axis: self.names.fresh(hint, f"_s{axis}") for axis in axes or ()}
            for hint, axes in zip(hints, layout.operands)
        ]

    def text(self) -> str:
        strides = [name for names in self.strides for name in names.values()]
        divisors = [name for names in self.divisors.values() for name in names]
        parameters = [*self.operands, *self.results, "n", *divisors, *strides]
        parameters += ["VECTOR: tl.constexpr"] if divisors else []
        parameters += ["INDEX: tl.constexpr", "BLOCK: tl.constexpr"]
        lines = [
            "i = tl.program_id(0).to(INDEX) * BLOCK + tl.arange(0, BLOCK)",
            "mask = i < n",
            *self.index_lines(),
            *(self.load(k) for k in range(len(self.operands))),
            *self.statements(self.block),
            *self.stores(),
        ]
        any_value = [name for names in self.divisors.values() for name in names[1:]]
        jit = f"@triton.jit(do_not_specialize={any_value})" if any_value else "@triton.jit"
        text = "\n    ".join([f"def {self.name}({', '.join(parameters)}):", *lines])
        return f"{HEADER}{SPLIT if any_value else ''}{jit}\n{text}\n"

    def index_lines(self) -> list[str]:
        """The index of each loop that moves an operand, found from the innermost to the outermost."""
        lines, rest = list[str](), "i"
        for axis in reversed(self.divisors):
            outer = self.indices.get(0, "rest") if axis == 1 else "rest"
            vector = "VECTOR" if axis == self.layout.rank - 1 else "1"
            lines.append(f"{outer}, {self.indices[axis]} = split({', '.join([rest, *self.divisors[axis], vector])})")
            rest = outer
        return lines

    def load(self, k: int) -> str:
        argument, pointer, axes = self.block.args[k], self.operands[k], self.layout.operands[k]
        signed = _type(argument.type) if element_type(self.fused.operand_types[k]) != argument.type else None
        conversion = f".to({signed})" if signed else ""
        steps = [f"{self.indices[axis]} * {stride}" for axis, stride in self.strides[k].items()]
        place = " + ".join([pointer, *(["i"] if axes is None else steps)])
        return f"{self.define(argument)} = tl.load({place}{', mask=mask' if axes != () else ''}){conversion}"

    def stores(self) -> list[str]:
        values = self.block.last_op.operands if self.block.last_op else ()
        return [f"tl.store({p} + i, {self.scalar(v)}, mask=mask)" for p, v in zip(self.results, values, strict=True)]

    def statements(self, block: Block) -> Iterator[str]:
        """Yield the lines of a block, except what it yields."""
        for op in block.ops:
            if isinstance(op, scf.ForOp):
                yield from self.loop(op)
            elif not isinstance(op, arith.ConstantOp | YieldOp | scf.YieldOp):
                yield self.statement(op)

    def loop(self, op: scf.ForOp) -> Iterator[str]:
        """Yield the lines of a loop: its state is blocks throughout, since Triton wants one type of it."""
        index, *arguments = op.body.block.args
        for argument, value in zip(arguments, op.iter_args):
            yield f"{self.define(argument)} = tl.broadcast_to({self.scalar(value)}, (BLOCK,))"
        self.scalars |= {result: self.scalars[argument] for result, argument in zip(op.res, arguments)}
        yield f"for {self.define(index)} in range({step_count(op)}):"
        lines = list(self.statements(op.body.block))
        last = op.body.block.last_op
        assert isinstance(last, scf.YieldOp)
        names = [self.names.fresh("next") for _ in arguments]
        lines += [f"{n} = tl.broadcast_to({self.scalar(v)}, (BLOCK,))" for n, v in zip(names, last.operands)]
        lines += [f"{self.scalars[argument]} = {name}" for name, argument in zip(names, arguments)]
        yield from (f"    {line}" for line in lines)

    def statement(self, op: Operation) -> str:
        operands = [_Scalar(self, value, op) for value in op.operands]
        text = template(op).format(*operands, type=_type(op.results[0].type))
        return f"{self.define(op.results[0])} = {text}"

    def define(self, value: SSAValue) -> str:
        owner = value.owner
        mnemonic = owner.name.partition(".")[2] if isinstance(owner, Operation) else None
        self.scalars[value] = self.names.fresh(value.name_hint or mnemonic)
        return self.scalars[value]

    def scalar(self, value: SSAValue, unsigned: bool = False) -> str:
        """A value with its type, so that Triton need not guess that of a number."""
        type = _type(value.type, unsigned)
        if isinstance(value.owner, arith.ConstantOp):
            number = literal(value.owner, unsigned)
            return f"tl.full((), {number}, {type})" if number != NEGATIVE_ZERO else f"(tl.full((), 0.0, {type}) * -1.0)"
        return f"{self.scalars[value]}.to({type})" if unsigned and value.type != i1 else self.scalars[value]


@dataclass(frozen=True)
class _Scalar:
    """An operand in a template."""

    printer: _Printer
    value: SSAValue
    op: Operation

    def __format__(self, spec: str) -> str:
        """The operand, unsigned by the spec `u`. A number is written as such where another operand gives its type."""
        owner = self.value.owner
        if isinstance(owner, arith.ConstantOp) and self.is_typed_by_another():
            if (number := literal(owner, spec == "u")) != NEGATIVE_ZERO:
                return number
        return self.printer.scalar(self.value, spec == "u")

    def is_typed_by_another(self) -> bool:
        if type(self.op) in LIBDEVICE or isinstance(self.op, math.CopySignOp) or self.value.type in HALF_PRECISION:
            return False
        others = self.op.operands[1:] if isinstance(self.op, arith.SelectOp) else self.op.operands
        return any(o.type == self.value.type and not isinstance(o.owner, arith.ConstantOp) for o in others)


def template(op: Operation) -> str:
    """Return the spelling of an operation."""
    kind = type(op)
    if kind in INFIX:
        return f"{{0}} {INFIX[kind]} {{1}}"
    if kind in LIBDEVICE:
        return f"libdevice.{LIBDEVICE[kind]}({', '.join(f'{{{k}}}' for k in range(len(op.operands)))})"
    if kind in IRREGULAR:
        return IRREGULAR[kind](op)
    if kind in TEMPLATES:
        return TEMPLATES[kind]
    raise TypeError(f"{op.name} has no form in Triton")


def _divf(op: Operation) -> str:
    """Two units in the last place are enough for quotients of bfloat16 that are rounded to bfloat16.

    Such a quotient is further than that, by 2⁻¹⁷ of itself, from the middle of two neighbors.
    """
    exact = op.results[0].type == f32 and not _is_of(op, bf16)
    return "tl.div_rn({0}, {1})" if exact else "{0} / {1}"


def _is_of(op: Operation, half: Attribute) -> bool:
    """Return whether a float32 operation has float16 or bfloat16 operands, and its result is rounded to that type."""
    wide = all(isinstance(o.owner, arith.ExtFOp) and o.owner.input.type == half for o in op.operands)
    uses = [use.operation for use in op.results[0].uses]
    return wide and all(isinstance(user, arith.TruncFOp) and user.result.type == half for user in uses)


def _sqrt(op: Operation) -> str:
    return "tl.sqrt_rn({0})" if op.results[0].type == f32 else "tl.sqrt({0})"


def _sigmoid(op: Operation) -> str:
    one_more = "1.0 + libdevice.exp(-{0})"
    return f"tl.div_rn(1.0, {one_more})" if op.results[0].type == f32 else f"1.0 / ({one_more})"


def _cmpf(op: Operation) -> str:
    """Compare float16 and bfloat16 as float32: GPUs of compute capability 8 compare no bfloat16."""
    predicate = arith.CMPF_COMPARISON_OPERATIONS[cast(arith.CmpfOp, op).predicate.value.data]
    one = predicate == "uno" and op.operands[0] is op.operands[1]
    text = "{0} != {0}" if one else FLOAT_PREDICATES[predicate]
    return text if op.operands[0].type not in HALF_PRECISION else re.sub(r"\{.\}", r"\g<0>.to(tl.float32)", text)


def _cmpi(op: Operation) -> str:
    predicate = arith.CMPI_COMPARISON_OPERATIONS[cast(arith.CmpiOp, op).predicate.value.data]
    if predicate[0] == "s" and op.operands[0].type == i1:
        raise TypeError("a signed comparison of bools has no form in Triton")
    spec = ":u" if predicate[0] == "u" else ""
    return f"{{0{spec}}} {INTEGER_PREDICATES[predicate]} {{1{spec}}}"


def _trunci(op: Operation) -> str:
    """A conversion to bool is a test in Triton."""
    return "({0} & 1) != 0" if op.results[0].type == i1 else "{0}.to({type})"


def _extsi(op: Operation) -> str:
    """A bool is an unsigned number in Triton."""
    return "-{0}.to({type})" if op.operands[0].type == i1 else "{0}.to({type})"


IRREGULAR: dict[type[Operation], Callable[[Operation], str]] = {
    arith.DivfOp: _divf,
    math.SqrtOp: _sqrt,
    scalar.SigmoidOp: _sigmoid,
    arith.CmpfOp: _cmpf,
    arith.CmpiOp: _cmpi,
    arith.TruncIOp: _trunci,
    arith.ExtSIOp: _extsi,
}
"""The spelling of operations that depends on types and predicates."""


def literal(op: arith.ConstantOp, unsigned: bool = False) -> str:
    """Return the number of a constant."""
    value = op.value
    if isinstance(value, FloatAttr):
        number = value.value.data
        return repr(number) if numbers.isfinite(number) else f'float("{number}")'
    assert isinstance(value, IntegerAttr)
    assert isinstance(value.type, IntegerType)
    if value.type == i1:
        return str(bool(value.value.data))
    return str(value.value.data % (1 << value.type.width.data) if unsigned else value.value.data)


def _type(type: Attribute, unsigned: bool = False) -> str:
    """The name of a scalar's type."""
    name = "int1" if type == i1 else NAME_OF[type]
    return f"tl.{'u' if unsigned and type != i1 else ''}{name}"
