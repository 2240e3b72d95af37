"""The vector-quantised autoencoder: codebooks, honest gradients, one answer three times."""

import inspect
from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse import vector_quantised as words
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.numpy_nn import vector_quantised as of_numpy

from aecourse.torch_nn import vector_quantised as of_torch  # isort: skip
from aecourse.tf_nn import vector_quantised as of_tensorflow  # isort: skip

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
MODULES = {"numpy": of_numpy, "torch": of_torch, "tensorflow": of_tensorflow}
SHAPES = [((6, 5, 4), 8, 2), ((7, 6), 3, 1), ((5, 4, 3), 5, 3)]


def model_of(name, sizes=(6, 5, 4), n_words=8, groups=2, **options):
    options = {"dtype": "float64", "activation": "tanh", "seed": 3} | options
    return MODULES[name].VectorQuantisedAutoencoder(
        sizes, n_words=n_words, groups=groups, **options
    )


def counts_of(model):
    counts = model.counts
    return counts.numpy() if hasattr(counts, "numpy") else counts


def images(n, d=6):
    return np.random.default_rng(0).random((n, d))


# Codebooks


def test_the_nearest_word_is_found():
    vectors, codebook = np.random.default_rng(0).normal(size=(2, 30, 3))
    found = words.nearest_words(vectors, codebook)
    for vector, index in zip(vectors, found, strict=True):
        assert index == np.argmin(np.linalg.norm(codebook - vector, axis=1))


@pytest.mark.parametrize("name", MODULES)
def test_the_first_of_equal_words_wins(name):
    model = model_of(name, n_words=6)
    codebook = np.repeat(np.random.default_rng(1).normal(size=(2, 2)), 3, axis=0)
    MODULES[name].set_codebook(model, codebook)
    assert set(np.unique(MODULES[name].word_indices(model, images(50)))) <= {0, 3}
    # The objective must choose as the function does: with moving averages it counts the choices.
    model = model_of(name, n_words=6, ema=0.5)
    MODULES[name].set_codebook(model, codebook)
    FRAMEWORKS[name].objective_gradients(model, images(50))
    np.testing.assert_allclose(counts_of(model)[[1, 2, 4, 5]], 0.5)


@pytest.mark.parametrize(
    ("indices", "expected"), [([[0, 0]], 1), ([[0, 1], [2, 3]], 4), ([[1, 1, 1, 2]], 1.7547653)]
)
def test_perplexity(indices, expected):
    assert words.perplexity(np.array(indices), 4) == pytest.approx(expected)


def test_bits_of_common_words_are_few():
    rng = np.random.default_rng(0)
    even, skewed = rng.integers(0, 8, (5000, 2)), rng.binomial(7, 0.05, (5000, 2))
    assert words.bits_per_image(even, even, 8) == pytest.approx(6, abs=0.01)
    share = np.bincount(skewed.ravel(), minlength=8) / skewed.size
    entropy = -np.sum(share[share > 0] * np.log2(share[share > 0]))
    assert words.bits_per_image(skewed, skewed, 8) == pytest.approx(2 * entropy, abs=0.02)


def test_the_moving_average_is_that_of_counts_and_sums():
    rng = np.random.default_rng(0)
    codebook, counts = rng.normal(size=(4, 2)), np.ones(4)
    sums = codebook * counts[:, None]
    expected_counts = counts
    for _ in range(5):
        vectors = rng.normal(size=(20, 2))
        indices = words.nearest_words(vectors, codebook)
        chosen = np.eye(4)[indices]
        expected_counts = 0.9 * expected_counts + 0.1 * chosen.sum(axis=0)
        sums = 0.9 * sums + 0.1 * chosen.T @ vectors
        codebook, counts = words.moving_average(codebook, counts, vectors, indices, decay=0.9)
        np.testing.assert_allclose(counts, expected_counts)
        np.testing.assert_allclose(codebook, sums / expected_counts[:, None])


