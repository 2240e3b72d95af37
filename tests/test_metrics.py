import os

import numpy as np
import pytest

from aecourse.data import load_mnist
from aecourse.metrics import fit_pca, mean_squared_error, pca_bound, principal_angles


@pytest.mark.parametrize("k", [1, 3, 6])
def test_the_bound_is_the_discarded_spectrum_and_pca_reaches_it(k):
    x = np.random.default_rng(k).normal(size=(20, 6))
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    assert pca_bound(x, k) == pytest.approx(np.sum(singular[k:] ** 2) / x.size, abs=1e-14)
    reached = mean_squared_error(x, fit_pca(x, k).reconstruct(x))
    assert reached == pytest.approx(pca_bound(x, k), abs=1e-14)


@pytest.mark.parametrize("degrees", [0, 1e-9, 1e-3, 45, 89.999, 90])
def test_a_known_angle_is_found(degrees):
    angle = np.deg2rad(degrees)
    a, b = np.array([[1.0], [0.0]]), np.array([[np.cos(angle)], [np.sin(angle)]])
    assert principal_angles(a, b)[0] == pytest.approx(degrees, rel=1e-9, abs=1e-15)


@pytest.mark.skipif("AECOURSE_DATA" not in os.environ, reason="needs the full MNIST")
@pytest.mark.parametrize(("k", "error"), [(2, 0.055669), (30, 0.017687), (256, 0.001384)])
def test_pca_on_the_full_mnist(k, error):
    digits = load_mnist("full", progress=False)
    measured = mean_squared_error(
        digits.x_test, fit_pca(digits.x_train, k).reconstruct(digits.x_test)
    )
    assert measured == pytest.approx(error, abs=1e-6)
