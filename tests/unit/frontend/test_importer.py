"""What every importer does with missing operations and with the types that rules give."""

import pytest
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from mlgraph.dialects import ivy
from mlgraph.dialects.building import building
from mlgraph.dialects.dtypes import f32, i64, tensor
from mlgraph.errors import UnsupportedOpError
from mlgraph.frontend.importer import Importer, placeholder_results
from mlgraph.frontend.rules import Rules

pytestmark = pytest.mark.quick


class ToyImporter(Importer):
    framework = "toy"


def result(*shape: int) -> SSAValue:
    block = Block(arg_types=[tensor(shape, f32)])
    with building(block):
        return ivy.negative(block.args[0])


def test_one_error_names_all_that_is_missing() -> None:
    importer = ToyImporter(Rules())
    importer.check_missing()
    for name, line in (("fold", "a.py:1"), ("spindle", "a.py:2"), ("fold", "a.py:1")):
        importer.note_missing(name, line)
    with pytest.raises(UnsupportedOpError, match="the toy frontend does not know fold, spindle") as error:
        importer.check_missing()
    assert "fold x 2  at a.py:1" in str(error.value)


def test_sizes_that_only_the_tracer_knows_are_kept() -> None:
    x = result(-1, 3, -1)
    ToyImporter(Rules()).check_and_refine_type(x, tensor((2, -1, -1), f32), "negate", "y")
    assert x.type == tensor((2, 3, -1), f32)
    assert x.name_hint == "y"


def test_arguments_keep_their_types_and_names() -> None:
    x = Block(arg_types=[tensor((-1,), f32)]).args[0]
    ToyImporter(Rules()).check_and_refine_type(x, tensor((2,), f32), "id", "y")
    assert x.type == tensor((-1,), f32)
    assert x.name_hint is None


@pytest.mark.parametrize("expected", [tensor((2,), f32), tensor((4, 3), f32), tensor((2, 3), i64)])
def test_another_type_than_the_tracers_is_an_error(expected: "TensorType[object]") -> None:
    with pytest.raises(TypeError, match="negate is imported as tensor<2x3xf32>, but toy gives"):
        ToyImporter(Rules()).check_and_refine_type(result(2, 3), expected, "negate")


def test_placeholders_have_the_types_of_results() -> None:
    types = [tensor((2,), f32), tensor((), i64)]
    assert [value.type for value in placeholder_results(types)] == types
