"""The rules of tensorflow, to which the families beside this add."""

from mlgraph.dialects.backend import TENSORFLOW
from mlgraph.transforms.lower_ivy.rules import Rules

rule = Rules()
tf = TENSORFLOW.tf
