"""Sparse autoencoders: penalties, the k largest units, and the same numbers everywhere."""

import inspect
from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.numpy_nn import sparse as numpy_sparse
from aecourse.sparse import centred_weights, dead_units, kl_divergence, sparsity_schedule
from aecourse.tf_nn import sparse as tf_sparse
from aecourse.torch_nn import sparse as torch_sparse

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
MODULES = {"numpy": numpy_sparse, "torch": torch_sparse, "tensorflow": tf_sparse}
SHAPES = {"narrow": (6, 4), "deep": (5, 7, 3), "overcomplete": (4, 9)}
VARIANTS = {
    "kl": ("SparseAutoencoder", "sigmoid", {"penalty": "kl", "weight": 0.7, "target": 0.1}),
    "l1": ("SparseAutoencoder", "linear", {"penalty": "l1", "weight": 0.3}),
    "l1 of sigmoids": ("SparseAutoencoder", "sigmoid", {"penalty": "l1", "weight": 0.3}),
    "k-sparse": ("KSparseAutoencoder", "linear", {"k": 2}),
}
each_variant = pytest.mark.parametrize("variant", VARIANTS)
each_framework = pytest.mark.parametrize("name", FRAMEWORKS)


def sparse(name, variant, sizes=(6, 4), *, tied=False, dtype="float64", **more):
    kind, code, options = VARIANTS[variant]
    nn = FRAMEWORKS[name]
    encoder = nn.mlp(sizes, output=code, seed=1, dtype=dtype)
    decoder = nn.tied_decoder(encoder) if tied else nn.mlp(sizes[::-1], seed=2, dtype=dtype)
    return getattr(MODULES[name], kind)(encoder, decoder, overcomplete=True, **options | more)


def images(n, d):
    return np.random.default_rng(0).random((n, d))


def objective_at(model, parameter, x, point):
    before = parameter.copy()
    parameter[...] = point
    value = model.objective(x, None)
    parameter[...] = before
    return value


@pytest.mark.parametrize("kind", ["SparseAutoencoder", "KSparseAutoencoder"])
def test_same_parameters_and_defaults(kind):
    signatures = [
        [
            (p.name, p.kind, getattr(p.default, "__name__", None) or repr(p.default))
            for p in inspect.signature(getattr(module, kind)).parameters.values()
        ]
        for module in MODULES.values()
    ]
    assert signatures[0] == signatures[1] == signatures[2]


@each_variant
@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("tied", [False, True])
def test_gradients_are_those_of_the_objective_everywhere(variant, sizes, tied):
    x = images(7, sizes[0])
    model = sparse("numpy", variant, sizes, tied=tied)
    for name, nn in FRAMEWORKS.items():
        _, gradients = nn.objective_gradients(sparse(name, variant, sizes, tied=tied), x)
        for key, (parameter, _) in model.parameters_by_name().items():
            assert_gradients_close(
                partial(objective_at, model, parameter, x), parameter, gradients[key]
            )


@each_variant
def test_training_agrees_to_1e_10(variant):
    x = images(230, 6)
    losses = {
        name: np.array(
            nn.minimise(
                sparse(name, variant),
                x,
                optimizer=nn.SGD(0.02),
                epochs=3,
                batch_size=20,
                progress=False,
            ).step_loss
        )
        for name, nn in FRAMEWORKS.items()
    }
    assert_same_outputs(losses, rtol=1e-10)


def test_the_kl_penalty_is_the_formula_and_zero_at_its_target():
    model = sparse("numpy", "kl")
    code = images(30, 4)
    value, _ = model.penalty_of(code)
    assert value == pytest.approx(kl_divergence(0.1, code.mean(axis=0)).sum())
    at_target, slope = model.penalty_of(np.full((30, 4), 0.1))
    assert at_target == pytest.approx(0, abs=1e-12)
    assert np.abs(slope).max() < 1e-12


@pytest.mark.parametrize(("penalty", "code"), [("kl", "sigmoid"), ("l1", "relu")])
def test_more_weight_makes_a_quieter_code(penalty, code):
    x = images(400, 8).astype("float32")
    means = []
    for weight in (0.0, 1.0):
        model = numpy_sparse.SparseAutoencoder(
            numpy_nn.mlp((8, 6), output=code, seed=1),
            numpy_nn.mlp((6, 8), seed=2),
            penalty=penalty,
            weight=weight,
        )
        numpy_nn.minimise(model, x, optimizer=numpy_nn.Adam(0.02), epochs=20, progress=False)
        means.append(numpy_nn.encode(model, x).mean())
    assert means[1] < means[0] / 2


