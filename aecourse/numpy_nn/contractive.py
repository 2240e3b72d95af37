"""The contractive autoencoder in NumPy, its gradients by hand."""

import numpy as np
import numpy.typing as npt

from aecourse.contractive import check_contractive, check_one_layer, frobenius_norms
from aecourse.numpy_nn.layers import Sequential
from aecourse.numpy_nn.losses import Loss, squared_error_per_image
from aecourse.numpy_nn.model import Autoencoder, get_weights
from aecourse.numpy_nn.sparse import KSparseAutoencoder
from aecourse.numpy_nn.training import encode
from aecourse.validation import check_no_noise, check_non_negative

__all__ = ["ContractiveAutoencoder", "jacobian_norm"]

Floats = npt.NDArray[np.floating]


class ContractiveAutoencoder(Autoencoder):
    r"""An autoencoder that pays for a code that moves when the image moves.

    It minimises :math:`L(x, \hat x) + \lambda \|J(x)\|_F^2`, the mean over images, where
    :math:`J = \partial h / \partial x` is the Jacobian of its encoder, one layer of sigmoids
    (Rifai et al., 2011). Train it with ``minimise(model, x)``.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other, from `mlp` or `tied_decoder`; the encoder is one
        sigmoid layer.
    weight
        :math:`\lambda`, at least 0.
    loss
        Between the images and the outputs.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    TypeError, ValueError
        If the encoder is not one sigmoid layer, the weight is negative or the sizes do not fit.

    Examples
    --------
    >>> from aecourse.numpy_nn import minimise, mlp
    >>> model = ContractiveAutoencoder(mlp((8, 6)), mlp((6, 8)), weight=0.1)
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
        weight: float = 0.1,
        loss: Loss = squared_error_per_image,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        check_contractive(self.encoder.layers)
        check_non_negative("weight", weight)
        self.weight = weight
        self.reconstruction_loss = loss

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        r"""Return the loss plus the weighted penalty, and fill the gradients.

        With :math:`s = h(1-h)`, the penalty of one image is :math:`\sum_j s_j^2 \sum_i W_{ij}^2`.

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
        layer, n = self.encoder.layers[0], len(batch)
        h = self.encoder.forward(batch)
        x_hat = self.decoder.forward(h)
        slope, squares = h * (1 - h), (layer.weight**2).sum(axis=0)
        loss = self.reconstruction_loss
        value = loss(batch, x_hat) + self.weight * float((slope**2 @ squares).sum()) / n
        # The penalty depends on the codes through the slopes, and on the weights by themselves.
        at_code = (2 * self.weight / n) * slope * (1 - 2 * h) * squares
        at_weight = (2 * self.weight / n) * layer.weight * (slope**2).sum(axis=0)
        code_gradient = self.decoder.backward(loss.gradient(batch, x_hat, np.empty_like(x_hat)))
        self.backward_from_code(code_gradient + at_code)
        layer.weight_gradient += at_weight
        return value


def jacobian_norm(model: Autoencoder, x: Floats) -> Floats:
    """Return how far a code can move when the image moves: the Frobenius norm of its Jacobian.

    Parameters
    ----------
    model
        An autoencoder whose encoder is one layer of sigmoid, ReLU or linear units, but not a
        k-sparse one.
    x
        Images, shape (n, n_in).

    Returns
    -------
    numpy.ndarray
        One norm an image, shape (n,); see `aecourse.contractive.frobenius_norms`.

    Raises
    ------
    TypeError, ValueError
        If the encoder has several layers or another activation, or ``x`` is not as described.

    Examples
    --------
    >>> from aecourse.numpy_nn import autoencoder
    >>> jacobian_norm(autoencoder((3, 2)), np.ones((5, 3), "float32")).shape
    (5,)
    """
    if isinstance(model, KSparseAutoencoder):
        raise TypeError(
            "expected a code that is one layer and nothing else, got a KSparseAutoencoder — its "
            "units that are not kept have no slope"
        )
    check_one_layer(model.encoder.layers)
    activation = model.encoder.layers[0].activation
    return frobenius_norms(encode(model, x), get_weights(model)["encoder.0.weight"], activation)
