"""The autoencoder in NumPy, every gradient by hand."""

from aecourse.numpy_nn.layers import Dense, Sequential, TiedDense
from aecourse.numpy_nn.losses import (
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_per_image,
    mean_squared_error,
    squared_error_per_image,
)
from aecourse.numpy_nn.model import (
    Autoencoder,
    autoencoder,
    get_weights,
    mlp,
    set_weights,
    tied_decoder,
)
from aecourse.numpy_nn.objective import minimise, objective_gradients
from aecourse.numpy_nn.storage import load, save
from aecourse.numpy_nn.training import decode, encode, evaluate, fit, gradients, reconstruct
from aecourse.optimizers import SGD, Adam, RMSProp
from aecourse.training import History, TrainingDiverged

__all__ = [
    "SGD",
    "Adam",
    "Autoencoder",
    "Dense",
    "History",
    "Loss",
    "RMSProp",
    "Sequential",
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
