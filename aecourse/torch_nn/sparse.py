"""Sparse autoencoders in PyTorch."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from aecourse.sparse import SMALLEST, Penalty, check_k, check_penalty, kept_units
from aecourse.torch_nn.losses import squared_error_per_image
from aecourse.torch_nn.model import Autoencoder
from aecourse.validation import check_no_noise

__all__ = ["KSparseAutoencoder", "SparseAutoencoder"]

Loss = Callable[[Tensor, Tensor], Tensor]


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
    >>> from aecourse.torch_nn import minimise, mlp
    >>> model = SparseAutoencoder(mlp((8, 16)), mlp((16, 8)), overcomplete=True)
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = minimise(model, x, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        *,
        penalty: Penalty = "kl",
        weight: float = 1.0,
        target: float = 0.05,
        loss: Loss = squared_error_per_image,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        check_penalty(penalty, weight, target, self.layers("encoder")[-1].activation)
        self.penalty: Penalty = penalty
        self.weight, self.target = weight, target
        self.reconstruction_loss = loss

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return the loss plus the weighted penalty.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        torch.Tensor
            A scalar.
        """
        check_no_noise(noise)
        code = self.encode(batch)
        loss = self.reconstruction_loss(batch, self.decode(code))
        return loss + self.weight * self.penalty_of(code)

    def penalty_of(self, code: Tensor) -> Tensor:
        r"""Return the penalty on codes, shape (n, n_code).

        Parameters
        ----------
        code
            Activations.

        Returns
        -------
        torch.Tensor
            Sum over units: of :math:`\mathrm{KL}(\rho \| \hat\rho_j)`, or of the mean of
            :math:`|h_j|` over the images.
        """
        if self.penalty == "l1":
            return code.abs().sum(dim=1).mean()
        rho, mean = self.target, code.mean(dim=0).clamp(SMALLEST, 1 - SMALLEST)
        on = rho * (math.log(rho) - mean.log())
        off = (1 - rho) * (math.log(1 - rho) - torch.log1p(-mean))
        return (on + off).sum()


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
    >>> from aecourse.torch_nn import encode, mlp
    >>> model = KSparseAutoencoder(mlp((8, 6), output="linear"), mlp((6, 8)), k=2)
    >>> x = np.random.default_rng(0).random((5, 8), dtype="float32")
    >>> (encode(model, x) != 0).sum(axis=1)
    array([2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        *,
        k: int,
        alpha: float = 1.0,
        loss: Loss = squared_error_per_image,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        check_k(k, alpha, self.layers("encoder")[-1].n_out)
        self.k, self.alpha = k, alpha
        self.reconstruction_loss = loss

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes, shape (n, n_code): all but the largest ``alpha * k`` are zero."""
        z: Tensor = self.encoder(x)
        return _keep_largest(z, kept_units(self.k, self.alpha, z.shape[1]))

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return the loss of reconstructions from ``k`` units.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            None: nothing here is random.

        Returns
        -------
        torch.Tensor
            A scalar.
        """
        check_no_noise(noise)
        x_hat = self.decode(_keep_largest(self.encoder(batch), self.k))
        return self.reconstruction_loss(batch, x_hat)


def _keep_largest(z: Tensor, k: int) -> Tensor:
    """Zero all but the k largest entries of each row; what equals the k-th is kept as well."""
    smallest_kept = z.detach().topk(k, dim=1).values[:, -1:]
    return z * (z >= smallest_kept)
