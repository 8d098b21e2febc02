"""A page about a graph: its picture, the IR of every stage, the emitted source, and how long the capture took.

The page is self-contained and has no scripts: sections fold natively, and colors follow the light or dark setting.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from mlgraph.dialects.functions import main_of
from mlgraph.errors import InputError
from mlgraph.tools.files import path_of, write_file
from mlgraph.tools.show.picture import svg

FOLDED_ABOVE = 60
"""The most operations of a picture that is shown unfolded at first."""

STYLE = """
.mlgraph { --text: #1f2328; --dim: #656d76; --line: #d0d7de; --back: #f6f8fa;
  --name: #0550ae; --word: #953800; --string: #0a6640; --note: #6e7781;
  color: var(--text); max-width: 75rem;
  font: 14px/1.45 ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif }
@media (prefers-color-scheme: dark) { .mlgraph { --text: #e6edf3; --dim: #9aa4b0; --line: #3d444d; --back: #151b23;
  --name: #79c0ff; --word: #ffa657; --string: #7ee787; --note: #8b949e } }
.mlgraph h1 { font-size: 1.15rem; margin: .2rem 0 } .mlgraph .dim { color: var(--dim) }
.mlgraph details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; overflow: hidden }
.mlgraph summary { cursor: pointer; padding: .45rem .8rem; font-weight: 600 }
.mlgraph summary span { color: var(--dim); font-weight: 400; margin-left: .6em }
.mlgraph .body { overflow: auto; max-height: 45rem; padding: .7rem .9rem;
  border-top: 1px solid var(--line); background: var(--back) }
.mlgraph .picture { background: none; text-align: center }
.mlgraph pre { margin: 0; color: var(--text); background: none;
  font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
.mlgraph .n { color: var(--name) } .mlgraph .w { color: var(--word) } .mlgraph .s { color: var(--string) }
.mlgraph .c { color: var(--note) }
"""

PAGE = """<!doctype html>
<meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{title}</title>
<body style="margin: 1.5rem auto; max-width: 75rem">{body}</body>
"""

TOKENS = re.compile(
    r"""(?P<c>\#[^\n]*|//[^\n]*)"""
    r"""|(?P<s>"[^"\n]*"|'[^'\n]*')"""
    r"""|(?P<n>%[\w.$-]+|@[\w.$]+)"""
    r"""|(?P<w>\b(?:def|return|import|del|as|None|True|False)\b|\b[a-z]\w*\.[a-z]\w*(?=[ (<]))"""
)
"""The colored tokens of IR and Python: comments, strings, names of values and functions, keywords, operations."""


def html(graph: Any) -> str:
    """Return the page about the newest specialization of `graph`, as an HTML fragment."""
    parts = [f"<style>{STYLE}</style>", f"<h1>{escape(graph.name)} <span class='dim'>→ {escape(graph.to)}</span></h1>"]
    captures, specializations = graph.cache_info()
    if not captures:
        parts.append("<p class='dim'>not captured yet: call it once</p>")
    else:
        seconds = ", ".join(f"{name} {1000 * s:.0f} ms" for name, s in graph.timings().items())
        held = f"{plural(specializations, 'specialization')} · {plural(captures, 'capture')} · {seconds}"
        parts.append(f"<p class='dim'>{held}</p>")
        parts += _sections(graph)
    return f"<div class='mlgraph'>{''.join(parts)}</div>"


def write(graph: Any, path: str | Path) -> Path:
    """Write the picture (`.svg`) or the page (`.html`) of `graph` to `path`.

    Create the folder of `path` if there is none. Raise `InputError` for another suffix, `NotCapturedError` before the
    first call of a lazy graph, and `FileError` if the file cannot be written.
    """
    path = path_of(path)
    match path.suffix:
        case ".svg":
            text = svg(_pictured(graph))
        case ".html":
            graph.ir()
            text = PAGE.format(title=escape(graph.name), body=html(graph))
        case _:
            raise InputError(f"{path.name} is neither a picture nor a page", fix="end the name in .svg or .html")
    write_file(path, text)
    return path


def _pictured(graph: Any) -> Any:
    return graph.ir("ivy" if "ivy" in graph.stages else None)


def _sections(graph: Any) -> Iterator[str]:
    pictured = _pictured(graph)
    yield _section("dataflow", "", svg(pictured), "picture", _count(pictured) <= FOLDED_ABOVE)
    before = ""
    for stage in graph.stages:
        module = graph.ir(stage)
        text = str(module)
        note = "as before" if text == before else plural(_count(module), "operation")
        yield _section(stage, note, f"<pre>{colored(text)}</pre>")
        before = text
    yield _section("source", f"Python, {graph.to}", f"<pre>{colored(graph.source)}</pre>", is_open=True)


def _section(name: str, note: str, body: str, kind: str = "", is_open: bool = False) -> str:
    head = f"<summary>{escape(name)}<span>{escape(note)}</span></summary>"
    return f"<details{' open' if is_open else ''}>{head}<div class='body {kind}'>{body}</div></details>"


def _count(module: Any) -> int:
    """Return the number of operations in `@main` without its return."""
    return len(main_of(module).body.block.ops) - 1


def plural(n: int, noun: str) -> str:
    """Return `1 capture` or `2 captures`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def colored(text: str) -> str:
    """Return IR or Python as escaped HTML, with a class for each kind of token."""
    parts: list[str] = []
    end = 0
    for match in TOKENS.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(f"<span class='{match.lastgroup}'>{escape(match.group())}</span>")
        end = match.end()
    return "".join([*parts, escape(text[end:])])
