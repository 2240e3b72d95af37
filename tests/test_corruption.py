import numpy as np
import pytest
import torch

import tensorflow as tf  # isort: skip
from aecourse.corruption import Corruption, corrupt

X = np.random.default_rng(0).random((200, 50), dtype="float32")
KINDS = ["gaussian", "masking", "salt_and_pepper"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_and_the_images_stay(kind):
    before = X.copy()
    first, again, other = (corrupt(X, kind=kind, amount=0.3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == X.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_is_a_copy(kind):
    damaged = corrupt(X, kind=kind, amount=0, seed=0)
    np.testing.assert_array_equal(damaged, X)
    assert not np.shares_memory(damaged, X)


def test_shares_of_damage_are_as_asked():
    # 10,000 pixels: five standard errors of a share are below 0.025.
    masked = corrupt(X, kind="masking", amount=0.3, seed=0)
    assert abs(np.mean(masked != X) - 0.3) < 0.025
    assert np.all(masked[masked != X] == 0)
    peppered = corrupt(X, kind="salt_and_pepper", amount=0.3, seed=0)
    assert abs(np.mean(peppered == 1) - 0.15) < 0.025
    assert abs(np.mean(peppered == 0) - 0.15) < 0.025
    noise = corrupt(X, kind="gaussian", amount=0.3, seed=0) - X
    assert abs(noise.mean()) < 0.015
    assert abs(noise.std() - 0.3) < 0.015


@pytest.mark.parametrize(
    ("kind", "amount", "message"),
    [
        ("blur", 0.1, "expected kind to be one of"),
        ("masking", 1.5, "expected amount to be a probability for 'masking', got 1.5"),
        ("gaussian", -0.1, "at least 0, got -0.1"),
        ("gaussian", float("nan"), "got nan"),
    ],
)
def test_bad_arguments_are_named(kind, amount, message):
    with pytest.raises(ValueError, match=message):
        corrupt(X, kind=kind, amount=amount, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_a_single_call_share_one_definition(kind):
    corruption = Corruption(kind, 0.3)
    noise = corruption.draw(np.random.default_rng(4), X.shape).astype(X.dtype)
    expected = corrupt(X, kind=kind, amount=0.3, seed=4)
    np.testing.assert_array_equal(corruption.apply(X, noise), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_every_framework_applies_the_same_damage(kind):
    corruption = Corruption(kind, 0.3)
    noise = corruption.draw(np.random.default_rng(0), X.shape).astype(X.dtype)
    expected = corruption.apply(X, noise)
    of_torch = corruption.apply(torch.from_numpy(X), torch.from_numpy(noise)).numpy()
    of_tensorflow = corruption.apply(tf.constant(X), tf.constant(noise)).numpy()
    np.testing.assert_array_equal(of_torch, expected)
    # XLA and plain kernels may round a product and a sum together.
    np.testing.assert_allclose(of_tensorflow, expected, rtol=1e-6, atol=1e-7)


def test_images_of_any_shape_are_damaged_alike():
    flat = corrupt(X, kind="masking", amount=0.3, seed=0)
    square = corrupt(X.reshape(200, 5, 10), kind="masking", amount=0.3, seed=0)
    np.testing.assert_array_equal(square.reshape(200, 50), flat)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="expected x to hold floats, got dtype uint8"):
        corrupt(np.zeros((2, 3), "uint8"), kind="masking", amount=0.3, seed=0)
