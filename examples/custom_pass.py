"""A pass of your own: `x / sqrt(y)` becomes `x * rsqrt(y)`, which is one operation less for a GPU."""

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import mlgraph
from mlgraph.dialects import ivy
from mlgraph.transforms.rewriting import replace


@dataclass(frozen=True)
class UseRsqrt(ModulePass):
    """Rewrite divisions by a square root."""

    name = "use-rsqrt"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for divide in [inner for inner in op.walk() if isinstance(inner, ivy.divide.definition)]:
            x, root = divide.operands
            if isinstance(sqrt := root.owner, ivy.sqrt.definition):
                y = sqrt.operands[0]
                replace(divide, lambda x=x, y=y: ivy.multiply(x, ivy.rsqrt(y)))


def normalize(x: np.ndarray) -> np.ndarray:
    """Each row of `x` divided by its length."""
    return x / np.sqrt(np.sum(x * x, axis=1, keepdims=True))


def main() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    graph = mlgraph.compile(normalize, to="numpy", args=(x,), passes=[UseRsqrt()])
    print(graph.ir("ivy"))
    print(graph.source)
    print("largest difference:", np.abs(graph(x) - normalize(x)).max())


if __name__ == "__main__":
    main()
