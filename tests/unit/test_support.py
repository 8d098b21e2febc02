# pyright: basic
"""What a target does not run has a reason in the support table; `ops/test_rows.py` asks that compiling it raises."""

import pytest

from mlgraph.dialects.dtypes import BY_NAME
from mlgraph.dialects.ivy import IVY
from mlgraph.frameworks import names
from mlgraph.tools.support import holes, markdown_holes, support

pytestmark = pytest.mark.quick


def test_every_hole_has_a_reason():
    found = {(target, row.row.name) for row in support() for target, way in row.ways.items() if not way}
    told = {(target, f"ivy.{name}") for (target, dtype), rows in holes().items() if not dtype for name in rows}
    assert found == told


def test_reasons_are_about_rows_that_there_are():
    for (target, dtype), rows in holes().items():
        assert target in names()
        assert dtype in ("", *BY_NAME)
        assert set(rows) <= set(IVY.rows)
        assert all(rows.values())


def test_the_reasons_are_in_the_document():
    text = markdown_holes()
    assert all(why in text for rows in holes().values() for why in rows.values())
