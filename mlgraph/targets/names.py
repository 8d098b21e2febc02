"""Python names for values."""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterable


class Names:
    """Hands out each name once; keywords, builtins and `taken` never."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = {*taken, *keyword.kwlist, *dir(builtins)}
        self.repeats: Counter[str] = Counter()

    def fresh(self, hint: str | None, suffix: str = "") -> str:
        """Return a new name like `hint`, ending in `suffix`."""
        base = re.sub(r"\W", "_", hint or "x").strip("_") or "x"
        base = (f"x_{base}" if base[0].isdigit() else base) + suffix
        name = base
        while name in self.taken:
            self.repeats[base] += 1
            name = f"{base}_{self.repeats[base]}"
        self.taken.add(name)
        return name

    def copy(self) -> "Names":
        """Return names that continue from these without being taken from them."""
        copy = Names(self.taken)
        copy.repeats = Counter(self.repeats)
        return copy
