"""Which attributes of an object a function reads."""

# pyright: basic
from typing import Any

from mlgraph.objects import is_module
from mlgraph.state.places import is_object


class Watch:
    """While it lasts, the object is of a subclass of its class that notes what is read before it is written."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.cls = type(value)
        self.read: set[str] | None = None
        """The names of the attributes that were read; None where that cannot be told."""

    def start(self) -> None:
        cls = self.cls
        if not is_object(self.value) or is_module(self.value) or cls.__getattribute__ is not object.__getattribute__:
            return
        read, written = set[str](), set[str]()

        def get(owner: Any, name: str) -> Any:
            if name not in written and (name == "__dict__" or not name.startswith("__")):
                read.add(name)
            return object.__getattribute__(owner, name)

        def set_(owner: Any, name: str, value: Any) -> None:
            if name not in read:
                written.add(name)
            cls.__setattr__(owner, name, value)  # pyright: ignore[reportCallIssue]

        members = {"__getattribute__": get, "__setattr__": set_, "__slots__": (), "__module__": cls.__module__}
        try:
            object.__setattr__(self.value, "__class__", type(cls)(cls.__name__, (cls,), members))  # pyright: ignore[reportCallIssue]
        except TypeError:  # a class that is not written in Python, or that must not be derived from
            return
        self.read = read

    def stop(self) -> None:
        if type(self.value) is not self.cls:
            object.__setattr__(self.value, "__class__", self.cls)
        if self.read is not None and "__dict__" in self.read:
            self.read = None
