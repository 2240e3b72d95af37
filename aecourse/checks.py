"""Checks that chapters, exercises and tests share: numeric gradients and equal outputs."""

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["assert_gradients_close", "assert_same_outputs", "numeric_gradient", "relative_error"]

Floats = npt.NDArray[np.floating]

# The error of the formula falls with step**4 and that of rounding rises with 1 / step. In float64
# they meet near eps ** (1 / 5), which is 7e-4.
_STEP = float(np.finfo(np.float64).eps ** 0.2)


def numeric_gradient(
    f: Callable[[npt.NDArray[np.float64]], float],
    x: Floats,
    *,
    step: float = _STEP,
) -> npt.NDArray[np.float64]:
    r"""Differentiate a function by trying it: no algebra, so no algebra to get wrong.

    The central difference of fourth order (Fornberg, 1988, table 1),
    :math:`f'(x) \approx \frac{f(x-2h) - 8f(x-h) + 8f(x+h) - f(x+2h)}{12h}`, one entry at a time.

    Parameters
    ----------
    f
        From a float64 array of the shape of ``x`` to a number.
    x
        Where to differentiate; unchanged.
    step
        :math:`h`.

    Returns
    -------
    numpy.ndarray
        float64, the shape of ``x``.

    Raises
    ------
    ValueError
        If ``step`` is not above 0.

    Examples
    --------
    >>> numeric_gradient(lambda x: float(np.sum(x**2)), np.array([1.0, 3.0])).round(6)
    array([2., 6.])
    """
    if not step > 0:
        raise ValueError(f"expected step to be a number above 0, got {step!r}")
    point = np.array(x, dtype=np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        centre = point[index]
        values = []
        for offset in (-2, -1, 1, 2):
            point[index] = centre + offset * step
            values.append(float(f(point)))
        point[index] = centre
        gradient[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return gradient


def relative_error(a: Floats, b: Floats) -> float:
    r"""Return the distance of two arrays in units of their own size.

    :math:`\|a - b\| / \max(\|a\|, \|b\|)`, Euclidean over all entries; 0 if both are zero.

    Parameters
    ----------
    a, b
        Arrays of one shape.

    Returns
    -------
    float
        0 for equal arrays, of the order of 1 for unrelated ones.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.5]))
    0.0924...
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"expected two arrays of one shape, got {a.shape} and {b.shape}")
    size = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)))
    return float(np.linalg.norm(a - b)) / size if size else 0.0


def assert_gradients_close(
    f: Callable[[npt.NDArray[np.float64]], float],
    x: Floats,
    gradient: Floats,
    *,
    tolerance: float = 1e-7,
) -> None:
    """Fail unless a gradient derived by hand equals the numeric one.

    Parameters
    ----------
    f
        From an array of the shape of ``x`` to a number.
    x
        Where the gradient was taken.
    gradient
        What the derivation gives, the shape of ``x``.
    tolerance
        Largest allowed `relative_error`.

    Raises
    ------
    AssertionError
        If it is exceeded; the message names the entry that is furthest off.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> x = np.array([1.0, 3.0])
    >>> assert_gradients_close(lambda x: float(np.sum(x**2)), x, 2 * x)
    """
    gradient = np.asarray(gradient, dtype=np.float64)
    numeric = numeric_gradient(f, x)
    error = relative_error(gradient, numeric)
    # Gradients that vanish leave only the rounding of f, which no relative measure can judge.
    rounding = 1e-11 * max(1.0, abs(float(f(np.array(x, dtype=np.float64)))))
    # Written so that NaN, which no comparison accepts, fails.
    if not (error <= tolerance or float(np.linalg.norm(gradient - numeric)) <= rounding):
        worst = tuple(
            int(i) for i in np.unravel_index(np.argmax(np.abs(gradient - numeric)), numeric.shape)
        )
        raise AssertionError(
            f"expected a relative error of at most {tolerance:g}, got {error:.3g}; furthest off at "
            f"index {worst}: by hand {gradient[worst]:.9g}, numerically {numeric[worst]:.9g}"
        )


def assert_same_outputs(
    outputs: Mapping[str, Floats], *, rtol: float = 0.0, atol: float = 0.0
) -> None:
    """Fail unless all arrays agree, each with each.

    Parameters
    ----------
    outputs
        At least two arrays of one shape, by name.
    rtol, atol
        Allowed gap: ``atol + rtol * size`` of the larger entry.

    Raises
    ------
    AssertionError
        If two differ by more; the message names the pair and the gap.
    ValueError
        If there are fewer than two arrays.

    Examples
    --------
    >>> assert_same_outputs({"one": np.ones(2), "two": np.ones(2) + 1e-9}, atol=1e-8)
    """
    if len(outputs) < 2:
        raise ValueError(f"expected at least two outputs to compare, got {len(outputs)}")
    for (name, one), (other_name, other) in itertools.combinations(outputs.items(), 2):
        if one.shape != other.shape:
            raise AssertionError(
                f"{name} has shape {one.shape}, {other_name} has shape {other.shape}"
            )
        gap = np.abs(one - other)
        allowed = atol + rtol * np.maximum(np.abs(one), np.abs(other))
        if not np.all(gap <= allowed):
            raise AssertionError(
                f"{name} and {other_name} differ by up to {gap.max():.3g}, "
                f"allowed: atol={atol:g}, rtol={rtol:g}"
            )
