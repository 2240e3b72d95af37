"""Images as the bytes that widgets paint."""

import numpy as np
import numpy.typing as npt

__all__ = ["grey_bytes", "signed_bytes"]

Floats = npt.NDArray[np.floating]


def grey_bytes(x: Floats) -> bytes:
    """Return grey values as bytes, 0 black and 255 white.

    Parameters
    ----------
    x
        Values in [0, 1] of any shape; others are clipped.

    Returns
    -------
    bytes
        One byte a value, in C order.

    Examples
    --------
    >>> list(grey_bytes(np.array([0.0, 0.5, 1.2])))
    [0, 128, 255]
    """
    return np.round(255 * np.clip(x, 0, 1)).astype(np.uint8).tobytes()


def signed_bytes(images: Floats) -> bytes:
    """Return images of weights as bytes: grey nothing, lighter positive, darker negative.

    Parameters
    ----------
    images
        Shape (..., n_pixels); each image is scaled by its own largest weight.

    Returns
    -------
    bytes
        One byte a weight, in C order.

    Examples
    --------
    >>> list(signed_bytes(np.array([[0.0, 2.0, -1.0], [0.0, 0.0, 0.0]])))
    [128, 255, 64, 128, 128, 128]
    """
    largest = np.abs(images).max(axis=-1, keepdims=True)
    return grey_bytes(0.5 + images / np.where(largest > 0, 2 * largest, 1))
