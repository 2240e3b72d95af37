"""The autoencoder in TensorFlow and Keras 3, with the same interface as the other two."""

try:
    import keras as _keras
    import tensorflow as _tf  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("tensorflow", "keras"):
        raise
    raise ModuleNotFoundError(
        "TensorFlow is not installed — pip install 'aecourse[tensorflow]'", name=error.name
    ) from error

if _keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"expected Keras to run on TensorFlow, got the backend {_keras.backend.backend()!r} — set "
        "the environment variable KERAS_BACKEND=tensorflow before Keras is imported"
    )

from aecourse.optimizers import SGD, Adam, RMSProp
from aecourse.tf_nn.layers import Dense, TiedDense
from aecourse.tf_nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_per_image,
    mean_squared_error,
    squared_error_per_image,
)
from aecourse.tf_nn.model import (
    Autoencoder,
    autoencoder,
    get_weights,
    mlp,
    set_weights,
    tied_decoder,
)
from aecourse.tf_nn.objective import minimise, objective_gradients
from aecourse.tf_nn.storage import load, save
from aecourse.tf_nn.training import decode, encode, evaluate, fit, gradients, reconstruct
from aecourse.training import History, TrainingDiverged

__all__ = [
    "SGD",
    "Adam",
    "Autoencoder",
    "Dense",
    "History",
    "RMSProp",
    "TiedDense",
    "TrainingDiverged",
    "autoencoder",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
    "decode",
    "encode",
    "evaluate",
    "fit",
    "get_weights",
    "gradients",
    "load",
    "mean_squared_error",
    "minimise",
    "mlp",
    "objective_gradients",
    "reconstruct",
    "save",
    "set_weights",
    "squared_error_per_image",
    "tied_decoder",
]
