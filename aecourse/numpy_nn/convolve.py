"""Convolution of images, its transpose and the gradient of its kernel, by hand."""

import numpy as np
import numpy.typing as npt

from aecourse.convolution import output_size

__all__ = ["conv2d", "conv2d_transpose", "conv2d_weight_gradient", "gather", "scatter"]

Floats = npt.NDArray[np.floating]


def gather(x: Floats, *, kernel: tuple[int, int], stride: int, padding: int) -> Floats:
    """Copy what a kernel sees at each of its places into one row (known as im2col).

    Parameters
    ----------
    x
        Images, shape (n, height, width, channels).
    kernel
        Height and width of the kernel.
    stride, padding
        Pixels from one place to the next, and of zeros on each of the four sides.

    Returns
    -------
    numpy.ndarray
        Shape (n, rows, columns, kernel height, kernel width, channels).

    Raises
    ------
    ValueError
        If the numbers do not fit the images.

    Examples
    --------
    >>> gather(np.ones((5, 4, 4, 1)), kernel=(2, 2), stride=2, padding=0).shape
    (5, 2, 2, 2, 2, 1)
    """
    n, height, width, channels = x.shape
    rows = output_size(height, kernel=kernel[0], stride=stride, padding=padding)
    columns = output_size(width, kernel=kernel[1], stride=stride, padding=padding)
    padded = np.zeros((n, height + 2 * padding, width + 2 * padding, channels), x.dtype)
    padded[:, padding : padding + height, padding : padding + width] = x
    seen = np.empty((n, rows, columns, *kernel, channels), x.dtype)
    for a, b in np.ndindex(kernel):
        down, across = slice(a, a + stride * rows, stride), slice(b, b + stride * columns, stride)
        seen[:, :, :, a, b] = padded[:, down, across]
    return seen


def scatter(seen: Floats, *, size: tuple[int, int], stride: int, padding: int) -> Floats:
    """Add everything back to the pixel that `gather` took it from: its transpose (col2im).

    Parameters
    ----------
    seen
        Shape (n, rows, columns, kernel height, kernel width, channels).
    size
        Height and width of the images.
    stride, padding
        As for `gather`.

    Returns
    -------
    numpy.ndarray
        Images, shape (n, height, width, channels).

    Examples
    --------
    >>> seen = np.ones((1, 2, 2, 3, 3, 1))
    >>> scatter(seen, size=(5, 5), stride=2, padding=0)[0, :, :, 0].astype(int)
    array([[1, 1, 2, 1, 1],
           [1, 1, 2, 1, 1],
           [2, 2, 4, 2, 2],
           [1, 1, 2, 1, 1],
           [1, 1, 2, 1, 1]])
    """
    n, rows, columns, *kernel, channels = seen.shape
    height, width = size
    padded = np.zeros((n, height + 2 * padding, width + 2 * padding, channels), seen.dtype)
    for a, b in np.ndindex(*kernel):
        down, across = slice(a, a + stride * rows, stride), slice(b, b + stride * columns, stride)
        padded[:, down, across] += seen[:, :, :, a, b]
    return padded[:, padding : padding + height, padding : padding + width]


def conv2d(x: Floats, weight: Floats, *, stride: int, padding: int) -> Floats:
    r"""Slide a kernel over images (LeCun et al., 1998, section II).

    :math:`y_{ijo} = \sum_{a,b,c} x_{is+a-p,\,js+b-p,\,c}\, W_{abco}`, with zeros outside the image.

    Parameters
    ----------
    x
        Images, shape (n, height, width, n_in).
    weight
        Kernel, shape (height, width, n_in, n_out).
    stride, padding
        s and p, in pixels.

    Returns
    -------
    numpy.ndarray
        Shape (n, rows, columns, n_out).

    Raises
    ------
    ValueError
        If the channels or the sizes do not fit.

    Examples
    --------
    >>> conv2d(np.ones((5, 28, 28, 1)), np.ones((4, 4, 1, 8)), stride=2, padding=1).shape
    (5, 14, 14, 8)
    """
    _check_channels(x, weight, axis=2)
    n_out = weight.shape[3]
    seen = gather(x, kernel=weight.shape[:2], stride=stride, padding=padding)
    product = seen.reshape(-1, weight[..., 0].size) @ weight.reshape(-1, n_out)
    return product.reshape(*seen.shape[:3], n_out)


