"""Training with autograd, and what is done with a trained model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aecourse.architecture import Weights
from aecourse.optimizers import Adam, Optimizer
from aecourse.torch_nn.losses import UNIT_INTERVAL_LOSSES, mean_squared_error
from aecourse.torch_nn.model import Autoencoder, to_numpy, to_tensor
from aecourse.torch_nn.optimizers import make_optimizer
from aecourse.training import History, in_batches, mean_over_batches, train
from aecourse.validation import check_images, check_loss_fits_output, check_positive_integer

__all__ = ["decode", "encode", "evaluate", "fit", "flushed_denormals", "gradients", "reconstruct"]

Floats = npt.NDArray[np.floating]
Loss = Callable[[Tensor, Tensor], Tensor]


def fit(
    model: Autoencoder,
    x: Floats,
    *,
    loss: Loss = mean_squared_error,
    optimizer: Optimizer = Adam(),  # noqa: B008  frozen
    epochs: int = 10,
    batch_size: int = 100,
    seed: int = 0,
    validation: Floats | None = None,
    on_epoch_end: Callable[[int, float], None] | None = None,
    progress: bool = True,
) -> History:
    """Train a model to give its input back.

    Parameters
    ----------
    model
        Changed in place.
    x
        Images, float32 or float64, shape (n, n_in); a memory-mapped array stays on disk.
    loss
        What to minimise.
    optimizer
        How to step.
    epochs, batch_size
        Passes over ``x``, and images a step.
    seed
        Seed of the order of the images.
    validation
        Images, shape (m, n_in), whose loss is taken after each epoch.
    on_epoch_end
        Called after each epoch with its number, from one, and its mean loss.
    progress
        Whether to show a progress bar.

    Returns
    -------
    History
        Losses and times.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    TrainingDiverged
        If the loss becomes NaN or infinite.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = fit(autoencoder((8, 4)), x, epochs=5, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """
    _check_images("x", x, model, loss)
    if validation is not None:
        _check_images("validation", validation, model, loss)
    check_positive_integer("batch_size", batch_size)
    stepper = make_optimizer(optimizer, model.parameters())

    def run_steps(rows: npt.NDArray[np.intp]) -> Floats:
        losses = []
        for batch in torch.split(_to_device(model, x[rows]), batch_size):
            stepper.zero_grad()
            value = loss(batch, model(batch))
            value.backward()  # type: ignore[no-untyped-call]
            stepper.step()
            losses.append(value.detach())
        # One look for the whole block: each look at a GPU's number waits for the GPU.
        return torch.stack(losses).double().cpu().numpy()

    with flushed_denormals():
        return train(
            run_steps,
            len(x),
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            validate=None if validation is None else lambda: evaluate(model, validation, loss=loss),
            on_epoch_end=on_epoch_end,
            progress=progress,
        )


def gradients(
    model: Autoencoder, x: Floats, *, loss: Loss = mean_squared_error
) -> tuple[float, Weights]:
    """Return the loss and its derivative with respect to every parameter.

    Parameters
    ----------
    model
        Unchanged.
    x
        Images, shape (n, n_in): one minibatch.
    loss
        What to differentiate.

    Returns
    -------
    value : float
        The loss.
    gradients : dict
        Arrays with the names and shapes of `get_weights`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> value, gradient = gradients(autoencoder((3, 2)), np.ones((5, 3), "float32"))
    >>> gradient["encoder.0.weight"].shape
    (3, 2)
    """
    _check_images("x", x, model, loss)
    batch = _to_device(model, x)
    value = loss(batch, model(batch))
    parameters = model.parameters_by_name()
    derivatives = torch.autograd.grad(value, list(parameters.values()))
    return value.item(), {
        name: to_numpy(name, derivative)
        for name, derivative in zip(parameters, derivatives, strict=True)
    }


def evaluate(
    model: Autoencoder, x: Floats, *, loss: Loss = mean_squared_error, batch_size: int = 1000
) -> float:
    """Return the loss of a model's reconstructions of ``x``.

    Parameters
    ----------
    model
        Unchanged.
    x
        Images, shape (n, n_in).
    loss
        What to take.
    batch_size
        Images at a time.

    Returns
    -------
    float
        Mean over all images.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> evaluate(autoencoder((3, 2), init="glorot"), np.full((5, 3), 0.5, "float32")) < 0.25
    True
    """
    _check_images("x", x, model, loss)

    def of_rows(rows: Floats) -> float:
        batch = _to_device(model, rows)
        return loss(batch, model(batch)).item()

    with torch.no_grad():
        return mean_over_batches(of_rows, x, batch_size=batch_size)


def encode(model: Autoencoder, x: Floats, *, batch_size: int = 1000) -> Floats:
    """Return the codes of ``x``.

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
        Codes, shape (n, n_code), in the model's precision.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> encode(autoencoder((3, 2)), np.ones((5, 3), "float32")).shape
    (5, 2)
    """
    _check_model(model)
    return _map(model, model.encode, "x", x, model.layers("encoder")[0].n_in, batch_size)


def decode(model: Autoencoder, z: Floats, *, batch_size: int = 1000) -> Floats:
    """Return the images that codes stand for.

    Parameters
    ----------
    model
        Unchanged.
    z
        Codes, shape (n, n_code).
    batch_size
        Codes at a time.

    Returns
    -------
    numpy.ndarray
        Images, shape (n, n_in), in the model's precision.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> decode(autoencoder((3, 2)), np.ones((5, 2), "float32")).shape
    (5, 3)
    """
    _check_model(model)
    return _map(model, model.decode, "z", z, model.layers("decoder")[0].n_in, batch_size)


def reconstruct(model: Autoencoder, x: Floats, *, batch_size: int = 1000) -> Floats:
    """Return what a model makes of ``x``: encoded, then decoded.

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
        Reconstructions, shape (n, n_in), in the model's precision.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from aecourse.torch_nn import autoencoder
    >>> reconstruct(autoencoder((3, 2)), np.ones((5, 3), "float32")).shape
    (5, 3)
    """
    _check_model(model)
    return _map(model, model, "x", x, model.layers("encoder")[0].n_in, batch_size)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let PyTorch take numbers below 1e-38 for zero inside a ``with`` block."""
    # Adam's moments of pixels that are seldom lit decay below 1e-38, where the arithmetic of many
    # CPUs is slower. Flushed to zero they change nothing: epsilon is far larger.
    flushed_before = (torch.tensor(1e-40) * 1).item() == 0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed_before)


