# pyright: basic
"""Small ivy programs, and what numpy makes of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr, TensorType
from xdsl.ir import Operation
from xdsl.parser import Parser

from mlgraph.dialects.building import building, located
from mlgraph.dialects.context import context
from mlgraph.dialects.functions import finish, function
from mlgraph.targets.callable import emit
from mlgraph.transforms.lower_generator import LowerGeneratorPass
from mlgraph.transforms.lower_ivy import LowerIvyPass

HERE = FileLineColLoc(StringAttr("program.py"), IntAttr(1), IntAttr(2))


def program(body: Callable[..., Any], types: Sequence[TensorType]) -> ModuleOp:
    """`@main` with arguments of `types`, its body built by `body`, every operation from one line."""
    main = function("main", types, [f"x{i}" for i in range(len(types))])
    with building(main.body.block), located(HERE):
        found = body(*main.body.block.args)
    finish(main, found if isinstance(found, tuple) else (found,))
    return ModuleOp([main])


def parsed(text: str) -> ModuleOp:
    """The module of a text."""
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def by_numpy(module: ModuleOp, *arguments: Any) -> list[Any]:
    """What `module` returns for these arguments, through the numpy backend; `module` is left as it is."""
    copy = module.clone()
    LowerGeneratorPass("numpy").apply(Context(), copy)
    LowerIvyPass("numpy").apply(Context(), copy)
    found = emit(copy, "numpy").load("<program>", np.asarray)(*arguments)
    return list(found) if isinstance(found, tuple) else [found]


def names(module: ModuleOp) -> list[str]:
    """The operations of the functions of a module, in order."""
    return [op.name for op in operations(module)]


def operations(module: ModuleOp) -> list[Operation]:
    skipped = ("builtin.module", "func.func", "func.return")
    return [op for op in module.walk() if op.name not in skipped]
