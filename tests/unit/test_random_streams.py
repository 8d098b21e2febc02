# pyright: basic, reportOperatorIssue=false, reportAttributeAccessIssue=false
"""A graph to its own framework draws the numbers that eager draws, and goes on where eager would."""

import contextlib
import random
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import distributions as d

import mlgraph
from mlgraph.errors import InputError, UnsupportedOpError

X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
LARGE = torch.randn(21, 4, generator=torch.Generator().manual_seed(1))
INPUTS = (X, LARGE, torch.randn(4, 5, generator=torch.Generator().manual_seed(2)).t()[:, :4])
"""Of the shape that is captured, of more elements than torch draws one by one, and not contiguous."""


def unused(x):
    torch.rand(3)
    F.dropout(x, 0.5, True)
    torch.empty(3).exponential_()
    return x + torch.rand(4)


def in_a_view(x):
    y = x.clone()
    y[:, 1:].normal_()
    return y


def with_gaps(x):
    return torch.empty(x.shape[0], 8)[:, ::2].normal_() + x


TORCH = {
    "rand": lambda x: x + torch.rand(4),
    "rand of a half": lambda x: torch.rand(x.shape, dtype=torch.float16),
    "randn": lambda x: x + torch.randn(x.shape),
    "complex randn": lambda x: torch.randn(x.shape, dtype=torch.complex64),
    "like": lambda x: torch.rand_like(x) + torch.randn_like(x, dtype=torch.float64) + torch.randint_like(x, -3, 5),
    "randint": lambda x: torch.randint(-5, 9, x.shape, dtype=torch.int32),
    "randperm": lambda x: x[torch.randperm(x.shape[0])],
    "normal": lambda x: torch.normal(x, 1.0) + torch.normal(1.0, x.exp()) + torch.normal(0.0, 1.0, (4,)),
    "bernoulli": lambda x: torch.bernoulli(x.sigmoid()) + x.clone().bernoulli_(0.3) + x.clone().bernoulli_(x.sigmoid()),
    "fills": lambda x: x.clone().uniform_(1, 2) + x.clone().normal_(1, 2) + x.clone().exponential_(2.0),
    "rare fills": lambda x: x.clone().geometric_(0.3) + x.clone().cauchy_() + x.clone().log_normal_(),
    "random_": lambda x: x.clone().random_(3) + x.clone().random_(3, 7) + x.clone().random_(),
    "empty_like": lambda x: torch.empty_like(x.t()).normal_() + 0,
    "in a view": in_a_view,
    "with gaps": with_gaps,
    "poisson": lambda x: torch.poisson(x.exp()),
    "binomial": lambda x: torch.binomial(torch.full_like(x, 5), x.sigmoid()),
    "multinomial": lambda x: torch.multinomial(x.exp(), 2) + torch.multinomial(x.exp(), 6, True)[:, :2],
    "gumbel_softmax": lambda x: F.gumbel_softmax(x) + F.gumbel_softmax(x, hard=True),
    "rrelu": lambda x: F.rrelu(x, training=True),
    "dropout": lambda x: F.dropout(x, 0.5, True) + F.dropout((x.t() * 2).t(), 0.3, True),
    "channel dropout": lambda x: F.dropout1d(x[None], 0.5, True) + F.dropout2d(x[None, :, None], 0.5, True)[:, :, 0],
    "alpha dropout": lambda x: F.alpha_dropout(x, 0.5, True) + F.feature_alpha_dropout(x, 0.5, True),
    "attention": lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None], dropout_p=0.3),
    "unused": unused,
    "distributions": lambda x: d.Normal(x, 1.0).sample() + d.Uniform(x, x + 1).rsample() + d.Laplace(x, 1.0).rsample(),
    "Categorical": lambda x: d.Categorical(logits=x).sample((2,)),
    "Bernoulli": lambda x: d.Bernoulli(logits=x).sample() + d.Poisson(x.exp()).sample() + d.Gumbel(x, 1.0).sample(),
    "Gamma": lambda x: d.Gamma(x.exp(), 1.0).rsample() + d.Beta(x.exp(), 1.0).sample() + d.Dirichlet(x.exp()).sample(),
    "seeded inside": lambda x: x + torch.rand(4, generator=torch.Generator().manual_seed(3)) + torch.rand(4),
}


def interleaved(graph, function, inputs, seed):
    """Graph, function and graph in turn under one seed, and the function alone, for each input."""
    for x in inputs:
        seed()
        expected = [function(x) for _ in range(3)]
        seed()
        yield [graph(x), function(x), graph(x)], expected


