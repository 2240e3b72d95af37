"""Draw a digit, damage it, and see what a model makes of it."""

import numpy as np
import numpy.typing as npt
import traitlets

from aecourse import plots
from aecourse.corruption import corrupt
from aecourse.numpy_nn import Autoencoder, reconstruct
from aecourse.validation import check_images
from aecourse.widgets.base import LiveWidget
from aecourse.widgets.network import pack_network

__all__ = ["CorruptionLab"]

Floats = npt.NDArray[np.floating]

_SIDE = 28


class CorruptionLab(LiveWidget):
    """Let the reader draw a digit, damage it, and compare it with a model's output.

    The damage is that of `aecourse.corruption.corrupt`, with a generator of the browser's own: the
    same distribution, other draws. Damage and model run in the browser, with the model's weights as
    float32 (float16 where `half_precision` made it).

    Parameters
    ----------
    model
        A model of images of 28 by 28 pixels; one that was trained to remove damage shows most.
    x
        Digits to choose from, shape (n, 784), values in [0, 1], rounded to multiples of 1/255.
    alt
        What to see in the still picture: the digits, the digits with Gaussian noise, and what the
        model makes of these.

    Attributes
    ----------
    drawing
        The undamaged image, 784 bytes from 0 to 255, row by row; the reader's drawing arrives here.
    kind, amount
        The damage, as `aecourse.corruption.corrupt` takes them.
    seed
        Seed of the noise; the reader's "Damage again" adds one.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the model's weights are too many for a page.

    Examples
    --------
    >>> from aecourse.numpy_nn import autoencoder
    >>> x = np.zeros((3, 784), "float32")
    >>> lab = CorruptionLab(autoencoder((784, 16)), x, alt="Black images, noise, grey outputs")
    >>> lab.kind, lab.amount
    ('gaussian', 0.4)
    """

    source = "corruption_lab.js"
    network = traitlets.Dict().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    digits = traitlets.Bytes().tag(sync=True)
    # What the browser sends is a memoryview, and becomes bytes.
    drawing = traitlets.CBytes().tag(sync=True)
    kind = traitlets.Enum(["gaussian", "masking", "salt_and_pepper"], "gaussian").tag(sync=True)
    amount = traitlets.Float(0.4, min=0, max=1).tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, model: Autoencoder, x: Floats, *, alt: str) -> None:
        n_in = model.encoder.layers[0].n_in
        if n_in != _SIDE**2:
            raise ValueError(
                f"expected a model of images of 28 by 28 pixels, which has 784 inputs, got {n_in}"
            )
        check_images("x", x, n_in, unit_interval=True)
        damaged = corrupt(x, kind="gaussian", amount=0.4, seed=0)
        rows = {"damaged": damaged, "output": reconstruct(model, damaged)}
        network, weights = pack_network(model.encoder, model.decoder)
        digits = np.round(255 * x).astype(np.uint8)
        super().__init__(
            still=plots.reconstructions(x, rows),
            alt=alt,
            network=network,
            weights=weights,
            digits=digits.tobytes(),
            drawing=digits[0].tobytes(),
        )

    @traitlets.validate("drawing")
    def _check_drawing(self, proposal: dict[str, bytes]) -> bytes:
        if len(proposal["value"]) != _SIDE**2:
            raise traitlets.TraitError(
                f"expected drawing to hold 784 bytes, got {len(proposal['value'])}"
            )
        return proposal["value"]