def test_a_word_that_nobody_chooses_stays_for_ever():
    codebook, counts = np.array([[0.0], [9.0]], "float32"), np.ones(2, "float32")
    for _ in range(20_000):  # long enough for its count to vanish in float32
        codebook, counts = words.moving_average(
            codebook, counts, np.ones((3, 1), "float32"), np.zeros(3, int), decay=0.99
        )
    assert codebook[1] == 9
    assert counts[1] < 1e-30
    assert codebook[0] == pytest.approx(1, abs=1e-5)  # steps below the spacing of float32 are lost


def test_dead_words_come_back_where_they_are_needed():
    vectors = np.array([[0.0], [0.1], [5.0]])
    codebook = np.array([[0.0], [50.0], [60.0]])
    revived, dead = words.revived_codebook(codebook, vectors, np.zeros(3, int), seed=0)
    assert dead.tolist() == [False, True, True]
    assert revived[0] == 0
    assert 5.0 in revived
    assert np.all(np.isin(revived[1:], vectors))
    many = np.arange(8.0)[:, None]
    revived, _ = words.revived_codebook(np.zeros((8, 1)), many, np.zeros(8, int), seed=0)
    assert len(np.unique(revived[1:])) == 7  # no vector twice
    same, dead = words.revived_codebook(vectors, vectors, np.arange(3), seed=0)
    assert not dead.any()
    np.testing.assert_array_equal(same, vectors)


# Gradients


def surrogate(model, x):
    """Give the function whose true derivative the straight-through gradient is.

    Choices and offsets are those at the present parameters and stay what they are.
    """
    z = model.encoder(x)
    chosen, indices = model.quantise(z)
    offset, frozen_z, frozen_words = chosen - z, z.copy(), chosen.copy()

    def value():
        z = model.encoder(x)
        now = model.codebook[indices].reshape(z.shape)
        result = numpy_nn.squared_error_per_image(x, model.decode(z + offset))
        result += model.commitment * np.sum((z - frozen_words) ** 2) / len(x)
        return result + np.sum((frozen_z - now) ** 2) / len(x)

    return value


@pytest.mark.parametrize(("sizes", "n_words", "groups"), SHAPES, ids=str)
@pytest.mark.parametrize("commitment", [0.0, 0.25, 2.0])
def test_gradients_by_hand_are_those_of_the_frozen_choice(sizes, n_words, groups, commitment):
    model = model_of("numpy", sizes, n_words, groups, commitment=commitment)
    x = images(5, sizes[0])
    value, gradients = numpy_nn.objective_gradients(model, x)
    frozen = surrogate(model, x)
    assert frozen() == pytest.approx(value, rel=1e-12)

    def at(parameter, values):
        before = parameter.copy()
        parameter[...] = values
        result = frozen()
        parameter[...] = before
        return result

    assert list(gradients)[-1] == "codebook"
    for key, (parameter, _) in model.parameters_by_name().items():
        assert_gradients_close(partial(at, parameter), parameter.copy(), gradients[key])


@pytest.mark.parametrize(("sizes", "n_words", "groups"), SHAPES, ids=str)
@pytest.mark.parametrize("ema", [None, 0.9])
def test_objective_and_gradients_are_the_same_in_all_three(sizes, n_words, groups, ema):
    outcomes = {}
    for name, nn in FRAMEWORKS.items():
        model = model_of(name, sizes, n_words, groups, ema=ema)
        value, gradients = nn.objective_gradients(model, images(9, sizes[0]))
        codebook = MODULES[name].get_codebook(model)
        outcomes[name] = {"value": np.array(value), "words": codebook} | gradients
    assert len({tuple(outcome) for outcome in outcomes.values()}) == 1
    assert ("codebook" in outcomes["numpy"]) == (ema is None)
    for key in outcomes["numpy"]:
        found = {name: outcome[key] for name, outcome in outcomes.items()}
        assert_same_outputs(found, rtol=1e-10, atol=1e-12)


