"""How good is a reconstruction, and how good could a linear one be? NumPy only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aecourse.detection import roc_auc, roc_auc_interval
from aecourse.validation import check_positive_integer

__all__ = [
    "PCA",
    "explained_variance",
    "fit_pca",
    "mean_squared_error",
    "pca_bound",
    "principal_angles",
    "psnr",
    "roc_auc",
    "roc_auc_interval",
    "squared_error_per_image",
]

Floats = npt.NDArray[np.floating]


def _pair(x: Floats, x_hat: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    images, outputs = np.asarray(x, dtype=np.float64), np.asarray(x_hat, dtype=np.float64)
    if images.shape != outputs.shape:
        raise ValueError(
            f"expected x_hat of the shape of x, {images.shape}, got {outputs.shape} — compare each "
            "image with its own reconstruction"
        )
    if images.ndim != 2 or images.size == 0:
        raise ValueError(f"expected x of shape (n, d) with n and d at least 1, got {images.shape}")
    for name, array in (("x", images), ("x_hat", outputs)):
        if not np.isfinite(array).all():
            raise ValueError(f"expected {name} to hold finite numbers, got NaN or infinity")
    return images, outputs


def mean_squared_error(x: Floats, x_hat: Floats) -> float:
    r"""Return the squared error per pixel: the mean over pixels and images.

    Parameters
    ----------
    x, x_hat
        Images and their reconstructions, shape (n, d).

    Returns
    -------
    float
        :math:`\frac{1}{nd} \sum_{ij} (\hat x_{ij} - x_{ij})^2`.

    Raises
    ------
    ValueError
        If the shapes differ or a value is not finite.

    Examples
    --------
    >>> mean_squared_error(np.zeros((2, 4)), np.full((2, 4), 0.5))
    0.25
    """
    x, x_hat = _pair(x, x_hat)
    return float(np.mean((x_hat - x) ** 2))


def squared_error_per_image(x: Floats, x_hat: Floats) -> float:
    r"""Return the squared error per image: the sum over pixels, averaged over images.

    Parameters
    ----------
    x, x_hat
        Images and their reconstructions, shape (n, d).

    Returns
    -------
    float
        :math:`\frac{1}{n} \sum_{ij} (\hat x_{ij} - x_{ij})^2`, d times the error per pixel.

    Raises
    ------
    ValueError
        If the shapes differ or a value is not finite.

    Examples
    --------
    >>> squared_error_per_image(np.zeros((2, 4)), np.full((2, 4), 0.5))
    1.0
    """
    return mean_squared_error(x, x_hat) * int(x.shape[1])


def psnr(x: Floats, x_hat: Floats) -> float:
    r"""Return the peak signal-to-noise ratio of values in [0, 1], in decibels.

    Parameters
    ----------
    x, x_hat
        Images and their reconstructions, shape (n, d).

    Returns
    -------
    float
        :math:`-10 \log_{10} \mathrm{MSE}` (Huynh-Thu and Ghanbari, 2008, eq. 1, peak 1);
        infinite for a perfect reconstruction.

    Raises
    ------
    ValueError
        If the shapes differ or a value is not finite.

    Examples
    --------
    >>> psnr(np.zeros((1, 4)), np.full((1, 4), 0.1))
    20.0
    """
    error = mean_squared_error(x, x_hat)
    return float(-10 * np.log10(error)) if error else float("inf")


def explained_variance(x: Floats, x_hat: Floats) -> float:
    r"""Return the share of the images' variance that the reconstruction keeps.

    Parameters
    ----------
    x, x_hat
        Images and their reconstructions, shape (n, d).

    Returns
    -------
    float
        :math:`1 - \sum (\hat x - x)^2 / \sum (x - \bar x)^2`: 1 is perfect, 0 is no better than
        the mean image.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite or the images do not vary.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0]])
    >>> explained_variance(x, np.full((2, 1), 0.5))
    0.0
    """
    x, x_hat = _pair(x, x_hat)
    total = float(np.sum((x - x.mean(axis=0)) ** 2))
    if total == 0:
        raise ValueError("expected images that differ from each other, got n times the same one")
    return 1 - float(np.sum((x_hat - x) ** 2)) / total


@dataclass(frozen=True, eq=False)
class PCA:
    r"""The best linear code of k numbers (Pearson, 1901; Hotelling, 1933).

    Parameters
    ----------
    mean
        Mean image, shape (d,).
    components
        Orthonormal columns, shape (d, k), the direction of largest variance first.
    eigenvalues
        Variance along each, shape (k,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit_pca(rng.random((50, 6)), 2).encode(rng.random((3, 6))).shape
    (3, 2)
    """

    mean: npt.NDArray[np.float64]
    components: npt.NDArray[np.float64]
    eigenvalues: npt.NDArray[np.float64]

    def encode(self, x: Floats) -> npt.NDArray[np.float64]:
        """Return the codes, shape (n, k), of images ``x``, shape (n, d)."""
        codes: npt.NDArray[np.float64] = (x - self.mean) @ self.components
        return codes

    def decode(self, z: Floats) -> npt.NDArray[np.float64]:
        """Return the images, shape (n, d), of codes ``z``, shape (n, k)."""
        images: npt.NDArray[np.float64] = z @ self.components.T + self.mean
        return images

    def reconstruct(self, x: Floats) -> npt.NDArray[np.float64]:
        """Return what is left of images ``x``, shape (n, d), after coding and decoding."""
        return self.decode(self.encode(x))


def _spectrum(x: Floats) -> tuple[npt.NDArray[np.float64], ...]:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or len(x) < 2:
        raise ValueError(f"expected x of shape (n, d) with at least two rows, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("expected x to hold finite numbers, got NaN or infinity")
    mean = x.mean(axis=0)
    centred = x - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    return mean, np.maximum(values[::-1], 0), vectors[:, ::-1]


def _check_rank(k: int, d: int) -> None:
    check_positive_integer("k", k)
    if k > d:
        raise ValueError(f"expected k to be at most the number of pixels, {d}, got {k}")


def fit_pca(x: Floats, k: int) -> PCA:
    """Find the principal components of images.

    Parameters
    ----------
    x
        Images, shape (n, d), n at least 2.
    k
        Number of components, at most d.

    Returns
    -------
    PCA
        Mean, components and variances.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> line = np.outer(np.arange(5.0), [3.0, 4.0])
    >>> np.abs(fit_pca(line, 1).components).ravel()
    array([0.6, 0.8])
    """
    mean, values, vectors = _spectrum(x)
    _check_rank(k, len(mean))
    return PCA(mean, np.ascontiguousarray(vectors[:, :k]), values[:k])


def pca_bound(x: Floats, k: int) -> float:
    r"""Return the smallest error per pixel that any affine map of rank k can reach on ``x``.

    It is the sum of the discarded eigenvalues of the covariance, divided by the number of pixels
    (Eckart and Young, 1936; Baldi and Hornik, 1989, fact 4).

    Parameters
    ----------
    x
        Images, shape (n, d), n at least 2.
    k
        Rank, at most d.

    Returns
    -------
    float
        :math:`\frac{1}{d} \sum_{i>k} \lambda_i`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> line = np.outer(np.arange(5.0), [3.0, 4.0])
    >>> round(pca_bound(line, 1), 12)
    0.0
    """
    mean, values, _ = _spectrum(x)
    _check_rank(k, len(mean))
    return float(values[k:].sum()) / len(mean)


def principal_angles(a: Floats, b: Floats) -> npt.NDArray[np.float64]:
    """Return the angles between the spaces that the columns of two matrices span.

    Small angles come from sines, large ones from cosines, so that both are accurate (Björck and
    Golub, 1973, section 4).

    Parameters
    ----------
    a, b
        Matrices of full column rank, shapes (d, k) and (d, m).

    Returns
    -------
    numpy.ndarray
        min(k, m) angles in degrees, ascending; all zero if one space lies in the other.

    Raises
    ------
    ValueError
        If the shapes do not fit or a matrix has not full column rank.

    Examples
    --------
    >>> principal_angles(np.array([[1.0], [0.0]]), np.array([[1.0], [1.0]])).round(9)
    array([45.])
    """
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        raise ValueError(f"expected matrices of shapes (d, k) and (d, m), got {a.shape}, {b.shape}")
    for name, matrix in (("a", a), ("b", b)):
        if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            raise ValueError(
                f"expected the columns of {name} to be linearly independent; they are not"
            )
    if a.shape[1] < b.shape[1]:
        a, b = b, a
    q_a, q_b = (np.linalg.qr(np.asarray(matrix, dtype=np.float64))[0] for matrix in (a, b))
    inside = q_a.T @ q_b
    cosines = np.linalg.svd(inside, compute_uv=False)
    sines = np.linalg.svd(q_b - q_a @ inside, compute_uv=False)[::-1]
    small = sines**2 < 0.5
    angles = np.where(small, np.arcsin(np.minimum(sines, 1)), np.arccos(np.minimum(cosines, 1)))
    return np.sort(np.rad2deg(angles))
