"""Training by hand: forward, loss, backward, update, and what is done with a trained model."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Weights
from aecourse.numpy_nn.layers import Sequential
from aecourse.numpy_nn.losses import Loss, mean_squared_error
from aecourse.numpy_nn.model import Autoencoder
from aecourse.numpy_nn.optimizers import make_update_rule
from aecourse.optimizers import Adam, Optimizer
from aecourse.training import History, in_batches, mean_over_batches, train
from aecourse.validation import check_images, check_loss_fits_output, check_positive_integer

__all__ = ["decode", "encode", "evaluate", "fit", "gradients", "reconstruct"]

Floats = npt.NDArray[np.floating]


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
    >>> from aecourse.numpy_nn import autoencoder
    >>> x = np.random.default_rng(0).random((200, 8), dtype="float32")
    >>> history = fit(autoencoder((8, 4)), x, epochs=5, progress=False)
    >>> history.loss[-1] < history.loss[0]
    True
    """
    _check_images("x", x, model, loss)
    if validation is not None:
        _check_images("validation", validation, model, loss)
    dtype = model.encoder.layers[0].bias.dtype
    rule = make_update_rule(optimizer, model.parameters_by_name().values())
    check_positive_integer("batch_size", batch_size)
    output_gradient = np.empty((min(batch_size, len(x)), x.shape[1]), dtype)

    def run_steps(rows: npt.NDArray[np.intp]) -> Floats:
        losses = np.empty(-(-len(rows) // batch_size))
        # A loss that overflows is no warning but an error: train raises it, with epoch and step.
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(len(losses)):
                batch = x[rows[step * batch_size : (step + 1) * batch_size]]
                batch = batch.astype(dtype, copy=False)
                x_hat = model.forward(batch)
                losses[step] = loss(batch, x_hat)
                model.backward(loss.gradient(batch, x_hat, output_gradient[: len(batch)]))
                rule.step()
        return losses

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
    >>> from aecourse.numpy_nn import autoencoder
    >>> value, gradient = gradients(autoencoder((3, 2)), np.ones((5, 3), "float32"))
    >>> gradient["encoder.0.weight"].shape
    (3, 2)
    """
    _check_images("x", x, model, loss)
    x = x.astype(model.encoder.layers[0].bias.dtype, copy=False)
    x_hat = model.forward(x)
    value = loss(x, x_hat)
    model.backward(loss.gradient(x, x_hat, np.empty_like(x_hat)))
    return value, {name: g.copy() for name, (_, g) in model.parameters_by_name().items()}


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
    >>> from aecourse.numpy_nn import autoencoder
    >>> evaluate(autoencoder((3, 2), init="glorot"), np.full((5, 3), 0.5, "float32")) < 0.25
    True
    """
    _check_images("x", x, model, loss)
    dtype = model.encoder.layers[0].bias.dtype

    def of_rows(rows: Floats) -> float:
        rows = rows.astype(dtype, copy=False)
        return loss(rows, model(rows))

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
    >>> from aecourse.numpy_nn import autoencoder
    >>> encode(autoencoder((3, 2)), np.ones((5, 3), "float32")).shape
    (5, 2)
    """
    _check_model(model)
    return _map(model.encode, "x", x, model.encoder, batch_size)


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
    >>> from aecourse.numpy_nn import autoencoder
    >>> decode(autoencoder((3, 2)), np.ones((5, 2), "float32")).shape
    (5, 3)
    """
    _check_model(model)
    return _map(model.decode, "z", z, model.decoder, batch_size)


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
    >>> from aecourse.numpy_nn import autoencoder
    >>> reconstruct(autoencoder((3, 2)), np.ones((5, 3), "float32")).shape
    (5, 3)
    """
    _check_model(model)
    return _map(model, "x", x, model.encoder, batch_size)


def _check_model(model: object) -> None:
    if not isinstance(model, Autoencoder):
        raise TypeError(
            f"expected model to be an aecourse.numpy_nn.Autoencoder, got {type(model).__module__}."
            f"{type(model).__name__} — use the functions of the framework that made it"
        )


def _check_images(name: str, x: Floats, model: Autoencoder, loss: Loss) -> None:
    _check_model(model)
    if not isinstance(loss, Loss):
        raise TypeError(f"expected loss to be a loss of aecourse.numpy_nn, got {loss!r}")
    output = model.decoder.layers[-1].activation
    if loss.unit_interval:
        check_loss_fits_output(loss.name, output)
    n_in = model.encoder.layers[0].n_in
    check_images(name, x, n_in, unit_interval=output == "sigmoid")


def _map(
    function: Callable[[Floats], Floats],
    name: str,
    rows: Floats,
    first: Sequential,
    batch_size: int,
) -> Floats:
    check_images(name, rows, first.layers[0].n_in)
    dtype = first.layers[0].bias.dtype
    return in_batches(
        lambda batch: function(batch.astype(dtype, copy=False)), rows, batch_size=batch_size
    )
