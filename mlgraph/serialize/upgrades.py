"""Upgrades of descriptions of older versions to this one.

3   a folder; results were numbers, and what buffers and inputs became stood in lists of its own
4   a folder; results of `@main` say where they go, but neither what memory they share nor of inputs how they lie in it
"""

from collections.abc import Callable, Mapping
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from mlgraph.dialects.functions import main_of, update_type

Json = dict[str, Any]


def upgraded(about: Json) -> Json:
    """Return a description of any version as one of the newest."""
    while (upgrade := UPGRADES.get(about["version"])) is not None:
        about = upgrade(about)
    return about


def _from_3(about: Json) -> Json:
    specializations = [_specialization_from_3(one) for one in about["specialisations"]]
    return {**about, "version": 4, "specializations": specializations}


def _specialization_from_3(one: Json) -> Json:
    """Give each result of `@main` one target; "results" are the indices that the results had."""
    leaves = [{"traced": True} if "result" in leaf else leaf for leaf in one["outputs"]]
    places = [(leaf["result"], "user output", i) for i, leaf in enumerate(one["outputs"]) if "result" in leaf]
    places += [(result, "buffer", name) for name, result in one["writes"]]
    places += [(result, "input", position) for position, result in one["input_writes"]]
    outputs = [[kind, target] for _, kind, target in places]
    return {**one, "result_leaves": leaves, "outputs": outputs, "results": [result for result, _, _ in places]}


def _from_4(about: Json) -> Json:
    return {**about, "version": 5, "specializations": [_specialization_from_4(one) for one in about["specializations"]]}


def _specialization_from_4(one: Json) -> Json:
    outputs: list[Json] = [
        {"kind": kind, "target": target, "aliases": [], "same": None} for kind, target in one["outputs"]
    ]
    inputs = [[*described, None] for described in one["inputs"]]
    return {"size_guards": [], **one, "inputs": inputs, "outputs": outputs}


UPGRADES: Mapping[int, Callable[[Json], Json]] = {3: _from_3, 4: _from_4}
"""The upgrade from each older version to the next."""


def reorder_results(module: ModuleOp, numbers: list[int]) -> None:
    """Make `@main` return the results with these indices, which may repeat."""
    main = main_of(module)
    last = main.body.block.last_op
    assert last is not None
    last.operands = [last.operands[number] for number in numbers]
    update_type(main)
