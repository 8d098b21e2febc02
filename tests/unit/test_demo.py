"""The demo writes IR that the tools read, and a page and source of each graph."""

import numpy as np
import pytest
import torch

from mlgraph.opt import main
from mlgraph.tools.demo import compiled, run, write
from mlgraph.tools.dump import read

BATCH = np.random.default_rng(0).standard_normal((2, 3, 2, 2)).astype(np.float32)


class Answer(dict):
    """What models of `transformers` return, as far as the demo looks."""

    logits = property(lambda self: self["logits"])


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layers = torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(12, 4), torch.nn.GELU()
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, pixels):
        return Answer(logits=self.layers(pixels))


@pytest.mark.parametrize("target", ["torch", "jax", "tensorflow", "numpy"])
def test_each_file_of_the_demo_can_be_read(target, tmp_path, capsys):
    model = Small().eval()
    graph = compiled(model, target, BATCH)
    expected = model(torch.from_numpy(BATCH)).logits.detach().numpy()
    np.testing.assert_allclose(run(graph, BATCH), expected, atol=1e-5)
    folder = write(graph, tmp_path / "demo" / target)
    files = sorted(folder.glob("*.mlir"))
    assert [file.stem.partition("-")[2] for file in files] == list(graph.stages)
    for file, stage in zip(files, graph.stages, strict=True):
        assert str(read(file)) == str(graph.ir(stage))
        assert main([str(file)]) == 0
    assert (folder / "source.py").read_text() == graph.source
    assert "<svg" in (folder / "graph.html").read_text()
