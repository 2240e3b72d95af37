import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecourse import metrics
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


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40).filter(
        lambda cases: len({positive for _, positive in cases}) == 2
    )
)
def test_roc_auc_counts_pairs_ties_half(cases):
    scores, positive = (np.array(column) for column in zip(*cases, strict=True))
    above = np.sign(scores[positive][:, None] - scores[~positive])
    assert metrics.roc_auc(scores, positive) == pytest.approx(np.mean((above + 1) / 2))


@pytest.mark.parametrize(
    ("scores", "positive", "message"),
    [
        ([1.0, 2.0], [True], "of the same shape"),
        ([1.0, 2.0], [1, 0], "booleans"),
        ([1.0, np.nan], [True, False], "finite"),
        ([1.0, 2.0], [True, True], "got 2 and 0"),
    ],
)
def test_roc_auc_names_what_is_wrong(scores, positive, message):
    with pytest.raises(ValueError, match=message):
        metrics.roc_auc(np.array(scores), np.array(positive))
