import numpy as np
import pytest

from aecourse.checks import (
    assert_gradients_close,
    assert_same_outputs,
    numeric_gradient,
    relative_error,
)

X = np.array([[0.3, -1.2], [2.0, 0.7]])


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (lambda x: np.sum(x**2), 2 * X),
        (lambda x: np.sum(np.sin(x)), np.cos(X)),
        (lambda x: np.sum(np.exp(x)), np.exp(X)),
    ],
)
def test_smooth_functions_are_differentiated_to_nine_digits(f, gradient):
    assert relative_error(numeric_gradient(f, X), gradient) < 1e-9
    assert_gradients_close(f, X, gradient)


@pytest.mark.parametrize("wrong", [2.001 * X, -2 * X, np.full_like(X, np.nan)])
def test_a_wrong_gradient_fails(wrong):
    with pytest.raises(AssertionError, match="relative error of at most"):
        assert_gradients_close(lambda x: np.sum(x**2), X, wrong)


@pytest.mark.parametrize("step", [0, -1, float("nan")])
def test_a_bad_step_is_refused(step):
    with pytest.raises(ValueError, match="step to be a number above 0"):
        numeric_gradient(np.sum, X, step=step)


@pytest.mark.parametrize("gap", [1e-3, np.nan])
def test_outputs_that_differ_are_named(gap):
    with pytest.raises(AssertionError, match="one and two differ"):
        assert_same_outputs({"one": X, "two": X + gap}, rtol=1e-6)


def test_outputs_need_one_shape_and_a_partner():
    with pytest.raises(AssertionError, match="has shape"):
        assert_same_outputs({"one": X, "two": X[0]})
    with pytest.raises(ValueError, match="at least two outputs"):
        assert_same_outputs({"one": X})
    with pytest.raises(ValueError, match="one shape"):
        relative_error(X, X[0])
    assert relative_error(0 * X, 0 * X) == 0
