"""The variational experiments on the full MNIST, beside Burda et al. (2016): see ``results``.

Architecture as in the paper's models with one stochastic layer: 784-200-200-50, tanh. Binarisation
as there: stochastic, a training image drawn anew whenever it is seen; test images are drawn once.
The optimiser is the paper's too: Adam with an epsilon of 1e-4, which is far from Adam with 1e-8.
What differs is the length. The paper takes 3,280 epochs with batches of 20. We take 100 epochs with
batches of 100, which fits into twenty minutes, and twice its learning rate: after 15 epochs seed 0
was 4.7 nats ahead of Adam(1e-3) with the usual epsilon. A long run of 700 epochs follows, in which
the weight of the KL term rises from 0 to 1 over the first 50 (Sønderby et al., 2016), so that the
decoder can learn to use units of the code before the KL puts an end to them. The paper estimates
the log-likelihood with 5,000 codes an image, we with 1,000. More codes can only raise the expected
bound, so this difference is to our disadvantage.
"""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aecourse.architecture import Weights
from aecourse.data import Dataset
from aecourse.torch_nn import Adam, get_weights, minimise, set_weights
from aecourse.torch_nn.variational import VariationalAutoencoder, elbo, log_weights, posterior
from aecourse.variational import active_units, binarise, weighted_bound

SIZES = (784, 200, 200, 50)
STAGES = ((2e-3, 60), (6e-4, 20), (2e-4, 20))
"""Learning rates with their epochs, the same for both bounds."""

LONG_STAGES = (*[(2e-3, 100)] * 4, (6e-4, 100), (6e-4, 50), (2e-4, 100), (6e-5, 50))
"""Those of the long run, short enough each to be repeated when it was stopped."""

LONG_WARM_UP = 50
"""Epochs of the long run until the KL term has its full weight."""

EPSILON = 1e-4
"""Adam's, as in the paper."""

CODES_TO_EVALUATE = 1_000


class BinarisedVariationalAutoencoder(VariationalAutoencoder):
    """Trained on pixels drawn anew, with the bound of several codes (Burda et al., 2016, eq. 8).

    Parameters
    ----------
    codes
        Codes an image; one gives the ELBO.
    seed
        Of the starting weights.
    """

    def __init__(self, codes: int, *, seed: int) -> None:
        super().__init__(SIZES, activation="tanh", seed=seed)
        self.codes = codes

    def noise(self, rng: np.random.Generator, n: int) -> npt.NDArray[np.float32]:
        """Return one row an image: uniform numbers for its pixels, then normal ones for codes."""
        pixels = rng.random((n, self.n_in), dtype=np.float32)
        codes = rng.standard_normal((n, self.codes * self.n_code), dtype=np.float32)
        return np.hstack([pixels, codes])

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return the negative bound on freshly drawn pixels, mean over images."""
        if noise is None:
            raise TypeError("expected noise from this model's own noise(rng, n), got None")
        drawn = (noise[:, : self.n_in] < batch).to(batch.dtype)
        of_codes = noise[:, self.n_in :]
        if self.codes == 1:
            return super().objective(drawn, of_codes)
        weights = self.log_weights(drawn, of_codes.reshape(len(batch), self.codes, -1))
        return math.log(self.codes) - torch.logsumexp(weights, dim=1).mean()


def train_and_measure(
    data: Dataset,
    codes: int,
    seed: int,
    *,
    stages: tuple[tuple[float, int], ...] = STAGES,
    warm_up: int = 0,
    evaluate_with: int = CODES_TO_EVALUATE,
    checkpoint: Path | None = None,
) -> Iterator[tuple[str, float]]:
    """Train one model and yield what the results page shows.

    Parameters
    ----------
    data
        Digits with values in [0, 1].
    codes
        Codes an image in training.
    seed
        Of weights, order, noise and the drawn test images.
    stages
        Learning rates with their epochs.
    warm_up
        Epochs over which the weight of the KL term rises to 1; they end within the first stage.
    evaluate_with
        Codes an image for the log-likelihood.
    checkpoint
        Where weights are kept after each stage; a run that was stopped goes on from there.

    Yields
    ------
    tuple of str and float
        Measure and value. The last one is the seconds that training and measuring took in all,
        those before a stop included.
    """
    started = time.perf_counter()
    model = BinarisedVariationalAutoencoder(codes, seed=seed)
    finished, earlier = 0, 0.0
    if checkpoint is not None and checkpoint.exists():
        finished, earlier, weights = _read(checkpoint)
        set_weights(model, weights)

    def raise_beta(epoch: int, _loss: float) -> None:
        model.beta = min(1.0, epoch / warm_up)

    for number, (rate, epochs) in list(enumerate(stages))[finished:]:
        warms_up = number == 0 and warm_up > 0
        model.beta = 0.0 if warms_up else 1.0
        minimise(
            model,
            data.x_train,
            noise=model.noise,
            optimizer=Adam(rate, epsilon=EPSILON),
            epochs=epochs,
            seed=seed + 100 * number,
            on_epoch_end=raise_beta if warms_up else None,
        )
        if checkpoint is not None:
            seconds = earlier + time.perf_counter() - started
            _write(checkpoint, number + 1, seconds, get_weights(model))
    x_test = binarise(data.x_test, kind="stochastic", seed=seed)
    weights = log_weights(model, x_test, evaluate_with, seed=seed)
    bound = weighted_bound(weights, evaluate_with)
    yield f"negative log-likelihood in nats, k = {evaluate_with}", -float(bound.mean())
    yield "negative ELBO in nats", -float(np.mean(elbo(model, x_test, samples=10, seed=seed)))
    yield "active units", float(active_units(posterior(model, x_test)[0]).sum())
    yield "epochs", float(sum(epochs for _, epochs in stages))
    yield "seconds", earlier + time.perf_counter() - started
    if checkpoint is not None:
        checkpoint.unlink()


def _read(checkpoint: Path) -> tuple[int, float, Weights]:
    with np.load(checkpoint) as kept:
        weights = {name: kept[name] for name in kept.files if name not in ("stages", "seconds")}
        return int(kept["stages"]), float(kept["seconds"]), weights


def _write(checkpoint: Path, stages: int, seconds: float, weights: Weights) -> None:
    unfinished = checkpoint.with_suffix(".tmp.npz")
    np.savez(unfinished, stages=stages, seconds=seconds, **weights)
    unfinished.replace(checkpoint)
