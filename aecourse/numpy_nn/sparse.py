"""Sparse autoencoders in NumPy, its gradients by hand."""

import numpy as np
import numpy.typing as npt

from aecourse.numpy_nn.layers import Sequential
from aecourse.numpy_nn.losses import Loss, squared_error_per_image
from aecourse.numpy_nn.model import Autoencoder
from aecourse.sparse import (
    SMALLEST,
    Penalty,
    check_k,
    check_penalty,
    kept_units,
    kl_divergence,
)
from aecourse.validation import check_no_noise

__all__ = ["KSparseAutoencoder", "SparseAutoencoder"]

Floats = npt.NDArray[np.floating]


class SparseAutoencoder(Autoencoder):
    r"""An autoencoder that pays for every unit that is on.

    It minimises :math:`L(x, \hat x) + \lambda P(h)`. The penalty :math:`P` is the divergence of
    the units' mean activation from a small target (Ng, 2011, section 3), or the mean over images
    of the sum of all :math:`|h_j|`. Train it with ``minimise(model, x)``.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other, from `mlp` or `tied_decoder`.
    penalty
        ``"kl"``: needs a sigmoid code, and takes the mean over the minibatch. ``"l1"``.
    weight
        :math:`\lambda`, at least 0.
    target
        :math:`\rho`, the mean activation that ``"kl"`` wants; ``"l1"`` does not use it.
    loss
        Between the images and the outputs.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    TypeError, ValueError
        If an option is not as described, or the sizes do not fit.

    Examples
    --------
    >>> from aecourse.numpy_nn import minimise, mlp
    >>> model = SparseAutoencoder(mlp((8, 16)), mlp((16, 8)), overcomplete=True)
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = minimise(model, x, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        encoder: Sequential,
        decoder: Sequential,
        *,
        penalty: Penalty = "kl",
        weight: float = 1.0,
        target: float = 0.05,
        loss: Loss = squared_error_per_image,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        check_penalty(penalty, weight, target, self.encoder.layers[-1].activation)
        self.penalty: Penalty = penalty
        self.weight, self.target = weight, target
        self.reconstruction_loss = loss

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        """Return the loss plus the weighted penalty, and fill the gradients.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        float
            The objective.
        """
        check_no_noise(noise)
        code = self.encoder.forward(batch)
        x_hat = self.decoder.forward(code)
        loss = self.reconstruction_loss
        code_gradient = self.decoder.backward(loss.gradient(batch, x_hat, np.empty_like(x_hat)))
        value, penalty_gradient = self.penalty_of(code)
        self.backward_from_code(code_gradient + self.weight * penalty_gradient)
        return loss(batch, x_hat) + self.weight * value

    def penalty_of(self, code: Floats) -> tuple[float, Floats]:
        r"""Return the penalty and its derivative with respect to the codes.

        Parameters
        ----------
        code
            Activations, shape (n, n_code).

        Returns
        -------
        value : float
            Sum over units: of :math:`\mathrm{KL}(\rho \| \hat\rho_j)`, or of the mean of
            :math:`|h_j|` over the images.
        gradient : numpy.ndarray
            Shape (n, n_code); for KL, :math:`\frac1n\left(-\frac{\rho}{\hat\rho_j} +
            \frac{1-\rho}{1-\hat\rho_j}\right)` in every row.
        """
        n, rho = len(code), self.target
        if self.penalty == "l1":
            return float(np.abs(code).sum()) / n, np.sign(code) / n
        mean = code.mean(axis=0)
        clipped = np.clip(mean, SMALLEST, 1 - SMALLEST)
        slope = (-rho / clipped + (1 - rho) / (1 - clipped)) * (mean == clipped) / n
        return float(kl_divergence(rho, mean).sum()), np.broadcast_to(slope, code.shape)


class KSparseAutoencoder(Autoencoder):
    """An autoencoder whose code keeps its k largest units and zeroes the others.

    In training the gradient reaches the kept units only. Outside training, `encode` keeps
    ``alpha * k`` units: more were worth keeping than training could feed (Makhzani and Frey,
    2013). Train it with ``minimise(model, x)``; ``model.k`` may be changed between
    two calls, see `aecourse.sparse.sparsity_schedule`.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other, from `mlp` or `tied_decoder`. The paper's code is
        linear and its decoder tied.
    k
        Units kept in training. If several equal the k-th largest, all of them are kept.
    alpha
        Factor of ``k`` outside training, at least 1.
    loss
        Between the images and the outputs.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    TypeError, ValueError
        If an option is not as described, or the sizes do not fit.

    Examples
    --------
    >>> from aecourse.numpy_nn import encode, mlp
    >>> model = KSparseAutoencoder(mlp((8, 6), output="linear"), mlp((6, 8)), k=2)
    >>> x = np.random.default_rng(0).random((5, 8), dtype="float32")
    >>> (encode(model, x) != 0).sum(axis=1)
    array([2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        encoder: Sequential,
        decoder: Sequential,
        *,
        k: int,
        alpha: float = 1.0,
        loss: Loss = squared_error_per_image,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        check_k(k, alpha, self.encoder.layers[-1].n_out)
        self.k, self.alpha = k, alpha
        self.reconstruction_loss = loss
        self._kept: npt.NDArray[np.bool_] = np.empty((0, 0), bool)

    def encode(self, x: Floats) -> Floats:
        """Return the codes, shape (n, n_code): all but the largest ``alpha * k`` are zero."""
        z = self.encoder(x)
        return z * _largest(z, kept_units(self.k, self.alpha, z.shape[1]))

    def forward(self, x: Floats) -> Floats:
        """Reconstruct ``x`` from its ``k`` largest units, remembering what `backward` needs."""
        z = self.encoder.forward(x)
        self._kept = _largest(z, self.k)
        return self.decoder.forward(z * self._kept)

    def backward(self, gradient: Floats) -> None:
        """Fill every layer's gradients; units that were not kept get none."""
        self.backward_from_code(self.decoder.backward(gradient) * self._kept)

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        """Return the loss of reconstructions from ``k`` units, and fill the gradients.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        float
            The loss.
        """
        check_no_noise(noise)
        x_hat = self.forward(batch)
        self.backward(self.reconstruction_loss.gradient(batch, x_hat, np.empty_like(x_hat)))
        return self.reconstruction_loss(batch, x_hat)


def _largest(z: Floats, k: int) -> npt.NDArray[np.bool_]:
    """Mark the k largest entries of each row; what equals the k-th is marked as well."""
    smallest_kept = np.partition(z, -k, axis=1)[:, -k, None]
    marked: npt.NDArray[np.bool_] = z >= smallest_kept
    return marked
