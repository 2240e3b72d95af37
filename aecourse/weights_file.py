"""One file format for the weights of all three frameworks: safetensors with the architecture."""

import json
from dataclasses import asdict
from os import PathLike
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from aecourse.architecture import (
    Architecture,
    DType,
    LayerShape,
    Weights,
    check_weights,
    weight_shapes,
)

__all__ = ["read_weights_file", "stored_dtype", "write_weights_file"]

_FORMAT = "aecourse-1"


def write_weights_file(
    path: str | PathLike[str], architecture: Architecture, weights: Weights
) -> None:
    """Write an architecture and its weights, whole or not at all.

    Parameters
    ----------
    path
        Where to write; an existing file is replaced only when the new one is complete.
    architecture
        Stored as JSON in the file's metadata.
    weights
        Arrays by name.

    Raises
    ------
    ValueError
        If the weights are not those of a plain autoencoder of that architecture.
    OSError
        If the file cannot be written.
    """
    check_weights(weight_shapes(architecture), weights)
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    metadata = {"format": _FORMAT, "architecture": json.dumps(asdict(architecture))}
    try:
        save_file(weights, partial, metadata=metadata)
    except SafetensorError as error:
        raise OSError(f"could not write {path}: {error}") from error
    partial.replace(path)


def read_weights_file(path: str | PathLike[str]) -> tuple[Architecture, Weights]:
    """Read what `write_weights_file` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    architecture : Architecture
        What kind of model the weights belong to.
    weights : dict
        Arrays by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or was not written by ``save``.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"expected a weights file at {path}, found none")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            # Not a mapping: safetensors' file object can only be asked for its keys.
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or not a safetensors file: {error}") from error
    if metadata.get("format") != _FORMAT:
        raise ValueError(
            f"expected {path} to be written by this library's save (format {_FORMAT!r}), "
            f"got format {metadata.get('format')!r}"
        )
    stored = json.loads(metadata["architecture"])
    architecture = Architecture(
        encoder=tuple(LayerShape(**layer) for layer in stored["encoder"]),
        decoder=tuple(LayerShape(**layer) for layer in stored["decoder"]),
        overcomplete=stored["overcomplete"],
    )
    check_weights(weight_shapes(architecture), weights)
    return architecture, weights


def stored_dtype(weights: Weights) -> DType:
    """Return the precision that all arrays of a file share.

    Parameters
    ----------
    weights
        Arrays by name.

    Returns
    -------
    str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueError
        If the arrays have another or more than one precision.
    """
    names = sorted({array.dtype.name for array in weights.values()})
    if names == ["float32"]:
        return "float32"
    if names == ["float64"]:
        return "float64"
    raise ValueError(f"expected weights all float32 or all float64, got {', '.join(names)}")
