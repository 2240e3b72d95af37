"""The denoising autoencoder: what it sees, what it is asked for, what it learns."""

import inspect
from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.corruption import Corruption, corrupt
from aecourse.data import load_mnist
from aecourse.metrics import squared_error_per_image
from aecourse.numpy_nn import denoising as numpy_denoising
from aecourse.tf_nn import denoising as tf_denoising
from aecourse.torch_nn import denoising as torch_denoising

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
MODULES = {"numpy": numpy_denoising, "torch": torch_denoising, "tensorflow": tf_denoising}
DAMAGES = [
    Corruption("gaussian", 0.3),
    Corruption("masking", 0.4),
    Corruption("salt_and_pepper", 0.3),
]
SHAPES = {"one layer": (6, 4), "deep": (5, 7, 3)}
LOSSES = ["mean_squared_error", "binary_cross_entropy_per_image"]


def denoiser(
    name,
    sizes=(6, 4),
    *,
    code="sigmoid",
    corruption=DAMAGES[0],
    loss=LOSSES[0],
    dtype="float64",
):
    nn = FRAMEWORKS[name]
    return MODULES[name].DenoisingAutoencoder(
        nn.mlp(sizes, output=code, seed=1, dtype=dtype),
        nn.mlp(sizes[::-1], seed=2, dtype=dtype),
        corruption=corruption,
        loss=getattr(nn, loss),
    )


def images(n, d):
    return np.random.default_rng(0).random((n, d))


def objective_at(model, parameter, x, noise, point):
    before = parameter.copy()
    parameter[...] = point
    value = model.objective(x, noise)
    parameter[...] = before
    return value


def test_same_parameters_and_defaults():
    signatures = [
        [
            (p.name, p.kind, getattr(p.default, "__name__", None) or repr(p.default))
            for p in inspect.signature(module.DenoisingAutoencoder).parameters.values()
        ]
        for module in MODULES.values()
    ]
    assert signatures[0] == signatures[1] == signatures[2]


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("corruption", DAMAGES, ids=lambda damage: damage.kind)
def test_gradients_are_those_of_the_objective_everywhere(sizes, loss, corruption):
    x = images(5, sizes[0])
    options = {"corruption": corruption, "loss": loss}
    model = denoiser("numpy", sizes, **options)
    noise = model.noise(np.random.default_rng(3), 5)
    for name, nn in FRAMEWORKS.items():
        _, gradients = nn.objective_gradients(denoiser(name, sizes, **options), x, noise=noise)
        for key, (parameter, _) in model.parameters_by_name().items():
            at = partial(objective_at, model, parameter, x, noise)
            assert_gradients_close(at, parameter, gradients[key])


@pytest.mark.parametrize("corruption", DAMAGES, ids=lambda damage: damage.kind)
def test_training_agrees_to_1e_10(corruption):
    x = images(230, 6)
    losses = {}
    for name, nn in FRAMEWORKS.items():
        model = denoiser(name, corruption=corruption)
        history = nn.minimise(
            model,
            x,
            noise=model.noise,
            optimizer=nn.SGD(0.5),
            epochs=3,
            batch_size=20,
            progress=False,
        )
        losses[name] = np.array(history.step_loss)
    assert_same_outputs(losses, rtol=1e-10)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_model_sees_the_damaged_image_and_answers_for_the_clean_one(name):
    nn = FRAMEWORKS[name]
    model, x = denoiser(name, corruption=Corruption("masking", 1.0)), images(4, 6)
    noise = model.noise(np.random.default_rng(0), 4)
    value, _ = nn.objective_gradients(model, x, noise=noise)
    # Every pixel is masked: the encoder sees black, and the target is still x.
    outputs = nn.reconstruct(model, np.zeros_like(x))
    assert value == pytest.approx(np.mean((outputs - x) ** 2), rel=1e-12)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_call_without_noise_is_refused(name):
    with pytest.raises(TypeError, match="noise=model.noise"):
        FRAMEWORKS[name].minimise(denoiser(name), images(20, 6), progress=False)


def median_filter(images):
    padded = np.pad(images.reshape(-1, 28, 28), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.median(windows, axis=(3, 4)).reshape(len(images), 784)


def test_the_output_beats_the_input_a_median_filter_and_a_model_of_clean_images():
    digits = load_mnist()
    x, x_test = digits.x_train[:4000], digits.x_test[:500]
    damaged = corrupt(x_test, kind="gaussian", amount=0.5, seed=0)
    damage = Corruption("gaussian", 0.5)
    model = denoiser("numpy", (784, 64), code="relu", corruption=damage, dtype="float32")
    options = {"optimizer": numpy_nn.Adam(3e-3), "epochs": 6, "progress": False}
    numpy_nn.minimise(model, x, noise=model.noise, **options)
    clean = numpy_nn.autoencoder((784, 64), code="relu", seed=1)
    numpy_nn.fit(clean, x, **options)
    before, after, by_clean = (
        squared_error_per_image(x_test, outputs)
        for outputs in (
            damaged,
            numpy_nn.reconstruct(model, damaged),
            numpy_nn.reconstruct(clean, damaged),
        )
    )
    assert before == pytest.approx(784 * 0.25, rel=0.02)
    assert after < by_clean < before
    assert after < before / 5
    assert after < squared_error_per_image(x_test, median_filter(damaged.clip(0, 1)))
