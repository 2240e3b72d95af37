"""Patches and masks, and the masked autoencoder in two frameworks."""

import inspect
from functools import partial

import numpy as np
import pytest

from aecourse.masked import check_masked, starting_weights
from aecourse.patches import PatchGrid

from aecourse import torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.tf_nn import masked as tf_masked
from aecourse.torch_nn import masked as torch_masked

GRID = PatchGrid((4, 6), 2)
SIZES = (24, 9, 5)
FRAMEWORKS = {"torch": (torch_nn, torch_masked), "tensorflow": (tf_nn, tf_masked)}
each_framework = pytest.mark.parametrize("name", FRAMEWORKS)


def images(n=30):
    return np.random.default_rng(0).random((n, 24))


def masks(n=30, shown=2, seed=1):
    return GRID.draw_shown(np.random.default_rng(seed), n, shown=shown)


def model_of(name, **options):
    options = {"dtype": "float64", "seed": 3, "grid": GRID} | options
    return FRAMEWORKS[name][1].MaskedAutoencoder(SIZES, **options)


# Patches and masks


@pytest.mark.parametrize(
    ("shape", "side"), [((28, 28), 7), ((28, 28), 4), ((4, 6), 2), ((3, 5), 1)]
)
def test_patches_put_together_again_are_the_images(shape, side):
    grid = PatchGrid(shape, side)
    x = np.random.default_rng(0).random((3, shape[0] * shape[1]), dtype="float32")
    patches = grid.split(x)
    assert patches.shape == (3, grid.count, grid.pixels)
    np.testing.assert_array_equal(grid.join(patches), x)
    first = x[0].reshape(shape)[:side, :side]
    np.testing.assert_array_equal(patches[0, 0], first.ravel())


def test_the_two_tables_of_a_grid_agree():
    for patch, pixels in enumerate(GRID.index):
        assert (GRID.patch_of_pixel[pixels] == patch).all()


@pytest.mark.parametrize("shown", [1, 2, 5])
def test_each_image_shows_so_many_patches(shown):
    drawn = masks(500, shown)
    assert (drawn.sum(axis=1) == shown).all()
    assert (GRID.per_pixel(drawn).sum(axis=1) == shown * GRID.pixels).all()
    # Every patch is shown equally often, up to five standard errors.
    share = shown / GRID.count
    assert np.abs(drawn.mean(axis=0) - share).max() < 5 * np.sqrt(share * (1 - share) / 500)


