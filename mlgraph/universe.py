"""The dialects, passes and targets of mlgraph for xDSL's tools, found through the entry point `xdsl.universe`.

Each name maps to a getter, so that `xdsl-opt` and `mlgraph-opt` load only what they use.
"""

from collections.abc import Callable
from importlib import import_module

from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

from mlgraph.dialects.context import dialects


def _pass(module: str, name: str) -> Callable[[], type[ModulePass]]:
    return lambda: getattr(import_module(f"mlgraph.transforms.{module}"), name)


def _target(module: str, name: str) -> Callable[[], type[Target]]:
    return lambda: getattr(import_module(f"mlgraph.targets.{module}"), name)


PASSES: dict[str, Callable[[], type[ModulePass]]] = {
    "bake-generators": _pass("bake_generators", "BakeGeneratorsPass"),
    "channels-last": _pass("channels_last", "ChannelsLastPass"),
    "differentiate-kernel": _pass("differentiate_kernel", "DifferentiateKernelPass"),
    "drop-unused-kernels": _pass("drop_unused_kernels", "DropUnusedKernelsPass"),
    "expand-math": _pass("expand_math", "ExpandMathPass"),
    "fold-constants": _pass("fold_constants", "FoldConstantsPass"),
    "fuse-elementwise": _pass("fuse_elementwise", "FuseElementwisePass"),
    "functionalize-state": _pass("functionalize_state", "FunctionalizeStatePass"),
    "lower-constant": _pass("lower_constant", "LowerConstantPass"),
    "lower-generator": _pass("lower_generator", "LowerGeneratorPass"),
    "lower-ivy": _pass("lower_ivy", "LowerIvyPass"),
    "lower-kernel-to-llvm": _pass("lower_kernel_to_llvm", "LowerKernelToLLVMPass"),
    "masks-to-where": _pass("masks_to_where", "MasksToWherePass"),
    "narrow-to-half": _pass("narrow_to_half", "NarrowToHalfPass"),
    "narrow-types": _pass("narrow_types", "NarrowTypesPass"),
    "pin-views": _pass("pin_views", "PinViewsPass"),
    "separate-results": _pass("separate_results", "SeparateResultsPass"),
}
"""The passes of mlgraph; `canonicalize`, `cse` and `dce` are xDSL's."""

TARGETS: dict[str, Callable[[], type[Target]]] = {
    "python": _target("python", "PythonTarget"),
    "triton": _target("triton", "TritonTarget"),
}

MLGRAPH = Universe(all_dialects=dialects(), all_passes=PASSES, all_targets=TARGETS)
