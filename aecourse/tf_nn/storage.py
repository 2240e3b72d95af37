"""Models on disk: one file format for all three frameworks."""

from os import PathLike

from aecourse.architecture import Architecture
from aecourse.tf_nn.model import Autoencoder, build, get_weights, set_weights
from aecourse.weights_file import read_weights_file, stored_dtype, write_weights_file

__all__ = ["load", "save"]


def save(model: Autoencoder, path: str | PathLike[str]) -> None:
    """Write a model to a safetensors file that all three frameworks can load.

    Parameters
    ----------
    model
        The model; architecture and weights are stored.
    path
        Where to write; an existing file is replaced only when the new one is complete.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from aecourse.tf_nn import autoencoder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(autoencoder((4, 2)), pathlib.Path(folder) / "model.safetensors")
    """
    architecture = Architecture.of_layers(
        model.encoder.layers, model.decoder.layers, overcomplete=model.overcomplete
    )
    write_weights_file(path, architecture, get_weights(model))


def load(path: str | PathLike[str]) -> Autoencoder:
    """Read a model that any of the three frameworks saved.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Autoencoder
        A new model in the precision of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or was not written by ``save``.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from aecourse.tf_nn import autoencoder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "model.safetensors"
    ...     save(autoencoder((4, 2)), path)
    ...     model = load(path)
    """
    architecture, weights = read_weights_file(path)
    model = build(architecture, dtype=stored_dtype(weights))
    set_weights(model, weights)
    return model
