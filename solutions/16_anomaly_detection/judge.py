"""What is asked about chapter 16, and what is right: areas, errors, thresholds, blind spots."""

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
)

# The area from pairs


def _area(anomalies, normal):
    return float(np.mean((np.sign(anomalies[:, None] - normal) + 1) / 2))


def _score_inputs(rng):
    def tied(m, n):
        return rng.integers(0, 5, m) + 1.0, rng.integers(0, 4, n) + 0.0

    anomalies, normal = rng.normal(1, 1, 9), rng.normal(0, 1, 14)
    return {
        "continuous scores": (anomalies, normal),
        "many ties": tied(12, 20),
        "anomalies that look normal": (normal[:8] - 1.0, anomalies),
        "one anomaly": (np.array([2.0]), np.array([1.0, 2.0, 3.0, 0.0, 2.0])),
    }


def _ties_lose(anomalies, normal):
    return float(np.mean(anomalies[:, None] > normal))


def _ties_win(anomalies, normal):
    return float(np.mean(anomalies[:, None] >= normal))


def _upside_down(anomalies, normal):
    return 1 - _area(anomalies, normal)


def _pairs_counted(anomalies, normal):
    return _area(anomalies, normal) * len(anomalies) * len(normal)


def _against_the_mean(anomalies, normal):
    return float(np.mean((np.sign(anomalies - normal.mean()) + 1) / 2))


AREA = FunctionQuestion(
    "area",
    points=2,
    function="area",
    reference=_area,
    inputs=_score_inputs,
    mistakes=(
        Mistake(
            "ties count nothing",
            _ties_lose,
            "A tie counts half: your pairs with equal scores count nothing.",
        ),
        Mistake(
            "ties count fully",
            _ties_win,
            "A tie counts half: your pairs with equal scores count as if the anomaly were ahead.",
        ),
        Mistake(
            "upside down",
            _upside_down,
            "You count the pairs in which the normal image is ahead: turn the comparison around.",
        ),
        Mistake(
            "pairs counted, not their share",
            _pairs_counted,
            "You return a number of pairs: divide by how many pairs there are.",
        ),
        Mistake(
            "compared with the mean",
            _against_the_mean,
            "You compare each anomaly with the mean normal score: compare it with every one.",
        ),
    ),
    hints=(
        "A column of anomalies and a row of normal scores: NumPy compares all pairs at once.",
        "`np.sign(anomalies[:, None] - normal)` is 1 where the anomaly is ahead, 0 at a tie, −1 "
        "else.",
        "Map −1, 0, 1 to 0, 1/2, 1 by adding one and halving. Then take the mean.",
    ),
)

# How sure


def _parts(anomalies, normal):
    pairs = (np.sign(anomalies[:, None] - normal) + 1) / 2
    return pairs.mean(axis=1), pairs.mean(axis=0)


def _area_error(anomalies, normal):
    v, u = _parts(anomalies, normal)
    return float(np.sqrt(v.var(ddof=1) / len(v) + u.var(ddof=1) / len(u)))


def _error_inputs(rng):
    return {
        "few anomalies": (rng.normal(1, 1, 5), rng.normal(0, 1, 40)),
        "few normal images": (rng.normal(0.5, 2, 30), rng.normal(0, 1, 6)),
        "with ties": (rng.integers(1, 6, 10) + 0.0, rng.integers(0, 5, 15) + 0.0),
    }


def _pairs_independent(anomalies, normal):
    area = _area(anomalies, normal)
    return float(np.sqrt(area * (1 - area) / (len(anomalies) * len(normal))))


def _variance_not_root(anomalies, normal):
    return _area_error(anomalies, normal) ** 2


def _divided_by_n(anomalies, normal):
    v, u = _parts(anomalies, normal)
    return float(np.sqrt(v.var() / len(v) + u.var() / len(u)))


def _anomalies_only(anomalies, normal):
    v, _ = _parts(anomalies, normal)
    return float(np.sqrt(v.var(ddof=1) / len(v)))


def _sizes_swapped(anomalies, normal):
    v, u = _parts(anomalies, normal)
    return float(np.sqrt(v.var(ddof=1) / len(u) + u.var(ddof=1) / len(v)))


