"""The denoising autoencoder in TensorFlow."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from aecourse.corruption import Corruption
from aecourse.tf_nn.losses import mean_squared_error
from aecourse.tf_nn.model import Autoencoder
from aecourse.validation import check_noise

__all__ = ["DenoisingAutoencoder"]

Floats = npt.NDArray[np.floating]
Loss = Callable[[Any, Any], Any]


class DenoisingAutoencoder(Autoencoder):
    r"""An autoencoder that sees damaged images and is asked for the undamaged ones.

    It minimises :math:`L(x, g(f(\tilde x)))`, where :math:`\tilde x` is a damaged copy of
    :math:`x` (Vincent et al., 2010, section 3.1). Train it with
    ``minimise(model, x, noise=model.noise)``.

    Parameters
    ----------
    encoder, decoder
        Blocks whose sizes mirror each other, from `mlp` or `tied_decoder`.
    corruption
        How images are damaged in training.
    loss
        Between the undamaged images and the outputs.
    overcomplete
        Whether a code larger than the input is wanted.

    Raises
    ------
    ValueError
        If the sizes do not fit, or the code is larger than the input without ``overcomplete``.

    Examples
    --------
    >>> from aecourse.tf_nn import minimise, mlp
    >>> model = DenoisingAutoencoder(
    ...     mlp((8, 6)), mlp((6, 8)), corruption=Corruption("masking", 0.25)
    ... )
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = minimise(model, x, noise=model.noise, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        encoder: keras.Sequential,
        decoder: keras.Sequential,
        *,
        corruption: Corruption,
        loss: Loss = mean_squared_error,
        overcomplete: bool = False,
    ) -> None:
        super().__init__(encoder, decoder, overcomplete=overcomplete)
        self.corruption = corruption
        self.reconstruction_loss = loss

    def noise(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw the damage of ``n`` images, shape (n, 2, n_in): what `minimise` asks for."""
        return self.corruption.draw(rng, (n, self.encoder.layers[0].n_in))

    def objective(self, batch: Any, noise: Any) -> Any:
        """Damage the batch, reconstruct it, and compare with the undamaged batch.

        Parameters
        ----------
        batch
            Undamaged images, shape (n, n_in).
        noise
            What `noise` drew.

        Returns
        -------
        tf.Tensor
            A scalar.

        Raises
        ------
        TypeError
            If there is no noise.
        """
        check_noise(noise)
        return self.reconstruction_loss(batch, self(self.corruption.apply(batch, noise)))
