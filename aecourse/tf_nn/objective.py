"""Training on any objective that a model computes, with GradientTape in compiled blocks."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecourse.architecture import Weights
from aecourse.device import tensorflow_device
from aecourse.optimizers import Adam, Optimizer
from aecourse.tf_nn.model import HasParameters
from aecourse.tf_nn.optimizers import make_update_rule
from aecourse.training import History, Noise, noise_generator, train
from aecourse.validation import check_matrix, check_positive_integer

__all__ = ["ObjectiveModel", "compile_block", "minimise", "objective_gradients"]

Floats = npt.NDArray[np.floating]


class ObjectiveModel(HasParameters, Protocol):
    """A model that knows what it wants to be small."""

    def objective(self, batch: Any, noise: Any) -> Any:
        """Return the objective on a minibatch, a scalar that a GradientTape can differentiate."""


def compile_block(
    objective: Callable[[Any, Any], Any],
    parameters: Sequence[tf.Variable],
    optimizer: Optimizer,
) -> Callable[[Any, Any], Any]:
    """Compile a loop of training steps into one graph.

    Parameters
    ----------
    objective
        From a minibatch and its noise, or None, to a scalar.
    parameters
        What to change.
    optimizer
        How to step.

    Returns
    -------
    callable
        Takes minibatches (steps, n, d) and their noise, or None, and returns their objectives
        (steps,), each from before its step.
    """
    update = make_update_rule(optimizer, parameters)
    # XLA fuses the step into few loops over memory. On a GPU it needs parts of CUDA's toolkit that
    # an installation with pip may lack, and there the plain graph is fast as well.
    on_cpu = tensorflow_device().startswith("/CPU")

    @tf.function(jit_compile=on_cpu)  # type: ignore[untyped-decorator]
    def step(batch: Any, noise: Any) -> Any:
        with tf.GradientTape() as tape:
            value = objective(batch, noise)
        update(tape.gradient(value, parameters))
        return value

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def run_block(batches: Any, noise: Any) -> Any:
        losses = tf.TensorArray(batches.dtype, tf.shape(batches)[0])
        for number in tf.range(tf.shape(batches)[0]):
            drawn = None if noise is None else noise[number]
            losses = losses.write(number, step(batches[number], drawn))
        return losses.stack()

    return run_block  # type: ignore[no-any-return]


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
    >>> from aecourse.tf_nn import Autoencoder, mean_squared_error, mlp
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
    dtype = parameters[0].dtype.as_numpy_dtype
    rng = noise_generator(seed)
    with tf.device(tensorflow_device()):
        run_block = compile_block(model.objective, parameters, optimizer)

    def run_part(batches: Floats, drawn: Floats | None, size: int) -> Floats:
        # One graph takes whole minibatches of this size: (steps, size, ...).
        parts = [
            None if rows is None else tf.convert_to_tensor(rows.reshape(-1, size, *rows.shape[1:]))
            for rows in (batches, drawn)
        ]
        losses: Floats = run_block(*parts).numpy()
        return losses

    def run_steps(rows: npt.NDArray[np.intp]) -> Floats:
        batches = x[rows].astype(dtype, copy=False)
        drawn = None if noise is None else noise(rng, len(rows)).astype(dtype, copy=False)
        whole = len(rows) // batch_size * batch_size
        losses = []
        with tf.device(tensorflow_device()):
            for part, size in ((slice(whole), batch_size), (slice(whole, None), len(rows) - whole)):
                if len(rows[part]):
                    some = None if drawn is None else drawn[part]
                    losses.append(run_part(batches[part], some, size))
        return np.concatenate(losses).astype(np.float64)

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
    >>> from aecourse.tf_nn import Autoencoder, mean_squared_error, mlp
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
    dtype = next(iter(parameters.values())).dtype
    with tf.device(tensorflow_device()), tf.GradientTape() as tape:
        drawn = None if noise is None else tf.cast(noise, dtype)
        value = model.objective(tf.cast(x, dtype), drawn)
    derivatives = tape.gradient(value, list(parameters.values()))
    return float(value), {
        name: derivative.numpy() for name, derivative in zip(parameters, derivatives, strict=True)
    }
