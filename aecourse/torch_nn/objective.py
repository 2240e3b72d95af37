"""Training on any objective that a model computes, with autograd."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aecourse.architecture import Weights
from aecourse.optimizers import Adam, Optimizer
from aecourse.torch_nn.model import HasParameters, to_numpy, to_tensor
from aecourse.torch_nn.optimizers import make_optimizer
from aecourse.torch_nn.training import flushed_denormals
from aecourse.training import History, Noise, noise_generator, train
from aecourse.validation import check_matrix, check_positive_integer

__all__ = ["ObjectiveModel", "minimise", "objective_gradients"]

Floats = npt.NDArray[np.floating]


class ObjectiveModel(HasParameters, Protocol):
    """A model that knows what it wants to be small."""

    def objective(self, batch: Tensor, noise: Tensor | None) -> Tensor:
        """Return the objective on a minibatch, a scalar that autograd can differentiate."""


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
    >>> from aecourse.torch_nn import Autoencoder, mean_squared_error, mlp
    >>> class Denoiser(Autoencoder):
    ...     def objective(self, batch, noise):
    ...         return mean_squared_error(batch, self(batch + noise))
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
    parameters = list(model.parameters_by_name().values())
    stepper = make_optimizer(optimizer, parameters)
    rng = noise_generator(seed)

    def run_steps(rows: npt.NDArray[np.intp]) -> Floats:
        batches = torch.split(to_tensor(x[rows], parameters[0]), batch_size)
        drawn: tuple[Tensor | None, ...] = (None,) * len(batches)
        if noise is not None:
            drawn = torch.split(to_tensor(noise(rng, len(rows)), parameters[0]), batch_size)
        losses = []
        for batch, rows_of_noise in zip(batches, drawn, strict=True):
            stepper.zero_grad()
            value = model.objective(batch, rows_of_noise)
            value.backward()  # type: ignore[no-untyped-call]
            stepper.step()
            losses.append(value.detach())
        return torch.stack(losses).double().cpu().numpy()

    with flushed_denormals():
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
    >>> from aecourse.torch_nn import Autoencoder, mean_squared_error, mlp
    >>> class Denoiser(Autoencoder):
    ...     def objective(self, batch, noise):
    ...         return mean_squared_error(batch, self(batch + noise))
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> model = Denoiser(mlp((8, 4)), mlp((4, 8)))
    >>> value, gradient = objective_gradients(model, x, noise=np.zeros_like(x))
    >>> gradient["encoder.0.weight"].shape
    (8, 4)
    """
    check_matrix("x", x)
    parameters = model.parameters_by_name()
    some = next(iter(parameters.values()))
    value = model.objective(to_tensor(x, some), None if noise is None else to_tensor(noise, some))
    derivatives = torch.autograd.grad(value, list(parameters.values()))
    return value.item(), {
        name: to_numpy(name, derivative)
        for name, derivative in zip(parameters, derivatives, strict=True)
    }
