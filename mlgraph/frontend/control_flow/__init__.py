"""Control flow of Python on traced values: the conversion of functions, and the operators that converted code calls."""