@each_framework
@pytest.mark.parametrize(("alpha", "kept"), [(1.0, 2), (1.5, 3), (9.0, 8)])
def test_the_code_keeps_the_largest_units(name, alpha, kept):
    nn, x = FRAMEWORKS[name], images(20, 6)
    model = sparse(name, "k-sparse", (6, 8), alpha=alpha)
    code = nn.encode(model, x)
    weights = nn.get_weights(model)
    z = x @ weights["encoder.0.weight"] + weights["encoder.0.bias"]
    np.testing.assert_array_equal((code != 0).sum(axis=1), kept)
    np.testing.assert_allclose(np.sort(code, axis=1)[:, ::-1].max(axis=1), z.max(axis=1))
    np.testing.assert_allclose(code[code != 0], z[z >= np.sort(z)[:, -kept, None]])


@each_framework
def test_k_can_be_changed_between_two_calls(name):
    nn, x = FRAMEWORKS[name], images(100, 6)
    model = sparse(name, "k-sparse")
    losses = []
    for k in (4, 1):
        model.k = k
        losses.append(nn.minimise(model, x, epochs=1, batch_size=100, progress=False).loss[0])
    assert losses[0] != losses[1]
    assert (nn.encode(model, x) != 0).sum(axis=1).max() == 1


def test_ties_are_kept_together():
    code = sparse("numpy", "k-sparse").encode(np.zeros((1, 6)))
    outputs = {
        name: FRAMEWORKS[name].reconstruct(sparse(name, "k-sparse"), np.zeros((1, 6)))
        for name in FRAMEWORKS
    }
    assert code.shape == (1, 4)
    assert_same_outputs(outputs, atol=1e-12)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ((100, 20, 8), [100, 80, 60, 40, 20, 20, 20, 20]),
        ((5, 5, 3), [5, 5, 5]),
        ((9, 2, 1), [9]),
    ],
)
def test_the_schedule_falls_over_the_first_half(plan, expected):
    assert sparsity_schedule(*plan) == expected


def test_dead_units_are_those_that_do_not_vary():
    codes = np.zeros((10, 3))
    codes[:, 1] = np.linspace(0, 1, 10)
    codes[:, 2] = 0.7
    assert dead_units(codes) == 2


@each_framework
@pytest.mark.parametrize(
    ("variant", "options", "message"),
    [
        ("l1", {"penalty": "l2"}, "expected penalty to be one of 'kl', 'l1', got 'l2'"),
        ("l1", {"penalty": "kl"}, "expected a sigmoid code for penalty='kl'"),
        ("kl", {"weight": -1.0}, "expected weight to be a number of at least 0"),
        ("kl", {"target": 1.0}, r"expected target to be a number in \[0, 1\)"),
        ("kl", {"target": 0.0}, "expected target to be a number above 0"),
        ("k-sparse", {"k": 5}, "expected k to be at most the code size, 4, got 5"),
        ("k-sparse", {"k": 0}, "expected k to be an integer of at least 1"),
        ("k-sparse", {"alpha": 0.5}, "expected alpha to be at least 1"),
    ],
)
def test_bad_options_are_named(name, variant, options, message):
    with pytest.raises(ValueError, match=message):
        sparse(name, variant, **options)


@each_framework
@each_variant
def test_noise_is_refused(name, variant):
    nn = FRAMEWORKS[name]
    with pytest.raises(TypeError, match="expected no noise"):
        nn.objective_gradients(sparse(name, variant), images(3, 6), noise=images(3, 6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sparsity_schedule(2, 5, 3), "expected start to be at least end, 5, got 2"),
        (lambda: dead_units(np.zeros(3)), "expected codes of shape"),
        (lambda: kl_divergence(0.0, np.zeros(3)), "expected target to be a number above 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@each_framework
def test_a_centred_start_gives_the_mean_image_a_code_of_zero_and_back(name):
    nn, mean = FRAMEWORKS[name], images(1, 6)[0]
    model = sparse(name, "k-sparse", (6, 9), tied=True)
    drawn = nn.get_weights(model)
    nn.set_weights(model, centred_weights(drawn, mean))
    assert np.allclose(nn.encode(model, mean[None]), 0, rtol=0, atol=1e-15)
    start = nn.get_weights(model)
    assert np.array_equal(start["decoder.0.bias"], mean)
    assert np.array_equal(start["encoder.0.weight"], drawn["encoder.0.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decoder.0.weight": np.ones((9, 6))}, "expected weights of one tied layer"),
        ({"decoder.0.bias": np.ones(5)}, r"expected a mean of shape \(5,\), got \(6,\)"),
    ],
)
def test_centred_weights_want_one_tied_layer_and_its_mean(change, message):
    weights = numpy_nn.get_weights(sparse("numpy", "k-sparse", (6, 9), tied=True))
    with pytest.raises(ValueError, match=message):
        centred_weights(weights | change, images(1, 6)[0])
