"""Images as grids of square patches, and the drawing of those that a model may see."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aecourse.validation import check_images, check_positive_integer

__all__ = ["PatchGrid"]

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class PatchGrid:
    """How an image falls into square patches that do not overlap, numbered row by row.

    Parameters
    ----------
    image_shape
        Height and width of an image, in pixels.
    side
        Height and width of a patch, in pixels; it divides both sides of the image.

    Raises
    ------
    TypeError, ValueError
        If a number is no positive integer, or the patches do not fill the image.

    Examples
    --------
    >>> grid = PatchGrid((28, 28), 7)
    >>> grid.count, grid.pixels
    (16, 49)
    """

    image_shape: tuple[int, int]
    side: int

    def __post_init__(self) -> None:
        check_positive_integer("side", self.side)
        for position, length in enumerate(self.image_shape):
            check_positive_integer(f"image_shape[{position}]", length)
            if length % self.side:
                raise ValueError(
                    f"expected side to divide the image's {length} pixels, got {self.side} — "
                    "the patches have to fill the image"
                )

    @property
    def count(self) -> int:
        """Number of patches of an image."""
        height, width = self.image_shape
        return height * width // self.pixels

    @property
    def pixels(self) -> int:
        """Number of pixels of a patch."""
        return self.side**2

    @property
    def index(self) -> npt.NDArray[np.int64]:
        """Where each patch's pixels lie in the row of an image, shape (count, pixels)."""
        height, width = self.image_shape
        rows = np.arange(height * width).reshape(height // self.side, self.side, -1, self.side)
        return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(self.count, self.pixels))

    @property
    def patch_of_pixel(self) -> npt.NDArray[np.int64]:
        """Number of the patch that each pixel of an image lies in, shape (d,)."""
        patches = np.empty(self.index.size, dtype=np.int64)
        patches[self.index] = np.arange(self.count)[:, None]
        return patches

    def split(self, x: Floats) -> Floats:
        """Cut images into patches.

        Parameters
        ----------
        x
            Images, float32 or float64, shape (n, d).

        Returns
        -------
        numpy.ndarray
            Patches, shape (n, count, pixels).

        Raises
        ------
        TypeError, ValueError
            If ``x`` does not hold such images.

        Examples
        --------
        >>> PatchGrid((2, 4), 2).split(np.arange(8.0)[None])
        array([[[0., 1., 4., 5.],
                [2., 3., 6., 7.]]])
        """
        height, width = self.image_shape
        return check_images("x", x, height * width)[:, self.index]

    def join(self, patches: Floats) -> Floats:
        """Put patches together again: the inverse of `split`.

        Parameters
        ----------
        patches
            Patches, shape (n, count, pixels).

        Returns
        -------
        numpy.ndarray
            Images, shape (n, d).

        Raises
        ------
        ValueError
            If the shape is not as described.

        Examples
        --------
        >>> grid = PatchGrid((2, 4), 2)
        >>> grid.join(grid.split(np.arange(8.0)[None]))
        array([[0., 1., 2., 3., 4., 5., 6., 7.]])
        """
        if patches.ndim != 3 or patches.shape[1:] != (self.count, self.pixels):
            raise ValueError(
                f"expected patches of shape (n, {self.count}, {self.pixels}), got {patches.shape}"
            )
        images = np.empty((len(patches), self.index.size), patches.dtype)
        images[:, self.index] = patches
        return images

    def draw_shown(self, rng: np.random.Generator, n: int, *, shown: int) -> npt.NDArray[np.bool_]:
        """Draw which patches of each image are shown, all choices equally likely.

        Each row is a shuffle of the patches of which the first ``shown`` are kept (He et al., 2022,
        section 3). With `functools.partial` this is the noise of `minimise`.

        Parameters
        ----------
        rng
            NumPy's generator.
        n
            Number of images.
        shown
            How many patches of each image are shown, from 1 to count - 1.

        Returns
        -------
        numpy.ndarray
            True where a patch is shown, shape (n, count).

        Raises
        ------
        TypeError, ValueError
            If ``shown`` is not as described.

        Examples
        --------
        >>> PatchGrid((2, 4), 1).draw_shown(np.random.default_rng(0), 2, shown=3)
        array([[ True, False, False, False, False,  True,  True, False],
               [False,  True, False, False, False,  True,  True, False]])
        """
        check_positive_integer("shown", shown)
        if shown >= self.count:
            raise ValueError(
                f"expected shown to be less than the {self.count} patches, got {shown} — "
                "where nothing is hidden there is nothing to learn"
            )
        places = rng.permuted(np.tile(np.arange(self.count), (n, 1)), axis=1)
        return places < shown

    def check_shown(self, shown: object, n: int) -> None:
        """Raise unless ``shown`` says for each patch of ``n`` images whether it is shown.

        Parameters
        ----------
        shown
            The candidate: booleans, shape (n, count).
        n
            Number of images.

        Raises
        ------
        TypeError, ValueError
            If it is not as described.
        """
        expected = f"expected shown to be booleans of shape ({n}, {self.count})"
        if not isinstance(shown, np.ndarray) or shown.dtype != bool:
            got = shown.dtype if isinstance(shown, np.ndarray) else type(shown).__name__
            raise TypeError(f"{expected}, got {got} — draw them with PatchGrid.draw_shown")
        if shown.shape != (n, self.count):
            raise ValueError(f"{expected}, got shape {shown.shape} — one row an image")

    def per_pixel(self, shown: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Say of each pixel what is said of its patch.

        Parameters
        ----------
        shown
            Booleans, shape (n, count).

        Returns
        -------
        numpy.ndarray
            Booleans, shape (n, d), in the order of an image's pixels.

        Raises
        ------
        TypeError, ValueError
            If ``shown`` is not as described.

        Examples
        --------
        >>> PatchGrid((2, 4), 2).per_pixel(np.array([[True, False]]))
        array([[ True,  True, False, False,  True,  True, False, False]])
        """
        self.check_shown(shown, len(shown))
        return shown[:, self.patch_of_pixel]
