"""The training loop that the three frameworks share: batches, history, progress, divergence."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aecourse.progress import progress_bar
from aecourse.validation import check_positive_integer

__all__ = [
    "STEPS_PER_BLOCK",
    "History",
    "Noise",
    "TrainingDiverged",
    "in_batches",
    "mean_over_batches",
    "noise_generator",
    "train",
]

STEPS_PER_BLOCK = 20
"""How many steps a framework takes between two looks at the loss and the progress bar."""

Floats = npt.NDArray[np.floating]

Noise = Callable[[np.random.Generator, int], Floats]
"""Draws what is random in an objective: one row for each of so many images."""


def noise_generator(seed: int) -> np.random.Generator:
    """Return the generator of an objective's noise, apart from that of the order of the images.

    Parameters
    ----------
    seed
        Seed of the training run.

    Returns
    -------
    numpy.random.Generator
        The same for the same seed, in every framework.

    Examples
    --------
    >>> bool(noise_generator(0).random() == noise_generator(0).random())
    True
    """
    return np.random.default_rng([seed, 1])


class TrainingDiverged(FloatingPointError):  # noqa: N818  the standard term of the field
    """Training stopped because the loss was no longer a finite number.

    Parameters
    ----------
    epoch, step
        Where it happened, both counted from one; the step within the epoch.
    loss
        The value that was seen.

    Examples
    --------
    >>> error = TrainingDiverged(epoch=2, step=7, loss=float("nan"))
    >>> error.epoch, error.step
    (2, 7)
    """

    def __init__(self, *, epoch: int, step: int, loss: float) -> None:
        super().__init__(
            f"the loss became {loss} in epoch {epoch}, step {step} — lower the learning rate, "
            "or look at the starting weights"
        )
        self.epoch = epoch
        self.step = step
        self.loss = loss


@dataclass
class History:
    """What a training run measured.

    Parameters
    ----------
    loss
        Mean training loss of each epoch, over its images, each taken when its batch was seen.
    validation_loss
        Loss on the validation images after each epoch; empty without such images.
    step_loss
        Loss of each minibatch before its step.
    seconds
        Seconds that each epoch's training took, validation apart.

    Examples
    --------
    >>> History(loss=[0.2, 0.1]).loss[-1]
    0.1
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class RunSteps(Protocol):
    """What a framework brings to `train`: some steps of the optimiser."""

    def __call__(self, rows: npt.NDArray[np.intp]) -> Floats:
        """Take one step for each minibatch of ``rows``, in order; return their losses."""


def train(
    run_steps: RunSteps,
    n: int,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    validate: Callable[[], float] | None,
    on_epoch_end: Callable[[int, float], None] | None,
    progress: bool,
) -> History:
    """Run the epochs of a fit and keep the record.

    The order of the images comes from ``numpy.random.default_rng(seed)``, one permutation an
    epoch, so that every framework sees the same minibatches.

    Parameters
    ----------
    run_steps
        Trains on the given rows, minibatch by minibatch, and returns the loss of each.
    n
        Number of images. The last minibatch of an epoch is smaller where ``batch_size`` does not
        divide it.
    epochs, batch_size
        Positive integers.
    seed
        Seed of the order.
    validate
        Called after each epoch for the validation loss.
    on_epoch_end
        Called after each epoch with its number, from one, and its mean loss.
    progress
        Whether to show a progress bar.

    Returns
    -------
    History
        The losses and times.

    Raises
    ------
    TrainingDiverged
        If a loss is NaN or infinite.
    """
    check_positive_integer("epochs", epochs)
    check_positive_integer("batch_size", batch_size)
    rng = np.random.default_rng(seed)
    sizes = np.minimum(batch_size, n - np.arange(0, n, batch_size))
    history = History()
    with progress_bar(epochs * len(sizes), unit="step", disable=not progress) as bar:
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            order = rng.permutation(n)
            losses: list[float] = []
            for start in range(0, n, batch_size * STEPS_PER_BLOCK):
                block = run_steps(order[start : start + batch_size * STEPS_PER_BLOCK])
                _stop_if_diverged(block, epoch=epoch, steps_before=len(losses))
                losses.extend(block.tolist())
                bar.update(len(block))
            history.seconds.append(time.perf_counter() - started)
            history.step_loss.extend(losses)
            history.loss.append(float(np.average(losses, weights=sizes)))
            if validate is not None:
                history.validation_loss.append(validate())
            if on_epoch_end is not None:
                on_epoch_end(epoch, history.loss[-1])
            bar.set_postfix_str(f"epoch {epoch}/{epochs}, loss {history.loss[-1]:.4g}")
    return history


def _stop_if_diverged(losses: Floats, *, epoch: int, steps_before: int) -> None:
    finite = np.isfinite(losses)
    if not finite.all():
        first = int(np.argmin(finite))
        raise TrainingDiverged(
            epoch=epoch, step=steps_before + first + 1, loss=float(losses[first])
        )


def in_batches(function: Callable[[Floats], Floats], x: Floats, *, batch_size: int) -> Floats:
    """Apply ``function`` to ``x`` a batch of rows at a time, and join the results.

    Parameters
    ----------
    function
        From an array (m, d) to an array (m, k).
    x
        Array (n, d).
    batch_size
        Rows a call.

    Returns
    -------
    numpy.ndarray
        Array (n, k).

    Examples
    --------
    >>> in_batches(lambda rows: 2 * rows, np.ones((3, 1)), batch_size=2).ravel()
    array([2., 2., 2.])
    """
    check_positive_integer("batch_size", batch_size)
    first = function(x[:batch_size])
    # One array for all: small ones kept in a list pin the memory of the large ones between them.
    outputs = np.empty((len(x), *first.shape[1:]), first.dtype)
    outputs[:batch_size] = first
    for start in range(batch_size, len(x), batch_size):
        outputs[start : start + batch_size] = function(x[start : start + batch_size])
    return outputs


def mean_over_batches(function: Callable[[Floats], float], x: Floats, *, batch_size: int) -> float:
    """Average a loss over ``x``, a batch of rows at a time, each weighted by its rows.

    Parameters
    ----------
    function
        From an array (m, d) to the mean loss of its rows.
    x
        Array (n, d).
    batch_size
        Rows a call.

    Returns
    -------
    float
        Mean over all rows.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [6.0]])
    >>> mean_over_batches(lambda rows: float(rows.mean()), x, batch_size=2)
    3.0
    """
    check_positive_integer("batch_size", batch_size)
    total = 0.0
    for start in range(0, len(x), batch_size):
        rows = x[start : start + batch_size]
        total += float(function(rows)) * len(rows)
    return total / len(x)
