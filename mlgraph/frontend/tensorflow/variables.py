"""Names of variables: the path of attributes that leads to them in a `tf.Module`, keras's path in a keras model."""

# pyright: basic
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf


class VariableNames:
    """Gives each variable one name of its own."""

    def __init__(self, target: Any, named: Sequence[tuple[str, Any]]) -> None:
        self.by_variable: dict[int, str] = {}
        self.taken: set[str] = set()
        owner = getattr(target, "__self__", target)
        for prefix, item in (("", owner), *named):
            for path, variable in paths(item):
                self.claim(variable, ".".join(filter(None, (prefix, path))))

    def of(self, variable: Any) -> str:
        """Return the name of a variable."""
        return self.by_variable.get(id(variable)) or self.claim(variable, variable.name.partition(":")[0])

    def claim(self, variable: Any, name: str) -> str:
        if id(variable) in self.by_variable:
            return self.by_variable[id(variable)]
        found, i = name, 0
        while found in self.taken:
            i += 1
            found = f"{name}_{i}"
        self.taken.add(found)
        self.by_variable[id(variable)] = found
        return found


def paths(item: Any) -> Iterator[tuple[str, Any]]:
    """Yield the variables that an object holds, and how each is reached."""
    if isinstance(item, tf.Variable):
        yield "", item
    elif is_keras(item):
        for variable in item.variables:
            yield variable.path, variable.value
    elif isinstance(item, tf.Module):
        module: Any = item
        for path, variable in module._flatten(predicate=_is_variable, with_path=True):
            yield ".".join(map(str, path)), variable


def _is_variable(item: Any) -> bool:
    return isinstance(item, tf.Variable)


def is_keras(item: Any) -> bool:
    """Return whether an object is a keras layer or model."""
    return hasattr(item, "stateless_call") and hasattr(item, "variables")


def is_keras_variable(item: Any) -> bool:
    return hasattr(item, "path") and isinstance(getattr(item, "value", None), tf.Variable)


def trainable_flags(items: Sequence[Any]) -> tuple[bool, ...]:
    """Return which batch normalizations are trainable: the others use their averages in training too."""
    layers = [layer for item in items if is_keras(item) for layer in item._flatten_layers()]
    return tuple(layer.trainable for layer in layers if type(layer).__name__ == "BatchNormalization")
