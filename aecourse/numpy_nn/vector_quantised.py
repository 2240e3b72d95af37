"""The vector-quantised autoencoder in NumPy, with the straight-through estimator by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Activation, DType, Init
from aecourse.numpy_nn.losses import squared_error_per_image
from aecourse.numpy_nn.model import Autoencoder, block_parameters, mlp, set_weights
from aecourse.numpy_nn.training import decode
from aecourse.training import in_batches
from aecourse.validation import check_images, check_model, check_positive_integer
from aecourse.vector_quantised import (
    check_codebook,
    check_quantiser,
    check_words,
    moving_average,
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
    >>> from aecourse.numpy_nn import minimise
    >>> model = VectorQuantisedAutoencoder((6, 4), n_words=8, groups=2)
    >>> x = np.random.default_rng(0).random((200, 6), dtype="float32")
    >>> history = minimise(model, x, epochs=5, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

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
        self.codebook = np.zeros((n_words, sizes[-1] // groups), dtype)
        self.codebook_gradient = np.zeros_like(self.codebook)
        self.counts = np.ones(n_words, dtype)
        drawn = starting_weights(
            sizes, n_words, groups, activation=activation, init=init, seed=seed, dtype=dtype
        )
        set_codebook(self, drawn["codebook"])
        set_weights(self, {name: drawn[name] for name in self.parameters_by_name()})

    def parameters_by_name(self) -> dict[str, tuple[Floats, Floats]]:
        """Return each parameter by name; the codebook is one where its loss trains it."""
        parameters = {
            **block_parameters(self.encoder, "encoder"),
            **block_parameters(self.decoder, "decoder"),
        }
        return parameters | (
            {"codebook": (self.codebook, self.codebook_gradient)} if self.ema is None else {}
        )

    def quantise(self, z: Floats) -> tuple[Floats, Integers]:
        """Return words in place of codes ``z``, (n, n_code), and their numbers, (n, groups)."""
        indices = nearest_words(z.reshape(len(z), self.groups, -1), self.codebook)
        return self.codebook[indices].reshape(z.shape), indices

    def encode(self, x: Floats) -> Floats:
        """Return the words, shape (n, n_code), of inputs ``x``, shape (n, n_in)."""
        return self.quantise(self.encoder(x))[0]

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        """Return what van den Oord et al. (2017, eq. 3) minimise, with a squared error.

        Squared error of the reconstruction, plus squared distance of the words to the encoder's
        output (without ``ema``), plus ``commitment`` times that of the output to its words. The
        gradients are filled by hand: the decoder's gradient at the words is handed to the encoder
        as if it had been taken at the encoder's own output.

        Parameters
        ----------
        batch
            Images, shape (n, n_in).
        noise
            Not used.

        Returns
        -------
        float
            Sum over pixels and code units, mean over images.
        """
        del noise
        n, loss = len(batch), squared_error_per_image
        z = self.encoder.forward(batch)
        words, indices = self.quantise(z)
        x_hat = self.decoder.forward(words)
        gap = z - words
        weight = self.commitment + (1.0 if self.ema is None else 0.0)
        value = loss(batch, x_hat) + weight * float(np.sum(gap**2)) / n
        straight_through = self.decoder.backward(loss.gradient(batch, x_hat, np.empty_like(x_hat)))
        self.encoder.backward_parameters(straight_through + 2 * self.commitment / n * gap)
        vectors = z.reshape(*indices.shape, -1)
        if self.ema is None:
            self.codebook_gradient[...] = 0
            pull = -2 / n * gap.reshape(vectors.shape)
            np.add.at(self.codebook_gradient, indices, pull)
        else:
            self.codebook[...], self.counts[...] = moving_average(
                self.codebook,
                self.counts,
                vectors.reshape(-1, vectors.shape[2]),
                indices.ravel(),
                decay=self.ema,
            )
        return value


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
        return model.encoder(rows.astype(model.codebook.dtype, copy=False))

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
    return model.codebook.copy()


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
    check_codebook(codebook, model.codebook.shape)
    model.codebook[...] = codebook
    model.counts[...] = 1
