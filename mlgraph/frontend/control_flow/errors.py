"""The errors of checks."""

import builtins


def as_builtin(error: Exception) -> tuple[str, str]:
    """Return the name of the builtin class of an error that a graph raises, and its text.

    A class of the user's becomes the builtin class that it extends, with its name in the text.
    """
    kinds = type(error).__mro__
    kind = next(each for each in kinds if getattr(builtins, each.__name__, None) is each)
    text = str(error.args[0]) if error.args else ""
    return kind.__name__, text if kind is kinds[0] else f"{type(error).__qualname__}: {text}"
