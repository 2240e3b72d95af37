"""Reconstructions and filters, epoch by epoch: training as a film."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import traitlets
from matplotlib.figure import Figure

from aecourse import numpy_nn, plots
from aecourse.numpy_nn import Autoencoder
from aecourse.validation import check_positive_integer
from aecourse.widgets.base import LiveWidget
from aecourse.widgets.pictures import grey_bytes, signed_bytes

__all__ = ["Reel", "TrainingFilm"]

Floats = npt.NDArray[np.floating]


class Reel:
    """What a model looks like before training and after each epoch.

    Pass it to `aecourse.numpy_nn.fit` as ``on_epoch_end``.

    Parameters
    ----------
    model
        The model, not trained yet.
    x
        Images that the loss is taken on, shape (n, 784); the first ones are shown.
    count
        How many images, and how many hidden units, to keep.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((20, 784), dtype="float32")
    >>> model = numpy_nn.autoencoder((784, 8))
    >>> reel = Reel(model, x)
    >>> _ = numpy_nn.fit(model, x, epochs=2, on_epoch_end=reel, progress=False)
    >>> len(reel.losses)
    3
    """

    def __init__(self, model: Autoencoder, x: Floats, *, count: int = 8) -> None:
        check_positive_integer("count", count)
        self.model, self.x, self.count = model, x, count
        self.losses: list[float] = []
        self.outputs: list[Floats] = []
        self.filters: list[Floats] = []
        self._record()

    def __call__(self, _epoch: int, _loss: float) -> None:
        """Keep what the model has become; the arguments are those of ``on_epoch_end``."""
        self._record()

    def _record(self) -> None:
        self.losses.append(numpy_nn.evaluate(self.model, self.x))
        self.outputs.append(numpy_nn.reconstruct(self.model, self.x[: self.count]))
        weights = numpy_nn.get_weights(self.model)["encoder.0.weight"]
        self.filters.append(weights[:, : self.count].T.copy())


class TrainingFilm(LiveWidget):
    """Move through the epochs of two trainings; see reconstructions, filters and losses.

    Parameters
    ----------
    reels
        Recordings of the same images over the same number of epochs, by name; two of them.
    epochs
        The epochs to show, from 0, before training; None takes all.
    alt
        What to see in the still picture, which shows three of the epochs.

    Raises
    ------
    ValueError
        If there are not two reels, if they differ in images or epochs, or an epoch is missing.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((20, 784), dtype="float32")
    >>> reels = {}
    >>> for name in ("first", "second"):
    ...     model = numpy_nn.autoencoder((784, 8))
    ...     reels[name] = Reel(model, x, count=2)
    ...     _ = numpy_nn.fit(model, x, epochs=2, on_epoch_end=reels[name], progress=False)
    >>> TrainingFilm(reels, alt="Random images and what became of them").epochs
    [0, 1, 2]
    """

    source = "training_film.js"
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    epochs = traitlets.List(traitlets.Int()).tag(sync=True)
    x = traitlets.Bytes().tag(sync=True)
    outputs = traitlets.Bytes().tag(sync=True)
    filters = traitlets.Bytes().tag(sync=True)
    losses = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, reels: Mapping[str, Reel], *, epochs: Sequence[int] | None = None, alt: str
    ) -> None:
        length = _common_length(reels)
        shown = list(range(length) if epochs is None else epochs)
        if not shown or sorted(set(shown)) != shown or not 0 <= shown[0] <= shown[-1] < length:
            raise ValueError(f"expected epochs in order, from 0 to {length - 1}, got {shown}")
        first = next(iter(reels.values()))
        outputs = np.array([[reel.outputs[at] for at in shown] for reel in reels.values()])
        filters = np.array([[reel.filters[at] for at in shown] for reel in reels.values()])
        super().__init__(
            still=_draw(reels, sorted({shown[0], shown[len(shown) // 4], shown[-1]})),
            alt=alt,
            names=list(reels),
            epochs=shown,
            x=grey_bytes(first.x[: first.count]),
            outputs=grey_bytes(outputs),
            filters=signed_bytes(filters),
            losses=[[float(reel.losses[at]) for at in shown] for reel in reels.values()],
        )


def _common_length(reels: Mapping[str, Reel]) -> int:
    lengths = {name: len(reel.losses) for name, reel in reels.items()}
    if len(reels) != 2 or len(set(lengths.values())) != 1:
        raise ValueError(
            f"expected two reels of equal length, got {lengths} — train both for the same epochs"
        )
    first, second = reels.values()
    if first.count != second.count or not np.array_equal(first.x, second.x):
        raise ValueError("expected both reels to show the same images — pass both the same x")
    return len(first.losses)


def _draw(reels: Mapping[str, Reel], epochs: Sequence[int]) -> Figure:
    first = next(iter(reels.values()))
    rows = {
        f"{name},\nepoch {at}": reel.outputs[at] for name, reel in reels.items() for at in epochs
    }
    return plots.reconstructions(first.x, rows, count=first.count)
