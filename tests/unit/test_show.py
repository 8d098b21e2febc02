"""Pictures and pages of graphs."""

import copy
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

import mlgraph
from mlgraph.errors import InputError, NotCapturedError
from mlgraph.tools.show import html, svg
from mlgraph.tools.show.layout import Box, lay_out
from mlgraph.tools.show.nodes import read
from mlgraph.tools.show.page import colored

pytestmark = pytest.mark.quick


def residual(x, w):
    """A function with an edge that skips layers."""
    return x + np.tanh(np.matmul(x, w) * 0.5)


@pytest.fixture(scope="module")
def graph():
    random = np.random.default_rng(0)
    return mlgraph.compile(residual, to="numpy", args=(random.normal(size=(3, 4)), random.normal(size=(4, 4))))


def test_cards_are_the_operations_and_edges_the_dataflow(graph):
    nodes, edges = read(graph.ir("ivy"))
    names = [node.name for node in nodes]
    assert names == ["x", "w", "matmul", "multiply", "tanh", "add", "result"]
    assert {(names[a], names[b]) for a, b in edges} == {
        ("x", "matmul"), ("w", "matmul"), ("matmul", "multiply"), ("multiply", "tanh"), ("tanh", "add"), ("x", "add"),
        ("add", "result"),
    }  # fmt: skip
    assert [node.family for node in nodes if node.family] == ["linalg", "elementwise", "elementwise", "elementwise"]
    assert any("0.5" in detail for detail in nodes[3].details)


def test_boxes_of_a_layer_do_not_overlap_and_edges_point_down():
    random = np.random.default_rng(1)
    boxes = [Box(float(random.integers(20, 120)), float(random.integers(20, 80))) for _ in range(40)]
    edges = sorted({(int(a), int(b)) for a, b in np.sort(random.integers(0, 40, (70, 2)), axis=1) if a != b})
    layout = lay_out(boxes, edges)
    for start, end in edges:
        assert boxes[start].y + boxes[start].height < boxes[end].y
    layers = {box.layer for box in boxes}
    for layer in layers:
        row = sorted((box for box in boxes if box.layer == layer), key=lambda box: box.x)
        assert all(a.x + a.width / 2 < b.x - b.width / 2 for a, b in pairwise(row))
    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for path in layout.paths for x, y in path)


def test_the_picture_is_well_formed_and_names_every_operation(graph):
    root = ElementTree.fromstring(svg(graph.ir("ivy")))
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"x", "w", "matmul", "multiply", "tanh", "add", "result"} <= texts


def test_a_page_shows_every_stage_and_the_source_escaped(graph):
    page = html(graph)
    assert all(f"<summary>{stage}<span>" in page for stage in graph.stages)
    assert "np.</span>" not in page
    assert "<script" not in page
    assert colored('%x = ivy.add(%a) // <b> "c"') == (
        "<span class='n'>%x</span> = <span class='w'>ivy.add</span>(<span class='n'>%a</span>)"
        " <span class='c'>// &lt;b&gt; &quot;c&quot;</span>"
    )


def test_show_writes_by_suffix(graph, tmp_path):
    assert graph.show(tmp_path / "a.svg").read_text().startswith("<svg")
    assert graph.show(tmp_path / "a.html").read_text().startswith("<!doctype html>")
    with pytest.raises(InputError, match=r"a\.pdf"):
        graph.show(tmp_path / "a.pdf")


def test_a_graph_that_is_not_captured_says_so(tmp_path):
    lazy = mlgraph.compile(residual, to="numpy")
    assert "not captured yet" in html(lazy)
    with pytest.raises(NotCapturedError):
        lazy.show(tmp_path / "a.html")


def test_each_graph_has_its_own_call(graph):
    other = copy.deepcopy(graph)
    random = np.random.default_rng(2)
    x, w = random.normal(size=(5, 4)), random.normal(size=(4, 4))
    np.testing.assert_allclose(other(x, w), graph(x, w))
    assert isinstance(graph, mlgraph.Graph)
    assert type(other).__call__ is not type(graph).__call__
