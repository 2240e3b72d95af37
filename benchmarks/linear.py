"""The linear autoencoder against the best that any linear map can do."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aecourse import metrics, numpy_nn
from aecourse.data import load_mnist

__all__ = ["GAP", "images_with_the_same_covariance", "linear_autoencoder"]

Floats = npt.NDArray[np.float64]

GAP = "relative gap to the bound"


def images_with_the_same_covariance(x: npt.NDArray[np.floating]) -> Floats:
    """Return few rows whose covariance, up to their number, is that of many images.

    The squared error of a linear autoencoder depends on its data by mean and covariance alone, so
    gradient descent on all of these rows takes the steps that it would take on all images.

    Parameters
    ----------
    x
        Images, shape (n, d).

    Returns
    -------
    numpy.ndarray
        Shape (r + 1, d) for images of rank r, with mean zero.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((500, 4))
    >>> rows = images_with_the_same_covariance(x)
    >>> rows.shape, bool(np.allclose(np.cov(rows.T, bias=True), np.cov(x.T, bias=True)))
    ((5, 4), True)
    """
    centred = np.asarray(x, np.float64) - x.mean(axis=0, dtype=np.float64)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(x))
    live = variances > variances.max() * 1e-12
    roots = np.sqrt(variances[live])[:, None] * directions[:, live].T
    count = len(roots) + 1
    # An orthonormal basis of all that is orthogonal to (1, …, 1): its rows add up to zero.
    basis = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, :-1]])).Q[:, 1:]
    return np.sqrt(count) * basis @ roots


def linear_autoencoder(k: int, seed: int) -> Iterator[tuple[str, float]]:
    """Train a linear autoencoder on all training images, and compare it with the bound.

    The bound is the sum of the variances that k components leave (Baldi and Hornik, 1989, section
    3).
    """
    images = load_mnist("full").x_train
    rows = images_with_the_same_covariance(images)
    d = rows.shape[1]
    model = numpy_nn.autoencoder(
        (d, k), activation="linear", output="linear", seed=seed, dtype="float64"
    )
    start = numpy_nn.get_weights(model)
    start["encoder.0.weight"] *= 0
    start["decoder.0.weight"] *= 0.2
    numpy_nn.set_weights(model, start)
    for optimizer, epochs in (
        (numpy_nn.SGD(30, momentum=0.8), 300),
        (numpy_nn.SGD(60, momentum=0.97), 600),
    ):
        numpy_nn.fit(model, rows, optimizer=optimizer, epochs=epochs, batch_size=len(rows))
    _shift(model, images.mean(axis=0, dtype=np.float64))
    yield GAP, numpy_nn.evaluate(model, images) / metrics.pca_bound(images, k) - 1


def _shift(model: numpy_nn.Autoencoder, mean: Floats) -> None:
    """Let a model of centred images take images as they are."""
    weights = numpy_nn.get_weights(model)
    weights["encoder.0.bias"] -= mean @ weights["encoder.0.weight"]
    weights["decoder.0.bias"] += mean
    numpy_nn.set_weights(model, weights)
