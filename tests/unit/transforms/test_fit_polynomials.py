"""The coefficients in `expand_math` are those that `tools/fit_polynomials.py` makes."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.quick

TOOL = Path(__file__).resolve().parents[3] / "tools" / "fit_polynomials.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("fit_polynomials", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_polynomials"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_a_tuple_is_made_bit_for_bit(tool: Any) -> None:
    fit = next(fit for fit in tool.FITS["trigonometric"] if fit.name == "SIN_SINGLE")
    coefficients, error = fit.coefficients()
    assert tool.is_same(fit, "trigonometric", coefficients)
    assert error < 2**-27


def test_the_tuples_are_as_long_as_their_fits(tool: Any) -> None:
    for module, fits in tool.FITS.items():
        for fit in fits:
            assert len(tool.in_code(module, fit.name)) == fit.terms


def test_the_check_of_one_tuple() -> None:
    command = [sys.executable, str(TOOL), "--check", "COS_SINGLE"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == ""
