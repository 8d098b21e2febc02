"""Products of vectors, matrices and tensors."""

# pyright: basic, reportArgumentType=false, reportReturnType=false, reportCallIssue=false
from typing import Any

import numpy as np

from mlgraph.dialects import ivy
from mlgraph.frontend.numpy.array import TracedArray
from mlgraph.frontend.numpy.constructors import fresh
from mlgraph.frontend.numpy.dtypes import INT
from mlgraph.frontend.numpy.methods import diagonals
from mlgraph.frontend.numpy.normalize import ArrayLike, OutArray, SameOut, implements, normal_axis
from mlgraph.frontend.numpy.sizes import examples, fix, is_dim
from mlgraph.frontend.numpy.tracer import emit, unsupported
from mlgraph.frontend.numpy.wrapping import as_array, cast, value_of

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@implements(np.dot)
def dot(a: ArrayLike, b: ArrayLike, /, out: SameOut = None) -> Any:
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    return np.matmul(a, b) if b.ndim <= 2 else np.tensordot(a, b, axes=(-1, -2))


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    return np.matmul(np.conjugate(as_array(a)).reshape(-1), as_array(b).reshape(-1))


@implements(np.inner)
def inner(a: ArrayLike, b: ArrayLike, /) -> Any:
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    if b.ndim == 1:
        return np.matmul(a, b)
    return np.tensordot(a, b, axes=(-1, -1))


@implements(np.tensordot)
def tensordot(a: ArrayLike, b: ArrayLike, axes: Any = 2) -> Any:
    if is_dim(axes):
        count = fix(axes)
        first, second = list(range(a.ndim - count, a.ndim)), list(range(count))
    else:
        first, second = ([axis] if is_dim(axis) else list(axis) for axis in axes)
    first = [normal_axis(i, a.ndim) for i in first]
    second = [normal_axis(i, b.ndim) for i in second]
    if len(first) != len(second) or any(a.shape[i] != b.shape[j] for i, j in zip(first, second)):
        raise ValueError("shape-mismatch for sum")
    names = dict(zip(second, (LETTERS[i] for i in first)))
    left = LETTERS[: a.ndim]
    right = "".join(names.get(j, LETTERS[a.ndim + j]) for j in range(b.ndim))
    kept = [c for i, c in enumerate(left) if i not in first] + [c for j, c in enumerate(right) if j not in second]
    return as_array(np.einsum(f"{left},{right}->{''.join(kept)}", a, b))


@implements(np.kron)
def kron(a: ArrayLike, b: ArrayLike) -> Any:
    ndim = max(a.ndim, b.ndim)
    a, b = (v.reshape((1,) * (ndim - v.ndim) + v.shape) for v in (a, b))
    wide = a.reshape([n for m in a.shape for n in (m, 1)]) * b.reshape([n for m in b.shape for n in (1, m)])
    return wide.reshape([m * n for m, n in zip(a.shape, b.shape)])


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    x, y = as_array(a).reshape(-1), as_array(v).reshape(-1)
    if _is_shorter(x, y):
        x, y = y, x
    return _slid(x, y[::-1], mode)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    x, y = as_array(a), np.conjugate(as_array(v))
    if _is_shorter(x, y):
        return _slid(y, x, mode)[::-1]
    return _slid(x, y, mode)


def _is_shorter(x: TracedArray, y: TracedArray) -> bool:
    """Return whether x is the shorter of two vectors, whose size is then fixed."""
    sizes = examples((x.shape[0], y.shape[0]))
    fix((x if sizes is None or sizes[0] < sizes[1] else y).shape[0])
    return x.shape[0] < y.shape[0]