# One interface, one answer


@pytest.mark.parametrize("name", [*of_numpy.__all__])
def test_same_parameters_and_defaults(name):
    signatures = [
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(module, name) for module in MODULES.values())
    ]
    assert signatures[0] == signatures[1] == signatures[2]
    assert of_numpy.__all__ == of_torch.__all__ == of_tensorflow.__all__


@pytest.mark.parametrize("ema", [None, 0.9])
def test_training_takes_the_same_path(ema):
    losses, codebooks = {}, {}
    for name, nn in FRAMEWORKS.items():
        model = model_of(name, ema=ema, activation="relu")
        options = {"optimizer": nn.SGD(0.02), "epochs": 3, "batch_size": 20, "seed": 2}
        history = nn.minimise(model, images(230), progress=False, **options)
        losses[name] = np.array(history.step_loss)
        codebooks[name] = MODULES[name].get_codebook(model)
    assert_same_outputs(losses, rtol=1e-10)
    assert_same_outputs(codebooks, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", MODULES)
def test_words_are_all_that_a_receiver_needs(name):
    module, model, x = MODULES[name], model_of(name), images(12)
    indices = module.word_indices(model, x, batch_size=5)
    reconstructed = FRAMEWORKS[name].reconstruct(model, x)
    np.testing.assert_allclose(module.decode_words(model, indices), reconstructed, rtol=1e-12)
    vectors = module.code_vectors(model, x)
    assert vectors.shape == (12, 2, 2)
    np.testing.assert_array_equal(indices, words.nearest_words(vectors, module.get_codebook(model)))


@pytest.mark.parametrize("name", MODULES)
def test_a_new_codebook_starts_its_counts_again(name):
    model = model_of(name, ema=0.9)
    FRAMEWORKS[name].objective_gradients(model, images(9))
    new = np.random.default_rng(5).normal(size=(8, 2))
    MODULES[name].set_codebook(model, new)
    np.testing.assert_array_equal(MODULES[name].get_codebook(model), new)
    np.testing.assert_array_equal(counts_of(model), 1)


# Bad input


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 3}, "groups to divide the code size 4, got 3 — try 1"),
        ({"groups": 0}, "groups to be an integer of at least 1"),
        ({"n_words": 1}, "n_words to be at least 2"),
        ({"commitment": -1}, "commitment to be a number of at least 0"),
        ({"ema": 1.0}, "ema to be a number in"),
        ({"activation": "sine"}, "activation to be one of"),
    ],
)
def test_bad_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        model_of(name, **options)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, model: m.word_indices(model, images(3, 5)), ValueError, "shape"),
        (lambda m, model: m.decode_words(model, np.array([[0, 8]])), ValueError, "from 0 to 8"),
        (lambda m, model: m.decode_words(model, np.array([0, 1])), ValueError, "got shape"),
        (lambda m, model: m.decode_words(model, np.ones((1, 2))), ValueError, "got float64"),
        (lambda m, model: m.set_codebook(model, np.ones((8, 3))), ValueError, "codebook of shape"),
        (lambda m, model: m.set_codebook(model, np.full((8, 2), np.nan)), ValueError, "finite"),
        (lambda m, model: m.get_codebook(object()), TypeError, "functions of the module that made"),
    ],
)
def test_bad_calls_are_refused(name, call, error, message):
    with pytest.raises(error, match=message):
        call(MODULES[name], model_of(name))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: words.perplexity(np.array([0, 4]), 4), r"indices in 0 … 3"),
        (lambda: words.bits_per_image(np.zeros((2, 1), int), np.zeros(2, int), 4), "of shapes"),
        (
            lambda: words.revived_codebook(np.ones((2, 1)), np.ones((3, 1)), np.zeros(2), seed=0),
            "vectors of shape",
        ),
    ],
)
def test_bad_arguments_of_formulas_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
