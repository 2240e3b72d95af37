"""From scores to decisions: the ROC curve, its area with an interval, and thresholds."""

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from aecourse.validation import check_open_unit

__all__ = [
    "alarm_threshold",
    "roc_auc",
    "roc_auc_difference",
    "roc_auc_interval",
    "roc_curve",
]

Floats = npt.NDArray[np.floating]
Float64s = npt.NDArray[np.float64]
Interval = tuple[float, float]


def roc_auc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the receiver operating characteristic.

    It is the probability that a positive case scores higher than a negative one, ties counting
    half: the Mann-Whitney statistic over the number of pairs (Hanley and McNeil, 1982).

    Parameters
    ----------
    scores
        One number a case, shape (n,), such as an image's reconstruction error.
    positive
        Whether each case is positive, booleans of shape (n,).

    Returns
    -------
    float
        1 if all positives score above all negatives, 0.5 for scores that know nothing.

    Raises
    ------
    ValueError
        If the shapes differ, a score is not finite, or one of the two kinds is missing.

    Examples
    --------
    >>> roc_auc(np.array([0.1, 0.4, 0.9]), np.array([False, True, True]))
    1.0
    """
    return float(_placements(scores, positive)[0].mean())


def roc_curve(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Float64s, Float64s]:
    """Return what every threshold costs and what it brings.

    Parameters
    ----------
    scores, positive
        As for `roc_auc`.

    Returns
    -------
    false_alarms, detected : numpy.ndarray
        Share of the negative and of the positive cases whose score reaches a threshold, for all
        thresholds from above the largest score down to the smallest: both rise from 0 to 1.

    Raises
    ------
    ValueError
        As `roc_auc`.

    Examples
    --------
    >>> roc_curve(np.array([0.1, 0.4, 0.9]), np.array([False, True, True]))
    (array([0., 0., 0., 1.]), array([0. , 0.5, 1. , 1. ]))
    """
    above, below = _split(scores, positive)
    thresholds = np.append(np.inf, np.unique(np.concatenate([above, below]))[::-1])
    false_alarms, detected = (
        1 - np.searchsorted(np.sort(part), thresholds) / len(part) for part in (below, above)
    )
    return false_alarms, detected


def roc_auc_interval(
    scores: Floats, positive: npt.NDArray[np.bool_], *, confidence: float = 0.95
) -> Interval:
    r"""Return a confidence interval for the area under the receiver operating characteristic.

    The variance is that of DeLong, DeLong and Clarke-Pearson (1988): with
    :math:`V_i` the share of the negatives below positive i, and :math:`U_j` the share of the
    positives above negative j, it is :math:`s_V^2/m + s_U^2/n`. The interval is symmetric for the
    log odds of the area (Pepe, 2003, chapter 5), so it stays between 0 and 1. If the order is
    perfect, this variance is zero and says nothing. Then the area's lower end is
    :math:`(\alpha/2)^{1/\min(m, n)}`, for so many disjoint pairs were all in order. If all
    scores are equal, the variance is zero too, and the interval is the point 1/2.

    Parameters
    ----------
    scores, positive
        As for `roc_auc`, at least two cases of each kind, drawn independently.
    confidence
        Probability that such intervals hold the true area.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Raises
    ------
    ValueError
        As `roc_auc`, and if there are fewer than two cases of a kind.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> positive = np.arange(200) < 100
    >>> low, high = roc_auc_interval(rng.normal(size=200) + positive, positive)
    >>> low < 0.76 < high  # the true area: a normal variable of mean 1, variance 2 is positive
    True
    """
    tail = _tail(confidence)
    placements = _placements(scores, positive)
    error = _standard_error(placements)
    area = float(placements[0].mean())
    if area in (0, 1):
        inner = float(tail ** (1 / min(map(len, placements))))
        return (inner, 1.0) if area else (0.0, 1 - inner)
    centre = math.log(area / (1 - area))
    reach = _quantile(tail) * error / (area * (1 - area))
    low, high = (1 / (1 + math.exp(-end)) for end in (centre - reach, centre + reach))
    return low, high


def roc_auc_difference(
    first: Floats,
    second: Floats,
    positive: npt.NDArray[np.bool_],
    *,
    confidence: float = 0.95,
) -> tuple[float, Interval]:
    """Compare two scores of the same cases by their areas.

    What makes a case hard for one score often makes it hard for the other. The difference then
    varies less than either area, and its variance is taken from the differences case by case
    (DeLong, DeLong and Clarke-Pearson, 1988). If both orders are perfect, or both scores place
    every case alike, this variance is zero and the interval, a point, means nothing.

    Parameters
    ----------
    first, second
        Two scores for each case, shape (n,) each.
    positive
        Whether each case is positive, booleans of shape (n,), at least two of each kind.
    confidence
        Probability that such intervals hold the true difference.

    Returns
    -------
    difference : float
        Area of ``first`` minus that of ``second``.
    interval : tuple of float
        Lower and upper end.

    Raises
    ------
    ValueError
        As `roc_auc`, and if there are fewer than two cases of a kind.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> positive = np.arange(200) < 100
    >>> score = rng.normal(size=200) + positive
    >>> difference, (low, high) = roc_auc_difference(score, score + rng.normal(size=200), positive)
    >>> low < difference < high
    True
    """
    tail = _tail(confidence)
    v, w = (_placements(scores, positive) for scores in (first, second))
    differences = (v[0] - w[0], v[1] - w[1])
    difference = float(differences[0].mean())
    reach = _quantile(tail) * _standard_error(differences)
    return difference, (difference - reach, difference + reach)


def alarm_threshold(scores: Floats, rate: float) -> float:
    r"""Choose a threshold from normal cases alone, with a promise about false alarms.

    If these n cases and a new normal one are exchangeable, its rank among all n + 1 is uniform.
    So it lies above the r-th smallest of the n with probability at most :math:`1 - r/(n+1)`
    (Vovk, Gammerman and Shafer, 2005, chapter 2; for anomalies Bates et al., 2023).

    Parameters
    ----------
    scores
        Scores of normal cases that the detector was **not** trained on, shape (n,).
    rate
        Largest probability of a false alarm, between 0 and 1.

    Returns
    -------
    float
        One of the scores: raise an alarm where a score is larger.

    Raises
    ------
    ValueError
        If a score is not finite, or there are too few of them for so small a rate.

    Examples
    --------
    >>> alarm_threshold(np.arange(1.0, 100.0), 0.05)
    95.0
    """
    check_open_unit("rate", rate)
    scores = _vector(scores)
    n = len(scores)
    # Without the margin, a product such as 0.29 * 100 could fall just below its whole number.
    above = min(math.floor(rate * (n + 1) + 1e-9), n)
    if above < 1:
        raise ValueError(
            f"expected at least {math.ceil(1 / rate) - 1} scores for a rate of {rate:g}, got {n} — "
            "collect more normal cases or accept more false alarms"
        )
    return float(np.sort(scores)[n - above])


def _vector(scores: Floats) -> Float64s:
    vector: Float64s = np.asarray(scores, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"expected scores of shape (n,), got {vector.shape}")
    if not np.isfinite(vector).all():
        raise ValueError("expected scores to hold finite numbers, got NaN or infinity")
    return vector


def _split(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Float64s, Float64s]:
    """Return the scores of the positive and of the negative cases, both not empty."""
    shape, positive = np.shape(scores), np.asarray(positive)
    if len(shape) != 1 or shape != positive.shape or positive.dtype != bool:
        raise ValueError(
            "expected scores of shape (n,) and booleans positive of the same shape, got "
            f"{shape} and {positive.dtype} {positive.shape}"
        )
    scores = _vector(scores)
    parts = scores[positive], scores[~positive]
    if not all(map(len, parts)):
        raise ValueError(
            f"expected positive and negative cases, got {len(parts[0])} and {len(parts[1])}"
        )
    return parts


def _placements(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Float64s, Float64s]:
    """Return, for each case, the share of the other kind that it is on the right side of."""
    above, below = _split(scores, positive)
    return _share_below(above, below), 1 - _share_below(below, above)


def _share_below(scores: Float64s, others: Float64s) -> Float64s:
    """Return which share of the others lies below each score, ties counting half."""
    others = np.sort(others)
    smaller, at_most = (np.searchsorted(others, scores, side) for side in ("left", "right"))
    share: Float64s = (smaller + at_most) / (2 * len(others))
    return share


def _standard_error(placements: tuple[Float64s, Float64s]) -> float:
    sizes = [len(part) for part in placements]
    if min(sizes) < 2:
        raise ValueError(
            f"expected at least two cases of each kind, got {sizes[0]} positive and {sizes[1]} "
            "negative"
        )
    return math.sqrt(sum(float(part.var(ddof=1)) / len(part) for part in placements))


def _tail(confidence: float) -> float:
    check_open_unit("confidence", confidence)
    return (1 - confidence) / 2


def _quantile(tail: float) -> float:
    return NormalDist().inv_cdf(1 - tail)