AREA_ERROR = FunctionQuestion(
    "area_error",
    points=3,
    function="area_error",
    reference=_area_error,
    inputs=_error_inputs,
    mistakes=(
        Mistake(
            "pairs taken for independent",
            _pairs_independent,
            "You treat the pairs as independent, and the error comes out far too small: pairs "
            "share images, so take the variance over images.",
        ),
        Mistake(
            "the variance",
            _variance_not_root,
            "You return the variance: the standard error is its root.",
        ),
        Mistake(
            "divided by n, not n − 1",
            _divided_by_n,
            "Your variances divide by the number of images: a sample variance divides by one "
            "less, `ddof=1`.",
        ),
        Mistake(
            "the anomalies only",
            _anomalies_only,
            "You count only which anomalies were drawn: which normal images were drawn matters "
            "too.",
        ),
        Mistake(
            "the sizes swapped",
            _sizes_swapped,
            "You divide each variance by the number of images of the other kind.",
        ),
    ),
    hints=(
        "Make the table of all pairs first, with 0, 1/2 and 1 in it, one row an anomaly.",
        "The mean of each row is V, one number an anomaly. The mean of each column is U.",
        "`np.sqrt(v.var(ddof=1) / len(v) + u.var(ddof=1) / len(u))`.",
    ),
)

# A threshold with a promise


def _threshold(scores, rate):
    above = int(np.floor(rate * (len(scores) + 1) + 1e-9))
    return float(np.sort(scores)[-above]) if above else float("inf")


def _threshold_inputs(rng):
    return {
        "99 scores": (rng.exponential(size=99), 0.05),
        "60 scores": (rng.exponential(size=60), 0.1),
        "19 scores, 5 %": (rng.permutation(19) + 1.0, 0.05),
        "too few for the promise": (rng.exponential(size=12), 0.05),
        "30 scores, half": (rng.normal(size=30), 0.5),
    }


def _quantile(scores, rate):
    return float(np.quantile(scores, 1 - rate))


def _new_image_forgotten(scores, rate):
    above = int(np.floor(rate * len(scores) + 1e-9))
    return float(np.sort(scores)[-above]) if above else float("inf")


def _lower_tail(scores, rate):
    return -_threshold(-scores, rate)


def _one_too_high(scores, rate):
    above = int(np.floor(rate * (len(scores) + 1) + 1e-9))
    return float(np.sort(scores)[-above - 1]) if above else float("inf")


def _largest_if_too_few(scores, rate):
    return min(_threshold(scores, rate), float(np.max(scores)))


THRESHOLD = FunctionQuestion(
    "threshold",
    points=2,
    function="threshold",
    reference=_threshold,
    inputs=_threshold_inputs,
    mistakes=(
        Mistake(
            "NumPy's quantile",
            _quantile,
            "`np.quantile` interpolates between scores and forgets the new image: take one of the "
            "scores, by its rank among n + 1.",
        ),
        Mistake(
            "the new image forgotten",
            _new_image_forgotten,
            "You share the rate among n images, but the new one is the (n + 1)-th.",
        ),
        Mistake(
            "the lower tail",
            _lower_tail,
            "Your threshold cuts off the smallest scores: alarms are raised by the largest.",
        ),
        Mistake(
            "one rank too low",
            _one_too_high,
            "Your threshold is one rank too low, so one more score lies above it than is allowed.",
        ),
        Mistake(
            "the largest score where no promise is possible",
            _largest_if_too_few,
            "With so few scores even the largest one is passed too often: then only infinity "
            "keeps the promise.",
        ),
    ),
    hints=(
        "At most a share `rate` of the n + 1 ranks may raise an alarm. How many ranks are that?",
        "That number is `l = floor(rate * (n + 1))`. The threshold is the l-th largest score.",
        "`np.sort(scores)[-l]` for l of at least 1, and `np.inf` for l = 0. Add 1e-9 before "
        "rounding down.",
    ),
)

# A blind spot


def _planes(rng):
    def case(d, k, distance):
        components = np.linalg.qr(rng.normal(size=(d, k)))[0]
        return rng.random(d) + 0.5, components, float(distance)

    return {
        "near": (case(8, 2, 3.0)),
        "far": (case(12, 3, rng.uniform(50, 80))),
        "one component": (case(6, 1, 10.0)),
    }


def _blind_spot(mean, components, distance):
    return mean + 1.01 * distance * components[:, 0]


def _verify_blind_spot(answer, mean, components, distance):
    try:
        x = np.asarray(answer, dtype=float)
    except (OverflowError, TypeError, ValueError):
        return "Return an image, an array of numbers."
    if x.shape != mean.shape:
        return f"Expected an image of shape {mean.shape}, got {x.shape}."
    # The comparison is false for NaN too.
    if not (np.abs(x) < 1e6).all():
        return "The pixels must be numbers below a million."
    offset = x - mean
    residual = float(np.linalg.norm(offset - components @ (components.T @ offset)))
    if residual > 1e-6 * (1 + float(np.linalg.norm(offset))):
        return f"PCA sees your image: its error is {residual**2:.3g}, not zero."
    if np.linalg.norm(offset) < distance * (1 - 1e-9):
        return f"Your image is {np.linalg.norm(offset):.3g} from the mean, asked: {distance:.3g}."
    return None


