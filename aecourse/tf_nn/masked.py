"""The masked autoencoder in TensorFlow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecourse.architecture import DType
from aecourse.device import tensorflow_device
from aecourse.masked import Target, check_masked, starting_weights
from aecourse.patches import PatchGrid
from aecourse.tf_nn.model import Autoencoder, mlp, set_weights
from aecourse.training import in_batches
from aecourse.validation import check_images

__all__ = ["MaskedAutoencoder", "reconstruct_from"]

Floats = npt.NDArray[np.floating]


class MaskedAutoencoder(Autoencoder):
    """An autoencoder that sees some patches and gives all (after He et al., 2022).

    The first layer adds up, over the patches that are shown, the patch times its own weights plus
    a vector for its position. What is hidden has no part in the sum. Dense layers make a code of
    it, and whole images of the code. The library's `encode` and `reconstruct` show every patch.

    Parameters
    ----------
    sizes
        Input size, at least one hidden size, and code size: ``(784, 256, 64)``.
    grid
        How the images fall into patches.
    target
        ``"hidden"``: the loss looks at hidden patches only. ``"all"``: at every patch.
    seed, dtype
        How starting weights are drawn; the same seed gives the same in all frameworks.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from functools import partial
    >>> from aecourse.tf_nn import minimise
    >>> grid = PatchGrid((4, 4), 2)
    >>> model = MaskedAutoencoder((16, 8, 4), grid=grid)
    >>> x = np.repeat(np.random.default_rng(0).random((200, 1), dtype="float32"), 16, axis=1)
    >>> noise = partial(grid.draw_shown, shown=2)
    >>> history = minimise(model, x, noise=noise, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        grid: PatchGrid,
        target: Target = "hidden",
        seed: int = 0,
        dtype: DType = "float32",
    ) -> None:
        check_masked(sizes, grid, target)
        super().__init__(
            mlp(sizes, activation="relu", output="linear", dtype=dtype),
            mlp(sizes[::-1], activation="relu", output="sigmoid", dtype=dtype),
        )
        self.grid, self.target, self.patch_of_pixel = grid, target, grid.patch_of_pixel
        with tf.device(tensorflow_device()):
            self.position = self.add_weight(
                shape=(grid.count, sizes[1]), initializer="zeros", name="position"
            )
        set_weights(self, starting_weights(sizes, grid=grid, seed=seed, dtype=dtype))

    def parameters_by_name(self) -> dict[str, tf.Variable]:
        """Return each parameter by name, the vectors of the positions last."""
        return {**super().parameters_by_name(), "encoder.position": self.position.value}

    def encode(self, x: Any, shown: Any = None) -> Any:
        """Return the codes, shape (n, n_code), of what is shown of images ``x``, (n, d).

        ``shown`` is 1 where a patch is shown and 0 where not, shape (n, count); None shows all.
        """
        if shown is None:
            shown = tf.ones((tf.shape(x)[0], self.grid.count), x.dtype)
        # A choice, not a product: a hidden NaN times zero would still be seen.
        visible = tf.where(tf.gather(shown, self.patch_of_pixel, axis=1) > 0, x, 0)
        first = self.encoder.layers[0]
        z = tf.matmul(visible, first.kernel) + first.bias
        codes = tf.nn.relu(z + tf.matmul(shown, self.position))
        for layer in self.encoder.layers[1:]:
            codes = layer(codes)
        return codes

    def call(self, x: Any, shown: Any = None) -> Any:
        """Return whole images, shape (n, d), from what is shown of images ``x``."""
        return self.decode(self.encode(x, shown))

    def objective(self, batch: Any, noise: Any) -> Any:
        """Return the squared error, mean over images and the pixels that the target names.

        ``noise`` says which patches are shown: what `aecourse.patches.PatchGrid.draw_shown` draws.
        """
        squares = (self(batch, noise) - batch) ** 2
        if noise is None or self.target == "all":
            return tf.reduce_mean(squares)
        hidden = 1 - tf.gather(noise, self.patch_of_pixel, axis=1)
        return tf.reduce_sum(squares * hidden) / tf.reduce_sum(hidden)


def reconstruct_from(
    model: MaskedAutoencoder, x: Floats, shown: npt.NDArray[np.bool_], *, batch_size: int = 1000
) -> Floats:
    """Return whole images from their shown patches.

    Parameters
    ----------
    model
        Unchanged.
    x
        Images, shape (n, d). What hidden patches hold has no influence, but it has to be finite.
    shown
        True where a patch is shown, shape (n, count).
    batch_size
        Images at a time.

    Returns
    -------
    numpy.ndarray
        The model's outputs for all pixels, shown and hidden, shape (n, d).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> grid = PatchGrid((4, 4), 2)
    >>> shown = np.array([[True, False, False, True]])
    >>> model = MaskedAutoencoder((16, 8, 4), grid=grid)
    >>> reconstruct_from(model, np.ones((1, 16), "float32"), shown).shape
    (1, 16)
    """
    check_images("x", x, model.grid.index.size)
    model.grid.check_shown(shown, len(x))
    dtype = model.encoder.layers[0].dtype

    def outputs(rows: Floats) -> Floats:
        images, masks = np.split(rows.astype(dtype), [x.shape[1]], axis=1)
        with tf.device(tensorflow_device()):
            pair = [tf.convert_to_tensor(part) for part in (images, masks)]
            return model(*pair).numpy()  # type: ignore[no-any-return]

    return in_batches(outputs, np.hstack([x, shown.astype(x.dtype)]), batch_size=batch_size)
