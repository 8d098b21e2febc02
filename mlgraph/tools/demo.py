"""A ResNet-50 written for torch, run by torch, jax, tensorflow and numpy, with the IR of every stage to read.

The model is `ResNetForImageClassification` of `transformers`. If `microsoft/resnet-50` is in the local cache, its
weights are used; otherwise they are random, from a seed. The picture is a photograph that scikit-image ships.
"""

# pyright: basic
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import mlgraph
from mlgraph.dialects.functions import text_of
from mlgraph.frameworks.arrays import as_numpy
from mlgraph.frameworks.imports import load
from mlgraph.frameworks.torch import TORCH
from mlgraph.tools.files import write_file
from mlgraph.tools.show.page import plural

CHECKPOINT = "microsoft/resnet-50"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The mean and the deviation of each channel in the training data of the checkpoint."""


def main(targets: Sequence[str], folder: str | Path = "build/demo") -> None:
    """Compile a ResNet-50 for each of `targets`, compare it with torch, and write each stage below `folder`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console = Console()
    model, weights = resnet()
    picture, shows = photograph()
    console.print(f"[bold]ResNet-50[/] of transformers, {weights}; {shows}, and the same mirrored and upside down")
    three = np.concatenate([picture, picture[..., ::-1], picture[..., ::-1, :]])
    batches = (three[:2], three)
    expected = [logits_of_torch(model, batch) for batch in batches]
    console.print(f"torch says {answer(model, expected[0])}\n")
    shown = summary()
    for target in targets:
        with console.status(f"{target}: importing") as status:
            load_quietly(target)
            status.update(f"{target}: capturing, transforming, emitting")
            graph = compiled(model, target, batches[0])
            status.update(f"{target}: running")
            differences = [difference(graph, *pair) for pair in zip(batches, expected, strict=True)]
            milliseconds = least_milliseconds(graph, batches[0])
            place = write(graph, Path(folder) / target)
        console.print(f"{target}: {operations(graph)}", highlight=False)
        console.print(f"    {plural(graph.cache_info().captures, 'capture')}; stages, source and page in {place}")
        shown.add_row(target, *seconds(graph), f"{max(differences):.1e}", f"{milliseconds:.0f}")
    console.print()
    console.print(shown)


def load_quietly(framework: str) -> None:
    """Import a framework; tensorflow's libraries write to standard error whatever the log level."""
    descriptor, saved = os.open(os.devnull, os.O_WRONLY), os.dup(2)
    os.dup2(descriptor, 2)
    try:
        load(framework)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(descriptor)


# The model and the picture


def resnet() -> tuple[Any, str]:
    """Return the model in eval mode, and the origin of its weights."""
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification
    from transformers.utils import logging

    logging.set_verbosity_error()
    try:
        model = ResNetForImageClassification.from_pretrained(CHECKPOINT, local_files_only=True)
        return model.eval(), f"weights of {CHECKPOINT}"
    except OSError:
        torch.manual_seed(0)
        model = ResNetForImageClassification(ResNetConfig())
        unsettle(model)
        return model.eval(), "random weights from a seed"


def unsettle(model: Any) -> None:
    """Give the batch norms of a new model statistics and scales on which an error would show."""
    import torch

    near_one, near_zero = (0.8, 1.2), (-0.1, 0.1)
    ranges = {"weight": near_one, "running_var": near_one, "bias": near_zero, "running_mean": near_zero}
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for name, (low, high) in ranges.items():
                torch.nn.init.uniform_(getattr(module, name), low, high)


def photograph() -> tuple[np.ndarray, str]:
    """Return a picture as the model takes it, (1, 3, 224, 224), and what it shows."""
    try:
        from skimage.data import chelsea
        from skimage.transform import resize
    except ImportError:
        picture, title = drawing(), "a drawing"
    else:
        photo = chelsea()
        side = min(photo.shape[:2])
        top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
        picture, title = resize(photo[top : top + side, left : left + side], (224, 224), anti_aliasing=True), "a cat"
    normal = (picture - np.asarray(MEAN)) / np.asarray(DEVIATION)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], dtype=np.float32), title