def _the_mean(mean, components, distance):  # noqa: ARG001
    return mean.copy()


def _mean_forgotten(mean, components, distance):
    return components[:, 0] * (2 * distance + 4 * np.linalg.norm(mean))


def _off_the_plane(mean, components, distance):
    direction = np.ones(len(mean))
    direction -= components @ (components.T @ direction)
    return mean + 2 * distance * direction / np.linalg.norm(direction)


def _a_row(mean, components, distance):
    row = np.zeros(len(mean))
    row[: components.shape[1]] = components[0]
    return mean + 2 * distance * row / np.linalg.norm(row)


BLIND_SPOT = PropertyQuestion(
    "blind_spot",
    points=2,
    function="blind_spot",
    inputs=_planes,
    verify=_verify_blind_spot,
    solution=_blind_spot,
    mistakes=(
        Mistake(
            "the mean image",
            _the_mean,
            "The mean image has no error, but it is as near as can be: move away from it.",
        ),
        Mistake(
            "the mean is forgotten",
            _mean_forgotten,
            "PCA's plane goes through the mean image, not through zero: add the mean.",
        ),
        Mistake(
            "off the plane",
            _off_the_plane,
            "You leave the plane, and that is what PCA measures: move within it.",
        ),
        Mistake(
            "a row instead of a column",
            _a_row,
            "The components are the columns of the matrix, each of d numbers: you took a row.",
        ),
    ),
    hints=(
        "Which images does PCA reconstruct without error?",
        "All `mean + components @ z`, however large z is.",
        "The columns have length 1, so z = (distance, 0, …, 0) gets exactly that far.",
    ),
)

# The neighbours


def _neighbour_score(x, train, k):
    squares = np.sum(x**2, axis=1)[:, None] + np.sum(train**2, axis=1) - 2 * x @ train.T
    return np.sqrt(np.maximum(np.sort(squares, axis=1)[:, k - 1], 0))


def _neighbour_inputs(rng):
    return {
        "the nearest": (rng.random((5, 4)), rng.random((9, 4)), 1),
        "the third": (rng.random((6, 7)), rng.random((12, 7)), 3),
        "the last of all": (rng.random((3, 5)), rng.random((4, 5)), 4),
        "one image": (rng.random((1, 6)), rng.random((8, 6)), 2),
    }


def _squared(x, train, k):
    return _neighbour_score(x, train, k) ** 2


def _counted_from_zero(x, train, k):
    return _neighbour_score(x, train, min(k + 1, len(train)))


def _mean_of_k(x, train, k):
    return np.mean([_neighbour_score(x, train, j) for j in range(1, k + 1)], axis=0)


def _the_farthest(x, train, k):
    return _neighbour_score(x, train, len(train) + 1 - k)


def _neighbours_of_train(x, train, k):
    return _neighbour_score(train, x, min(k, len(x)))


NEIGHBOUR = FunctionQuestion(
    "neighbour",
    points=2,
    function="neighbour_score",
    reference=_neighbour_score,
    inputs=_neighbour_inputs,
    atol=1e-5,
    mistakes=(
        Mistake(
            "squared distances",
            _squared,
            "You return squared distances: take the root.",
        ),
        Mistake(
            "one neighbour too many",
            _counted_from_zero,
            "You take the (k + 1)-th neighbour: in a sorted row the nearest stands at index 0.",
        ),
        Mistake(
            "the mean of k neighbours",
            _mean_of_k,
            "You average the k nearest distances: only the k-th is asked for.",
        ),
        Mistake(
            "the farthest",
            _the_farthest,
            "You count from the farthest image: sort upwards, and take the k-th.",
        ),
        Mistake(
            "neighbours of the training images",
            _neighbours_of_train,
            "You score the training images: each row of x gets one score.",
        ),
    ),
    hints=(
        "First all distances, one row for each image of x and one column for each of train.",
        "‖a − b‖² is ‖a‖² + ‖b‖² − 2a·b, and the last term of all pairs is one matrix product.",
        "Sort along the rows, take column `k - 1`, then the root of what is at least 0.",
    ),
)

HONEST = TextQuestion(
    "honest",
    points=3,
    rubric=(
        "1: names that code size, epochs and score were tuned on the very anomalies that are "
        "reported, so the area is too good for new kinds of anomaly",
        "1: names that the threshold was chosen on the test set (or that accuracy says little with "
        "2 % anomalies) and says how to choose one from held-out normal images",
        "1: asks for baselines and an interval, and says which (PCA at the same code size or "
        "neighbours; DeLong or bootstrap), or for kinds of anomaly that were not tuned on",
    ),
)

QUESTIONS = (AREA, AREA_ERROR, THRESHOLD, BLIND_SPOT, NEIGHBOUR, HONEST)
