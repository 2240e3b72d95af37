"""What the judge asks about chapter 12, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# The KL penalty


def _activations(rng):
    def case(n, k, rho):
        return rng.uniform(0.05, 0.95, (n, k)), rho

    return {
        "a small target": case(8, 5, 0.05),
        "one image": case(1, 4, 0.2),
        "one unit": case(6, 1, 0.3),
        "a large target": case(7, 3, 0.8),
    }


def _coins(rho, mean, log=np.log):
    return rho * log(rho / mean) + (1 - rho) * log((1 - rho) / (1 - mean))


def _kl_penalty(h, rho):
    return float(_coins(rho, h.mean(axis=0)).sum())


def _mean_over_units(h, rho):
    return float(_coins(rho, h.mean(axis=0)).mean())


def _of_each_activation(h, rho):
    return float(_coins(rho, h).mean(axis=0).sum())


def _mean_over_the_wrong_axis(h, rho):
    return float(_coins(rho, h.mean(axis=1)).sum())


def _arguments_exchanged(h, rho):
    mean = h.mean(axis=0)
    return float((mean * np.log(mean / rho) + (1 - mean) * np.log((1 - mean) / (1 - rho))).sum())


def _only_on(h, rho):
    return float((rho * np.log(rho / h.mean(axis=0))).sum())


def _in_bits(h, rho):
    return float(_coins(rho, h.mean(axis=0), np.log2).sum())


KL = FunctionQuestion(
    "kl",
    points=2,
    function="kl_penalty",
    reference=_kl_penalty,
    inputs=_activations,
    mistakes=(
        Mistake(
            "the mean over units",
            _mean_over_units,
            "You average over the units: the penalty adds them up.",
        ),
        Mistake(
            "the divergence of each activation",
            _of_each_activation,
            "You compare each activation with ρ: take the mean over images first, then compare.",
        ),
        Mistake(
            "the mean over the wrong axis",
            _mean_over_the_wrong_axis,
            "You average over the units of an image: ρ̂ is the mean of one unit over the images.",
        ),
        Mistake(
            "the arguments are exchanged",
            _arguments_exchanged,
            "You exchange the two coins: ρ stands before the logarithm, ρ̂ below the fraction line.",
        ),
        Mistake(
            "only the part for on",
            _only_on,
            "The part for off is missing: (1 − ρ) log((1 − ρ) / (1 − ρ̂)).",
        ),
        Mistake("bits, not nats", _in_bits, "You used log₂: nats need the natural logarithm."),
    ),
    hints=(
        "First one number per unit, its mean over the images; then one divergence per unit.",
        "`mean = h.mean(axis=0)` has shape (k,).",
    ),
)

# Keep the largest


def _rows(rng):
    def case(n, m, k):
        # Signs and sizes are mixed, and no two numbers of a row are equal or zero.
        sizes = rng.permuted(np.tile(np.arange(1, m + 1) / 2, (n, 1)), axis=1)
        signs = rng.permuted(np.tile(np.where(np.arange(m) % 2, 1.0, -1.0), (n, 1)), axis=1)
        return sizes * signs + 0.1 * rng.random((n, m)), k

    # The largest in size is negative, so that the largest number is another one.
    one = np.array([[-9.0, 1.0, 2.0, -0.5, 3.0]])
    return {
        "two of six": case(5, 6, 2),
        "one image": (one, 2),
        "only one": (np.vstack([one, one[:, ::-1] + 0.25, 2 * one]), 1),
        "all but one": case(4, 5, 4),
        "all": case(3, 4, 4),
    }


def _keep_largest(z, k):
    return np.where(z >= np.sort(z, axis=1)[:, -k, None], z, 0.0)


def _by_size(z, k):
    size = np.abs(z)
    return np.where(size >= np.sort(size, axis=1)[:, -k, None], z, 0.0)


def _smallest(z, k):
    return np.where(z <= np.sort(z, axis=1)[:, k - 1, None], z, 0.0)


def _mask_only(z, k):
    return (z >= np.sort(z, axis=1)[:, -k, None]).astype(float)


def _over_the_batch(z, k):
    return np.where(z >= np.sort(z, axis=None)[-k], z, 0.0)


def _the_largest_are_dropped(z, k):
    return np.where(z >= np.sort(z, axis=1)[:, -k, None], 0.0, z)


LARGEST = FunctionQuestion(
    "largest",
    points=2,
    function="keep_largest",
    reference=_keep_largest,
    inputs=_rows,
    mistakes=(
        Mistake(
            "the largest in size",
            _by_size,
            "You compare sizes: a large negative number is small, so sort z itself.",
        ),
        Mistake("the smallest", _smallest, "You keep the smallest: sorting puts the largest last."),
        Mistake(
            "ones instead of numbers",
            _mask_only,
            "You return which units are kept: multiply z by that.",
        ),
        Mistake(
            "the largest of the whole batch",
            _over_the_batch,
            "You keep k numbers of the whole batch: each image keeps its own k.",
        ),
        Mistake(
            "the largest are dropped",
            _the_largest_are_dropped,
            "You zero the largest and keep the rest: it is the other way round.",
        ),
    ),
    hints=(
        "Find the smallest number that is still kept, one for each row.",
        "`np.sort(z, axis=1)` ascends, so that number is in column −k.",
        "`np.where(z >= smallest_kept, z, 0)` with `smallest_kept` of shape (n, 1).",
    ),
)

# How far a code can move


def _layers(rng):
    def case(n, d, k):
        return rng.random((n, d)), rng.normal(size=(d, k)), rng.normal(size=k)

    return {
        "five pixels": case(6, 5, 3),
        "one image": case(1, 4, 2),
        "one unit": case(5, 3, 1),
        "a wide code": case(4, 3, 6),
    }


def _code(x, W, b):
    return 1 / (1 + np.exp(-(x @ W + b)))


def _norms(x, W, b):
    h = _code(x, W, b)
    return np.sqrt((h * (1 - h)) ** 2 @ (W**2).sum(axis=0))


def _squared_norms(x, W, b):
    return _norms(x, W, b) ** 2


def _slope_not_squared(x, W, b):
    h = _code(x, W, b)
    return np.sqrt((h * (1 - h)) @ (W**2).sum(axis=0))


def _activation_as_slope(x, W, b):
    return np.sqrt(_code(x, W, b) ** 2 @ (W**2).sum(axis=0))


def _without_slope(x, W, b):  # noqa: ARG001 - the mistake is to ignore it
    return np.full(len(x), np.sqrt((W**2).sum()))


def _sum_before_square(x, W, b):
    h = _code(x, W, b)
    return np.sqrt((h * (1 - h)) ** 2 @ W.sum(axis=0) ** 2)


def _mean_over_images(x, W, b):
    return float(_norms(x, W, b).mean())


NORMS = FunctionQuestion(
    "norms",
    points=2,
    function="jacobian_norms",
    reference=_norms,
    inputs=_layers,
    mistakes=(
        Mistake("squared norms", _squared_norms, "You return squared norms: take the root."),
        Mistake(
            "the slope is not squared",
            _slope_not_squared,
            "The slope belongs to each entry, so it is squared like the weights.",
        ),
        Mistake(
            "the activation as slope",
            _activation_as_slope,
            "The slope of a sigmoid is h(1 − h), not h.",
        ),
        Mistake(
            "without the slope",
            _without_slope,
            "Your norm is that of W, the same for every image: the units' slopes are missing.",
        ),
        Mistake(
            "summed before squared",
            _sum_before_square,
            "You add a unit's weights and then square: square each weight first.",
        ),
        Mistake(
            "the mean over images",
            _mean_over_images,
            "You return the mean: each image has a norm of its own.",
        ),
    ),
    hints=(
        "Square an entry, add over the pixels first, then over the units.",
        "The slopes have shape (n, k), the sums of squared weights (k,).",
    ),
)

# The gradient of the penalty


def _gradient_parts(x, W, b):
    h = _code(x, W, b)
    s, squares = h * (1 - h), (W**2).sum(axis=0)
    through = x.T @ (2 * s * (1 - 2 * h) * squares * s) / len(x)
    return through, 2 * W * (s**2).sum(axis=0) / len(x)


def _penalty_gradient(x, W, b):
    return sum(_gradient_parts(x, W, b))


def _through_the_code_only(x, W, b):
    return _gradient_parts(x, W, b)[0]


def _by_itself_only(x, W, b):
    return _gradient_parts(x, W, b)[1]


def _summed_over_images(x, W, b):
    return _penalty_gradient(x, W, b) * len(x)


def _half(x, W, b):
    return _penalty_gradient(x, W, b) / 2


def _chain_stops_at_the_code(x, W, b):
    h = _code(x, W, b)
    s, squares = h * (1 - h), (W**2).sum(axis=0)
    return x.T @ (2 * s * (1 - 2 * h) * squares) / len(x) + _gradient_parts(x, W, b)[1]


def _slope_is_constant(x, W, b):
    h = _code(x, W, b)
    s, squares = h * (1 - h), (W**2).sum(axis=0)
    return x.T @ (2 * s * squares * s) / len(x) + _gradient_parts(x, W, b)[1]


GRADIENT = FunctionQuestion(
    "gradient",
    points=3,
    function="penalty_gradient",
    reference=_penalty_gradient,
    inputs=_layers,
    mistakes=(
        Mistake(
            "the weights by themselves are missing",
            _through_the_code_only,
            "W also stands in the sum of squares: with h held fixed, add 2 s² W.",
        ),
        Mistake(
            "the way through the code is missing",
            _by_itself_only,
            "The slopes depend on W as well: go through h, as in backpropagation.",
        ),
        Mistake(
            "the sum over images",
            _summed_over_images,
            "You add the images up: the penalty is their mean, so divide by n.",
        ),
        Mistake("half of it", _half, "Both parts have a factor 2, from the squares."),
        Mistake(
            "the chain stops at the code",
            _chain_stops_at_the_code,
            "You stopped at h: from h to xW + b there is one more slope s.",
        ),
        Mistake(
            "the derivative of the slope is missing",
            _slope_is_constant,
            "The derivative of s = h(1 − h) for h is 1 − 2h: that factor is missing.",
        ),
    ),
    hints=(
        "Hold the slopes fixed and differentiate the squares of W; then hold those fixed and "
        "differentiate the slopes; add both.",
        "For the second part, go back from s to h to xW + b: factors 2s, 1 − 2h and s.",
        "`delta = 2 * s * (1 - 2 * h) * squares * s`, then `x.T @ delta`; and 2 W times the column "
        "sums of s².",
    ),
)

# Design: the loophole of L1


def _linear_models(rng):
    def case(d, k):
        return rng.normal(size=(d, k)), rng.normal(size=(k, d))

    return {"a narrow code": case(6, 3), "one unit": case(4, 1), "a wide code": case(3, 5)}


def _verify_loophole(answer, W, V):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Return two matrices, `return W2, V2`."
    try:
        W2, V2 = (np.asarray(matrix, dtype=float) for matrix in answer)
    except (OverflowError, TypeError, ValueError):
        return "Return two matrices of numbers."
    if W2.shape != W.shape or V2.shape != V.shape:
        return f"Expected shapes {W.shape} and {V.shape}, got {W2.shape} and {V2.shape}."
    # The comparisons are false for NaN too.
    if not (np.abs(W2) < 1e12).all() or not (np.abs(V2) < 1e12).all():
        return "The matrices must hold finite numbers below 1e12."
    images = np.random.default_rng(0).random((50, len(W)))
    before, after = (np.abs(images @ w).sum(axis=1) for w in (W, W2))
    gap = np.abs(images @ W2 @ V2 - images @ W @ V).max()
    if gap > 1e-6 * np.abs(images @ W @ V).max():
        return f"The outputs change, by up to {gap:.2g}."
    if (after > before / 100 * (1 + 1e-9)).any():
        return f"The price is {(after / before).max():.2g} times the old one: 0.01 is allowed."
    return None


def _loophole(W, V):
    return W / 200, V * 200


def _encoder_only(W, V):
    return W / 200, V


def _wrong_way(W, V):
    return W * 200, V / 200


def _both_down(W, V):
    return W / 200, V / 200


def _not_enough(W, V):
    return W / 10, V * 10


def _unchanged(W, V):
    return W, V


LOOPHOLE = PropertyQuestion(
    "loophole",
    points=2,
    function="loophole",
    inputs=_linear_models,
    verify=_verify_loophole,
    solution=_loophole,
    mistakes=(
        Mistake(
            "the encoder alone",
            _encoder_only,
            "You scale the encoder alone, so the outputs shrink: let the decoder make up for it.",
        ),
        Mistake(
            "the wrong way round",
            _wrong_way,
            "You make the code larger and the decoder smaller: the price is on the code.",
        ),
        Mistake(
            "both smaller",
            _both_down,
            "You scale both down: what the encoder loses, the decoder must gain.",
        ),
        Mistake("not enough", _not_enough, "Your factor is too small: a hundredth is asked for."),
        Mistake("unchanged", _unchanged, "Nothing changed: the code must become smaller."),
    ),
    hints=(
        "The output is x W V: what can stand between W and V without changing it?",
        "A number and its inverse.",
    ),
)

REPORT = TextQuestion(
    "report",
    points=3,
    rubric=(
        "1: the 95 % hold by construction, also for random weights; they say nothing about use or "
        "meaning of units",
        "1: names dead units, how to count them (no variation over test images) and a remedy such "
        "as a falling k",
        "1: proposes a measurement of meaning with a baseline, such as a linear classifier against "
        "random or PCA features, or all filters instead of chosen ones with a number",
    ),
)

QUESTIONS = (KL, LARGEST, NORMS, GRADIENT, LOOPHOLE, REPORT)
