"""`cond`, `while` and `scan`."""

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.builder import Builder
from xdsl.ir import Block, SSAValue
from xdsl.rewriter import InsertPoint

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import literal, number_of
from mlgraph.dialects.dtypes import i1, i32
from mlgraph.dialects.ivy.control import CheckOp, IfOp, ScanOp, WhileOp, YieldOp
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank
from mlgraph.frontend.jax.dimensions import is_known
from mlgraph.frontend.jax.equation import Equation, dtype_of_aval, type_of_aval
from mlgraph.frontend.jax.keys import raw
from mlgraph.frontend.jax.rules.calls import inline
from mlgraph.frontend.jax.rules.registry import rule


def region(e: Equation, avals: Sequence[Any], run: Callable[[Sequence[SSAValue]], Sequence[SSAValue]]) -> Block:
    """Return a region with arguments of the types `avals` that yields what `run` makes of them."""
    block = Block(arg_types=[type_of_aval(aval) for aval in avals])
    e.importer.dimensions.scopes.append({})
    with building(Builder(InsertPoint.at_end(block))):
        insert(YieldOp(*run(block.args)))
    e.importer.dimensions.scopes.pop()
    return block


@rule("cond")
def cond(e: Equation, index: SSAValue, *operands: SSAValue, branches: Any, **_: Any) -> list[SSAValue]:
    """The branch that `index` names, the first for smaller and the last for larger ones."""
    if (chosen := number_of(index)) is not None:
        return inline(e, branches[min(max(int(chosen), 0), len(branches) - 1)], operands)  # pyright: ignore[reportArgumentType]
    return choose(e, index, operands, branches, 0)


def choose(e: Equation, index: SSAValue, operands: Sequence[SSAValue], branches: Any, first: int) -> list[SSAValue]:
    """One of the branches from `first` on."""
    if first == len(branches) - 1:
        return inline(e, branches[first], tuple(operands))
    later = region(e, [], lambda _: choose(e, index, operands, branches, first + 1))
    here = region(e, [], lambda _: inline(e, branches[first], tuple(operands)))
    if len(branches) == 2 and (truth := bool_behind(index)) is not None:
        return list(insert(IfOp(truth, later, here)).results)
    if dtype(index) == i1:
        return list(insert(IfOp(index, later, here)).results)
    return list(insert(IfOp(ivy.less_equal(index, number(index, first)), here, later)).results)


def bool_behind(index: SSAValue) -> SSAValue | None:
    """Return the bool that `index` is a number of, None if it is not."""
    owner = index.owner
    if isinstance(owner, ivy.cast.definition) and dtype(x := owner.arguments()["x"]) == i1:
        return x
    return None


@rule("while")
def while_(
    e: Equation, *operands: SSAValue, cond_jaxpr: Any, body_jaxpr: Any, cond_nconsts: int, body_nconsts: int
) -> list[SSAValue]:
    of_cond, rest = operands[:cond_nconsts], operands[cond_nconsts:]
    of_body, initial = rest[:body_nconsts], rest[body_nconsts:]
    avals = [v.aval for v in e.eqn.outvars]
    batch = rank_of(cond_jaxpr.out_avals[0])

    def test(state: Sequence[SSAValue]) -> SSAValue:
        return inline(e, cond_jaxpr, (*of_cond, *state))[0]

    def step(state: Sequence[SSAValue]) -> list[SSAValue]:
        new = inline(e, body_jaxpr, (*of_body, *state))
        return [going_on(test(state), *pair) for pair in zip(new, state, strict=True)] if batch else new

    condition = region(e, avals, lambda state: [ivy.any(test(state)) if batch else test(state)])
    return list(insert(WhileOp(initial, condition, region(e, avals, step))).results)


def rank_of(aval: Any) -> int:
    return len(aval.shape)


def going_on(more: SSAValue, new: SSAValue, old: SSAValue) -> SSAValue:
    """Of a batch of loops, the new state of those that go on."""
    inner = tuple(range(rank(more), rank(new)))
    return ivy.where(ivy.expand_dims(more, inner) if inner else more, new, old)


@rule("scan")
def scan(
    e: Equation, *operands: SSAValue, jaxpr: Any, length: Any, reverse: bool, num_consts: int, num_carry: int
) -> list[SSAValue]:
    consts, rest = operands[:num_consts], operands[num_consts:]
    initial, xs = rest[:num_carry], rest[num_carry:]
    if is_known(length) and int(length) == 0:
        return [*initial, *(empty(e, v.aval) for v in e.eqn.outvars[num_carry:])]
    avals = [v.aval for v in e.eqn.outvars[:num_carry]] + [v.aval for v in jaxpr.jaxpr.invars[num_consts + num_carry :]]
    body = region(e, avals, lambda arguments: inline(e, jaxpr, (*consts, *arguments)))
    stacks = [type_of_aval(v.aval) for v in e.eqn.outvars[num_carry:]]
    return list(insert(ScanOp(sizes.value(e.size(length)), initial, xs, body, stacks, reverse)).results)


def empty(e: Equation, aval: Any) -> SSAValue:
    """Return a stack of nothing."""
    words = raw(aval)
    return ivy.full(e.sizes(words.shape), 0, dtype_of_aval(words))


@rule("mlgraph_check")
def check(e: Equation, condition: SSAValue, *, error: str, message: str) -> tuple[SSAValue, ...]:
    insert(CheckOp(condition, error, message))
    return ()


@rule("platform_index")
def platform_index(e: Equation, *, platforms: Any) -> SSAValue:
    """The branch for every platform, or else the one for CPUs."""
    wanted = None if None in platforms else next(names for names in platforms if "cpu" in names)
    return literal(platforms.index(wanted), i32)
