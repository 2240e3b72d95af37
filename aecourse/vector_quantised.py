"""Codebooks free of any framework: nearest words, usage, bits, and the revival of dead words."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aecourse.architecture import (
    Activation,
    DType,
    Init,
    Weights,
    chain_weight_shapes,
    initial_weights,
    layer_chain,
)
from aecourse.validation import (
    check_fraction,
    check_non_negative,
    check_positive_integer,
    check_sizes,
)

__all__ = [
    "bits_per_image",
    "check_codebook",
    "check_quantiser",
    "check_words",
    "moving_average",
    "nearest_words",
    "perplexity",
    "revived_codebook",
    "starting_weights",
]

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]

_LEAST_COUNT = 1e-12


def nearest_words(vectors: Floats, codebook: Floats) -> Integers:
    r"""Return the number of the nearest word for each vector.

    :math:`\arg\min_k \lVert z - e_k \rVert^2` (van den Oord et al., 2017, eq. 1). Of several words
    at the same distance the first one wins. The differences are squared and added the same way for
    each word, so equal words are at exactly equal distances.

    Parameters
    ----------
    vectors
        Shape (..., d).
    codebook
        One word a row, shape (K, d).

    Returns
    -------
    numpy.ndarray
        Integers in 0 … K - 1, shape (...).

    Examples
    --------
    >>> nearest_words(np.array([[0.9], [0.1], [0.5]]), np.array([[0.0], [1.0]]))
    array([1, 0, 0])
    """
    differences = vectors[..., None, :] - codebook
    nearest: Integers = np.argmin(np.sum(differences**2, axis=-1), axis=-1)
    return nearest


def perplexity(indices: Integers, n_words: int) -> float:
    r"""Return how many words are in use, counted as if all were equally common.

    :math:`\exp(-\sum_k p_k \log p_k)`, with :math:`p_k` the share of word k: 1 if one word does
    all the work, K if all K do the same.

    Parameters
    ----------
    indices
        Numbers of words, any shape.
    n_words
        Size K of the codebook.

    Returns
    -------
    float
        From 1 to K.

    Raises
    ------
    ValueError
        If an index is not in 0 … K - 1.

    Examples
    --------
    >>> perplexity(np.array([0, 1, 0, 1]), 8)
    2.0
    """
    share = _counts(indices, n_words) / np.size(indices)
    used = share[share > 0]
    return float(np.exp(-np.sum(used * np.log(used))))


def bits_per_image(indices: Integers, indices_train: Integers, n_words: int) -> float:
    r"""Return what a coder needs on average that knows how common each word is in each place.

    :math:`\sum_g \log_2 1/p_g(k_g)` (Shannon, 1948), with the shares counted on other images, one
    added to each count: no image sets its own price, and no word is infinitely dear.

    Parameters
    ----------
    indices
        Numbers of words of the images to be coded, shape (n, groups).
    indices_train
        The same for the images that the shares are counted on, shape (m, groups).
    n_words
        Size K of the codebook.

    Returns
    -------
    float
        Bits, mean over the images. Without knowledge of the shares it would be groups · log2 K.

    Raises
    ------
    ValueError
        If an index is not in 0 … K - 1, or the shapes do not fit.

    Examples
    --------
    >>> bits_per_image(np.array([[0], [1]]), np.array([[0], [1], [0], [1]]), 2)
    1.0
    """
    if indices.ndim != 2 or indices_train.ndim != 2 or indices.shape[1] != indices_train.shape[1]:
        raise ValueError(
            "expected indices and indices_train of shapes (n, groups) and (m, groups), got "
            f"{indices.shape} and {indices_train.shape}"
        )
    bits = 0.0
    for own, seen in zip(indices.T, indices_train.T, strict=True):
        counts = _counts(seen, n_words) + 1
        _counts(own, n_words)
        bits += float(np.mean(np.log2(counts.sum() / counts[own])))
    return bits


def moving_average(
    codebook: Floats, counts: Floats, vectors: Floats, indices: Integers, *, decay: float
) -> tuple[Floats, Floats]:
    r"""Move each word towards the mean of the vectors that chose it.

    van den Oord et al. (2017, appendix A.1) keep a moving average of how many vectors chose a word,
    :math:`N_k \leftarrow \gamma N_k + (1-\gamma) n_k`, and of their sum, :math:`m_k \leftarrow
    \gamma m_k + (1-\gamma) s_k`, with the word :math:`e_k = m_k / N_k`. The sum can be left out:
    :math:`e_k \leftarrow e_k + (1-\gamma)(s_k - n_k e_k) / N_k` with the new :math:`N_k` is the
    same, and a word that nobody chose stays exactly where it is.

    Parameters
    ----------
    codebook, counts
        :math:`e`, shape (K, d), and :math:`N`, shape (K,).
    vectors, indices
        What was quantised, shape (m, d), and the chosen words, shape (m,).
    decay
        :math:`\gamma`.

    Returns
    -------
    codebook, counts : numpy.ndarray
        The new ones.

    Examples
    --------
    >>> moving_average(np.array([[0.0]]), np.ones(1), np.array([[1.0]]), np.array([0]), decay=0.5)
    (array([[0.5]]), array([1.]))
    """
    chosen = np.eye(len(codebook), dtype=codebook.dtype)[indices]
    n, s = chosen.sum(axis=0), chosen.T @ vectors
    new_counts = decay * counts + (1 - decay) * n
    step = (1 - decay) / np.maximum(new_counts, _LEAST_COUNT)
    return codebook + step[:, None] * (s - n[:, None] * codebook), new_counts


def revived_codebook(
    codebook: Floats, vectors: Floats, indices: Integers, *, seed: int, least: int = 1
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Replace words that hardly anybody chose by vectors that need one.

    A new word is one of the given vectors, drawn at random with a probability in proportion to
    its squared distance from its present word (Arthur and Vassilvitskii, 2007): where the codebook
    fits badly, new words are wanted. No vector is drawn twice, unless there are too few of them.

    Parameters
    ----------
    codebook
        Shape (K, d); unchanged.
    vectors, indices
        What was quantised, shape (m, d), and the chosen words, shape (m,).
    seed
        Seed of NumPy's default generator.
    least
        A word chosen fewer times is dead.

    Returns
    -------
    codebook : numpy.ndarray
        The new one, shape (K, d).
    dead : numpy.ndarray
        Which words were replaced, bool, shape (K,).

    Raises
    ------
    TypeError, ValueError
        If ``least`` is no positive integer, or shapes do not fit.

    Examples
    --------
    >>> words, dead = revived_codebook(
    ...     np.array([[0.0], [9.0]]), np.array([[0.0], [1.0]]), np.array([0, 0]), seed=0
    ... )
    >>> words.tolist(), dead.tolist()
    ([[0.0], [1.0]], [False, True])
    """
    check_positive_integer("least", least)
    if vectors.ndim != 2 or indices.shape != vectors.shape[:1]:
        raise ValueError(
            "expected vectors of shape (m, d) and indices of shape (m,), got "
            f"{vectors.shape} and {indices.shape} — reshape them to (-1, d) and (-1,)"
        )
    dead = _counts(indices, len(codebook)) < least
    distance = np.sum((vectors - codebook[indices]) ** 2, axis=1, dtype=np.float64)
    total = distance.sum()
    share = distance / total if total > 0 else np.full(len(vectors), 1 / len(vectors))
    n_dead = int(dead.sum())
    too_few = bool(np.count_nonzero(share) < n_dead)
    drawn = np.random.default_rng(seed).choice(len(vectors), n_dead, replace=too_few, p=share)
    revived = codebook.copy()
    revived[dead] = vectors[drawn]
    return revived, dead


