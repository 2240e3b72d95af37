"""The vector-quantised autoencoder in PyTorch, straight through by ``detach``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from aecourse.architecture import Activation, DType, Init
from aecourse.device import torch_device
from aecourse.torch_nn.losses import squared_error_per_image
from aecourse.torch_nn.model import (
    Autoencoder,
    block_parameters,
    mlp,
    set_weights,
    to_numpy,
    to_tensor,
)
from aecourse.torch_nn.training import decode
from aecourse.training import in_batches
from aecourse.validation import check_images, check_model, check_positive_integer
from aecourse.vector_quantised import (
    check_codebook,
    check_quantiser,
    check_words,
    nearest_words,
    starting_weights,
)

__all__ = [
    "VectorQuantisedAutoencoder",
    "code_vectors",
    "decode_words",
    "get_codebook",
    "set_codebook",
    "word_indices",
]

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]

_LEAST_COUNT = 1e-12


class VectorQuantisedAutoencoder(Autoencoder):
    """An autoencoder whose code is made of words from a codebook (van den Oord et al., 2017).

    The encoder's output is cut into groups of equal size. Each group is replaced by its nearest
    word, the first one where several are equally near; all groups share one codebook. `encode`
    returns the words, so `reconstruct` and `evaluate` see what a decoder of bits would see.

    Parameters
    ----------
    sizes
        Input size, hidden sizes, and size of the code before it is cut: ``(784, 256, 32)``.
    n_words
        Words of the codebook.
    groups
        Number of pieces of the code; it divides the code size.
    activation
        Activation of the hidden layers.
    commitment
        Weight of the loss that ties the encoder to the words it chose.
    ema
        None trains the codebook by its own loss. A number in [0, 1) is the decay of moving averages
        that move the words instead; then the codebook is no parameter but a statistic.
    init, seed, dtype
        How starting weights are drawn; see `aecourse.architecture.initial_weights`. The same seed
        gives the same starting weights, and the same codebook, in all three frameworks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import minimise
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> x = np.random.default_rng(0).random((200, 6), dtype="float32")
    >>> history = minimise(model, x, epochs=5, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    counts: Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        n_words: int = 64,
        groups: int = 8,
        activation: Activation = "relu",
        commitment: float = 0.25,
        ema: float | None = None,
        init: Init = "glorot",
        seed: int = 0,
        dtype: DType = "float32",
    ) -> None:
        sizes = check_quantiser(sizes, n_words, groups, commitment, ema)
        hidden: dict[str, Any] = {"activation": activation, "dtype": dtype}
        super().__init__(
            mlp(sizes, output="linear", **hidden), mlp(sizes[::-1], output="sigmoid", **hidden)
        )
        self.n_in, self.n_words, self.groups = sizes[0], n_words, groups
        self.commitment, self.ema = float(commitment), ema
        options: dict[str, Any] = {"dtype": getattr(torch, dtype), "device": torch_device()}
        self.codebook = nn.Parameter(
            torch.zeros(n_words, sizes[-1] // groups, **options), requires_grad=ema is None
        )
        self.register_buffer("counts", torch.ones(n_words, **options))
        drawn = starting_weights(
            sizes, n_words, groups, activation=activation, init=init, seed=seed, dtype=dtype
        )
        set_codebook(self, drawn["codebook"])
        set_weights(self, {name: drawn[name] for name in self.parameters_by_name()})

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return each parameter by name; the codebook is one where its loss trains it."""
        parameters = {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.decoder, "decoder"),
        }
        if self.ema is None:
            parameters["codebook"] = self.codebook
        return parameters

    def quantise(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return words in place of codes ``z``, (n, n_code), and their numbers, (n, groups)."""
        vectors = z.detach().reshape(len(z), self.groups, 1, -1)
        indices = ((vectors - self.codebook.detach()) ** 2).sum(dim=3).argmin(dim=2)
        return self.codebook[indices].reshape(z.shape), indices

    def encode(self, x: Tensor) -> Tensor:
        """Return the words, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        return self.quantise(self.encoder(x))[0]

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return what van den Oord et al. (2017, eq. 3) minimise, with a squared error.

        Squared error of the reconstruction, plus squared distance of the words to the encoder's
        output (without ``ema``), plus ``commitment`` times that of the output to its words. What
        is detached counts as a constant in the gradient.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            Not used.

        Returns
        -------
        torch.Tensor
            A scalar. Sum over pixels and code units, mean over images.
        """
        del noise
        z = self.encoder(batch)
        words, indices = self.quantise(z)
        # The value is that of the words, the gradient goes to z.
        x_hat = self.decode(z + (words - z).detach())
        value = squared_error_per_image(batch, x_hat)
        value = value + self.commitment * _squares_per_image(z - words.detach())
        if self.ema is None:
            return value + _squares_per_image(z.detach() - words)
        self._move_words(z.detach(), indices, self.ema)
        return value

    @torch.no_grad()
    def _move_words(self, z: Tensor, indices: Tensor, decay: float) -> None:
        # As in aecourse.vector_quantised.moving_average.
        chosen = nn.functional.one_hot(indices.ravel(), self.n_words).to(z.dtype)
        n, s = chosen.sum(dim=0), chosen.T @ z.reshape(-1, self.codebook.shape[1])
        self.counts.mul_(decay).add_(n, alpha=1 - decay)
        step = (1 - decay) / self.counts.clamp(min=_LEAST_COUNT)
        self.codebook.add_(step[:, None] * (s - n[:, None] * self.codebook))


def code_vectors(model: VectorQuantisedAutoencoder, x: Floats, *, batch_size: int = 1000) -> Floats:
    """Return what the encoder gives before it is quantised, cut into groups.

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
    numpy.ndarray
        Shape (n, groups, size of a word).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> code_vectors(model, np.ones((5, 6), "float32")).shape
    (5, 2, 2)
    """
    check_model(model, VectorQuantisedAutoencoder)
    check_images("x", x, model.n_in, unit_interval=True)

    def of_rows(rows: Floats) -> Floats:
        codes: Floats = model.encoder(to_tensor(rows, model.codebook)).cpu().numpy()
        return codes

    with torch.no_grad():
        codes = in_batches(of_rows, x, batch_size=batch_size)
    return codes.reshape(len(x), model.groups, -1)


def word_indices(
    model: VectorQuantisedAutoencoder, x: Floats, *, batch_size: int = 100
) -> Integers:
    """Return the numbers of the words that images are coded by.

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
    numpy.ndarray
        Integers in 0 … n_words - 1, shape (n, groups).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> word_indices(model, np.ones((5, 6), "float32")).shape
    (5, 2)
    """
    vectors = code_vectors(model, x)
    codebook = get_codebook(model)
    check_positive_integer("batch_size", batch_size)
    parts = range(0, len(vectors), batch_size)
    return np.concatenate(
        [nearest_words(vectors[start : start + batch_size], codebook) for start in parts]
    )


def decode_words(model: VectorQuantisedAutoencoder, indices: Integers) -> Floats:
    """Return the images that words stand for: all that a receiver of bits needs.

    Parameters
    ----------
    model
        Unchanged.
    indices
        Integers in 0 … n_words - 1, shape (n, groups).

    Returns
    -------
    numpy.ndarray
        Images, shape (n, n_in).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> decode_words(model, np.array([[0, 7]])).shape
    (1, 6)
    """
    codebook = get_codebook(model)
    check_words(indices, model.groups, model.n_words)
    return decode(model, codebook[indices].reshape(len(indices), -1))


def get_codebook(model: VectorQuantisedAutoencoder) -> Floats:
    """Return a copy of the codebook.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    numpy.ndarray
        One word a row, shape (n_words, size of a word).

    Raises
    ------
    TypeError
        If ``model`` is no model of this module.

    Examples
    --------
    >>> get_codebook(VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)).shape
    (8, 2)
    """
    check_model(model, VectorQuantisedAutoencoder)
    return to_numpy("codebook", model.codebook)


def set_codebook(model: VectorQuantisedAutoencoder, codebook: Floats) -> None:
    """Replace the codebook; with ``ema``, each word's count starts at one again.

    Parameters
    ----------
    model
        Changed in place.
    codebook
        One word a row, shape (n_words, size of a word).

    Raises
    ------
    TypeError, ValueError
        If the shape does not fit or a number is not finite. The model is unchanged.

    Examples
    --------
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> set_codebook(model, np.zeros((8, 2)))
    """
    check_model(model, VectorQuantisedAutoencoder)
    check_codebook(codebook, (model.n_words, model.codebook.shape[1]))
    with torch.no_grad():
        model.codebook.copy_(to_tensor(codebook, model.codebook))
        model.counts.fill_(1)


def _squares_per_image(difference: Tensor) -> Tensor:
    return torch.sum(difference**2) / len(difference)
