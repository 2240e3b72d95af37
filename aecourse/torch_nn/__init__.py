"""The autoencoder in PyTorch, with the same interface as the other two."""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        "PyTorch is not installed — pip install 'aecourse[torch]'", name="torch"
    ) from error


from aecourse.optimizers import SGD, Adam, RMSProp
from aecourse.torch_nn.layers import Dense, TiedDense
from aecourse.torch_nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_per_image,
    mean_squared_error,
    squared_error_per_image,
)
from aecourse.torch_nn.model import (
    Autoencoder,
    autoencoder,
    get_weights,
    mlp,
    set_weights,
    tied_decoder,
)
from aecourse.torch_nn.objective import minimise, objective_gradients
from aecourse.torch_nn.storage import load, save
from aecourse.torch_nn.training import decode, encode, evaluate, fit, gradients, reconstruct
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