@pytest.mark.parametrize("name", TORCH)
def test_torch_to_torch_draws_the_numbers_of_eager(name):
    graph = mlgraph.compile(TORCH[name], to="torch", args=(X,))
    for found, expected in interleaved(graph, TORCH[name], INPUTS, lambda: torch.manual_seed(5)):
        torch.testing.assert_close(found, expected)


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.layer(x, x)


class Weights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(8, 2, dropout=0.3, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


MODULES = {
    "dropout": lambda: torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(0.3), torch.nn.AlphaDropout(0.2)),
    "lstm": lambda: torch.nn.LSTM(8, 5, 3, dropout=0.5),
    "gru": lambda: torch.nn.GRU(8, 5, 2, dropout=0.5, batch_first=True, bidirectional=True),
    "encoder": lambda: torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True),
    "decoder": Decoder,
    "attention": Weights,
}


@pytest.mark.parametrize("name", MODULES)
def test_layers_in_training(name):
    module = MODULES[name]()
    x = torch.randn(3, 2, 8)
    inputs = (x, torch.cat([x] * 3))
    expected = []
    for y in inputs:
        torch.manual_seed(5)
        expected.append([module(y), module(y)])
    mlgraph.compile(module, to="torch", args=(x,))
    for y, pair in zip(inputs, expected):
        torch.manual_seed(5)
        torch.testing.assert_close([module(y), module(y)], pair, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def saved_encoder(tmp_path_factory):
    graph = mlgraph.compile(MODULES["encoder"](), to="numpy", args=(torch.ones(2, 3, 8),))
    return graph.save(tmp_path_factory.mktemp("encoder"))


@pytest.mark.parametrize("to", ["jax", "tensorflow", "numpy"])
def test_attention_in_training_on_other_targets(to, saved_encoder):
    graph = mlgraph.load(saved_encoder, to=to)
    first, second = (np.asarray(graph(torch.ones(2, 3, 8))) for _ in range(2))
    assert first.shape == (2, 3, 8)
    assert not np.array_equal(first, second)


# Generators of the user's own


def test_a_generator_of_torch_moves_on_as_in_eager():
    generator = torch.Generator().manual_seed(7)

    def noise(x):
        return x + torch.rand(4, generator=generator) + x.clone().normal_(generator=generator)

    before = generator.get_state()
    graph = mlgraph.compile(noise, to="torch", args=(X,))
    assert torch.equal(generator.get_state(), before)
    for found, expected in interleaved(graph, noise, INPUTS, lambda: generator.manual_seed(7)):
        torch.testing.assert_close(found, expected)


def test_two_generators_of_torch_with_one_seed():
    first, second = (torch.Generator().manual_seed(7) for _ in range(2))

    def noise(x):
        return (
            x + torch.rand(4, generator=second) * 2 + torch.rand(4, generator=first) + torch.rand(4, generator=second)
        )

    def seed():
        first.manual_seed(1)
        second.manual_seed(2)

    graph = mlgraph.compile(noise, to="torch", args=(X,))
    for found, expected in interleaved(graph, noise, INPUTS, seed):
        torch.testing.assert_close(found, expected)


def test_a_generator_of_torch_as_an_argument():
    def noise(x, generator):
        return x + torch.rand(4, generator=generator)

    graph = mlgraph.compile(noise, to="torch")
    for seed in (1, 2):
        generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
        for _ in range(2):
            torch.testing.assert_close(graph(X, generators[0]), noise(X, generators[1]))


def test_a_generator_that_is_replaced():
    class Noise(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.generator = torch.Generator().manual_seed(1)

        def forward(self, x):
            return x + torch.rand(4, generator=self.generator)

    module = mlgraph.compile(Noise(), to="torch", args=(X,))
    module.generator = torch.Generator().manual_seed(2)
    torch.testing.assert_close(module(X), X + torch.rand(4, generator=torch.Generator().manual_seed(2)))


def test_seeding_inside_of_the_function_is_refused():
    def seeded(x):
        torch.manual_seed(0)
        return x + torch.rand(4)

    state = torch.get_rng_state()
    with pytest.raises(UnsupportedOpError, match="manual_seed"):
        mlgraph.compile(seeded, to="torch", args=(X,))
    assert torch.equal(torch.get_rng_state(), state)


# numpy

A = np.random.default_rng(0).random((3, 4))
ARRAYS = (A, np.random.default_rng(0).random((9, 4)), A.T.copy().T)


def shuffled(x, rng):
    y = x.copy()
    rng.shuffle(y)
    return y


BOTH = {
    "uniform": lambda x, rng: rng.uniform(x, 2) + rng.uniform(-1, 2, x.shape),
    "normal": lambda x, rng: rng.normal(x, 0.3) + rng.standard_normal(x.shape) + rng.normal() + rng.lognormal(size=4),
    "exponential": lambda x, rng: rng.exponential(x) + rng.standard_exponential(x.shape) + rng.gumbel(x),
    "inverse": lambda x, rng: rng.logistic(x) + rng.laplace(x) + rng.rayleigh(x) + rng.weibull(2.0, x.shape),
    "counts": lambda x, rng: rng.poisson(x * 5) + rng.binomial(100, x) + rng.geometric(0.3, x.shape),
    "gamma": lambda x, rng: rng.gamma(x + 1, 2.0) + rng.beta(x + 1, 2.0) + rng.chisquare(3.0, x.shape),
    "several": lambda x, rng: rng.multinomial(10, [0.2, 0.3, 0.5]) + rng.dirichlet([1.0, 2.0, 3.0]),
    "tails": lambda x, rng: rng.standard_t(3.0, x.shape) + rng.standard_cauchy(x.shape) + rng.pareto(3.0, x.shape),
    "choice": lambda x, rng: rng.choice(x[:, 0], 5) + rng.choice([0, 1, 2], size=5, p=[0.2, 0.3, 0.5]),
    "distinct": lambda x, rng: rng.choice(x.shape[0], 2, replace=False),
    "permutation": lambda x, rng: rng.permutation(x)[0] + rng.permutation(x.shape[0])[0],
    "shuffle": shuffled,
}
NEW = {
    "integers": lambda x, rng: rng.integers(0, 10, x.shape) + rng.integers(x.shape[0]),
    "random": lambda x, rng: rng.random(x.shape) + rng.random(4, dtype=np.float32),
    "permuted": lambda x, rng: rng.permuted(x, axis=1),
}
OLD = {
    "randint": lambda x, rng: rng.randint(0, 10, x.shape) + rng.randint(3),
    "rand": lambda x, rng: rng.rand(4) + rng.randn(*x.shape) + rng.randn(3)[0] + rng.random_sample(4),
}
KINDS = {
    "Generator": (BOTH | NEW, np.random.default_rng),
    "RandomState": (BOTH | OLD, np.random.RandomState),
    "np.random": (BOTH | OLD, None),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (draws, _) in KINDS.items() for name in draws])
def test_numpy_to_numpy_draws_the_numbers_of_eager(kind, name):
    draws, make = KINDS[kind]
    draw = draws[name]
    rng = np.random if make is None else make(7)

    def function(x):
        return draw(x, rng)

    def seed():
        if make is None:
            np.random.seed(7)
        elif kind == "RandomState":
            rng.seed(7)
        else:
            rng.bit_generator.state = make(7).bit_generator.state

    seed()
    graph = mlgraph.compile(function, to="numpy", args=(A,))
    np.testing.assert_array_equal(graph(A), draw(A, np.random.RandomState(7) if make is None else make(7)))
    for found, expected in interleaved(graph, function, ARRAYS, seed):
        for a, b in zip(found, expected):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b)


