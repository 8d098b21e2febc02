# pyright: basic
"""From a function of jax arrays to a program of ivy rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.errors import InconclusiveDimensionOperation
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.transforms.dead_code_elimination import dce

from mlgraph.dialects import sizes
from mlgraph.dialects.building import building
from mlgraph.dialects.functions import finish, function
from mlgraph.frontend.jax import (  # noqa: F401
    calls,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    manipulation,
    random,
    reduction,
    windows,
)
from mlgraph.frontend.jax.dimensions import Dimensions, FixSizes, symbols_of
from mlgraph.frontend.jax.raising import Raiser
from mlgraph.frontend.jax.rules import type_of_aval
from mlgraph.frontend.jax.tracing import Shape, Symbols, Trace, check_inputs, complaint, trace
from mlgraph.frontend.program import Input, Program, Request, user_outputs


def capture(request: Request) -> Program:
    """Trace `request.function` with jax and raise what it did."""
    check_inputs(request)
    symbols = Symbols.of(list(request.arrays), request.dynamic)
    while True:
        traced = trace(request, symbols)
        try:
            return raised(request, traced)
        except FixSizes as needed:
            symbols.fix(needed.symbols)
        except InconclusiveDimensionOperation as error:
            symbols.fix(symbols_of(complaint(error)))


def raised(request: Request, traced: Trace) -> Program:
    """The program of a trace."""
    jaxpr = traced.jaxpr.jaxpr
    main = function("main", [type_of_aval(v.aval) for v in jaxpr.invars], list(request.names))
    arguments = main.body.block.args
    raiser = Raiser(Dimensions(places(traced.shapes, arguments)))
    with building(main.body.block):
        values = raiser.run_closed(traced.jaxpr, arguments)
        results = list(with_sizes(traced, values, raiser.dimensions))
    raiser.raise_for_missing()
    finish(main, results)
    module = ModuleOp([main])
    dce(module)
    used = [i in traced.looked or bool(argument.uses.get_length()) for i, argument in enumerate(arguments)]
    inputs = tuple(
        Input(np.dtype(array.dtype).name, shape, use, getattr(array, "weak_type", False))
        for array, shape, use in zip(request.arrays, traced.shapes, used, strict=True)
    )
    free = {n for shape in traced.shapes for n in shape if isinstance(n, str)}
    bounds = {symbol: (2, None) for symbol in sorted(free)}
    specs = user_outputs(traced.outputs, traced.same)
    return Program(
        module, inputs, traced.outputs, specs, bounds, size_guards=traced.conditions, tracer_seconds=traced.seconds
    )


def places(shapes: Sequence[Shape], arguments: Sequence[SSAValue]) -> dict[str, tuple[SSAValue, int]]:
    """An argument and an axis whose size each symbol is."""
    found: dict[str, tuple[SSAValue, int]] = {}
    for shape, argument in zip(shapes, arguments, strict=True):
        for axis, size in enumerate(shape):
            if isinstance(size, str):
                found.setdefault(size, (argument, axis))
    return found


def with_sizes(traced: Trace, values: Sequence[SSAValue], dimensions: Dimensions) -> Any:
    """The results of `@main`: the arrays in order, with the sizes between them."""
    arrays = iter(values)
    for size in traced.results:
        yield next(arrays) if size is None else sizes.value(dimensions(size))
