"""The rules of tensorflow, to which the families beside this add."""

from mlgraph.dialects.backend import backend
from mlgraph.transforms.lower_ivy.rules import Rules

rule = Rules()
TENSORFLOW = backend("tensorflow")
tf = TENSORFLOW.tf