def test_a_generator_of_numpy_as_an_argument():
    def noise(x, rng):
        return x + rng.normal(size=4)

    graph = mlgraph.compile(noise, to="numpy")
    for seed in (1, 2):
        ours, theirs = (np.random.default_rng(seed) for _ in range(2))
        for _ in range(2):
            np.testing.assert_allclose(graph(A, ours), noise(A, theirs))


def test_a_generator_of_numpy_as_a_default():
    ours, theirs = ((np.random.default_rng(1), np.random.RandomState(2)) for _ in range(2))

    def noise(x, rng=ours[0], *, other=ours[1]):
        return rng.permutation(x) + rng.normal(size=x.shape) * other.rand(4)

    graph = mlgraph.compile(noise, to="numpy", args=(A,))
    for _ in range(2):
        np.testing.assert_allclose(graph(A), noise(A, theirs[0], other=theirs[1]))


def test_a_generator_of_numpy_in_an_attribute_that_is_replaced():
    class Noise:
        def __init__(self):
            self.rng = np.random.default_rng(1)

        def add(self, x):
            return x + self.rng.normal(size=4)

    noise = Noise()
    graph = mlgraph.compile(noise.add, to="numpy", args=(A,))
    noise.rng = np.random.default_rng(2)
    np.testing.assert_allclose(graph(A), A + np.random.default_rng(2).normal(size=4))