def _to_device(model: Autoencoder, rows: Floats) -> Tensor:
    return to_tensor(rows, next(model.parameters()))


def _check_model(model: object) -> None:
    if not isinstance(model, Autoencoder):
        raise TypeError(
            f"expected model to be an aecourse.torch_nn.Autoencoder, got {type(model).__module__}."
            f"{type(model).__name__} — use the functions of the framework that made it"
        )


def _check_images(name: str, x: Floats, model: Autoencoder, loss: Loss) -> None:
    _check_model(model)
    if not callable(loss):
        raise TypeError(f"expected loss to be a loss of aecourse.torch_nn, got {loss!r}")
    output = model.layers("decoder")[-1].activation
    if loss in UNIT_INTERVAL_LOSSES:
        check_loss_fits_output(loss.__name__, output)
    n_in = model.layers("encoder")[0].n_in
    check_images(name, x, n_in, unit_interval=output == "sigmoid")


def _map(
    model: Autoencoder,
    function: Callable[[Tensor], Tensor],
    name: str,
    rows: Floats,
    n_in: int,
    batch_size: int,
) -> Floats:
    check_images(name, rows, n_in)
    with torch.no_grad():
        return in_batches(
            lambda batch: function(_to_device(model, batch)).cpu().numpy(),
            rows,
            batch_size=batch_size,
        )
