"""What a variational autoencoder is made of beside its networks: formulas, bounds, binarisation."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from aecourse.architecture import (
    Activation,
    DType,
    Init,
    LayerShape,
    Weights,
    chain_weight_shapes,
    initial_weights,
    layer_chain,
)
from aecourse.validation import (
    check_choice,
    check_non_negative,
    check_positive_integer,
    check_sizes,
)

__all__ = [
    "NOISE_IS_MISSING",
    "Binarisation",
    "active_units",
    "bernoulli_log_density",
    "binarise",
    "gaussian_kl",
    "gaussian_log_density",
    "images_at_a_time",
    "log_mean_exp",
    "sampled_elbo",
    "starting_weights",
    "variational_layers",
    "weighted_bound",
]

Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]

Binarisation = Literal["threshold", "stochastic"]
"""How grey becomes black or white."""

NOISE_IS_MISSING = (
    "expected noise of shape (n, n_code), got None — pass noise=lambda rng, n: "
    "rng.standard_normal((n, n_code)) to minimise"
)
"""What to say when a variational autoencoder is trained without noise."""

_CLIP = 1e-7
_DECODED_AT_A_TIME = 10_000


def gaussian_kl(mean: Floats, log_variance: Floats) -> Floats:
    r"""Return the divergence from N(0, I) of Gaussians with independent units, in nats.

    :math:`\frac12\sum_j(\mu_j^2 + \sigma_j^2 - 1 - \log\sigma_j^2)` (Kingma and Welling, 2014,
    appendix B): zero for N(0, I) itself, above zero for every other one.

    Parameters
    ----------
    mean, log_variance
        :math:`\mu` and :math:`\log\sigma^2`, shape (..., k).

    Returns
    -------
    numpy.ndarray
        One divergence a Gaussian, shape (...): the sum over its units.

    Examples
    --------
    >>> gaussian_kl(np.array([[0.0, 0.0], [2.0, 0.0]]), np.zeros((2, 2)))
    array([0., 2.])
    """
    terms = mean**2 + np.exp(log_variance) - 1 - log_variance
    return np.sum(terms, axis=-1) / 2  # type: ignore[no-any-return]


def gaussian_log_density(z: Floats, mean: Floats, log_variance: Floats) -> Floats:
    r"""Return the log density of Gaussians with independent units, in nats.

    :math:`-\frac12\sum_j\left(\log 2\pi + \log\sigma_j^2 + (z_j-\mu_j)^2/\sigma_j^2\right)`.

    Parameters
    ----------
    z
        Where to take it, shape (..., k).
    mean, log_variance
        :math:`\mu` and :math:`\log\sigma^2`; they broadcast against ``z``.

    Returns
    -------
    numpy.ndarray
        Shape (...): the sum over the units.

    Examples
    --------
    >>> gaussian_log_density(np.zeros((1, 2)), np.zeros(2), np.zeros(2))
    array([-1.83787707])
    """
    squares = (z - mean) ** 2 * np.exp(-log_variance)
    return -np.sum(math.log(2 * math.pi) + log_variance + squares, axis=-1) / 2  # type: ignore[no-any-return]


def bernoulli_log_density(x: Floats, probability: Floats) -> Floats:
    r"""Return the log probability of black and white images, in nats.

    :math:`\sum_j x_j\log p_j + (1-x_j)\log(1-p_j)`, with p clipped to [1e-7, 1 - 1e-7] as in the
    binary cross-entropy, whose negative it is.

    Parameters
    ----------
    x
        Pixels, 0 or 1, shape (..., d).
    probability
        Probability of a 1 for each pixel; broadcasts against ``x``.

    Returns
    -------
    numpy.ndarray
        Shape (...): the sum over the pixels.

    Examples
    --------
    >>> bernoulli_log_density(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]))
    array([-1.38629436])
    """
    p = np.clip(probability, _CLIP, 1 - _CLIP)
    return np.sum(x * np.log(p) + (1 - x) * np.log1p(-p), axis=-1)  # type: ignore[no-any-return]


def log_mean_exp(values: Floats, axis: int = -1) -> Floats:
    r"""Return :math:`\log\frac1k\sum_i e^{v_i}` without overflow.

    Parameters
    ----------
    values
        Numbers, such as log weights.
    axis
        Along which to average.

    Returns
    -------
    numpy.ndarray
        One axis fewer than ``values``.

    Examples
    --------
    >>> log_mean_exp(np.array([-1000.0, -1000.0]))
    np.float64(-1000.0)
    """
    largest = np.max(values, axis=axis, keepdims=True)
    mean = np.mean(np.exp(values - largest), axis=axis)
    return np.log(mean) + np.squeeze(largest, axis=axis)  # type: ignore[no-any-return]


def weighted_bound(log_weights: Floats, k: int) -> Doubles:
    r"""Return the importance weighted bound of each image (Burda et al., 2016, eq. 8).

    :math:`\log\frac1k\sum_{i=1}^k w_i` with :math:`w_i = p(x, z_i)/q(z_i|x)`. Where there are more
    than k weights an image, they are cut into blocks of k, and the bounds of the blocks averaged:
    the same expectation, less noise. With ``k=1`` this is an estimate of the ELBO.

    Parameters
    ----------
    log_weights
        Shape (n, m), with m a multiple of ``k``.
    k
        Weights a bound.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), in nats.

    Raises
    ------
    TypeError, ValueError
        If ``k`` is no positive integer that divides m.

    Examples
    --------
    >>> weights = np.log([[1.0, 3.0]])
    >>> weighted_bound(weights, 2).round(3), weighted_bound(weights, 1).round(3)
    (array([0.693]), array([0.549]))
    """
    check_positive_integer("k", k)
    n, m = log_weights.shape
    if m % k:
        raise ValueError(f"expected k to divide the {m} weights of an image, got {k}")
    blocks = log_weights.astype(np.float64).reshape(n, m // k, k)
    return np.mean(log_mean_exp(blocks), axis=1)  # type: ignore[no-any-return]


def sampled_elbo(
    x: Floats,
    mean: Floats,
    log_variance: Floats,
    decode: Callable[[Floats], Floats],
    *,
    samples: int,
    seed: int,
) -> Floats:
    """Estimate the ELBO of each image: the first term from samples, the KL in closed form.

    Parameters
    ----------
    x
        Images of zeros and ones, shape (n, d).
    mean, log_variance
        Their posteriors, shape (n, k) each.
    decode
        From codes (m, k) to the probability of a 1 for each pixel, (m, d).
    samples
        Codes an image.
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        Shape (n,), in nats.

    Examples
    --------
    >>> zeros = np.zeros((1, 2))
    >>> sampled_elbo(np.ones((1, 3)), zeros, zeros, lambda z: np.full((len(z), 3), 0.5),
    ...              samples=2, seed=0)
    array([-2.07944154])
    """
    rng = np.random.default_rng(seed)
    per_call = images_at_a_time(samples)
    found = []
    for start in range(0, len(x), per_call):
        rows = slice(start, start + per_call)
        noise = rng.standard_normal((len(x[rows]), samples, mean.shape[1])).astype(mean.dtype)
        z = mean[rows, None] + np.exp(log_variance[rows, None] / 2) * noise
        x_hat = decode(z.reshape(-1, z.shape[2])).reshape(*z.shape[:2], -1)
        found.append(bernoulli_log_density(x[rows, None], x_hat).mean(axis=1))
    return np.concatenate(found) - gaussian_kl(mean, log_variance)


def active_units(mean: Floats, *, threshold: float = 0.01) -> npt.NDArray[np.bool_]:
    r"""Say which code units depend on the image (Burda et al., 2016, section 5.2).

    Unit j is active if :math:`\mathrm{Var}_x(\mu_j(x))` exceeds the threshold: if the mean of its
    posterior moves when the image changes.

    Parameters
    ----------
    mean
        Posterior means, shape (n, k).
    threshold
        The paper's value is 0.01.

    Returns
    -------
    numpy.ndarray
        bool, shape (k,).

    Examples
    --------
    >>> active_units(np.array([[1.0, 0.0], [-1.0, 0.05]]))
    array([ True, False])
    """
    check_non_negative("threshold", threshold)
    moves: npt.NDArray[np.bool_] = np.var(np.asarray(mean, np.float64), axis=0) > threshold
    return moves


def binarise(x: Floats, *, kind: Binarisation, seed: int = 0) -> Floats:
    """Make black and white images of grey ones.

    Parameters
    ----------
    x
        Images with values in [0, 1]; unchanged.
    kind
        ``"threshold"``: 1 where a pixel exceeds 0.5. ``"stochastic"``: 1 with the pixel's value as
        its probability (Salakhutdinov and Murray, 2008).
    seed
        Seed of NumPy's default generator; a threshold needs none.

    Returns
    -------
    numpy.ndarray
        Zeros and ones, of the shape and dtype of ``x``.

    Raises
    ------
    ValueError
        If ``kind`` is unknown or a value lies outside [0, 1].

    Examples
    --------
    >>> binarise(np.array([0.2, 0.5, 0.9]), kind="threshold")
    array([0., 0., 1.])
    """
    check_choice("kind", kind, ("threshold", "stochastic"))
    if not (np.min(x) >= 0 and np.max(x) <= 1):
        raise ValueError(
            f"expected x to hold values in [0, 1], got values from {np.min(x):.6g} to "
            f"{np.max(x):.6g} — scale the pixels (x / 255)"
        )
    level = 0.5 if kind == "threshold" else np.random.default_rng(seed).random(x.shape)
    return (x > level).astype(x.dtype)


def variational_layers(
    sizes: Sequence[int], activation: Activation
) -> tuple[tuple[LayerShape, ...], LayerShape, tuple[LayerShape, ...]]:
    """Return the layers of the encoder with its mean, the second head, and the decoder.

    Parameters
    ----------
    sizes
        Input size, at least one hidden size, and code size.
    activation
        Activation of the hidden layers.

    Returns
    -------
    tuple
        Encoder, log-variance head and decoder.

    Raises
    ------
    TypeError, ValueError
        If the sizes are fewer than three, or no positive integers.

    Examples
    --------
    >>> variational_layers((784, 200, 2), "tanh")[1]
    LayerShape(n_in=200, n_out=2, activation='linear', tied=False)
    """
    sizes = check_sizes(sizes)
    if len(sizes) < 3:
        raise ValueError(
            "expected sizes to name the input, at least one hidden layer and the code, such as "
            f"(784, 200, 2), got {sizes}"
        )
    encoder = layer_chain(sizes, activation=activation, output="linear")
    decoder = layer_chain(sizes[::-1], activation=activation, output="sigmoid")
    return encoder, LayerShape(sizes[-2], sizes[-1], "linear"), decoder


def starting_weights(
    sizes: Sequence[int], *, activation: Activation, init: Init, seed: int, dtype: DType
) -> Weights:
    """Draw the starting weights of a variational autoencoder, the same for every framework.

    Parameters
    ----------
    sizes, activation
        As in `variational_layers`.
    init, seed, dtype
        As in `aecourse.architecture.initial_weights`.

    Returns
    -------
    dict
        Arrays by name.

    Examples
    --------
    >>> drawn = starting_weights(
    ...     (6, 4, 2), activation="tanh", init="glorot", seed=0, dtype="float32"
    ... )
    >>> drawn["log_variance.0.weight"].shape
    (4, 2)
    """
    encoder, head, decoder = variational_layers(sizes, activation)
    parts = {"encoder": encoder, "log_variance": (head,), "decoder": decoder}
    shapes = {
        f"{part}.{name}": shape
        for part, layers in parts.items()
        for name, shape in chain_weight_shapes(layers).items()
    }
    return initial_weights(shapes, init=init, seed=seed, dtype=dtype)


def images_at_a_time(k: int) -> int:
    """Return how many images to take when each is decoded from k codes, so that memory suffices."""
    check_positive_integer("k", k)
    return max(1, _DECODED_AT_A_TIME // k)
