"""Writes into tensors that nothing else sees: each becomes an operation with a result of its own.

    %a = aten.conv2d(%x, %w)                %a = aten.conv2d(%x, %w)
    %b = aten.add_(%a, %y)       becomes    %b = aten.add(%a, %y)

and what read `%a` later reads `%b`. Other writes are left to export's own decompositions, which trace the graph again.
"""

# pyright: basic
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx.node import map_arg

from mlgraph.frontend.torch._private import OpOverload, is_composite
from mlgraph.frontend.torch.regions import settle

FRESH = frozenset(
    f"aten.{name}.default"
    for name in "batch_norm conv1d conv2d conv3d group_norm instance_norm layer_norm linear matmul rms_norm".split()
)
"""Composites that give a tensor of their own always, which their schemas do not tell."""


def rewrite_writes(exported: ExportedProgram) -> None:
    """Rewrite every such write of a trace."""
    graph = exported.graph_module.graph
    order = {node: i for i, node in enumerate(graph.nodes)}
    writes = [node for node in order if isinstance(node.target, OpOverload) and node.target._schema.is_mutable]
    if any([_rewrite(graph, node, order) for node in writes]):
        settle(exported)


def _rewrite(graph: torch.fx.Graph, node: torch.fx.Node, order: dict[torch.fx.Node, int]) -> bool:
    written, pure = node.args[0] if node.args else None, _without_write(node.target)
    if pure is None or not isinstance(written, torch.fx.Node) or not _is_fresh(written):
        return False
    before = [user for user in written.users if order[user] < order[node]]
    if not all(_is_fresh(user) for user in before) or not _same_type(node, pure):
        return False
    with graph.inserting_before(node):
        new = graph.call_function(pure, node.args, node.kwargs)
    new.meta, order[new] = dict(node.meta), order[node]
    node.replace_all_uses_with(new)
    graph.erase_node(node)
    written.replace_all_uses_with(new, lambda user: user is not new and user not in before)
    return True


def _without_write(target: Any) -> OpOverload | None:
    """Return the operation that does the same without writing, for one that writes into its first argument alone."""
    name, arguments = target._schema.name, target._schema.arguments
    written = [i for i, a in enumerate(arguments) if a.alias_info is not None and a.alias_info.is_write]
    packet = getattr(getattr(torch.ops, target.namespace), name.partition("::")[2].removesuffix("_"), None)
    if not name.endswith("_") or written != [0] or packet is None:
        return None
    return getattr(packet, target._overloadname, None)


def _is_fresh(node: torch.fx.Node) -> bool:
    """Return whether a node gives tensors that share no memory with what it is given."""
    if not isinstance(node.target, OpOverload):
        return False
    if any(result.alias_info is not None for result in node.target._schema.returns):
        return False
    return str(node.target) in FRESH or not _is_composite(node.target)


def _is_composite(op: OpOverload) -> bool:
    return is_composite(op)


def _same_type(node: torch.fx.Node, pure: OpOverload) -> bool:
    """Return whether the result without the write has the type of the tensor that is written into."""
    arguments, keywords = map_arg((node.args, node.kwargs), lambda n: n.meta["val"])
    found, written = pure(*arguments, **keywords), node.args[0].meta["val"]  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
    return found.dtype == written.dtype and str(found.shape) == str(written.shape)
