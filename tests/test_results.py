"""What is recorded is what the experiments give; the page of results asserts that it shows all."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aecourse import torch_nn
from aecourse.data import DataError, load_mnist
from aecourse.results import load_results
from benchmarks import results as benchmark
from benchmarks import variational
from benchmarks.deep import SIDE, ShiftedAutoencoder, shifted


def experiment_of(key):
    return key.split(":")[0]


def test_what_is_recorded_is_an_experiment_with_its_seeds():
    for key, result in load_results().items():
        _, seeds = benchmark.EXPERIMENTS[experiment_of(key)]
        assert set(result.values) <= set(map(str, seeds)), key
        assert set(result.seconds) == set(result.values), key
        assert result.machine, key
        assert result.versions, key
        assert experiment_of(key) in result.command, key


@pytest.mark.parametrize("name", benchmark.FAST)
def test_a_quick_experiment_gives_what_is_recorded(name):
    try:
        load_mnist("full")
    except DataError as error:
        pytest.skip(f"the full MNIST is not at hand: {error}")
    run, seeds = benchmark.EXPERIMENTS[name]
    recorded = load_results()
    for measure, value in run(seeds[0]):
        expected = recorded[f"{name}: {measure}"].values[str(seeds[0])]
        assert value == pytest.approx(expected, rel=1e-4, abs=1e-9), measure


def test_an_image_is_shifted_by_its_chance():
    images = torch.zeros(5, SIDE, SIDE)
    images[:, 10, 10] = images[:, SIDE - 1, 0] = 1
    moved = shifted(images.reshape(5, -1), torch.tensor([0.0, 0.2, 0.3, 0.4, 0.5]))
    places = [image.nonzero().tolist() for image in moved.reshape(5, SIDE, SIDE)]
    assert places == [
        [[11, 10]],  # down: what leaves the image is gone
        [[9, 10], [SIDE - 2, 0]],
        [[10, 11], [SIDE - 1, 1]],
        [[10, 9]],
        [[10, 10], [SIDE - 1, 0]],
    ]


def test_the_deep_network_learns_from_images_of_which_half_are_shifted():
    drawn = torch_nn.autoencoder((SIDE * SIDE, 3))
    model = ShiftedAutoencoder(drawn.encoder, drawn.decoder)
    noise = torch.from_numpy(model.noise(np.random.default_rng(0), 10_000))
    images = torch.rand(10_000, SIDE * SIDE)
    seen = shifted(images, noise[:, 0])
    assert 0.48 < (seen == images).all(1).float().mean() < 0.52
    assert model.objective(images, noise) == torch.mean((seen - model(seen)) ** 2)


@pytest.fixture
def few():
    digits = load_mnist()
    return replace(
        digits,
        x_train=digits.x_train[:300],
        y_train=digits.y_train[:300],
        x_test=digits.x_test[:50],
        y_test=digits.y_test[:50],
    )


def test_a_stopped_variational_run_goes_on_after_its_last_stage(monkeypatch, tmp_path, few):
    def run(checkpoint=None):
        return list(
            variational.train_and_measure(
                few,
                codes=1,
                seed=0,
                stages=((2e-3, 3), (1e-3, 2)),
                warm_up=2,
                evaluate_with=10,
                checkpoint=checkpoint,
            )
        )

    learning_rates = []
    minimise = variational.minimise

    def stop_after_one_stage(*arguments, **options):
        learning_rates.append(options["optimizer"].learning_rate)
        if len(learning_rates) == 2:
            raise KeyboardInterrupt
        return minimise(*arguments, **options)

    checkpoint = tmp_path / "vae.npz"
    monkeypatch.setattr(variational, "minimise", stop_after_one_stage)
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint)
    resumed, whole = run(checkpoint), run()
    assert resumed[:-1] == whole[:-1]
    assert resumed[-1][0] == whole[-1][0] == "seconds"
    assert learning_rates == [2e-3, 1e-3, 1e-3, 2e-3, 1e-3]
    assert not checkpoint.exists()
