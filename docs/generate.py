"""The generator of docs/support.md, docs/graph.svg and the marked parts of README.md.

`python docs/generate.py` writes the files. With `--check` it lists those that are out of date, and fails if any is.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def support_page() -> str:
    """Return the text of docs/support.md."""
    from mlgraph.tools import support

    about = (
        "# Operations\n\nWritten by `make docs` from the op table. How each target runs an operation: by a "
        "**template** of a call, in the table; by a **rule**, a function in `mlgraph/transforms/lower_ivy/`; or by its "
        "**body**, other operations that it is made of. A `-` is an operation that the target does not run: compiling "
        "one raises `UnsupportedOpError`, with the user's line; the [reasons](#what-is-missing-and-why) stand below "
        "the list."
    )
    return f"{about}\n\n{support.markdown_list()}\n\n{support.markdown_holes()}\n\n{frontends_list()}\n"


def sources() -> dict[str, list[str]]:
    """Return the operations of each framework's tracer for which its frontend has a rule."""
    from mlgraph.frameworks.imports import load

    load("tensorflow")  # before the libraries that torch's frontend loads
    from mlgraph.frontend.jax.rules import RULES as JAX
    from mlgraph.frontend.tensorflow.rules import RULES as TENSORFLOW
    from mlgraph.frontend.torch.rules import RULES as TORCH

    found = {
        "torch (ATen overloads)": TORCH,
        "jax (primitives)": JAX,
        "tensorflow (operations)": TENSORFLOW,
    }
    return {title: sorted(map(str, names)) for title, names in found.items()}


def frontends_list() -> str:
    """Return the operations that each frontend supports, as Markdown."""
    note = "numpy has no list: functions without a rule of ours run as numpy's own Python code on traced arrays."
    parts = ["## What the frontends know", note]
    for title, names in sources().items():
        parts.append(f"### {title}\n\n{len(names)}: {', '.join(f'`{name}`' for name in names)}")
    return "\n\n".join(parts)


def example_graph(name: str, *shapes: tuple[int, ...]):
    """Return a function of docs/example.py, compiled to jax."""
    import torch

    import mlgraph

    sys.path.insert(0, str(ROOT / "docs"))
    import example

    sys.path.pop(0)
    torch.manual_seed(0)
    return mlgraph.compile(getattr(example, name), to="jax", args=[torch.randn(shape) for shape in shapes])


def picture() -> str:
    """Return the text of docs/graph.svg."""
    from mlgraph.tools.show import svg

    return svg(example_graph("attend", (2, 5, 64), *[(64, 64)] * 4, (64,)).ir("ivy"))


def readme(text: str) -> str:
    """Return the text of README.md with its marked parts updated."""
    from mlgraph.tools import support

    graph = example_graph("softmax", (2, 5))
    parts = {
        "support": support.markdown_counts(),
        "frontends": "\n".join(f"- {title}: {len(names)}" for title, names in sources().items()),
        "function": fenced("python", function_text("softmax")),
        "ivy": fenced("mlir", str(graph.ir("ivy"))),
        "jax": fenced("mlir", str(graph.ir("jax"))),
        "source": fenced("python", graph.source),
    }
    return MARK.sub(lambda match: f"{match[1]}{parts[match[2]]}\n{match[3]}", text)


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def function_text(name: str) -> str:
    """Return the source of a function of docs/example.py."""
    text = (ROOT / "docs" / "example.py").read_text()
    return text[text.index(f"def {name}(") :].partition("\n\n\n")[0]


def files() -> dict[Path, str]:
    """Return the expected text of every generated file."""
    page = ROOT / "README.md"
    return {
        ROOT / "docs" / "support.md": support_page(),
        ROOT / "docs" / "graph.svg": picture(),
        page: readme(page.read_text()),
    }


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stale = {path: text for path, text in files().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is out of date: run `make docs`' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(text)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
