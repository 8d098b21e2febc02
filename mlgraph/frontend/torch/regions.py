"""Regions of `torch.no_grad`: their nodes join the graph around them, and what leaves them is detached."""

import operator
from typing import Any, cast

import torch
from torch.export import ExportedProgram

REGION = torch.ops.higher_order.wrap_with_set_grad_enabled


def inline_regions(exported: ExportedProgram) -> ExportedProgram:
    """Inline every region, inner ones too. Export's own decompositions would forget where gradients stop."""
    graph_module = exported.graph_module
    while regions := [node for node in graph_module.graph.nodes if node.target is REGION]:
        for node in regions:
            _inline(graph_module, node)
    graph_module.delete_all_unused_submodules()
    settle(exported)
    return exported


def settle(exported: ExportedProgram) -> None:
    """Let a trace whose graph was rewritten run it, and name its results as they are called now."""
    exported.graph_module.recompile()
    results = next(node for node in exported.graph.nodes if node.op == "output").args[0]
    for spec, result in zip(exported.graph_signature.output_specs, results, strict=True):
        if isinstance(result, torch.fx.Node):
            spec.arg.name = result.name


def _inline(graph_module: torch.fx.GraphModule, node: torch.fx.Node) -> None:
    enabled, region, *arguments = cast(tuple[Any, ...], node.args)
    inner = getattr(graph_module, str(region.target)).graph  # type: ignore[union-attr]
    values = dict(zip((n for n in inner.nodes if n.op == "placeholder"), arguments, strict=True))
    graph = graph_module.graph
    with graph.inserting_before(node):
        results = cast(Any, graph.graph_copy(inner, values))
        if not enabled:
            results = [_detached(graph, result) for result in results]
    for user in list(node.users):
        assert user.target is operator.getitem
        user.replace_all_uses_with(results[user.args[1]])  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
        graph.erase_node(user)
    graph.erase_node(node)


def _detached(graph: torch.fx.Graph, value: torch.fx.Node) -> torch.fx.Node:
    if not isinstance(value.meta.get("val"), torch.Tensor):
        return value
    new = graph.call_function(torch.ops.aten.detach.default, (value,))
    new.meta = dict(value.meta)
    return new