def drawing() -> np.ndarray:
    """Return rings of color, (224, 224, 3), with values from 0 to 1."""
    y, x = np.mgrid[-1:1:224j, -1:1:224j]
    rings = np.hypot(x, y)[..., None] * np.asarray([5.0, 7.0, 9.0])
    return 0.5 + 0.5 * np.cos(np.pi * rings)


def logits_of_torch(model: Any, batch: np.ndarray) -> np.ndarray:
    """Return the logits of the torch model itself."""
    import torch

    with torch.no_grad():
        return model(torch.from_numpy(batch)).logits.numpy()


def answer(model: Any, logits: np.ndarray) -> str:
    """Return the most likely label, with its logit."""
    best = int(logits[0].argmax())
    return f"{model.config.id2label.get(best, best)!r}, logit {logits[0, best]:.3f}"


# The graph


def compiled(model: Any, target: str, batch: np.ndarray) -> mlgraph.Graph:
    """Return the graph of the model for `target`. To torch, `compile` returns the model, whose forward is the graph."""
    import torch

    with torch.no_grad():
        found = mlgraph.compile(model, to=target, args=(torch.from_numpy(batch),))
    if found is not model:
        return found
    graph = model.forward
    mlgraph.restore(model)
    return graph


def run(graph: mlgraph.Graph, batch: np.ndarray) -> np.ndarray:
    """Return the logits of a batch."""
    if graph.to != TORCH.name:
        return as_numpy(graph(batch).logits)
    import torch

    with torch.no_grad():
        return graph(torch.from_numpy(batch)).logits.numpy()


def difference(graph: mlgraph.Graph, batch: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference of the logits from those of torch."""
    return float(np.abs(run(graph, batch) - expected).max())


def least_milliseconds(graph: mlgraph.Graph, batch: np.ndarray, rounds: int = 3) -> float:
    """Return the shortest time of a call in milliseconds."""
    taken: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        run(graph, batch)
        taken.append(time.perf_counter() - started)
    return 1000 * min(taken)


def write(graph: mlgraph.Graph, folder: Path) -> Path:
    """Write each stage, the source and a page about the graph into `folder`."""
    for i, stage in enumerate(graph.stages):
        write_file(folder / f"{i:02}-{stage}.mlir", text_of(graph.ir(stage)))
    write_file(folder / "source.py", graph.source)
    graph.show(folder / "graph.html")
    return folder


# What is printed


def summary() -> Table:
    """Return the table of targets without rows."""
    note = "Traced with two pictures, by torch.export; logits compared on two and on three; a call is two pictures."
    table = Table(title="ResNet-50", title_justify="left", caption=note, caption_justify="left")
    table.add_column("target")
    for name in ("tracer", "raise", "transform", "emit", "difference", "ms a call"):
        table.add_column(name, justify="right")
    return table


def seconds(graph: mlgraph.Graph) -> list[str]:
    """Return the duration of each step of the capture."""
    timings = graph.timings()
    return [f"{timings[step]:.2f} s" for step in ("tracer", "capture", "transform", "emit")]


def operations(graph: mlgraph.Graph) -> str:
    """Return the number of operations after each stage; consecutive stages with the same number are listed together."""
    counts: dict[int, list[str]] = {}
    for stage in graph.stages:
        counts.setdefault(sum(map(computes, graph.ir(stage).walk())), []).append(stage)
    return " → ".join(f"{', '.join(stages)} {plural(count, 'operation')}" for count, stages in counts.items())


def computes(op: Any) -> bool:
    """Return whether `op` is a step of the computation, not a constant or the lookup of a weight."""
    weight = len(op.operands) == 1 and op.operands[0].name_hint == "params"
    return not weight and op.dialect_name() not in ("builtin", "func", "constant")
