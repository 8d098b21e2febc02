"""The guard of Keras layers: a call must find them built as at capture, whatever the values of their weights."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mlgraph.graph.guards.base import Branch, Guard
from mlgraph.graph.guards.identities import Facts, Identities
from mlgraph.graph.trees import same_static

STRUCTURE = ("_layers", "_trainable_variables", "_non_trainable_variables")
"""The attributes in which a layer keeps its children and weights."""
PRIVATE = ("_trainable", "_dtype_policy")
"""The other private attributes that a call reads."""


@dataclass(frozen=True)
class LayerDescription:
    """The construction of one layer."""

    cls: type
    held: Mapping[str, tuple[Any, ...]]
    """Its children and weights."""
    attributes: Mapping[str, Any]
    """The attributes that the user may set, such as `rate` and `activation`."""

    @classmethod
    def of(cls, layer: Any) -> "LayerDescription":
        """Describe a layer as it is now."""
        found: dict[str, Any] = layer.__dict__
        names = [name for name in found if not name.startswith("_") or name in PRIVATE]
        held: dict[str, tuple[Any, ...]] = {name: tuple(found.get(name, ())) for name in STRUCTURE}
        owner: object = layer
        return cls(type(owner), held, {name: found[name] for name in names if name not in NOT_CALLED})

    def difference(self, now: "LayerDescription", name: str) -> str | None:
        """Return a description of what differs in the layer called `name`, None if nothing does."""
        if now.cls is not self.cls:
            return f"the class of {name} changed from {self.cls.__name__} to {now.cls.__name__}"
        for kind, old in self.held.items():
            if len(old) != len(now.held[kind]) or any(a is not b for a, b in zip(old, now.held[kind])):
                return f"the {kind.strip('_').replace('_', ' ')} of {name} are others"
        for attribute in {**self.attributes, **now.attributes}:
            old, new = (each.attributes.get(attribute, self) for each in (self, now))
            if old is not new and not same_static(old, new):
                return f"{name}.{attribute} changed"
        return None


NOT_CALLED = frozenset(
    "build built compiled loss name optimizer quantize predict_function test_function train_function".split()
)
"""The attributes that training sets and that a call of a layer does not read."""


class LayersGuard(Guard):
    """The Keras layers that a function reaches are built as they were."""

    depth: ClassVar[int] = 0

    def __init__(self, layers: Iterable[Any]) -> None:
        self._layers = {id(layer): layer for layer in layers}
        self._parts = {key: LayerDescription.of(layer) for key, layer in self._layers.items()}
        self._identities = Identities()
        self._renew()

    def emit(self, branch: Branch) -> None:
        branch.tests.append(f"{branch.names.add('layers', self._identities.same)}()")

    def failure(self, call: Any) -> str | None:
        for key, layer in self._layers.items():
            if (found := self._parts[key].difference(LayerDescription.of(layer), layer.name)) is not None:
                return found
        self._renew()
        return None

    def _renew(self) -> None:
        """Record the current attributes as those that the fast test accepts."""
        facts = Facts()
        for layer in self._layers.values():
            facts.object(layer)
            held: dict[str, Any] = layer.__dict__
            facts.dict(held)
        self._identities.note(facts)


def keras_layers(modules: Iterable[Any]) -> Iterator[Any]:
    """Yield the Keras layers among modules, and those below them."""
    for module in modules:
        if hasattr(module, "_flatten_layers"):
            yield from module._flatten_layers()
