"""The variational autoencoder in PyTorch."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aecourse.architecture import Activation, DType, Init
from aecourse.torch_nn.losses import binary_cross_entropy_per_image
from aecourse.torch_nn.model import Autoencoder, block_parameters, mlp, set_weights, to_tensor
from aecourse.torch_nn.training import decode
from aecourse.training import in_batches
from aecourse.validation import (
    check_images,
    check_model,
    check_non_negative,
    check_positive_integer,
)
from aecourse.variational import (
    NOISE_IS_MISSING,
    images_at_a_time,
    sampled_elbo,
    starting_weights,
    variational_layers,
    weighted_bound,
)

__all__ = [
    "VariationalAutoencoder",
    "elbo",
    "importance_weighted_bound",
    "log_weights",
    "posterior",
    "sample",
]

Floats = npt.NDArray[np.floating]

_CLIP = 1e-7


class VariationalAutoencoder(Autoencoder):
    """An autoencoder whose code is a distribution (Kingma and Welling, 2014).

    The encoder has two heads on its last hidden layer: the mean and the log-variance of a Gaussian.
    The decoder gives the probability of a 1 for each pixel. What `minimise` makes small is the
    negative ELBO. `encode` returns the mean, so `reconstruct` and `evaluate` use no noise.

    Parameters
    ----------
    sizes
        Input size, at least one hidden size, and code size: ``(784, 200, 2)``.
    activation
        Activation of the hidden layers.
    beta
        Weight of the KL term (Higgins et al., 2017, eq. 4); 1 gives the ELBO.
    init, seed, dtype
        How starting weights are drawn; see `aecourse.architecture.initial_weights`. The same seed
        gives the same starting weights in all three frameworks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import minimise
    >>> model = VariationalAutoencoder((6, 4, 2))
    >>> x = (np.random.default_rng(0).random((500, 6)) < 0.9).astype("float32")
    >>> def draw(rng, n):
    ...     return rng.standard_normal((n, 2))
    >>> history = minimise(model, x, noise=draw, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        beta: float = 1.0,
        init: Init = "glorot",
        seed: int = 0,
        dtype: DType = "float32",
    ) -> None:
        check_non_negative("beta", beta)
        variational_layers(sizes, activation)
        hidden: dict[str, Any] = {"activation": activation, "dtype": dtype}
        super().__init__(
            mlp(sizes, output="linear", **hidden),
            mlp(sizes[::-1], output="sigmoid", **hidden),
            overcomplete=True,  # the KL keeps it from copying, whatever the size of the code
        )
        self.log_variance = mlp(sizes[-2:], output="linear", dtype=dtype)
        self.n_in, self.n_code, self.beta = int(sizes[0]), int(sizes[-1]), float(beta)
        drawn = starting_weights(sizes, activation=activation, init=init, seed=seed, dtype=dtype)
        set_weights(self, drawn)

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return each parameter by name: those of the second head stand in the middle."""
        return {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.log_variance, "log_variance"),
            **block_parameters(self.decoder, "decoder"),
        }

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance, shape (n, n_code) each, of inputs ``x``, (n, n_in)."""
        *below, mean = self.encoder
        hidden = x
        for layer in below:
            hidden = layer(hidden)
        return mean(hidden), self.log_variance(hidden)

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        r"""Return the negative ELBO.

        Parameters
        ----------
        batch
            Images with values in [0, 1], shape (n, n_in).
        noise
            :math:`\varepsilon`, standard normal, shape (n, n_code): the code is
            :math:`z = \mu + \sigma\odot\varepsilon`.

        Returns
        -------
        torch.Tensor
            A scalar in nats: sum over pixels and code units, mean over images.
        """
        if noise is None:
            raise TypeError(NOISE_IS_MISSING)
        mean, log_variance = self.posterior(batch)
        x_hat = self.decode(mean + (log_variance / 2).exp() * noise)
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
        return binary_cross_entropy_per_image(batch, x_hat) + self.beta * kl.mean()

    def log_weights(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return log importance weights (n, k), given inputs (n, n_in), noise (n, k, n_code)."""
        mean, log_variance = (head[:, None] for head in self.posterior(x))
        z = mean + (log_variance / 2).exp() * noise
        x_hat = self.decode(z).clamp(_CLIP, 1 - _CLIP)
        of_image = x[:, None] * x_hat.log() + (1 - x[:, None]) * torch.log1p(-x_hat)
        # Both Gaussians have the same constant, which drops out of the difference.
        prior = -(z**2).sum(dim=2) / 2
        own = -(log_variance + noise**2).sum(dim=2) / 2
        return of_image.sum(dim=2) + prior - own


def posterior(
    model: VariationalAutoencoder, x: Floats, *, batch_size: int = 1000
) -> tuple[Floats, Floats]:
    """Return the mean and the log-variance of each image's code.

    Parameters
    ----------
    model
        Unchanged.
    x
        Images, shape (n, n_in).
    batch_size
        Images at a time.

    Returns
    -------
    mean, log_variance : numpy.ndarray
        Shape (n, n_code) each.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> mean, log_variance = posterior(
    ...     VariationalAutoencoder((6, 4, 2)), np.ones((5, 6), "float32")
    ... )
    >>> mean.shape, log_variance.shape
    ((5, 2), (5, 2))
    """
    check_model(model, VariationalAutoencoder)
    check_images("x", x, model.n_in, unit_interval=True)

    def heads(rows: Floats) -> Floats:
        images = to_tensor(rows, next(model.parameters()))
        return torch.cat(model.posterior(images), dim=1).cpu().numpy()

    with torch.no_grad():
        joined = in_batches(heads, x, batch_size=batch_size)
    return joined[:, : model.n_code], joined[:, model.n_code :]


def log_weights(model: VariationalAutoencoder, x: Floats, k: int, *, seed: int = 0) -> Floats:
    r"""Draw k codes from each image's posterior and return their log importance weights.

    :math:`\log w = \log p(x|z) + \log p(z) - \log q(z|x)` (Burda et al., 2016, section 3).

    Parameters
    ----------
    model
        Unchanged.
    x
        Images of zeros and ones, shape (n, n_in).
    k
        Codes an image.
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), in nats; `aecourse.variational.weighted_bound` makes bounds of them.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> log_weights(VariationalAutoencoder((6, 4, 2)), np.ones((5, 6), "float32"), 3).shape
    (5, 3)
    """
    check_model(model, VariationalAutoencoder)
    check_images("x", x, model.n_in, unit_interval=True)
    rng = np.random.default_rng(seed)

    def of_rows(rows: Floats) -> Floats:
        images = to_tensor(rows, next(model.parameters()))
        noise = to_tensor(rng.standard_normal((len(rows), k, model.n_code)), images)
        return model.log_weights(images, noise).cpu().numpy()

    with torch.no_grad():
        return in_batches(of_rows, x, batch_size=images_at_a_time(k))


def elbo(model: VariationalAutoencoder, x: Floats, *, samples: int = 1, seed: int = 0) -> Floats:
    r"""Return the evidence lower bound of each image, its KL term in closed form.

    :math:`E_q[\log p(x|z)] - KL(q(z|x)\,\|\,p(z))` (Kingma and Welling, 2014, eq. 3), the first
    term estimated from samples. The model's ``beta`` plays no part: it changes training, not what
    a bound is.

    Parameters
    ----------
    model
        Unchanged.
    x
        Images of zeros and ones, shape (n, n_in).
    samples
        Codes an image.
    seed
        Seed of NumPy's default generator; the codes are those of `log_weights`.

    Returns
    -------
    numpy.ndarray
        Shape (n,), in nats.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> elbo(VariationalAutoencoder((6, 4, 2)), np.ones((5, 6), "float32")).shape
    (5,)
    """
    mean, log_variance = posterior(model, x)
    return sampled_elbo(x, mean, log_variance, partial(decode, model), samples=samples, seed=seed)


def importance_weighted_bound(
    model: VariationalAutoencoder, x: Floats, k: int, *, seed: int = 0
) -> Floats:
    """Return the importance weighted bound of each image (Burda et al., 2016, eq. 8).

    Parameters
    ----------
    model
        Unchanged.
    x
        Images of zeros and ones, shape (n, n_in).
    k
        Codes an image; the expectation of the bound rises with k towards log p(x).
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), in nats.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = VariationalAutoencoder((6, 4, 2))
    >>> importance_weighted_bound(model, np.ones((5, 6), "float32"), 10).shape
    (5,)
    """
    return weighted_bound(log_weights(model, x, k, seed=seed), k)


def sample(model: VariationalAutoencoder, n: int, *, seed: int = 0) -> Floats:
    """Draw codes from the prior N(0, I) and decode them.

    Parameters
    ----------
    model
        Unchanged.
    n
        How many.
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        Shape (n, n_in): for each pixel the probability of a 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> sample(VariationalAutoencoder((6, 4, 2)), 3).shape
    (3, 6)
    """
    check_model(model, VariationalAutoencoder)
    check_positive_integer("n", n)
    z = np.random.default_rng(seed).standard_normal((n, model.n_code))
    return decode(model, z)
