"""The registry of frameworks: the four of mlgraph, then those of other packages.

Another package adds a framework by an entry point of the group `mlgraph.frameworks` that names a `Framework` instance.
An entry point that cannot be used is left out with a warning, since most programs do not need it.
"""

import threading
import warnings
from importlib.metadata import EntryPoint, entry_points

from mlgraph.errors import UnknownTargetError, advice
from mlgraph.frameworks.base import Framework
from mlgraph.frameworks.jax import JAX
from mlgraph.frameworks.numpy import NUMPY
from mlgraph.frameworks.tensorflow import TENSORFLOW
from mlgraph.frameworks.torch import TORCH

GROUP = "mlgraph.frameworks"
"""The entry point group."""
_known: dict[str, Framework] = {framework.name: framework for framework in (TORCH, JAX, TENSORFLOW, NUMPY)}
PACKAGES = {package: framework.name for framework in _known.values() for package in framework.packages}
"""The name of the framework to which a package belongs."""
REQUIRED = ("name", "packages", "own_files", "distributions", "modules", "constant", "stack")
"""The attributes of a framework that have no default."""
_left_out: dict[str, str] = {}
"""The names of the entry points that cannot be used, with the reasons."""
_lock = threading.RLock()
_loading = False
_by_cost: tuple[Framework, ...] = ()
"""All frameworks, those whose arrays are recognized fastest first; empty until the entry points are read."""
PLAIN = dict.fromkeys((int, float, complex, bool, str, bytes, type(None), tuple, list, dict))
"""Classes whose objects are never arrays."""
_owners: dict[type, Framework | None] = {**PLAIN}
"""The framework of all objects of a class, None where they are no arrays."""


def register(framework: Framework) -> None:
    """Register a framework under its name. Raise `ValueError` if the name is taken or the framework is not complete."""
    every()
    _add(framework)
    _order()


def unregister(name: str) -> None:
    """Remove a framework from the registry. Raise `UnknownTargetError` if there is none of this name."""
    del _known[get(name).name]
    _order()


def get(name: str) -> Framework:
    """Return the framework of this name. Raise `UnknownTargetError` where there is none."""
    found = _known.get(name)
    if found is None and name in names():
        found = _known[name]
    if found is None:
        why = f"its entry point cannot be used: {_left_out[name]}" if name in _left_out else ""
        raise UnknownTargetError(f"there is no framework {name!r}", why=why, fix=advice(name, names()))
    return found


def names() -> tuple[str, ...]:
    """Return the names of all frameworks, mlgraph's own first."""
    every()
    return tuple(_known)


def every() -> tuple[Framework, ...]:
    """Return all frameworks, in the order in which they are asked whether an array is theirs."""
    return _by_cost or _read()


def _read() -> tuple[Framework, ...]:
    """Add the frameworks of other packages, whose modules may ask for frameworks while they are imported."""
    global _loading
    with _lock:
        if _loading:
            return tuple(_known.values())
        _loading = True
        try:
            for entry in entry_points(group=GROUP):
                _load(entry)
        finally:
            _loading = False
        return _order()


def _load(entry: EntryPoint) -> None:
    """Add the framework of an entry point, or warn that it is left out."""
    try:
        _add(entry.load())
    except Exception as error:
        _left_out[entry.name] = f"{type(error).__name__}: {error}"
        text = f"the framework {entry.name} of {entry.value} is left out: {_left_out[entry.name]}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)


def _add(framework: Framework) -> None:
    """Add a framework. Raise `ValueError` if its name is taken or it is not complete."""
    if not isinstance(framework, Framework):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{framework!r} is not an instance of Framework")
    missing = [name for name in REQUIRED if not hasattr(framework, name)]
    if missing:
        raise ValueError(f"{type(framework).__name__} has no {', '.join(missing)}")
    if not framework.name.isidentifier():
        raise ValueError(f"{framework.name!r} is not an identifier, so no dialect can have this name")
    if _known.setdefault(framework.name, framework) is not framework:
        raise ValueError(f"there is a framework {framework.name} already")


def _order() -> tuple[Framework, ...]:
    """Rebuild the tables that depend on which frameworks are registered, and return all frameworks."""
    global _by_cost
    _owners.clear()
    _owners.update(PLAIN)
    PACKAGES.clear()
    PACKAGES.update((package, framework.name) for framework in _known.values() for package in framework.packages)
    _by_cost = tuple(sorted(_known.values(), key=lambda framework: not framework.is_neutral))
    return _by_cost


def of_array(x: object) -> Framework | None:
    """Return the framework that an array belongs to, None for what is no array."""
    cls = type(x)
    return _owners[cls] if cls in _owners else _owner(x)


def framework_of(x: object) -> str | None:
    """Return the name of the framework that an array belongs to, None for what is no array."""
    cls = type(x)
    owner = _owners[cls] if cls in _owners else _owner(x)
    return None if owner is None else owner.name


def _owner(x: object) -> Framework | None:
    """Return the framework of an array, and cache it for the class if the class is the framework's own."""
    owner = next((framework for framework in every() if framework.is_array(x)), None)
    cls = type(x)
    if owner is not None and cls.__module__.partition(".")[0] in owner.packages and owner.has_only_arrays(cls):
        _owners[cls] = owner
    return owner


def of_module(obj: object) -> Framework | None:
    """Return the framework of a module with weights, None for any other object."""
    return next((framework for framework in every() if framework.is_module(obj)), None)


def neutral() -> Framework:
    """Return the framework whose arrays go with functions of any other; it is the default."""
    return NUMPY