def test_a_generator_that_the_function_seeds_draws_the_same_at_each_call():
    graph = mlgraph.compile(lambda x: x + np.random.default_rng(0).normal(size=4), to="numpy", args=(A,))
    for _ in range(2):
        np.testing.assert_allclose(graph(A), A + np.random.default_rng(0).normal(size=4))


@pytest.mark.parametrize("to", ["torch", "jax", "tensorflow"])
def test_draws_of_numpy_keep_their_distribution_on_other_targets(to):
    rng = np.random.default_rng(0)

    def draws(x):
        return rng.gamma(2.0, 3.0, x.shape), rng.binomial(10, 0.5, x.shape), rng.geometric(0.5, x.shape)

    found = mlgraph.compile(draws, to=to, args=(np.zeros(2000, "f"),))(np.zeros(2000, "f"))
    for array, mean in zip(found, (6, 5, 2)):
        assert abs(np.asarray(array).mean() - mean) < 0.1 * mean


# Seeds, files and threads


def test_a_seed_of_the_graph_goes_before_global_ones():
    for function, x in ((lambda x: F.dropout(x, 0.5, True), X), (lambda x: x + np.random.rand(4), A)):
        graph = mlgraph.compile(function, args=(x,))
        streams = []
        for _ in range(2):
            graph.seed(3)
            streams.append([np.asarray(graph(x)) for _ in range(2)])
        np.testing.assert_array_equal(streams[0], streams[1])
        assert not np.array_equal(*streams[0])


def test_a_file_holds_no_generator(tmp_path):
    rng = np.random.default_rng(0)
    graph = mlgraph.compile(lambda x: x + rng.normal(size=4) + np.random.rand(4), to="numpy", args=(A,))
    for to in ("numpy", "torch"):
        loaded = mlgraph.load(graph.save(tmp_path / to), to=to)
        x = A if to == "numpy" else torch.as_tensor(A)
        assert not np.array_equal(loaded(x), loaded(x))
        streams = []
        for _ in range(2):
            loaded.seed(3)
            streams.append(np.asarray(loaded(x)))
        np.testing.assert_array_equal(*streams)


# jax


def data(tree):
    return [np.asarray(jax.random.key_data(x)) if is_key(x) else np.asarray(x) for x in jax.tree.leaves(tree)]


def is_key(x):
    return jnp.issubdtype(x.dtype, jax.dtypes.prng_key)


KEYED = {
    "normal": lambda key, x: x + jax.random.normal(key, x.shape),
    "keys": lambda key, x: (jax.random.split(key, 3), jax.random.fold_in(key, 5), x * jax.random.uniform(key)),
    "ensemble": lambda key, x: jax.vmap(lambda k: jax.random.normal(k, x.shape))(jax.random.split(key, 4)),
    "a key inside": lambda key, x: x + jax.random.normal(jax.random.key(3), x.shape),
}


