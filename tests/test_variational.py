"""The variational autoencoder: formulas against samples, gradients, one answer three times."""

import inspect
import itertools
from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse import variational as formulas
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.numpy_nn import variational as of_numpy
from benchmarks.variational import BinarisedVariationalAutoencoder

from aecourse.torch_nn import variational as of_torch  # isort: skip
from aecourse.tf_nn import variational as of_tensorflow  # isort: skip

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
MODULES = {"numpy": of_numpy, "torch": of_torch, "tensorflow": of_tensorflow}
SHAPES = [(6, 5, 2), (7, 4, 3, 1), (5, 6, 4), (3, 4, 5)]


def model_of(name, sizes=(6, 5, 2), **options):
    options = {"dtype": "float64", "seed": 3} | options
    model = MODULES[name].VariationalAutoencoder(sizes, **options)
    # Biases of zero would hide a gradient that belongs to another bias.
    weights = FRAMEWORKS[name].get_weights(model)
    rng = np.random.default_rng(5)
    moved = {key: value + rng.normal(0, 0.2, value.shape) for key, value in weights.items()}
    FRAMEWORKS[name].set_weights(model, moved)
    return model


def binary(n, d=6):
    return (np.random.default_rng(0).random((n, d)) < 0.4).astype(np.float64)


def noise_for(n, k=2):
    return np.random.default_rng(1).standard_normal((n, k))


# Formulas


def within_five_errors(draws, expected):
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    return np.all(np.abs(draws.mean(axis=0) - expected) < 5 * error)


@pytest.mark.parametrize("units", [1, 3])
def test_the_kl_is_the_mean_of_the_log_ratio(units):
    rng = np.random.default_rng(units)
    mean, log_variance = rng.normal(size=(2, units))
    z = mean + np.exp(log_variance / 2) * rng.standard_normal((100_000, units))
    ratio = formulas.gaussian_log_density(z, mean, log_variance)
    ratio -= formulas.gaussian_log_density(z, np.zeros(units), np.zeros(units))
    assert within_five_errors(ratio, formulas.gaussian_kl(mean, log_variance))


def test_a_gaussian_density_integrates_to_one():
    z = np.linspace(-20, 20, 20_001)[:, None]
    density = np.exp(formulas.gaussian_log_density(z, np.array([0.7]), np.array([0.9])))
    assert np.sum(density) * 0.002 == pytest.approx(1, abs=1e-9)


def test_the_bernoulli_is_the_library_s_cross_entropy():
    x, p = binary(4), np.random.default_rng(2).random((4, 6))
    loss = numpy_nn.binary_cross_entropy_per_image(x, p)
    assert -formulas.bernoulli_log_density(x, p).mean() == pytest.approx(loss, rel=1e-12)


def test_probabilities_of_all_images_add_up_to_one():
    every = np.array(list(itertools.product([0.0, 1.0], repeat=4)))
    p = np.random.default_rng(3).random(4)
    assert np.exp(formulas.bernoulli_log_density(every, p)).sum() == pytest.approx(1)


def test_log_mean_exp_neither_overflows_nor_underflows():
    values = np.array([[1e4, 1e4 - 1], [-1e4, -1e4 - 1]])
    expected = np.log((1 + np.exp(-1)) / 2)
    np.testing.assert_allclose(
        formulas.log_mean_exp(values), [1e4 + expected, -1e4 + expected], rtol=1e-12
    )


@pytest.mark.parametrize("kind", ["threshold", "stochastic"])
def test_binarised_images_are_black_and_white(kind):
    x = np.random.default_rng(0).random((50, 6), dtype="float32")
    drawn = formulas.binarise(x, kind=kind, seed=1)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert drawn.dtype == x.dtype
    same = formulas.binarise(x, kind=kind, seed=2)
    assert np.array_equal(drawn, same) == (kind == "threshold")


def test_stochastic_binarisation_keeps_the_mean():
    grey = np.full((100_000, 3), [0.0, 0.3, 1.0])
    drawn = formulas.binarise(grey, kind="stochastic", seed=0)
    np.testing.assert_array_equal(drawn[:, [0, 2]], grey[:, [0, 2]])
    assert within_five_errors(drawn[:, 1], 0.3)