def test_the_same_seed_draws_the_same_masks():
    np.testing.assert_array_equal(masks(seed=4), masks(seed=4))
    assert (masks(seed=4) != masks(seed=5)).any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PatchGrid((28, 28), 5), ValueError, "to divide the image's 28 pixels, got 5"),
        (lambda: PatchGrid((28, 0), 7), ValueError, r"image_shape\[1\] to be an integer"),
        (lambda: PatchGrid((28, 28), 7.0), TypeError, "side to be an integer"),
        (lambda: GRID.split(np.zeros((2, 25))), ValueError, r"of shape \(n, 24\)"),
        (lambda: GRID.join(np.zeros((2, 4, 6))), ValueError, r"of shape \(n, 6, 4\)"),
        (lambda: masks(shown=6), ValueError, "less than the 6 patches, got 6"),
        (lambda: masks(shown=0), ValueError, "shown to be an integer of at least 1"),
        (lambda: GRID.per_pixel(np.ones((2, 6))), TypeError, "got float64 — draw them"),
        (lambda: GRID.check_shown([[True]], 1), TypeError, "got list"),
        (lambda: GRID.check_shown(masks(3), 4), ValueError, r"got shape \(3, 6\)"),
        (lambda: check_masked((24, 5), GRID, "hidden"), ValueError, "a hidden layer and the code"),
        (lambda: check_masked((20, 9, 5), GRID, "hidden"), ValueError, "an input size of 24"),
        (lambda: check_masked(SIZES, GRID, "shown"), ValueError, "target to be one of"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# The model, in both frameworks


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_both_frameworks_have_one_interface():
    assert torch_masked.__all__ == tf_masked.__all__
    for name in torch_masked.__all__:
        assert signature(getattr(torch_masked, name)) == signature(getattr(tf_masked, name))


@each_framework
def test_the_same_seed_gives_the_same_starting_weights(name):
    weights = FRAMEWORKS[name][0].get_weights(model_of(name))
    expected = starting_weights(SIZES, grid=GRID, seed=3, dtype="float64")
    assert list(weights) == list(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(weights[key], array)


@each_framework
@pytest.mark.parametrize("target", ["hidden", "all"])
def test_what_is_hidden_has_no_influence_on_the_output(name, target):
    _, masked = FRAMEWORKS[name]
    model, x, shown = model_of(name, target=target), images(), masks()
    changed = np.where(GRID.per_pixel(shown), x, 1 - x)
    outputs = masked.reconstruct_from(model, x, shown)
    np.testing.assert_array_equal(masked.reconstruct_from(model, changed, shown), outputs)
    # What is shown has: otherwise the equality would say nothing.
    other = np.where(GRID.per_pixel(shown), 1 - x, x)
    assert (masked.reconstruct_from(model, other, shown) != outputs).any(axis=1).all()


def test_a_hidden_nan_is_not_seen():
    import torch

    model, x, shown = model_of("torch"), images(), masks()
    x[~GRID.per_pixel(shown)] = np.nan
    codes = model.encode(torch.from_numpy(x), torch.from_numpy(shown.astype("float64")))
    assert torch.isfinite(codes).all()


@each_framework
def test_the_code_is_a_sum_over_the_shown_patches(name):
    nn, masked = FRAMEWORKS[name]
    model, x, shown = model_of(name), images(), masks()
    weights = nn.get_weights(model)
    z = np.tile(weights["encoder.0.bias"], (len(x), 1))
    for image, patches in enumerate(GRID.split(x)):
        for patch in np.flatnonzero(shown[image]):
            own = weights["encoder.0.weight"][GRID.index[patch]]
            z[image] += patches[patch] @ own + weights["encoder.position"][patch]
    code = np.maximum(z, 0) @ weights["encoder.1.weight"] + weights["encoder.1.bias"]
    outputs = masked.reconstruct_from(model, x, shown)
    np.testing.assert_allclose(nn.decode(model, code), outputs, rtol=1e-12)


@each_framework
@pytest.mark.parametrize("target", ["hidden", "all"])
def test_the_objective_averages_over_what_the_target_names(name, target):
    nn, masked = FRAMEWORKS[name]
    model, x, shown = model_of(name, target=target), images(), masks()
    value, _ = nn.objective_gradients(model, x, noise=shown.astype("float64"))
    squares = (masked.reconstruct_from(model, x, shown) - x) ** 2
    counted = squares[~GRID.per_pixel(shown)] if target == "hidden" else squares
    assert value == pytest.approx(counted.mean(), rel=1e-12)


@each_framework
def test_without_a_mask_everything_is_shown(name):
    nn, masked = FRAMEWORKS[name]
    model, x = model_of(name), images()
    everything = np.ones((len(x), GRID.count), dtype=bool)
    expected = masked.reconstruct_from(model, x, everything)
    np.testing.assert_array_equal(nn.reconstruct(model, x), expected)
    np.testing.assert_allclose(nn.decode(model, nn.encode(model, x)), expected, rtol=1e-12)
    value, _ = nn.objective_gradients(model, x)
    assert value == pytest.approx(((expected - x) ** 2).mean(), rel=1e-12)


def objective_at(model, key, x, noise, point):
    weights = torch_nn.get_weights(model)
    torch_nn.set_weights(model, {**weights, key: point})
    value, _ = torch_nn.objective_gradients(model, x, noise=noise)
    torch_nn.set_weights(model, weights)
    return value


@pytest.mark.parametrize(
    ("grid", "sizes", "target", "shown"),
    [
        (PatchGrid((2, 3), 1), (6, 4, 2), "hidden", 4),
        (PatchGrid((2, 4), 2), (8, 3, 3, 2), "hidden", 1),
        (PatchGrid((2, 3), 1), (6, 4, 2), "all", 1),
    ],
)
def test_gradients_agree_and_are_those_of_the_objective(grid, sizes, target, shown):
    x = np.random.default_rng(0).random((5, sizes[0]))
    noise = grid.draw_shown(np.random.default_rng(1), 5, shown=shown).astype("float64")
    models = {
        name: masked.MaskedAutoencoder(sizes, grid=grid, target=target, dtype="float64")
        for name, (_, masked) in FRAMEWORKS.items()
    }
    # Biases are drawn too: at zero, units that see black would sit on the corner of their ReLU.
    rng = np.random.default_rng(2)
    shapes = {key: array.shape for key, array in torch_nn.get_weights(models["torch"]).items()}
    weights = {key: rng.normal(0, 0.7, shape) for key, shape in shapes.items()}
    gradients = {}
    for name, model in models.items():
        FRAMEWORKS[name][0].set_weights(model, weights)
        gradients[name] = FRAMEWORKS[name][0].objective_gradients(model, x, noise=noise)[1]
    for key, parameter in weights.items():
        of_parameter = partial(objective_at, models["torch"], key, x, noise)
        assert_gradients_close(of_parameter, parameter, gradients["torch"][key])
        assert_same_outputs({name: each[key] for name, each in gradients.items()}, atol=1e-12)


@pytest.mark.parametrize("target", ["hidden", "all"])
@pytest.mark.parametrize("optimizer", [torch_nn.SGD(0.1), torch_nn.Adam(1e-3, rule="pytorch")])
def test_training_in_float64_agrees_to_1e_10(target, optimizer):
    losses = {
        name: np.array(
            nn.minimise(
                model_of(name, target=target),
                images(70),
                noise=partial(GRID.draw_shown, shown=2),
                optimizer=optimizer,
                epochs=4,
                batch_size=16,
                seed=2,
                progress=False,
            ).step_loss
        )
        for name, (nn, _) in FRAMEWORKS.items()
    }
    assert_same_outputs(losses, rtol=1e-10)


@each_framework
@pytest.mark.parametrize(
    ("x", "shown", "error"),
    [
        (images(3)[:, :20], masks(3), ValueError),
        (images(3), masks(4), ValueError),
        (images(3), masks(3).astype(float), TypeError),
        (np.full((3, 24), np.nan), masks(3), ValueError),
    ],
)
def test_reconstruction_refuses_what_does_not_fit(name, x, shown, error):
    with pytest.raises(error, match="expected"):
        FRAMEWORKS[name][1].reconstruct_from(model_of(name), x, shown)
