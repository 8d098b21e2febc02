"""Tools around a graph: dumps of IR, the comparison with the original function, pictures, and the op table as text."""
