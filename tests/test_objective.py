"""Training on a model's own objective, the same in the three frameworks."""

from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}


class NumpyNoisy(numpy_nn.Autoencoder):
    def objective(self, batch, noise):
        x_hat = self.forward(batch + noise)
        value = numpy_nn.mean_squared_error(batch, x_hat)
        self.backward(numpy_nn.mean_squared_error.gradient(batch, x_hat, np.empty_like(x_hat)))
        return value


class TorchNoisy(torch_nn.Autoencoder):
    def objective(self, batch, noise):
        return torch_nn.mean_squared_error(batch, self(batch + noise))


class TensorFlowNoisy(tf_nn.Autoencoder):
    def objective(self, batch, noise):
        return tf_nn.mean_squared_error(batch, self(batch + noise))


CLASSES = {"numpy": NumpyNoisy, "torch": TorchNoisy, "tensorflow": TensorFlowNoisy}


def noisy(name, dtype="float64"):
    nn = FRAMEWORKS[name]
    blocks = [nn.mlp(sizes, seed=seed, dtype=dtype) for seed, sizes in enumerate([(6, 4), (4, 6)])]
    return CLASSES[name](*blocks)


def draw(rng, n):
    return rng.normal(0, 0.3, (n, 6))


def images(n=230):
    return np.random.default_rng(0).random((n, 6))


def train(name, **options):
    options = {"noise": draw, "epochs": 3, "batch_size": 10, "seed": 2} | options
    return FRAMEWORKS[name].minimise(noisy(name), images(), progress=False, **options)


@pytest.mark.parametrize("batch_size", [10, 7, 500])
def test_the_same_noise_and_batches_everywhere(batch_size):
    losses = {
        name: np.array(train(name, batch_size=batch_size, optimizer=numpy_nn.SGD(0.5)).step_loss)
        for name in FRAMEWORKS
    }
    assert len(losses["numpy"]) == 3 * -(-230 // batch_size)
    assert_same_outputs(losses, rtol=1e-10)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_another_seed_gives_other_noise(name):
    first, again, other = (train(name, epochs=1, seed=seed).step_loss for seed in (2, 2, 3))
    assert first == again
    assert first != other


def objective_at(model, parameter, x, noise, point):
    before = parameter.copy()
    parameter[...] = point
    value = model.objective(x, noise)
    parameter[...] = before
    return value


def test_gradients_agree_and_are_those_of_the_objective():
    x, noise = images(5), draw(np.random.default_rng(1), 5)
    outcomes = {
        name: nn.objective_gradients(noisy(name), x, noise=noise) for name, nn in FRAMEWORKS.items()
    }
    model = noisy("numpy")
    for key, (parameter, _) in model.parameters_by_name().items():
        of_parameter = partial(objective_at, model, parameter, x, noise)
        for _, gradients in outcomes.values():
            assert_gradients_close(of_parameter, parameter, gradients[key])
    assert_same_outputs(
        {name: np.array(value) for name, (value, _) in outcomes.items()}, rtol=1e-12
    )


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 2, 2)), "expected x to be an array of shape"),
        ([[0.5]], "expected x to be an array of shape"),
        (np.full((3, 6), np.nan), "finite"),
    ],
)
def test_bad_images_are_refused(name, x, message):
    with pytest.raises(ValueError, match=message):
        FRAMEWORKS[name].minimise(noisy(name), x, noise=draw, progress=False)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_divergence_is_an_error(name):
    with pytest.raises(numpy_nn.TrainingDiverged):
        FRAMEWORKS[name].minimise(
            noisy(name),
            images(),
            noise=lambda _, n: np.full((n, 6), np.nan),
            epochs=1,
            progress=False,
        )
