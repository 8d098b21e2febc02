"""xDSL's `canonicalize`, but what a pattern or a folder builds comes from the user line of the operation it matched."""

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import LocationAttr, ModuleOp, UnknownLoc
from xdsl.ir import Operation
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriterListener,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.transforms import canonicalize
from xdsl.transforms.dead_code_elimination import region_dce

import mlgraph.dialects.ivy.canonicalization  # pyright: ignore[reportUnusedImport]  # noqa: F401, adds patterns


@dataclass
class Located(RewritePattern):
    """A pattern whose new operations take the location of the matched one."""

    pattern: RewritePattern
    location: LocationAttr = field(default_factory=UnknownLoc)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        self.location = op.location
        self.pattern.match_and_rewrite(op, rewriter)

    def locate(self, op: Operation) -> None:
        """Give a new operation the location of the one that it replaces."""
        if isinstance(op.location, UnknownLoc):
            op.location = self.location


@dataclass(frozen=True)
class CanonicalizePass(canonicalize.CanonicalizePass):
    """Rewrite every operation to its simplest form: by the patterns of ivy and xDSL, folding, and without dead code."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        patterns: list[RewritePattern] = [canonicalize.CanonicalizationRewritePattern()]
        pattern = Located(GreedyRewritePatternApplier(patterns, ctx=ctx, folding_enabled=True))
        listener = PatternRewriterListener(operation_insertion_handler=[pattern.locate])
        PatternRewriteWalker(pattern, post_walk_func=region_dce, listener=listener).rewrite_module(op)