def starting_weights(
    sizes: Sequence[int],
    n_words: int,
    groups: int,
    *,
    activation: Activation,
    init: Init,
    seed: int,
    dtype: DType,
) -> Weights:
    """Draw the starting weights of a vector-quantised autoencoder, the same for every framework.

    Parameters
    ----------
    sizes, n_words, groups
        As in `check_quantiser`.
    activation
        Activation of the hidden layers.
    init, seed, dtype
        As in `aecourse.architecture.initial_weights`.

    Returns
    -------
    dict
        Arrays by name; the ``codebook``, shape (n_words, code size / groups), is the last.

    Examples
    --------
    >>> drawn = starting_weights(
    ...     (6, 4), 8, 2, activation="relu", init="glorot", seed=0, dtype="float32"
    ... )
    >>> drawn["codebook"].shape
    (8, 2)
    """
    parts = {
        "encoder": layer_chain(sizes, activation=activation, output="linear"),
        "decoder": layer_chain(sizes[::-1], activation=activation, output="sigmoid"),
    }
    shapes = {
        f"{part}.{name}": shape
        for part, layers in parts.items()
        for name, shape in chain_weight_shapes(layers).items()
    }
    shapes["codebook"] = (n_words, sizes[-1] // groups)
    return initial_weights(shapes, init=init, seed=seed, dtype=dtype)


def check_quantiser(
    sizes: Sequence[int], n_words: int, groups: int, commitment: float, decay: float | None
) -> tuple[int, ...]:
    """Return the sizes if the options of a vector-quantised autoencoder fit together, or raise.

    Parameters
    ----------
    sizes
        Input size, hidden sizes, and size of the code before it is cut into groups.
    n_words
        Words of the codebook, at least two.
    groups
        Number of pieces of the code; it divides the code size.
    commitment
        Weight of the commitment loss.
    decay
        Of the moving averages, or None where the codebook is trained by its own loss.

    Returns
    -------
    tuple of int
        The sizes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    sizes = check_sizes(sizes)
    check_positive_integer("groups", groups)
    check_positive_integer("n_words", n_words)
    check_non_negative("commitment", commitment)
    if decay is not None:
        check_fraction("ema", decay)
    if n_words < 2:
        raise ValueError(f"expected n_words to be at least 2, got {n_words}")
    if sizes[-1] % groups:
        raise ValueError(
            f"expected groups to divide the code size {sizes[-1]}, got {groups} — "
            f"try {math.gcd(sizes[-1], groups)}"
        )
    return sizes


def check_codebook(codebook: object, shape: tuple[int, int]) -> None:
    """Raise ``ValueError`` unless ``codebook`` is a finite array of the given shape."""
    if not isinstance(codebook, np.ndarray) or codebook.shape != shape:
        got = getattr(codebook, "shape", type(codebook).__name__)
        raise ValueError(f"expected a codebook of shape {shape}, one word a row, got {got}")
    if not np.isfinite(codebook).all():
        raise ValueError("expected a codebook of finite numbers, got NaN or infinity")


def check_words(indices: object, groups: int, n_words: int) -> None:
    """Raise ``ValueError`` unless ``indices`` are numbers of words, shape (n, groups)."""
    expected = f"expected indices in 0 … {n_words - 1} of shape (n, {groups})"
    if not isinstance(indices, np.ndarray) or not np.issubdtype(indices.dtype, np.integer):
        got = getattr(indices, "dtype", type(indices).__name__)
        raise ValueError(f"{expected}, an array of integers, got {got}")
    if indices.ndim != 2 or indices.shape[1] != groups or not len(indices):
        raise ValueError(f"{expected}, got shape {indices.shape}")
    if indices.min() < 0 or indices.max() >= n_words:
        raise ValueError(f"{expected}, got values from {indices.min()} to {indices.max()}")


def _counts(indices: Integers, n_words: int) -> Integers:
    indices = np.asarray(indices)
    if indices.size == 0 or indices.min() < 0 or indices.max() >= n_words:
        raise ValueError(f"expected indices in 0 … {n_words - 1}, at least one, got {indices!r}")
    return np.bincount(indices.ravel(), minlength=n_words)
