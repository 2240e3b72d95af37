"""Training on any objective whose gradient a model works out by hand."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Weights
from aecourse.numpy_nn.model import HasParameters
from aecourse.numpy_nn.optimizers import make_update_rule
from aecourse.optimizers import Adam, Optimizer
from aecourse.training import History, Noise, noise_generator, train
from aecourse.validation import check_matrix, check_positive_integer

__all__ = ["ObjectiveModel", "minimise", "objective_gradients"]

Floats = npt.NDArray[np.floating]


class ObjectiveModel(HasParameters, Protocol):
    """A model that knows what it wants to be small."""

    def objective(self, batch: Floats, noise: Floats | None) -> float:
        """Return the objective on a minibatch, and fill every parameter's gradient."""


def minimise(
    model: ObjectiveModel,
    x: Floats,
    *,
    noise: Noise | None = None,
    optimizer: Optimizer = Adam(),  # noqa: B008  frozen
    epochs: int = 10,
    batch_size: int = 100,
    seed: int = 0,
    on_epoch_end: Callable[[int, float], None] | None = None,
    progress: bool = True,
) -> History:
    """Train a model on its own objective, where `fit` knows losses of a reconstruction only.

    Parameters
    ----------
    model
        Changed in place; what it minimises is its ``objective``.
    x
        Images, float32 or float64, shape (n, d); a memory-mapped array stays on disk.
    noise
        Called with NumPy's generator and a number of images; returns one row of random numbers for
        each. The objective gets the rows of its minibatch, so all frameworks see the same noise.
    optimizer
        How to step.
    epochs, batch_size
        Passes over ``x``, and images a step.
    seed
        Seed of the order of the images and of the noise.
    on_epoch_end
        Called after each epoch with its number, from one, and its mean objective.
    progress
        Whether to show a progress bar.

    Returns
    -------
    History
        Values of the objective, and times.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is no array of finite floats of shape (n, d), or a number is not as described.
    TrainingDiverged
        If the objective becomes NaN or infinite.

    Examples
    --------
    >>> from aecourse.numpy_nn import Autoencoder, mean_squared_error, mlp
    >>> class Denoiser(Autoencoder):
    ...     def objective(self, batch, noise):
    ...         x_hat = self.forward(batch + noise)
    ...         self.backward(mean_squared_error.gradient(batch, x_hat, np.empty_like(x_hat)))
    ...         return mean_squared_error(batch, x_hat)
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> model = Denoiser(mlp((8, 4)), mlp((4, 8)))
    >>> def draw(rng, n):
    ...     return rng.normal(0, 0.1, (n, 8))
    >>> history = minimise(model, x, noise=draw, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """
    check_matrix("x", x)
    check_positive_integer("batch_size", batch_size)
    pairs = list(model.parameters_by_name().values())
    dtype = pairs[0][0].dtype
    rule = make_update_rule(optimizer, pairs)
    rng = noise_generator(seed)

    def run_steps(rows: npt.NDArray[np.intp]) -> Floats:
        drawn = None if noise is None else noise(rng, len(rows)).astype(dtype, copy=False)
        losses = np.empty(-(-len(rows) // batch_size))
        # An objective that overflows is no warning but an error, which train raises.
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(len(losses)):
                part = slice(step * batch_size, (step + 1) * batch_size)
                batch = x[rows[part]].astype(dtype, copy=False)
                losses[step] = model.objective(batch, None if drawn is None else drawn[part])
                rule.step()
        return losses

    return train(
        run_steps,
        len(x),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        validate=None,
        on_epoch_end=on_epoch_end,
        progress=progress,
    )


def objective_gradients(
    model: ObjectiveModel, x: Floats, *, noise: Floats | None = None
) -> tuple[float, Weights]:
    """Return a model's objective and its derivative with respect to every parameter.

    Parameters
    ----------
    model
        Unchanged, unless its objective keeps statistics.
    x
        Images, shape (n, d): one minibatch.
    noise
        Random numbers for the objective, one row an image.

    Returns
    -------
    value : float
        The objective.
    gradients : dict
        Arrays with the names and shapes of `get_weights`.

    Raises
    ------
    ValueError
        If ``x`` is no array of finite floats of shape (n, d).

    Examples
    --------
    >>> from aecourse.numpy_nn import Autoencoder, mean_squared_error, mlp
    >>> class Denoiser(Autoencoder):
    ...     def objective(self, batch, noise):
    ...         x_hat = self.forward(batch + noise)
    ...         self.backward(mean_squared_error.gradient(batch, x_hat, np.empty_like(x_hat)))
    ...         return mean_squared_error(batch, x_hat)
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> model = Denoiser(mlp((8, 4)), mlp((4, 8)))
    >>> value, gradient = objective_gradients(model, x, noise=np.zeros_like(x))
    >>> gradient["encoder.0.weight"].shape
    (8, 4)
    """
    check_matrix("x", x)
    pairs = model.parameters_by_name()
    dtype = next(iter(pairs.values()))[0].dtype
    drawn = None if noise is None else noise.astype(dtype, copy=False)
    value = model.objective(x.astype(dtype, copy=False), drawn)
    return float(value), {name: gradient.copy() for name, (_, gradient) in pairs.items()}
