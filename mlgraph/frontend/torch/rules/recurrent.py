"""Recurrent layers of ATen: each direction of each layer is a scan over time, whose length stays free."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from xdsl.ir import Block, SSAValue

from mlgraph.dialects import ivy, sizes
from mlgraph.dialects.building import building, insert
from mlgraph.dialects.constant import literal
from mlgraph.dialects.dtypes import i64, tensor
from mlgraph.dialects.ivy.control import ScanOp, YieldOp
from mlgraph.dialects.ivy.prelude import number
from mlgraph.dialects.ivy.types import dtype, rank, shape_of
from mlgraph.frontend.torch.importer import Out
from mlgraph.frontend.torch.rules.helpers import size_of, static
from mlgraph.frontend.torch.rules.manipulation import sliced
from mlgraph.frontend.torch.rules.random import dropped
from mlgraph.frontend.torch.rules.registry import rule

State: TypeAlias = list[SSAValue]
Cell: TypeAlias = Callable[[SSAValue, State, list[SSAValue]], State]
"""The next state of a layer, its output first, from the input times its weight, the state, and the other weights."""


def tanh_cell(x: SSAValue, state: State, weights: list[SSAValue]) -> State:
    return [ivy.tanh(ivy.add(x, ivy.linear(state[0], *weights)))]


def relu_cell(x: SSAValue, state: State, weights: list[SSAValue]) -> State:
    return [ivy.relu(ivy.add(x, ivy.linear(state[0], *weights)))]


def gru_cell(x: SSAValue, state: State, weights: list[SSAValue]) -> State:
    """Gates r, z and n; r is on the state's part of n, bias included."""
    (h,) = state
    r1, z1, n1 = gates(x, 3)
    r2, z2, n2 = gates(ivy.linear(h, *weights), 3)
    r, z = ivy.sigmoid(ivy.add(r1, r2)), ivy.sigmoid(ivy.add(z1, z2))
    n = ivy.tanh(ivy.add(n1, ivy.multiply(r, n2)))
    return [ivy.add(ivy.multiply(ivy.subtract(number(z, 1), z), n), ivy.multiply(z, h))]


def lstm_cell(x: SSAValue, state: State, weights: list[SSAValue]) -> State:
    """Gates i, f, g and o; a last weight, (projected, hidden), projects the output."""
    h, c = state
    projection = weights[-1] if len(weights) in (2, 3) and shape_of(c) != shape_of(h) else None
    recurrent = weights[:-1] if projection is not None else weights
    i, f, g, o = gates(ivy.add(x, ivy.linear(h, *recurrent)), 4)
    kept = ivy.multiply(ivy.sigmoid(f), c)
    c = ivy.add(kept, ivy.multiply(ivy.sigmoid(i), ivy.tanh(g)))
    h = ivy.multiply(ivy.sigmoid(o), ivy.tanh(c))
    return [h if projection is None else ivy.linear(h, projection), c]


def gates(x: SSAValue, count: int) -> list[SSAValue]:
    """Return the parts of the last axis."""
    width = static(x, rank(x) - 1) // count
    return [sliced(x, rank(x) - 1, i * width, (i + 1) * width) for i in range(count)]


@rule("rnn_tanh.input")
def rnn_tanh(out: Out, x: SSAValue, hx: SSAValue, params: Any, *options: Any) -> Any:
    return recurrent(x, [hx], params, tanh_cell, *options)


@rule("rnn_relu.input")
def rnn_relu(out: Out, x: SSAValue, hx: SSAValue, params: Any, *options: Any) -> Any:
    return recurrent(x, [hx], params, relu_cell, *options)


@rule("gru.input")
def gru(out: Out, x: SSAValue, hx: SSAValue, params: Any, *options: Any) -> Any:
    return recurrent(x, [hx], params, gru_cell, *options)


@rule("lstm.input")
def lstm(out: Out, x: SSAValue, hx: Any, params: Any, *options: Any) -> Any:
    return recurrent(x, list(hx), params, lstm_cell, *options)


def recurrent(
    x: SSAValue, first: State, params: Any, cell: Cell, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[SSAValue, ...]:  # fmt: skip
    """The output of the last layer, then the last states of all layers and directions."""
    x = ivy.permute_dims(x, (1, 0, 2)) if batch_first else x
    directions = 2 if bidirectional else 1
    runs = num_layers * directions
    each = len(params) // runs
    lasts: list[State] = []
    for layer in range(num_layers):
        if layer > 0 and train:
            x = dropped(x, dropout)
        outputs: list[SSAValue] = []
        for direction in range(directions):
            run = layer * directions + direction
            weights = list(params[run * each : (run + 1) * each])
            state = [ivy.take(h, literal(run, i64), 0) for h in first]
            output, last = over_time(x, state, weights, cell, has_biases, direction == 1)
            outputs.append(output)
            lasts.append(last)
        x = ivy.concat(outputs, 2) if bidirectional else outputs[0]
    x = ivy.permute_dims(x, (1, 0, 2)) if batch_first else x
    return x, *(ivy.stack([last[i] for last in lasts], 0) for i in range(len(first)))


def over_time(
    x: SSAValue, state: State, weights: list[SSAValue], cell: Cell, has_biases: bool, reverse: bool
) -> tuple[SSAValue, State]:
    """One direction of one layer: the input's products are taken of all times at once."""
    of_input, of_state, *rest = weights
    biases, rest = (rest[:2], rest[2:]) if has_biases else ([], rest)
    inputs = ivy.linear(x, of_input, *biases[:1])
    types = [h.type for h in state]
    body = Block(arg_types=[*types, tensor(shape_of(inputs)[1:], dtype(inputs))])
    with building(body):
        *held, element = body.args
        new = cell(element, list(held), [of_state, *biases[1:], *rest])
        insert(YieldOp(*new, new[0]))
    stack = tensor((shape_of(inputs)[0], *shape_of(new[0])), dtype(x))
    found: Sequence[SSAValue] = insert(
        ScanOp(sizes.value(size_of(x, 0)), state, [inputs], body, [stack], reverse)
    ).results
    return found[-1], list(found[:-1])
