# pyright: basic
"""Saved graphs taken apart and put together again, to change them in between."""

import io
import json
import zipfile


def parts_of(path):
    """The bytes of each part of a saved file."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts, **flags):
    """The bytes of a file with these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **flags) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, flags.get("compression"))
    return stream.getvalue()


def rewrite(path, change):
    """Change the parts of a saved file in place."""
    parts = parts_of(path)
    change(parts)
    path.write_bytes(zipped(parts))


def rewrite_json(path, change):
    """Change the description in a saved file in place."""

    def in_parts(parts):
        about = json.loads(parts["graph.json"])
        change(about)
        parts["graph.json"] = json.dumps(about).encode()

    rewrite(path, in_parts)
