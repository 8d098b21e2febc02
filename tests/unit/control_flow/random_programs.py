"""Random nestings of control flow as the source of a function, which logs what it does."""

import random

HEAD = """
def program(log, a, b, c):
    x, y = a, b
"""


class Programs:
    """Random programs: `if`, loops with `else`, jumps, `with`, `try`, `match`, deletions and nested functions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lines: list[str] = []
        self._count = 0
        self._budget = self._random.randint(4, 30)

    def source(self) -> str:
        """Return the source of a function `program(log, a, b, c)`."""
        self._block(1, loops=0)
        if self._random.random() < 0.6:
            self._line(1, f"return {self._expression()}")
        return HEAD + "\n".join(self._lines) + "\n"

    def _line(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)

    def _block(self, depth: int, loops: int) -> None:
        for _ in range(self._random.randint(1, 4)):
            if self._budget <= 0:
                break
            self._budget -= 1
            self._statement(depth, loops)
        self._line(depth, f"log.append({self._random.randint(0, 99)})")

    def _statement(self, depth: int, loops: int) -> None:
        kinds = ["assign"] * 3 + ["log", "augment", "maybe", "function", "ternary", "assert"]
        if depth < 6:
            kinds += ["if"] * 4 + ["while", "for", "for"] + ["with", "try", "match"]
        kinds += ["return"] + (["break", "continue"] * 2 if loops else [])
        getattr(self, "_" + self._random.choice(kinds))(depth, loops)

    def _assign(self, depth: int, loops: int) -> None:
        self._line(depth, f"{self._random.choice('xyz')} = {self._expression()}")

    def _augment(self, depth: int, loops: int) -> None:
        self._line(depth, f"{self._random.choice('xyz')} {self._random.choice(['+=', '-='])} {self._expression()}")

    def _maybe(self, depth: int, loops: int) -> None:
        if self._random.random() < 0.3:
            self._line(depth, f"del {self._random.choice('xyz')}")
        else:
            self._line(depth, f"log.append({self._random.choice('xyz')})")

    def _log(self, depth: int, loops: int) -> None:
        self._line(depth, f"log.append(({self._expression()}, {self._test()}))")

    def _ternary(self, depth: int, loops: int) -> None:
        self._line(depth, f"x = {self._expression()} if {self._test()} else {self._expression()}")

    def _assert(self, depth: int, loops: int) -> None:
        self._line(depth, f"assert {self._test()} or {self._random.random() < 0.9}, {self._expression()}")

    def _function(self, depth: int, loops: int) -> None:
        self._count += 1
        name = f"f{self._count}"
        self._line(depth, f"def {name}(k):")
        if self._random.random() < 0.5:
            self._line(depth + 1, "nonlocal y")
            self._line(depth + 1, f"y = k + {self._random.randint(0, 3)}")
        self._line(depth + 1, f"if k > {self._random.randint(-2, 4)}:")
        self._line(depth + 2, "return k")
        self._line(depth + 1, "return x")
        self._line(depth, f"x = {name}({self._expression()})")

    def _if(self, depth: int, loops: int) -> None:
        self._line(depth, f"if {self._test()}:")
        self._block(depth + 1, loops)
        if self._random.random() < 0.3:
            self._line(depth, f"elif {self._test()}:")
            self._block(depth + 1, loops)
        if self._random.random() < 0.5:
            self._line(depth, "else:")
            self._block(depth + 1, loops)

    def _while(self, depth: int, loops: int) -> None:
        self._count += 1
        name = f"n{self._count}"
        self._line(depth, f"{name} = 0")
        endless = self._random.random() < 0.2
        test = "True" if endless else self._test()
        limit = self._random.randint(0, 4)
        self._line(depth, f"while {test}:" if endless else f"while ({name} := {name} + 1) < {limit} and {test}:")
        if endless:
            self._line(depth + 1, f"{name} += 1")
            self._line(depth + 1, f"if {name} > {limit}:")
            self._line(depth + 2, self._random.choice(["break", "return x"]))
        self._block(depth + 1, loops + 1)
        self._otherwise(depth, loops)

    def _for(self, depth: int, loops: int) -> None:
        values = self._random.choice(["range(a)", "[x, b, 3]", "enumerate((a, b))", "()", "zip('ab', range(c))"])
        target = "z" if values[0] in "r[(" else "z, w"
        if values.startswith(("enumerate", "zip")):
            target = "w, z"
        self._line(depth, f"for {target} in {values}:")
        self._block(depth + 1, loops + 1)
        self._otherwise(depth, loops)

    def _otherwise(self, depth: int, loops: int) -> None:
        if self._random.random() < 0.4:
            self._line(depth, "else:")
            self._block(depth + 1, loops)

    def _with(self, depth: int, loops: int) -> None:
        self._line(depth, self._random.choice(["with managed(log) as w:", "with suppress(ValueError):"]))
        self._block(depth + 1, loops)
        if self._random.random() < 0.2:
            self._line(depth + 1, f"if {self._test()}: raise ValueError({self._expression()})")

    def _try(self, depth: int, loops: int) -> None:
        self._line(depth, "try:")
        self._block(depth + 1, loops)
        if self._random.random() < 0.5:
            self._line(depth + 1, f"if {self._test()}: raise KeyError({self._expression()})")
        if self._random.random() < 0.8:
            self._line(depth, "except KeyError as error:")
            self._line(depth + 1, "log.append(repr(error))")
            self._block(depth + 1, loops)
            if self._random.random() < 0.3:
                self._line(depth, "else:")
                self._block(depth + 1, loops)
            if self._random.random() < 0.5:
                return
        self._line(depth, "finally:")
        self._line(depth + 1, f"log.append(-{self._random.randint(0, 99)})")

    def _match(self, depth: int, loops: int) -> None:
        self._line(depth, f"match {self._expression()}:")
        self._line(depth + 1, f"case {self._random.randint(0, 3)} | 7:")
        self._block(depth + 2, loops)
        self._line(depth + 1, f"case w if {self._test()}:")
        self._block(depth + 2, loops)

    def _return(self, depth: int, loops: int) -> None:
        self._line(depth, f"return {self._expression()}" if self._random.random() < 0.8 else "return")

    def _break(self, depth: int, loops: int) -> None:
        self._line(depth, "break")

    def _continue(self, depth: int, loops: int) -> None:
        self._line(depth, "continue")

    def _expression(self) -> str:
        pick = self._random.choice
        return pick(["x", "y", "a", "b", "c", "x + 1", "y - c", "x * 2 - y", "(x and y)", "(a or b)", "1", "0", "-3"])

    def _test(self) -> str:
        pick = self._random.choice
        one = f"{self._expression()} {pick(['<', '>', '==', '<=', '!=', 'in (1, 2, 3) or 0 <'])} {self._expression()}"
        return pick([one, one, f"0 < {self._expression()} <= {self._expression()}", f"not {one}", f"({one} and {one})"])