def _slid(x: TracedArray, window: TracedArray, mode: str) -> Any:
    """Return the products of `window` with each part of `x`; the size of the window is fixed."""
    n = fix(window.shape[0])
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got '{mode}')")
    low, high = {"full": (n - 1, n - 1), "valid": (0, 0), "same": (n // 2, n - 1 - n // 2)}[mode]
    padded = np.pad(x, (low, high))
    size = padded.shape[0] - n + 1
    return _sum([padded[i : i + size] * window[i] for i in range(n)])


def _sum(parts: list[Any]) -> Any:
    total: Any = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


@implements(np.einsum)
def einsum(
    *operands: Any,
    out: OutArray = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    equation, given = _equation(operands)
    arrays = [as_array(x) for x in given]
    inputs, output = _spelled_out(equation, arrays)
    if len(arrays) == 1 and out is None and (part := _view(arrays[0], *inputs, output)) is not None:
        return part
    made = [] if out is None else [out.dtype]
    kind = np.result_type(*[x.dtype for x in arrays], *made) if dtype is None else np.dtype(dtype)
    if any(not np.can_cast(x.dtype, kind, casting) for x in arrays):
        raise TypeError(f"Cannot cast operands to {kind} according to the rule '{casting}'")
    return _contracted([cast(x, kind) for x in arrays], inputs, output, kind)


def _view(x: TracedArray, letters: str, output: str) -> TracedArray | None:
    """Return the view that numpy gives of one operand without sums, None where there is a sum."""
    if not output or set(letters) != set(output):
        return None
    while len(letters) > len(output):
        letter = next(c for c in letters if letters.count(c) > 1)
        first, second = letters.index(letter), letters.index(letter, letters.index(letter) + 1)
        if x.shape[first] != x.shape[second]:
            return None
        rest = [i for i in range(x.ndim) if i not in (first, second)]
        x = diagonals(x.transpose(*rest, first, second), 0)
        letters = "".join(letters[i] for i in rest) + letter
    return x.transpose(*(letters.index(c) for c in output))


def _equation(operands: Any) -> tuple[str, list[Any]]:
    """Return the subscripts and the arrays, from either calling convention."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    arrays, subscripts = list(operands[: len(operands) // 2 * 2 : 2]), list(operands[1::2])
    text = ",".join(map(_letters, subscripts))
    return (f"{text}->{_letters(operands[-1])}" if len(operands) % 2 else text), arrays


def _letters(subscripts: Any) -> str:
    return "".join("..." if s is Ellipsis else LETTERS[s] for s in subscripts)


def _spelled_out(equation: str, arrays: list[TracedArray]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with the ellipsis expanded."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        raise ValueError("more operands provided to einstein sum function than specified in the subscripts string")
    free = [c for c in LETTERS if c not in equation]
    hidden = [x.ndim - len(t.replace("...", "")) for t, x in zip(terms, arrays)]
    longest = max((h for h, t in zip(hidden, terms) if "..." in t), default=0)
    names = free[:longest]
    for term, x, h in zip(terms, arrays, hidden):
        if h < 0 or (h > 0 and "..." not in term):
            raise ValueError(f"einstein sum subscripts string '{term}' does not fit an operand of {x.ndim} dimensions")
    inputs = [t.replace("...", "".join(names[longest - h :])) for t, h in zip(terms, hidden)]
    if not arrow:
        letters = "".join(sorted({c for c in left if c.isalpha() and left.count(c) == 1}))
        return inputs, "".join(names) + letters
    output = right.replace("...", "".join(names))
    if len(set(output)) != len(output):
        raise ValueError("einstein sum subscripts string includes an output subscript multiple times")
    return inputs, output


def _contracted(arrays: list[TracedArray], inputs: list[str], output: str, dtype: np.dtype) -> TracedArray:
    sizes: dict[str, Any] = {}
    for letters, x in zip(inputs, arrays):
        for letter, n in zip(letters, x.shape):
            old = sizes.get(letter, 1)
            if old == 1:
                sizes[letter] = n
            elif n != 1 and n != old:
                raise ValueError(f"operands could not be broadcast together: index {letter} has sizes {old} and {n}")
    terms = [_without_ones(x, letters, sizes, output) for x, letters in zip(arrays, inputs)]
    arrays, inputs = [x for x, _ in terms], [letters for _, letters in terms]
    dims = tuple(sizes[c] for c in output)
    if any(c not in sizes for c in output):
        raise ValueError("einstein sum subscripts string included an output subscript which never appeared in an input")
    missing = [c for c in output if not any(c in letters for letters in inputs)]
    if missing:
        raise unsupported("np.einsum whose broadcast axes have size 1 in every operand")
    wide = {"bool": INT, "float16": np.dtype(np.float32)}.get(dtype.name, dtype)
    values = [value_of(x, wide) for x in arrays]
    value = emit(ivy.einsum, values, ",".join(inputs) + "->" + output)
    return cast(fresh(value, dims, wide), dtype)


def _without_ones(x: TracedArray, letters: str, sizes: dict[str, Any], output: str) -> tuple[TracedArray, str]:
    """Return an operand without its broadcast axes of size 1, and its letters."""
    drop = [
        i
        for i, (c, n) in enumerate(zip(letters, x.shape))
        if type(n) is int and n == 1 and not (type(sizes[c]) is int and sizes[c] == 1)
    ]
    if not drop:
        return x, letters
    return np.squeeze(x, tuple(drop)), "".join(c for i, c in enumerate(letters) if i not in drop)