@pytest.mark.parametrize("make", [jax.random.key, jax.random.PRNGKey])
@pytest.mark.parametrize("name", KEYED)
def test_jax_to_jax_draws_the_numbers_of_eager(name, make):
    graph = mlgraph.compile(KEYED[name], to="jax", args=(make(0), jnp.ones(3)))
    for seed, n in ((0, 3), (1, 3), (2, 7)):
        found, expected = (f(make(seed), jnp.ones(n)) for f in (graph, KEYED[name]))
        for a, b in zip(data(found), data(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
        assert [x.dtype for x in jax.tree.leaves(found)] == [x.dtype for x in jax.tree.leaves(expected)]


def test_another_kind_of_key_is_another_specialization():
    graph = mlgraph.compile(KEYED["normal"], to="jax", args=(jax.random.key(0), jnp.ones(3)))
    for kind in ("rbg", "unsafe_rbg", "threefry2x32"):
        key = jax.random.key(0, impl=kind)
        with contextlib.suppress(UnsupportedOpError):
            np.testing.assert_allclose(graph(key, jnp.ones(3)), KEYED["normal"](key, jnp.ones(3)), rtol=1e-6)


def test_a_key_of_jax_goes_to_torch():
    key = jax.random.key(0)
    graph = mlgraph.compile(KEYED["normal"], to="torch", args=(key, jnp.ones(3)))
    np.testing.assert_allclose(graph(key, jnp.ones(3)), KEYED["normal"](key, jnp.ones(3)), rtol=1e-5)


# Compilers of the targets, and `rng=`


def drop(x):
    return F.dropout(x, 0.5, True)


def test_jit_of_a_graph_that_draws_is_refused_with_the_way_out():
    graph = mlgraph.compile(drop, to="jax", args=(torch.ones(50),))
    x = jnp.ones(50)
    graph(x)
    with pytest.raises(InputError, match=r"rng=key"):
        jax.jit(graph)(x)
    assert not np.array_equal(graph(x), graph(x))
    jitted = jax.jit(lambda x, key: graph(x, rng=key))
    assert not np.array_equal(jitted(x, jax.random.key(0)), jitted(x, jax.random.key(1)))
    np.testing.assert_array_equal(jitted(x, jax.random.key(0)), graph.apply(graph.params, x, rng=jax.random.key(0)))


def test_a_gradient_of_a_graph_that_draws():
    graph = mlgraph.compile(drop, to="jax", args=(torch.ones(50),))
    first, second = (jax.grad(lambda x: graph(x).sum())(jnp.ones(50)) for _ in range(2))
    assert set(np.unique(first)) == {0, 2}
    assert not np.array_equal(first, second)


def test_tf_function_of_a_graph_that_draws_is_refused_with_the_way_out():
    graph = mlgraph.compile(drop, to="tensorflow", args=(torch.ones(50),))
    x = tf.ones(50)
    with pytest.raises(InputError, match=r"rng=seed"):
        tf.function(graph)(x)
    assert not np.array_equal(graph(x), graph(x))
    compiled = tf.function(lambda x, seed: graph(x, rng=seed))
    assert not np.array_equal(compiled(x, tf.constant([0, 1])), compiled(x, tf.constant([0, 2])))


SOURCES = {
    "torch": lambda n: torch.Generator().manual_seed(n),
    "jax": lambda n: jax.random.key(n),
    "tensorflow": lambda n: tf.constant([n, 0]),
    "numpy": np.random.default_rng,
}


@pytest.mark.parametrize("to", SOURCES)
def test_a_call_draws_from_the_rng_that_it_is_given(to):
    graph = mlgraph.compile(drop, to=to)
    x = torch.ones(50)
    one, again, other = (np.asarray(graph(x, rng=SOURCES[to](n))) for n in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(graph(x, rng=3), graph(x, rng=3))
    with pytest.raises(InputError, match="str"):
        graph(x, rng="noise")


def test_an_rng_of_the_users_own_is_the_users():
    graph = mlgraph.compile(lambda x, rng=2.0: x * rng + torch.rand(4), to="torch", args=(X,))
    torch.manual_seed(0)
    expected = X * 3.0 + torch.rand(4)
    torch.manual_seed(0)
    torch.testing.assert_close(graph(X, rng=3.0), expected)


def test_a_graph_that_draws_nothing_takes_no_rng():
    graph = mlgraph.compile(lambda x: x.sin(), to="torch", args=(X,))
    with pytest.raises(TypeError, match="rng"):
        graph(X, rng=torch.Generator())


DICE = random.Random(3)
NOISE = np.random.default_rng(0)
OTHER_DRAWS = {
    "Python's random": lambda x: x * random.random(),
    "DICE": lambda x: x * DICE.gauss(0, 1),
    "np.random": lambda x: x * np.random.rand(),
    "NOISE": lambda x: x * NOISE.normal(),
}


@pytest.mark.parametrize("make", [torch.ones, jnp.ones, tf.ones], ids=["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("name", OTHER_DRAWS)
def test_draws_that_a_graph_would_repeat_are_refused(name, make):
    before = random.getstate(), DICE.getstate(), NOISE.bit_generator.state
    with pytest.raises(UnsupportedOpError, match=f"draws random numbers from {name}"):
        mlgraph.compile(OTHER_DRAWS[name], args=(make(3),))
    assert (random.getstate(), DICE.getstate(), NOISE.bit_generator.state) == before


def test_threads_never_draw_the_same_numbers():
    graph = mlgraph.compile(drop, to="jax", args=(torch.ones(200),))
    x = jnp.ones(200)
    with ThreadPoolExecutor(4) as pool:
        found = {np.asarray(y).tobytes() for y in pool.map(graph, [x] * 40)}
    assert len(found) == 40