def conv2d_transpose(
    y: Floats, weight: Floats, *, size: tuple[int, int], stride: int, padding: int
) -> Floats:
    r"""Apply the transpose of the linear map `conv2d` (Dumoulin and Visin, 2016, section 4).

    Each pixel of ``y`` paints a kernel: :math:`y_{ijo} W_{abco}` is added to
    :math:`x_{is+a-p,\,js+b-p,\,c}`.

    Parameters
    ----------
    y
        Images, shape (n, rows, columns, n_out).
    weight
        Kernel of the convolution, shape (height, width, n_in, n_out).
    size
        Height and width of the images that the convolution takes.
    stride, padding
        s and p of the convolution.

    Returns
    -------
    numpy.ndarray
        Shape (n, height, width, n_in).

    Raises
    ------
    ValueError
        If the channels do not fit, or the convolution would not lead from ``size`` to ``y``.

    Examples
    --------
    >>> y, weight = np.ones((5, 14, 14, 8)), np.ones((4, 4, 1, 8))
    >>> conv2d_transpose(y, weight, size=(28, 28), stride=2, padding=1).shape
    (5, 28, 28, 1)
    """
    _check_channels(y, weight, axis=3)
    kernel_height, kernel_width, n_in, n_out = weight.shape
    expected = tuple(
        output_size(m, kernel=k, stride=stride, padding=padding)
        for m, k in zip(size, weight.shape[:2], strict=True)
    )
    if y.shape[1:3] != expected:
        raise ValueError(
            f"expected y of shape (n, {expected[0]}, {expected[1]}, {n_out}), to which the "
            f"convolution leads from images of {size}, got {y.shape}"
        )
    product = y.reshape(-1, n_out) @ weight.reshape(-1, n_out).T
    seen = product.reshape(*y.shape[:3], kernel_height, kernel_width, n_in)
    return scatter(seen, size=size, stride=stride, padding=padding)


def conv2d_weight_gradient(
    x: Floats, delta: Floats, *, kernel: tuple[int, int], stride: int, padding: int
) -> Floats:
    r"""Return the derivative of a loss with respect to a convolution's kernel.

    :math:`\partial L / \partial W_{abco} = \sum_{n,i,j} x_{n,\,is+a-p,\,js+b-p,\,c}\,
    \delta_{nijo}`, from :math:`\delta = \partial L / \partial y`.

    Parameters
    ----------
    x
        What the convolution took, shape (n, height, width, n_in).
    delta
        Derivative with respect to what it gave, shape (n, rows, columns, n_out).
    kernel, stride, padding
        Those of the convolution.

    Returns
    -------
    numpy.ndarray
        Shape (kernel height, kernel width, n_in, n_out).

    Raises
    ------
    ValueError
        If ``delta`` does not fit ``x``.

    Examples
    --------
    >>> x, delta = np.ones((5, 28, 28, 1)), np.ones((5, 14, 14, 8))
    >>> conv2d_weight_gradient(x, delta, kernel=(4, 4), stride=2, padding=1).shape
    (4, 4, 1, 8)
    """
    seen = gather(x, kernel=kernel, stride=stride, padding=padding)
    if delta.ndim != 4 or delta.shape[:3] != seen.shape[:3]:
        n, rows, columns = seen.shape[:3]
        raise ValueError(
            f"expected delta of the shape of the convolution's output, ({n}, {rows}, {columns}, "
            f"n_out), got {delta.shape}"
        )
    n_in, n_out = x.shape[3], delta.shape[3]
    product = seen.reshape(-1, kernel[0] * kernel[1] * n_in).T @ delta.reshape(-1, n_out)
    return product.reshape(*kernel, n_in, n_out)


def _check_channels(images: Floats, weight: Floats, *, axis: int) -> None:
    if images.ndim != 4 or weight.ndim != 4 or images.shape[3] != weight.shape[axis]:
        raise ValueError(
            "expected images (n, height, width, channels) and a kernel (height, width, n_in, "
            f"n_out) with as many channels, got shapes {images.shape} and {weight.shape}"
        )