def test_units_that_do_not_move_are_not_active():
    mean = np.random.default_rng(0).normal(size=(1000, 3)) * [1, 0.05, 0.2]
    assert formulas.active_units(mean).tolist() == [True, False, True]


# Gradients


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("beta", [1.0, 3.0, 0.0])
def test_gradients_by_hand_equal_numeric_ones(sizes, activation, beta):
    model = model_of("numpy", sizes, activation=activation, beta=beta)
    x, noise = binary(4, sizes[0]), noise_for(4, sizes[-1])
    _, gradients = numpy_nn.objective_gradients(model, x, noise=noise)

    def at(parameter, values):
        before = parameter.copy()
        parameter[...] = values
        result = model.objective(x, noise)
        parameter[...] = before
        return result

    for key, (parameter, _) in model.parameters_by_name().items():
        assert_gradients_close(partial(at, parameter), parameter.copy(), gradients[key])


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_objective_and_gradients_are_the_same_in_all_three(sizes, activation):
    x, noise = binary(9, sizes[0]), noise_for(9, sizes[-1])
    outcomes = {}
    for name, nn in FRAMEWORKS.items():
        model = model_of(name, sizes, activation=activation, beta=2.0)
        value, gradients = nn.objective_gradients(model, x, noise=noise)
        outcomes[name] = {"value": np.array(value)} | gradients
    assert len({tuple(outcome) for outcome in outcomes.values()}) == 1
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


def test_same_seed_same_starting_weights():
    weights = {
        name: FRAMEWORKS[name].get_weights(module.VariationalAutoencoder((6, 5, 2), seed=4))
        for name, module in MODULES.items()
    }
    for key in weights["numpy"]:
        assert_same_outputs({name: arrays[key] for name, arrays in weights.items()})


def test_training_takes_the_same_path():
    losses = {}
    for name, nn in FRAMEWORKS.items():
        model = model_of(name, activation="tanh")
        history = nn.minimise(
            model,
            binary(230),
            noise=lambda rng, n: rng.standard_normal((n, 2)),
            optimizer=nn.SGD(0.01),
            epochs=3,
            batch_size=20,
            seed=2,
            progress=False,
        )
        losses[name] = np.array(history.step_loss)
    assert_same_outputs(losses, rtol=1e-10)


@pytest.mark.parametrize(
    "measure",
    [
        lambda module, model, x: module.elbo(model, x, samples=3, seed=1),
        lambda module, model, x: module.log_weights(model, x, 4, seed=1),
        lambda module, model, x: module.importance_weighted_bound(model, x, 4, seed=1),
        lambda module, model, x: module.sample(model, 5, seed=1),
        lambda module, model, x: np.concatenate(module.posterior(model, x, batch_size=4)),
    ],
    ids=["elbo", "log weights", "bound", "sample", "posterior"],
)
def test_what_is_measured_is_the_same_in_all_three(measure):
    found = {name: measure(module, model_of(name), binary(7)) for name, module in MODULES.items()}
    assert_same_outputs(found, rtol=1e-10, atol=1e-10)


def test_the_code_is_the_mean(framework):
    name = next(key for key, nn in FRAMEWORKS.items() if nn is framework)
    model, x = model_of(name), binary(5)
    mean, _ = MODULES[name].posterior(model, x)
    np.testing.assert_allclose(framework.encode(model, x), mean, rtol=1e-12)


def test_the_elbo_is_the_negative_objective():
    model, x = model_of("torch"), binary(6)
    noise = np.random.default_rng(9).standard_normal((6, 1, 2))[:, 0]
    value, _ = torch_nn.objective_gradients(model, x, noise=noise)
    assert of_torch.elbo(model, x, seed=9).mean() == pytest.approx(-value, rel=1e-10)


# Bounds


def test_bounds_rise_with_k_draw_by_draw():
    model, x = model_of("numpy"), binary(40)
    weights = of_numpy.log_weights(model, x, 48, seed=2)
    bounds = [formulas.weighted_bound(weights, k) for k in (1, 2, 4, 12, 48)]
    for lower, higher in itertools.pairwise(bounds):
        assert np.all(higher >= lower - 1e-12)


