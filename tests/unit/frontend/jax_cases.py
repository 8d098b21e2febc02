# pyright: basic
"""Functions in the idiom of jax, and what to trace and to run them on."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_random = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return _random.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return np.abs(floats(*shape)) + np.float32(0.1)


def integers(high: int, *shape: int, low: int = 0) -> np.ndarray:
    return _random.integers(low, high, shape).astype(np.int32)


def bools(*shape: int) -> np.ndarray:
    return _random.random(shape) < 0.5


@dataclass(frozen=True)
class Case:
    """A function, what to trace it on, and other inputs that the trace must serve."""

    function: Callable[..., Any]
    arrays: tuple[Any, ...]
    also: Sequence[tuple[Any, ...]]
    tolerance: float


def case(function: Callable[..., Any], *arrays: Any, also: Any = (), tolerance: float = 2e-5) -> Case:
    return Case(function, arrays, also, tolerance)


def attention(q: Any, k: Any, v: Any) -> Any:
    weights = jax.nn.softmax(q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5)
    return jnp.einsum("bqk,bkd->bqd", weights, v)


def mlp(params: Any, x: Any) -> Any:
    hidden = jax.nn.relu(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def parameters(n: int, hidden: int, out: int) -> Any:
    return {"w1": floats(n, hidden), "b1": floats(hidden), "w2": floats(hidden, out), "b2": floats(out)}


def loss(params: Any, x: Any, y: Any) -> Any:
    return jnp.mean((mlp(params, x) - y) ** 2)


@jax.custom_jvp
def clipped_exp(x: Any) -> Any:
    return jnp.exp(jnp.minimum(x, 2.0))


clipped_exp.defjvps(lambda t, y, x: t * y)


def newton(x: Any) -> Any:
    return lax.while_loop(
        lambda s: jnp.abs(s[1] ** 2 - x).max() > 1e-4, lambda s: (s[0] + 1, (s[1] + x / s[1]) / 2), (0, x)
    )


def rnn(w: Any, xs: Any) -> Any:
    return lax.scan(lambda h, x: (jnp.tanh(h @ w + x),) * 2, jnp.zeros(w.shape[0]), xs)


CASES: dict[str, Case] = {
    # elementwise
    "arithmetic": case(
        lambda x, y: (x + y * 2 - x / y, -x, abs(y)),
        floats(3, 4),
        positive(3, 4),
        also=[(floats(5, 2), positive(5, 2))],
    ),
    "broadcast": case(
        lambda x, y: x * y + x[:, None].sum(-1), floats(3, 4), floats(4), also=[(floats(2, 7), floats(7))]
    ),
    "powers": case(
        lambda x: (x**2, x**3, x**-2, x**0.5, x**7, 2.0**x), positive(6), also=[(positive(3),)], tolerance=1e-4
    ),
    "integer powers": case(lambda x: (x**2, x**3, x**0), integers(9, 6, low=-9)),
    "floor division": case(
        lambda x, y: (x // y, x % y, divmod(x, y)), integers(9, 6, low=-9), np.array([3, -3, 2, -2, 1, -1], np.int32)
    ),
    "truncated division": case(
        lambda x, y: (lax.div(x, y), lax.rem(x, y)), integers(9, 6, low=-9), np.array([3, -3, 2, 0, 1, -1], np.int32)
    ),
    "float division": case(lambda x, y: (x // y, x % y, lax.rem(x, y)), floats(6) * 5, positive(6)),
    "rounding": case(
        lambda x: (jnp.round(x), jnp.floor(x), jnp.ceil(x), lax.round(x)),
        np.array([-2.5, -1.5, -0.4, 0.5, 1.5, 2.6], np.float32),
    ),
    "bits": case(lambda x: (x << 2, x >> 1, x & 5, x | 8, x ^ 3, ~x), integers(99, 6, low=-99)),
    "shifts past the end": case(
        lambda x, n: (x << n, lax.shift_right_logical(x, n), x >> n),
        integers(99, 4, low=-99),
        np.array([1, 31, 32, 40], np.int32),
    ),
    "counting bits": case(lambda x: (lax.population_count(x), lax.clz(x)), integers(99, 6, low=-99)),
    "functions": case(
        lambda x: (jnp.exp(x), jnp.log1p(x), jnp.tanh(x), lax.rsqrt(x), jnp.cbrt(x), lax.erf(x), lax.lgamma(x)),
        positive(7),
        tolerance=1e-4,
    ),
    "comparisons": case(lambda x, y: (x < y, x == y, jnp.where(x > y, x, y), (x > 0) & (y > 0)), floats(5), floats(5)),
    "clamp": case(lambda x: (jnp.clip(x, -1, 1), lax.clamp(0.0, x, 0.5)), floats(9)),
    "casts": case(
        lambda x: (x.astype(jnp.int32), x.astype(jnp.int8), x.astype(jnp.bool_), x.astype(jnp.bfloat16)), floats(9) * 20
    ),
    "casts that saturate": case(
        lambda x: (x.astype(jnp.uint8), x.astype(jnp.int8)), np.array([-300, -1, 0, 254.6, 1e9], np.float32)
    ),
    "complex numbers": case(
        lambda x, y: (abs(lax.complex(x, y)), jnp.exp(x + 1j * y), jnp.conj(x + 1j * y).imag), floats(4), floats(4)
    ),
    "bitcast": case(
        lambda x: (lax.bitcast_convert_type(x, jnp.int32), lax.bitcast_convert_type(x, jnp.uint8)), floats(4)
    ),
    "nan": case(
        lambda x: (jnp.nan_to_num(x), jnp.isnan(x), jnp.maximum(x, 0)),
        np.array([np.nan, np.inf, -np.inf, 1], np.float32),
    ),
    # reductions and scans
    "reductions": case(
        lambda x: (x.sum(), x.mean(0), x.max(1), x.min(), x.prod(-1)), floats(3, 4), also=[(floats(2, 6),)]
    ),
    "variance": case(
        lambda x: (x.std(), x.var(0, ddof=1), jnp.linalg.norm(x, axis=1)), floats(3, 4), also=[(floats(5, 2),)]
    ),
    "logic over axes": case(lambda x: (x.all(), x.any(0), jnp.count_nonzero(x)), bools(3, 4), also=[(bools(2, 5),)]),
    "argmax": case(lambda x: (jnp.argmax(x, 1), jnp.argmin(x), x.argmax(0)), floats(3, 4), also=[(floats(5, 3),)]),
    "scans": case(
        lambda x: (jnp.cumsum(x, 0), jnp.cumprod(x, 1), lax.cummax(x), lax.cumlogsumexp(x, reverse=True)),
        floats(3, 4),
        also=[(floats(2, 5),)],
    ),
    "logsumexp": case(
        lambda x: (jax.nn.logsumexp(x, axis=-1), jax.nn.log_softmax(x), jax.nn.softmax(x, axis=0)),
        floats(3, 4),
        also=[(floats(5, 2),)],
    ),
    "no axes": case(lambda x: lax.reduce_sum_p.bind(x, axes=(), out_sharding=None), floats(3)),
    "reduce": case(lambda x: lax.reduce(x, 2.0, lax.mul, (0,)), floats(3, 4), also=[(floats(5, 3),)]),
    "sort": case(
        lambda x: (jnp.sort(x), jnp.argsort(x, axis=0), lax.sort((x, -x), num_keys=2)),
        floats(4, 5),
        also=[(floats(3, 6),)],
    ),
    "sort by two keys": case(lambda x, y: lax.sort((x, y), num_keys=2), integers(3, 12), integers(3, 12)),
    "top k": case(lambda x: lax.top_k(x, 2), floats(3, 5), also=[(floats(4, 9),)]),
    "median": case(lambda x: jnp.median(x, axis=1), floats(5, 3), also=[(floats(2, 6),)]),
    "searchsorted": case(lambda x, y: jnp.searchsorted(jnp.sort(x), y), floats(7), floats(4)),
    # moving
    "reshape": case(
        lambda x: (x.reshape(-1), x.reshape(x.shape[0], -1, 2), x.T, x.ravel()[::-1], x.flatten()),
        floats(3, 4),
        also=[(floats(5, 4),)],
    ),
    "stacking": case(
        lambda x: (jnp.stack([x, x]), jnp.concatenate([x, -x], 1), jnp.hstack([x, x])),
        floats(3, 4),
        also=[(floats(2, 5),)],
    ),
    "slices": case(
        lambda x: (x[1:], x[:-1], x[::2], x[::-1], x[1:-1:2], x[-1], x[..., 1:]), floats(6, 4), also=[(floats(9, 3),)]
    ),
    "differences": case(lambda x: jnp.diff(x) / (x[1:] + x[:-1]), positive(5), also=[(positive(9),)], tolerance=1e-4),
    "pad": case(
        lambda x: (jnp.pad(x, ((1, 2), (0, 1))), lax.pad(x, 2.0, ((1, -1, 2), (-1, 0, 1)))),
        floats(4, 3),
        also=[(floats(5, 6),)],
    ),
    "roll": case(
        lambda x: (jnp.roll(x, 1), jnp.roll(x, 2, axis=0), jnp.tile(x, (2, 1)), jnp.repeat(x, 2, axis=1)), floats(3, 4)
    ),
    "triangles": case(
        lambda x: (jnp.tril(x), jnp.triu(x, 1), jnp.eye(x.shape[0]) + x, jnp.diag(x)),
        floats(4, 4),
        also=[(floats(3, 3),)],
    ),
    "iota": case(lambda x: x + jnp.arange(x.shape[0]) + jnp.linspace(0, 1, 4)[0], floats(5), also=[(floats(3),)]),
    "split": case(
        lambda x: (jnp.split(x, 2, axis=1), jnp.array_split(x, 2, axis=1)), floats(3, 4), also=[(floats(5, 4),)]
    ),
    "sizes": case(lambda x: (x.shape[0], x.sum() / x.shape[1], x.size), floats(3, 4), also=[(floats(5, 2),)]),
    # indexing
    "take": case(
        lambda x, i: (x[i], x[:, i], jnp.take(x, i, axis=0)),
        floats(5, 5),
        integers(5, 4),
        also=[(floats(7, 7), integers(7, 3))],
    ),
    "negative indices": case(
        lambda x, i: x[i], floats(5, 3), integers(5, 4, low=-5), also=[(floats(7, 3), integers(7, 2, low=-7))]
    ),
    "out of bounds": case(
        lambda x, i: (x[i], jnp.take(x, i, axis=0), x.at[i].get(mode="clip")),
        floats(5, 3),
        np.array([0, 7, -9, 2], np.int32),
    ),
    "two indices": case(
        lambda x, i, j: (x[i, j], x[i, :, j], x[:, i, j]), floats(4, 4, 4), integers(4, 3), integers(4, 3)
    ),
    "take along axis": case(lambda x, i: jnp.take_along_axis(x, i, axis=1), floats(3, 5), integers(5, 3, 4)),
    "mask": case(lambda x: jnp.where(x > 0, x, 0), floats(3, 5)),
    "vmapped index": case(
        jax.vmap(lambda x, i: x[i]), floats(3, 5, 2), integers(5, 3, 4), also=[(floats(4, 6, 2), integers(6, 4, 2))]
    ),
    "dynamic slice": case(
        lambda x, i: (lax.dynamic_slice(x, (i, 0), (2, 2)), x[i], lax.dynamic_index_in_dim(x, i)),
        floats(5, 5),
        np.int32(4),
        also=[(floats(6, 3), np.int32(0))],
    ),
    "set": case(lambda x, i: (x.at[i].set(1.0), x.at[:, i].set(0.0)), floats(5, 5), np.array([0, 3, 1], np.int32)),
    "set a slice": case(
        lambda x: (x.at[1:3].set(0.0), x.at[2].add(1.0), x.at[:, 0].multiply(2.0)), floats(5, 3), also=[(floats(4, 2),)]
    ),
    "add": case(
        lambda x, i: (x.at[i].add(2.0), x.at[i].mul(0.5), x.at[i].max(0.3), x.at[i].min(0.3)),
        floats(5, 3),
        integers(5, 7),
        also=[(floats(4, 2), integers(4, 3))],
    ),
    "dropped": case(
        lambda x, i: (x.at[i].set(9.0, mode="drop"), x.at[i, 1:].add(1.0, mode="drop"), x.at[i].max(9.0)),
        floats(5, 3),
        np.array([0, 7, 2, 5], np.int32),
    ),
    "one hot": case(lambda i: jax.nn.one_hot(i, 5), integers(6, 4), also=[(integers(9, 7),)]),
    "update": case(lambda x, y, i: lax.dynamic_update_slice(x, y, (i, i)), floats(5, 5), floats(2, 3), np.int32(4)),
    # products
    "matmul": case(lambda x, w: x @ w, floats(4, 5), floats(5, 3), also=[(floats(2, 6), floats(6, 7))]),
    "matmul of itself": case(
        lambda x: (x @ x.T, jnp.dot(x[0], x[1]), x[0] @ x.T), floats(4, 5), also=[(floats(2, 6),)]
    ),
    "einsum": case(
        lambda x, y: (jnp.einsum("bhqd,bhkd->bhqk", x, y), jnp.einsum("bhqd,bhkd->hd", x, y)),
        floats(2, 3, 4, 5),
        floats(2, 3, 6, 5),
        tolerance=1e-4,
    ),
    "tensordot": case(
        lambda x, y: (jnp.tensordot(x, y, 2), jnp.outer(x[0, 0], y[0, 0])), floats(2, 3, 4), floats(3, 4, 2)
    ),
    "low precision products": case(
        lambda x, y: lax.dot(x.astype(jnp.bfloat16), y.astype(jnp.bfloat16), preferred_element_type=jnp.float32),
        floats(3, 4),
        floats(4, 5),
    ),
    "integer products": case(lambda x, y: x @ y, integers(9, 3, 4), integers(9, 4, 2)),
    "attention": case(
        attention,
        floats(2, 3, 8),
        floats(2, 5, 8),
        floats(2, 5, 8),
        also=[(floats(3, 4, 8), floats(3, 2, 8), floats(3, 2, 8))],
    ),
    "solve": case(
        lambda a, b: (jnp.linalg.solve(a, b), jnp.linalg.inv(a)),
        floats(4, 4) + 4 * np.eye(4, dtype=np.float32),
        floats(4, 2),
        tolerance=1e-3,
    ),
    "determinant": case(lambda a: (jnp.linalg.det(a), jnp.linalg.slogdet(a)), floats(4, 4), tolerance=1e-3),
    "cholesky": case(lambda x: jnp.linalg.cholesky(x @ x.T + 5 * jnp.eye(x.shape[0])), floats(4, 6), tolerance=1e-4),
    "cholesky_above_the_diagonal": case(
        lambda x: jax.lax.linalg.cholesky_p.bind(x @ x.T + 5 * jnp.eye(x.shape[0])), floats(4, 6), tolerance=1e-4
    ),
    "triangular solve": case(
        lambda a, b: jax.scipy.linalg.solve_triangular(jnp.tril(a) + 3 * jnp.eye(4), b, lower=True, trans=1),
        floats(4, 4),
        floats(4, 2),
        tolerance=1e-4,
    ),
    "eigenvalues": case(lambda x: jnp.linalg.eigvalsh(x + x.T), floats(4, 4), tolerance=1e-4),
    "singular values": case(lambda x: jnp.linalg.svd(x, compute_uv=False), floats(4, 3), tolerance=1e-4),
    "fft": case(
        lambda x: (jnp.fft.fft(x), jnp.fft.rfft(x), jnp.fft.irfft(jnp.fft.rfft(x))), floats(3, 8), tolerance=1e-4
    ),
    # images
    "convolution": case(
        lambda x, w: lax.conv(x, w, (2, 2), "SAME"), floats(2, 3, 9, 9), floats(4, 3, 3, 3), tolerance=1e-4
    ),
    "channels last": case(
        lambda x, w: lax.conv_general_dilated(
            x, w, (1, 2), "SAME", rhs_dilation=(2, 1), dimension_numbers=("NHWC", "HWIO", "NHWC")
        ),
        floats(2, 8, 8, 3),
        floats(3, 3, 3, 4),
        also=[(floats(4, 8, 9, 3), floats(3, 3, 3, 4))],
        tolerance=1e-4,
    ),
    "groups": case(
        lambda x, w: lax.conv_general_dilated(x, w, (1,), [(1, 1)], feature_group_count=2),
        floats(2, 4, 7),
        floats(6, 2, 3),
        tolerance=1e-4,
    ),
    "integer convolution": case(
        lambda x, w: lax.conv_general_dilated(x, w, (2, 1), [(1, 1), (0, 2)], feature_group_count=2),
        integers(9, 2, 4, 7, 6),
        integers(9, 6, 2, 3, 2),
    ),
    "transposed convolution": case(
        lambda x, w: lax.conv_transpose(x, w, (2, 2), "SAME"), floats(2, 5, 5, 3), floats(3, 3, 3, 4), tolerance=1e-4
    ),
    "pooling": case(
        lambda x: (
            lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME"),
            lax.reduce_window(x, 0.0, lax.add, (1, 3, 3, 1), (1, 1, 1, 1), "VALID"),
        ),
        floats(2, 5, 5, 3),
        also=[(floats(3, 7, 6, 4),)],
    ),
    "windows of integers": case(
        lambda x: lax.reduce_window(x, 0, lax.add, (2, 3), (1, 2), ((0, 1), (1, 1))), integers(9, 6, 6)
    ),
    "gradient of pooling": case(
        jax.grad(lambda x: (lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME") ** 2).sum()),
        floats(2, 5, 5, 3),
    ),
    "gradient of convolution": case(
        jax.grad(lambda x, w: (lax.conv(x, w, (2, 2), "SAME") ** 2).sum(), argnums=(0, 1)),
        floats(2, 3, 7, 7),
        floats(4, 3, 3, 3),
        tolerance=1e-3,
    ),
    # networks and transformations
    "activations": case(
        lambda x: [f(x) for f in (jax.nn.relu, jax.nn.gelu, jax.nn.silu, jax.nn.softplus, jax.nn.elu, jax.nn.sigmoid)],
        floats(3, 4),
    ),
    "mlp": case(mlp, parameters(5, 6, 2), floats(3, 5), also=[(parameters(4, 7, 3), floats(2, 4))], tolerance=1e-4),
    "gradient": case(
        jax.grad(loss),
        parameters(5, 6, 2),
        floats(3, 5),
        floats(3, 2),
        also=[(parameters(4, 7, 3), floats(2, 4), floats(2, 3))],
        tolerance=1e-4,
    ),
    "value and gradient": case(
        jax.value_and_grad(lambda x: jax.nn.logsumexp(jnp.tanh(x) @ x.T).sum()), floats(3, 4), tolerance=1e-4
    ),
    "hessian": case(jax.hessian(lambda x: (jnp.sin(x) * x**2).sum()), floats(3), tolerance=1e-4),
    "jacobian": case(jax.jacfwd(lambda x: jnp.cumsum(x) * x), floats(3), also=[(floats(3),)]),
    "vmap": case(jax.vmap(lambda x, y: x @ y, in_axes=(0, None)), floats(3, 2, 4), floats(4, 5)),
    "jit": case(jax.jit(lambda x: jax.jit(jnp.sin)(x) + 1), floats(3), also=[(floats(5),)]),
    "checkpoint": case(jax.grad(lambda x: jax.checkpoint(lambda x: jnp.sin(jnp.sin(x)))(x).sum()), floats(3)),
    "custom derivative": case(jax.grad(lambda x: clipped_exp(x).sum()), floats(5) * 3, also=[(floats(3),)]),
    "stop gradient": case(jax.grad(lambda x: (lax.stop_gradient(x) * x).sum()), floats(5)),
    "partial": case(functools.partial(jnp.quantile, q=0.3), floats(9), tolerance=1e-4),
    # control flow
    "cond": case(
        lambda x: lax.cond(x.sum() > 0, lambda x: x * 2, lambda x: x - 1, x),
        floats(3),
        also=[(positive(4),), (-positive(2),)],
    ),
    "switch": case(
        lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, jnp.exp], x),
        np.int32(1),
        floats(3),
        also=[(np.int32(i), floats(4)) for i in (-1, 0, 2, 3)],
    ),
    "while": case(newton, positive(3), also=[(positive(5),)], tolerance=1e-4),
    "fori": case(
        lambda x, n: lax.fori_loop(0, n, lambda i, s: s * 1.5 + i, x),
        floats(3),
        np.int32(3),
        also=[(floats(4), np.int32(0)), (floats(2), np.int32(6))],
    ),
    "scan": case(rnn, floats(3, 3), floats(4, 3), also=[(floats(2, 2), floats(6, 2))], tolerance=1e-4),
    "reverse scan": case(
        lambda x: lax.scan(lambda c, x: (c + x, (c * x, x)), 0.0, x, reverse=True), floats(4), also=[(floats(6),)]
    ),
    "empty scan": case(lambda x: lax.scan(lambda c, _: (c * 2, c), x, None, length=0), floats(3)),
    "gradient of a scan": case(
        jax.grad(lambda w, xs: rnn(w, xs)[0].sum()),
        floats(3, 3),
        floats(4, 3),
        also=[(floats(2, 2), floats(6, 2))],
        tolerance=1e-4,
    ),
    "batch of loops": case(
        jax.vmap(lambda x: lax.while_loop(lambda s: s[0] < x, lambda s: (s[0] + 1, s[1] * 2), (0.0, x))[1]),
        positive(4) * 3,
    ),
    "map": case(lambda x: lax.map(lambda row: row.sum() * row, x), floats(3, 2), also=[(floats(4, 5),)]),
    "nested control": case(
        lambda x: lax.cond(x[0] > 0, lambda: lax.scan(lambda c, x: (c + x, c), 0.0, x)[0], lambda: x.min()),
        floats(3),
        also=[(floats(4),)],
    ),
    "associative scan": case(lambda x: lax.associative_scan(jnp.add, x), floats(8)),
    # random numbers: keys are explicit, so the bits are jax's own
    "uniform": case(
        lambda key: jax.random.uniform(key, (3, 2)), np.array([0, 3], np.uint32), also=[(np.array([7, 1], np.uint32),)]
    ),
    "normal": case(lambda x: x + jax.random.normal(jax.random.key(7), x.shape), floats(3, 4), also=[(floats(5, 2),)]),
    "split keys": case(
        lambda key: [jax.random.bits(k, (2,)) for k in jax.random.split(key, 3)], np.array([0, 3], np.uint32)
    ),
    "draws": case(
        lambda key: (
            jax.random.randint(key, (4,), 0, 10),
            jax.random.bernoulli(key, 0.3, (4,)),
            jax.random.permutation(key, 5),
            jax.random.categorical(key, jnp.arange(4.0)),
        ),
        np.array([0, 3], np.uint32),
        also=[(np.array([9, 9], np.uint32),)],
    ),
    "keys in a loop": case(
        lambda key: lax.fori_loop(
            0, 3, lambda i, s: (jax.random.split(s[0])[0], s[1] + jax.random.normal(s[0], (2,))), (key, jnp.zeros(2))
        )[1],
        np.array([0, 3], np.uint32),
    ),
    "batch of keys": case(
        lambda key: jax.vmap(lambda k: jax.random.normal(jax.random.fold_in(k, 3), (2,)))(jax.random.split(key, 3)),
        np.array([0, 3], np.uint32),
    ),
    "gamma": case(
        lambda key: jax.random.gamma(key, jnp.array([0.5, 2.0])), np.array([0, 3], np.uint32), tolerance=1e-4
    ),
}

CONTROL = [
    *("cond", "switch", "while", "fori", "scan", "reverse scan", "empty scan", "gradient of a scan", "batch of loops"),
    *("map", "nested control", "keys in a loop", "determinant"),
]
"""Cases of control flow."""
