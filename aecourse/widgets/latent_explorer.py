"""A map of two-number codes: each point is decoded at once, under the pointer."""

import numpy as np
import numpy.typing as npt
import traitlets

from aecourse import plots
from aecourse.numpy_nn import Autoencoder, encode
from aecourse.widgets.base import LiveWidget, float32_bytes
from aecourse.widgets.network import pack_network

__all__ = ["LatentExplorer"]

Floats = npt.NDArray[np.floating]


class LatentExplorer(LiveWidget):
    """Show codes on a map, and decode each point that the reader moves to.

    The decoder runs in the browser with the model's weights, as float32 (float16 where
    `half_precision` made it). Two chosen points are the ends of a line, with decoded images along
    it.

    Parameters
    ----------
    model
        A model whose code has two units.
    x
        Images whose codes the map shows, shape (n, n_in). A few hundred can be told apart.
    labels
        Class of each image, integers of shape (n,): what the map draws at each code.
    alt
        What to see in the still picture, which is the map.
    image_shape
        Height and width, in pixels.

    Attributes
    ----------
    position
        The code that is decoded, a list of two numbers; the reader's moves arrive here, and setting
        it moves the cursor.
    ends
        The ends of the line, a list of at most two codes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the decoder's weights are too many for a page.

    Examples
    --------
    >>> from aecourse.numpy_nn import autoencoder
    >>> model = autoencoder((784, 2))
    >>> x = np.zeros((3, 784), "float32")
    >>> explorer = LatentExplorer(model, x, np.array([0, 1, 1]), alt="Three codes at one point")
    >>> explorer.position
    [0.5, 0.5]
    """

    source = "latent_explorer.js"
    network = traitlets.Dict().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    codes = traitlets.Bytes().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    image_shape = traitlets.List(traitlets.Int()).tag(sync=True)
    position = traitlets.List(traitlets.Float(), minlen=2, maxlen=2).tag(sync=True)
    ends = traitlets.List(traitlets.List(traitlets.Float(), minlen=2, maxlen=2), maxlen=2).tag(
        sync=True
    )

    def __init__(
        self,
        model: Autoencoder,
        x: Floats,
        labels: npt.NDArray[np.integer],
        *,
        alt: str,
        image_shape: tuple[int, int] = (28, 28),
    ) -> None:
        n_code, n_in = model.decoder.layers[0].n_in, model.decoder.layers[-1].n_out
        if n_code != 2:
            raise ValueError(
                f"expected a model with a code of two units, got {n_code} — a map has two axes; "
                "train a model such as autoencoder((784, 64, 2))"
            )
        if image_shape[0] * image_shape[1] != n_in:
            raise ValueError(
                f"expected image_shape to hold the model's {n_in} pixels, got {image_shape}"
            )
        codes = encode(model, x)
        still = plots.scatter(codes, labels)
        network, weights = pack_network(model.decoder)
        super().__init__(
            still=still,
            alt=alt,
            network=network,
            weights=weights,
            codes=float32_bytes(codes),
            labels=[str(label) for label in labels],
            image_shape=list(image_shape),
            position=[float(number) for number in codes[0]],
        )
