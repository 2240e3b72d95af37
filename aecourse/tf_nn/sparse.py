"""Sparse autoencoders in TensorFlow."""

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from aecourse.sparse import SMALLEST, Penalty, check_k, check_penalty, kept_units
from aecourse.tf_nn.losses import squared_error_per_image
from aecourse.tf_nn.model import Autoencoder
from aecourse.validation import check_no_noise

__all__ = ["KSparseAutoencoder", "SparseAutoencoder"]

Loss = Callable[[Any, Any], Any]


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
    >>> import numpy as np
    >>> from aecourse.tf_nn import minimise, mlp
    >>> model = SparseAutoencoder(mlp((8, 16)), mlp((16, 8)), overcomplete=True)
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = minimise(model, x, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        encoder: keras.Sequential,
        decoder: keras.Sequential,
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

    def objective(self, batch: Any, noise: Any) -> Any:
        """Return the loss plus the weighted penalty.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        tf.Tensor
            A scalar.
        """
        check_no_noise(noise)
        code = self.encode(batch)
        loss = self.reconstruction_loss(batch, self.decode(code))
        return loss + self.weight * self.penalty_of(code)

    def penalty_of(self, code: Any) -> Any:
        r"""Return the penalty on codes, shape (n, n_code).

        Parameters
        ----------
        code
            Activations.

        Returns
        -------
        tf.Tensor
            Sum over units: of :math:`\mathrm{KL}(\rho \| \hat\rho_j)`, or of the mean of
            :math:`|h_j|` over the images.
        """
        if self.penalty == "l1":
            return tf.reduce_mean(tf.reduce_sum(tf.abs(code), axis=1))
        rho, mean = self.target, tf.reduce_mean(code, axis=0)
        mean = tf.clip_by_value(mean, SMALLEST, 1 - SMALLEST)
        on = rho * (math.log(rho) - tf.math.log(mean))
        off = (1 - rho) * (math.log(1 - rho) - tf.math.log1p(-mean))
        return tf.reduce_sum(on + off)


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
    >>> import numpy as np
    >>> from aecourse.tf_nn import encode, mlp
    >>> model = KSparseAutoencoder(mlp((8, 6), output="linear"), mlp((6, 8)), k=2)
    >>> x = np.random.default_rng(0).random((5, 8), dtype="float32")
    >>> (encode(model, x) != 0).sum(axis=1)
    array([2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        encoder: keras.Sequential,
        decoder: keras.Sequential,
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

    def encode(self, x: Any) -> Any:
        """Return the codes, shape (n, n_code): all but the largest ``alpha * k`` are zero."""
        z = self.encoder(x)
        return _keep_largest(z, kept_units(self.k, self.alpha, z.shape[1]))

    def objective(self, batch: Any, noise: Any) -> Any:
        """Return the loss of reconstructions from ``k`` units.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        tf.Tensor
            A scalar.
        """
        check_no_noise(noise)
        x_hat = self.decode(_keep_largest(self.encoder(batch), self.k))
        return self.reconstruction_loss(batch, x_hat)


def _keep_largest(z: Any, k: int) -> Any:
    """Zero all but the k largest entries of each row; what equals the k-th is kept as well."""
    smallest_kept = tf.math.top_k(tf.stop_gradient(z), k).values[:, -1:]
    return z * tf.cast(z >= smallest_kept, z.dtype)