def test_the_bound_approaches_the_log_likelihood():
    # A code of one number: log p(x) is an integral that a fine grid computes.
    model, x = model_of("numpy", (6, 5, 1)), binary(3)
    z = np.linspace(-8, 8, 4001)[:, None]
    of_image = formulas.bernoulli_log_density(x[:, None], numpy_nn.decode(model, z)[None])
    prior = formulas.gaussian_log_density(z, np.zeros(1), np.zeros(1))
    exact = np.log(np.sum(np.exp(of_image + prior), axis=1) * 0.004)
    weights = of_numpy.log_weights(model, x, 20_000, seed=0)
    np.testing.assert_allclose(formulas.weighted_bound(weights, 20_000), exact, atol=0.02)
    ratio = np.exp(weights - exact[:, None])
    assert within_five_errors(ratio.T, 1.0)
    assert np.all(formulas.weighted_bound(weights, 1) < exact)


def test_chunks_do_not_change_the_noise(monkeypatch):
    model, x = model_of("numpy"), binary(7)
    whole = of_numpy.log_weights(model, x, 3, seed=1), of_numpy.elbo(model, x, samples=3)
    monkeypatch.setattr(formulas, "_DECODED_AT_A_TIME", 6)
    parts = of_numpy.log_weights(model, x, 3, seed=1), of_numpy.elbo(model, x, samples=3)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# The recorded experiments


@pytest.mark.parametrize("codes", [1, 5])
def test_the_experiments_minimise_the_bound_on_drawn_pixels(codes):
    model = BinarisedVariationalAutoencoder(codes, seed=0)
    grey = np.random.default_rng(0).random((6, 784), dtype="float32")
    noise = model.noise(np.random.default_rng(1), 6)
    value, _ = torch_nn.objective_gradients(model, grey, noise=noise)
    drawn, of_codes = (noise[:, :784] < grey).astype("float32"), noise[:, 784:]
    plain = of_numpy.VariationalAutoencoder((784, 200, 200, 50), activation="tanh")
    if codes == 1:
        expected = plain.objective(drawn, of_codes)
    else:
        weights = plain.log_weights(drawn, of_codes.reshape(6, codes, 50))
        expected = -formulas.weighted_bound(weights, codes).mean()
    assert value == pytest.approx(expected, rel=1e-5)


# Bad input

each_module = pytest.mark.parametrize("name", MODULES)


@each_module
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": (6, 2)}, "at least one hidden layer"),
        ({"sizes": (6, 5, 2), "beta": -1}, "beta to be a number of at least 0"),
        ({"sizes": (6, 5, 2), "activation": "sine"}, "activation to be one of"),
    ],
)
def test_bad_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        MODULES[name].VariationalAutoencoder(**options)


@each_module
def test_training_without_noise_says_how_to_bring_it(name):
    with pytest.raises(TypeError, match=r"pass noise=lambda rng, n: rng.standard_normal"):
        FRAMEWORKS[name].minimise(model_of(name), binary(5), progress=False)


@each_module
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, model: m.elbo(model, binary(3, 5)), ValueError, "shape"),
        (lambda m, model: m.log_weights(model, binary(3) * 2, 2), ValueError, r"in \[0, 1\]"),
        (lambda m, model: m.log_weights(model, binary(3), 0), ValueError, "k to be an integer"),
        (lambda m, model: m.sample(model, 0), ValueError, "n to be an integer"),
        (lambda m, model: m.sample(object(), 3), TypeError, "functions of the module that made"),
    ],
)
def test_bad_calls_are_refused(name, call, error, message):
    with pytest.raises(error, match=message):
        call(MODULES[name], model_of(name))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: formulas.weighted_bound(np.zeros((2, 6)), 4), "k to divide the 6 weights"),
        (lambda: formulas.binarise(np.ones(3), kind="grey"), "kind to be one of"),
        (lambda: formulas.binarise(np.full(3, 255.0), kind="threshold"), r"values in \[0, 1\]"),
    ],
)
def test_bad_arguments_of_formulas_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
