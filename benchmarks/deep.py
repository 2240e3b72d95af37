"""The deep autoencoder of Hinton and Salakhutdinov (2006) on all of MNIST, without pretraining."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn.functional import pad

from aecourse import torch_nn
from aecourse.data import Dataset
from aecourse.torch_nn import Adam, Autoencoder, mean_squared_error, minimise

__all__ = ["SHIFTED_STAGES", "SIZES", "STAGES", "ShiftedAutoencoder", "deep", "shifted"]

SIZES = (784, 1000, 500, 250, 30)
BATCH_SIZE = 250
# The step shrinks by a factor of three or so from stage to stage: learning rate, epochs.
STAGES = ((1e-3, 50), (3e-4, 30), (1e-4, 20), (3e-5, 10))
SHIFTED_STAGES = ((1e-3, 40), (3e-4, 20), (1e-4, 15), (3e-5, 5))
SIDE = 28
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""Down, up, right, left."""


class ShiftedAutoencoder(Autoencoder):
    """Trained on images of which half are shifted by one pixel, drawn anew each time."""

    def noise(self, rng: np.random.Generator, n: int) -> npt.NDArray[np.float32]:
        """Return uniform numbers, shape (n, 1), which say where each image goes."""
        return rng.random((n, 1), dtype=np.float32)

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return the mean squared error of the shifted images' reconstructions."""
        if noise is None:
            raise TypeError("expected noise from this model's own noise(rng, n), got None")
        images = shifted(batch, noise[:, 0])
        return mean_squared_error(images, self(images))


def shifted(batch: Tensor, chance: Tensor) -> Tensor:
    """Shift each image by one pixel where its chance is below one half.

    Parameters
    ----------
    batch
        Images, shape (n, 784).
    chance
        Numbers in [0, 1), shape (n,): an eighth for each direction, the upper half for none.

    Returns
    -------
    torch.Tensor
        Images, shape (n, 784), with black where nothing came from.
    """
    images = batch.reshape(-1, SIDE, SIDE)
    moved, framed = images.clone(), pad(images, (1, 1, 1, 1))
    drawn = (chance * 2 * len(DIRECTIONS)).int()
    for number, (down, right) in enumerate(DIRECTIONS):
        chosen = drawn == number
        moved[chosen] = framed[chosen, 1 - down : SIDE + 1 - down, 1 - right : SIDE + 1 - right]
    return moved.reshape(batch.shape)


def deep(seed: int, *, data: Dataset, shift: bool) -> Iterator[tuple[str, float]]:
    """Train 784-1000-500-250-30 and back, tanh inside, a linear code and a sigmoid output.

    Parameters
    ----------
    seed
        Of the starting weights, of the order of the images and of their shifts.
    data
        The full MNIST; all training images are used.
    shift
        Whether half of the images are shifted by one pixel. If so, fewer epochs are enough.

    Yields
    ------
    tuple of str and float
        What was measured, and its value. Both errors are of images that are not shifted.
    """
    model = torch_nn.autoencoder(SIZES, activation="tanh", code="linear", seed=seed)
    if shift:
        model = ShiftedAutoencoder(model.encoder, model.decoder)
    for number, (learning_rate, epochs) in enumerate(SHIFTED_STAGES if shift else STAGES):
        options: dict[str, Any] = {
            "optimizer": Adam(learning_rate),
            "epochs": epochs,
            "batch_size": BATCH_SIZE,
            "seed": seed + 100 * number,
        }
        if isinstance(model, ShiftedAutoencoder):
            minimise(model, data.x_train, noise=model.noise, **options)
        else:
            torch_nn.fit(model, data.x_train, **options)
    for name, images in (("training", data.x_train), ("test", data.x_test)):
        error = torch_nn.evaluate(model, images, loss=torch_nn.squared_error_per_image)
        yield f"{name} error per image", error
