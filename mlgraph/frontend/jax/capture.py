"""From a function of jax arrays to a program of ivy ops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.errors import InconclusiveDimensionOperation
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.transforms.dead_code_elimination import dce

from mlgraph.dialects import sizes as index_sizes
from mlgraph.dialects.building import building
from mlgraph.dialects.constant import parameter
from mlgraph.dialects.functions import finish, function
from mlgraph.frontend.dynamic_sizes import StaticSizeRequired
from mlgraph.frontend.jax.dimensions import Dimensions, symbols_of
from mlgraph.frontend.jax.equation import type_of_aval
from mlgraph.frontend.jax.importer import JaxprImporter
from mlgraph.frontend.jax.modules import Modules
from mlgraph.frontend.jax.rules import RULES
from mlgraph.frontend.jax.tracing import JaxSizes, JaxTrace, Shape, check_inputs, error_text, trace
from mlgraph.frontend.program import Input, OutputKind, OutputSpec, Program, Request, user_outputs


def capture(request: Request) -> Program:
    """Trace `request.function` with jax and import what it did."""
    check_inputs(request)
    sizes = JaxSizes(request.arrays, request.dynamic)
    modules = Modules(request)
    while True:
        traced = trace(request, sizes, modules)
        try:
            return import_trace(request, traced, modules)
        except StaticSizeRequired as error:
            sizes.fix(error.sizes)
        except InconclusiveDimensionOperation as error:
            sizes.fix(symbols_of(error_text(error)))


def import_trace(request: Request, traced: JaxTrace, modules: Modules) -> Program:
    """Return the program of a trace."""
    n = len(modules.names)
    types = [type_of_aval(v.aval) for v in traced.jaxpr.jaxpr.invars]
    main = function("main", types[n:], list(request.names))
    arguments = main.body.block.args
    importer = JaxprImporter(RULES, Dimensions(places(traced.shapes, arguments)))
    with building(main.body.block):
        weights = [parameter(*weight) for weight in zip(modules.names, modules.arrays, types)]
        values = importer.run_closed(traced.jaxpr, [*weights, *arguments])
        results = list(with_sizes(traced, values, importer.dimensions))
        results += values[len(values) - len(traced.written) - traced.tests :]
    importer.check_missing()
    finish(main, results)
    module = ModuleOp([main])
    dce(module)
    used = [i in traced.observed or bool(argument.uses.get_length()) for i, argument in enumerate(arguments)]
    inputs = tuple(
        Input(np.dtype(array.dtype).name, shape, use, getattr(array, "weak_type", False))
        for array, shape, use in zip(request.arrays, traced.shapes, used, strict=True)
    )
    free = {n for shape in traced.shapes for n in shape if isinstance(n, str)}
    bounds = {symbol: (2, None) for symbol in sorted(free)}
    written = (OutputSpec(OutputKind.BUFFER, name) for name in traced.written)
    tests = (OutputSpec(OutputKind.TEST, i) for i in range(traced.tests))
    specs = (*user_outputs(traced.outputs, traced.same), *written, *tests)
    return Program(
        module,
        inputs,
        traced.outputs,
        specs,
        bounds,
        dict(zip(modules.names, modules.arrays)),
        size_guards=traced.conditions,
        tracer_seconds=traced.seconds,
        setters=modules.setters() if traced.written else {},
    )


def places(shapes: Sequence[Shape], arguments: Sequence[SSAValue]) -> dict[str, tuple[SSAValue, int]]:
    """Return an argument and an axis whose size each symbol is."""
    found: dict[str, tuple[SSAValue, int]] = {}
    for shape, argument in zip(shapes, arguments, strict=True):
        for axis, size in enumerate(shape):
            if isinstance(size, str):
                found.setdefault(size, (argument, axis))
    return found


def with_sizes(traced: JaxTrace, values: Sequence[SSAValue], dimensions: Dimensions) -> Any:
    """Return the results of `@main`: the arrays in order, with the sizes between them."""
    arrays = iter(values)
    for size in traced.results:
        yield next(arrays) if size is None else index_sizes.value(dimensions(size))
