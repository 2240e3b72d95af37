"""Same weights, same batches, same numbers: the claim that chapter 7 shows."""

import itertools

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_same_outputs

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
STEPS = [0, 9, 99]
SHAPES = {
    "one hidden layer": {"sizes": (20, 8)},
    "deep": {"sizes": (20, 12, 4), "activation": "sigmoid", "code": "linear"},
    "relu": {"sizes": (20, 12, 4), "activation": "relu", "init": "he"},
    "tanh": {"sizes": (20, 12, 4), "activation": "tanh"},
    "tied": {"sizes": (20, 8), "tied": True},
    "tied and deep": {"sizes": (20, 12, 4), "tied": True, "code": "linear"},
}


def step_losses(framework, optimizer, *, dtype, n=333, loss="mean_squared_error", sizes, **options):
    x = np.random.default_rng(0).random((n, sizes[0])).astype(dtype)
    model = framework.autoencoder(sizes, dtype=dtype, seed=11, **options)
    history = framework.fit(
        model,
        x,
        loss=getattr(framework, loss),
        optimizer=optimizer,
        epochs=10,
        batch_size=32,
        seed=4,
        progress=False,
    )
    return np.array(history.step_loss)


LOSSES = [
    "mean_squared_error",
    "squared_error_per_image",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
]


# Every shape with one loss, and every loss with one shape.
@pytest.mark.parametrize(
    ("shape", "loss"),
    [*[(shape, LOSSES[0]) for shape in SHAPES], *[("tied and deep", loss) for loss in LOSSES[1:]]],
)
def test_sgd_in_float64_agrees_to_1e_10(shape, loss):
    losses = {
        name: step_losses(
            framework, framework.SGD(0.01), dtype="float64", loss=loss, **SHAPES[shape]
        )[STEPS]
        for name, framework in FRAMEWORKS.items()
    }
    assert_same_outputs(losses, rtol=1e-10)


RULES = ["pytorch", "keras", "tensorflow1"]
OPTIMIZERS = [
    numpy_nn.SGD(0.05),
    numpy_nn.SGD(0.05, momentum=0.9),
    *[numpy_nn.RMSProp(0.001, rule=rule) for rule in RULES],
    *[numpy_nn.Adam(0.001, rule=rule, epsilon=1e-7) for rule in RULES],
]


# Every rule with one shape, and one of each kind with another. Batches are even here: TensorFlow
# compiles the step once more for a smaller last one, which the test above has.
@pytest.mark.parametrize(
    ("shape", "optimizer"),
    [
        *[("tied and deep", optimizer) for optimizer in OPTIMIZERS],
        *[("one hidden layer", optimizer) for optimizer in OPTIMIZERS[1::3]],
    ],
    ids=repr,
)
def test_every_rule_in_float32_agrees_to_1e_4(optimizer, shape):
    losses = {
        name: step_losses(framework, optimizer, dtype="float32", n=320, **SHAPES[shape])[STEPS]
        for name, framework in FRAMEWORKS.items()
    }
    assert_same_outputs(losses, rtol=1e-4)


@pytest.mark.parametrize("rule", ["RMSProp", "Adam"])
def test_the_rules_of_one_name_really_differ(rule):
    # Otherwise the parity above would hold for a rule that is ignored.
    losses = [
        step_losses(
            numpy_nn, getattr(numpy_nn, rule)(0.01, rule=name), dtype="float64", sizes=(20, 8)
        )
        for name in RULES
    ]
    for one, other in itertools.combinations(losses, 2):
        assert abs(one[-1] - other[-1]) > 1e-9


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_cross_entropy_per_image"])
def test_gradients_agree_to_1e_12(tied, loss):
    x = np.random.default_rng(1).random((17, 10))
    results = {}
    for name, framework in FRAMEWORKS.items():
        model = framework.autoencoder((10, 6, 3), tied=tied, dtype="float64", seed=2)
        results[name] = framework.gradients(model, x, loss=getattr(framework, loss))
    value, expected = results["numpy"]
    for name in ("torch", "tensorflow"):
        assert results[name][0] == pytest.approx(value, rel=1e-12)
        assert list(results[name][1]) == list(expected)
        for key, array in results[name][1].items():
            np.testing.assert_allclose(array, expected[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("source", FRAMEWORKS)
@pytest.mark.parametrize("options", [{}, {"tied": True}, {"activation": "relu", "code": "linear"}])
def test_a_model_saved_by_one_is_loaded_by_all(source, options, tmp_path):
    x = np.random.default_rng(2).random((50, 12), dtype="float32")
    saver = FRAMEWORKS[source]
    model = saver.autoencoder((12, 8, 4), seed=6, **options)
    saver.fit(model, x, epochs=2, batch_size=10, progress=False)
    saver.save(model, tmp_path / "model.safetensors")
    outputs = {f"{source} before": saver.reconstruct(model, x)}
    for name, framework in FRAMEWORKS.items():
        loaded = framework.load(tmp_path / "model.safetensors")
        outputs[name] = framework.reconstruct(loaded, x)
    assert_same_outputs(outputs, atol=1e-5)


def test_evaluate_and_validation_loss_are_the_same_number(framework):
    x = np.random.default_rng(3).random((130, 9), dtype="float32")
    model = framework.autoencoder((9, 4))
    history = framework.fit(model, x, epochs=2, batch_size=32, validation=x[:70], progress=False)
    evaluated = framework.evaluate(model, x[:70], batch_size=33)
    assert history.validation_loss[-1] == pytest.approx(evaluated, rel=1e-5)
