"""What the judge asks about chapter 2, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# What a code really costs


def _sizes(rng):
    return {
        "as in the chapter": (10_000, 784, 32),
        "one image": (1, int(rng.integers(20, 30)), 3),
        "random": (int(rng.integers(50, 99)), int(rng.integers(10, 20)), int(rng.integers(2, 9))),
        "as many units as pixels": (7, 5, 5),
    }


def _numbers_per_image(n, d, k):
    return k + (k * d + d) / n


def _code_only(n, d, k):  # noqa: ARG001 - the mistake is to ignore them
    return k


def _without_mean_image(n, d, k):
    return k + k * d / n


def _with_encoder(n, d, k):
    return k + (2 * k * d + d + k) / n


def _decoder_for_each_image(n, d, k):  # noqa: ARG001 - the mistake is to ignore n
    return k + k * d + d


def _for_all_images(n, d, k):
    return n * k + k * d + d


COST = FunctionQuestion(
    "cost",
    points=1,
    function="numbers_per_image",
    reference=_numbers_per_image,
    inputs=_sizes,
    mistakes=(
        Mistake(
            "the code alone",
            _code_only,
            "Nobody can read the codes without the decoder: add its numbers, shared by n images.",
        ),
        Mistake(
            "the bias is forgotten",
            _without_mean_image,
            "The decoder has a bias as well: d more numbers.",
        ),
        Mistake(
            "the encoder is sent too",
            _with_encoder,
            "You count the encoder: whoever only reads the codes needs the decoder alone.",
        ),
        Mistake(
            "a decoder for each image",
            _decoder_for_each_image,
            "All images share one decoder: divide its numbers by n.",
        ),
        Mistake(
            "the total, not the share of an image",
            _for_all_images,
            "You count the numbers for all images together: divide by n.",
        ),
    ),
    hints=(
        "What must be stored once for each image, and what once for all of them?",
        "The decoder has k · d weights and d biases, and n images share them.",
    ),
)

# The best code for a given decoder


def _matrix(rng, rows, columns):
    """Make a random matrix whose singular values lie between a half and two."""
    rank = min(rows, columns)
    left = np.linalg.qr(rng.normal(size=(rows, rank)))[0]
    right = np.linalg.qr(rng.normal(size=(columns, rank)))[0]
    return left * np.linspace(0.5, 2, rank) @ right.T


def _decoders(rng):
    orthonormal = np.linalg.qr(rng.normal(size=(8, 3)))[0].T

    def case(n, decoder):
        return rng.normal(size=(n, decoder.shape[1])), decoder, rng.normal(size=decoder.shape[1])

    return {
        "two units": case(7, _matrix(rng, 2, 5)),
        "one image": case(1, _matrix(rng, 3, 6)),
        "one unit": case(4, _matrix(rng, 1, 4) * 3),
        "orthonormal rows": case(6, orthonormal),
        "as many units as pixels": case(5, _matrix(rng, 3, 3)),
        "float32": tuple(a.astype(np.float32) for a in case(6, _matrix(rng, 2, 7))),
    }


def _best_code(x, decoder, bias):
    return (x - bias) @ np.linalg.pinv(np.asarray(decoder, dtype=float))


def _transpose_as_encoder(x, decoder, bias):
    return (x - bias) @ decoder.T


def _bias_left_in(x, decoder, bias):  # noqa: ARG001 - the mistake is to ignore it
    return x @ np.linalg.pinv(np.asarray(decoder, dtype=float))


def _bias_added(x, decoder, bias):
    return (x + bias) @ np.linalg.pinv(np.asarray(decoder, dtype=float))


def _rows_scaled_only(x, decoder, bias):
    return (x - bias) @ decoder.T / np.sum(decoder**2, axis=1)


def _images_instead_of_codes(x, decoder, bias):
    return _best_code(x, decoder, bias) @ decoder + bias


BEST_CODE = FunctionQuestion(
    "best_code",
    points=2,
    function="best_code",
    reference=_best_code,
    inputs=_decoders,
    atol=1e-5,
    mistakes=(
        Mistake(
            "the transpose as encoder",
            _transpose_as_encoder,
            "The transpose is the best encoder only if the decoder's rows are orthonormal: the "
            "inverse of W′W′ᵀ is missing.",
        ),
        Mistake(
            "the bias is left in",
            _bias_left_in,
            "The decoder adds the bias by itself: subtract it from x before you look for z.",
        ),
        Mistake(
            "the bias is added",
            _bias_added,
            "Your bias has the wrong sign: z W′ must come near x − b′.",
        ),
        Mistake(
            "each row scaled by itself",
            _rows_scaled_only,
            "You treat the units one by one, but their rows overlap: solve for all of them at "
            "once, with the inverse of W′W′ᵀ.",
        ),
        Mistake(
            "the images, not the codes",
            _images_instead_of_codes,
            "You return reconstructions of d numbers: stop one step earlier, at the k numbers of "
            "the code.",
        ),
    ),
    hints=(
        "Set the derivative of the squared error with respect to z to zero: a linear system "
        "remains.",
        "z W′ W′ᵀ = (x − b′) W′ᵀ: for orthonormal rows the matrix on the left is the identity, in "
        "general it is not.",
        "`np.linalg.pinv(decoder)` has shape (d, k) and holds W′ᵀ(W′W′ᵀ)⁻¹; what must it multiply?",
    ),
)

# The whole curve of linear bounds


def _clouds(rng):
    def cloud(n, d):
        return rng.normal(size=(n, d)) @ (rng.normal(size=(d, d)) + np.eye(d)) + 1.0

    centred = cloud(9, 4)
    return {
        "12 images of 5 pixels": (cloud(12, 5),),
        "fewer images than pixels": (cloud(4, 7),),
        "two images": (cloud(2, 3),),
        "already centred": (centred - centred.mean(axis=0),),
        "float32": (cloud(8, 4).astype(np.float32),),
    }


def _variances(x, centre=True):
    """Give the variances along the components, d of them even if there are fewer images."""
    x = np.asarray(x, dtype=float)
    values = np.linalg.svd(x - x.mean(axis=0) * centre, compute_uv=False) ** 2 / len(x)
    return np.pad(values, (0, x.shape[1] - len(values)))


def _tails(values):
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _bound_curve(x):
    return _tails(_variances(x)) / np.shape(x)[1]


def _curve_not_centred(x):
    return _tails(_variances(x, centre=False)) / np.shape(x)[1]


def _curve_per_image(x):
    return _tails(_variances(x))


def _curve_summed_over_images(x):
    return _tails(_variances(x)) * len(x) / np.shape(x)[1]


def _curve_of_singular_values(x):
    return _tails(np.sqrt(_variances(x) * len(x))) / x.size


def _kept_curve(x):
    return np.append(0.0, np.cumsum(_variances(x))) / np.shape(x)[1]


def _curve_from_one(x):
    return _bound_curve(x)[1:]


def _curve_unbiased(x):
    return _bound_curve(x) * len(x) / (len(x) - 1)


BOUNDS = FunctionQuestion(
    "bounds",
    points=2,
    function="bound_curve",
    reference=_bound_curve,
    inputs=_clouds,
    atol=1e-5,
    mistakes=(
        Mistake(
            "the mean is not subtracted",
            _curve_not_centred,
            "You did not centre: the decoder's bias takes care of the mean image, so subtract it "
            "before the singular values.",
        ),
        Mistake(
            "the error per image",
            _curve_per_image,
            "Your errors are d times too large: divide by the number of pixels as well.",
        ),
        Mistake(
            "the sum over images",
            _curve_summed_over_images,
            "Your errors are n times too large: divide by the number of images as well.",
        ),
        Mistake(
            "singular values that are not squared",
            _curve_of_singular_values,
            "You add up the singular values themselves: the error is the sum of their squares.",
        ),
        Mistake(
            "what is kept, not what is lost",
            _kept_curve,
            "Your curve rises: the error is made of the components that are left out, i > k.",
        ),
        Mistake(
            "the curve starts at one number",
            _curve_from_one,
            "Your curve starts at k = 1: put k = 0 first, the error of the mean image alone.",
        ),
        Mistake(
            "divided by n − 1",
            _curve_unbiased,
            "You divide by n − 1: the error is a plain mean over n images, so divide by n.",
        ),
    ),
    hints=(
        "Which singular values does a code of k numbers leave out, and what do they cost?",
        "With few images there are fewer than d singular values: the missing ones are zero.",
        "`lost = np.linalg.eigvalsh(centred.T @ centred) / centred.size` is ascending, so its "
        "`cumsum` is your curve from the end, without the final zero.",
    ),
)

# What the units of a code share


def _quantised(rng):
    def case(n, k):
        # All units follow one hidden number, each with errors of its own.
        hidden = rng.integers(0, 4, n)
        return np.column_stack([hidden // (1 + j % 2) + rng.binomial(2, 0.2, n) for j in range(k)])

    unit, coin = rng.binomial(5, 0.4, 30), rng.binomial(1, 0.5, 30)
    return {
        "40 codes of three units": (case(40, 3),),
        "one image": (rng.integers(0, 8, (1, 4)),),
        "one unit": (case(30, 1),),
        "two equal units": (np.column_stack([unit, unit]),),
        "a unit that never changes": (np.column_stack([np.full(30, 3), unit, unit + coin]),),
        "numbers below zero": (case(25, 2) - 3,),
    }


def _entropy(values, logarithm=np.log2):
    """Give the entropy of the rows of an array, or of the entries of a vector."""
    share = np.unique(values, axis=0, return_counts=True)[1] / len(values)
    return float(-(share * logarithm(share)).sum())


def _shared_bits(q):
    return sum(_entropy(unit) for unit in q.T) - _entropy(q)


def _shared_nats(q):
    return sum(_entropy(unit, np.log) for unit in q.T) - _entropy(q, np.log)


def _sign_reversed(q):
    return -_shared_bits(q)


def _bits_unit_by_unit(q):
    return sum(_entropy(unit) for unit in q.T)


def _bits_of_rows(q):
    return _entropy(q)


def _rows_taken_apart(q):
    return sum(_entropy(unit) for unit in q.T) - _entropy(q.ravel())


def _mean_over_units(q):
    return sum(_entropy(unit) for unit in q.T) / q.shape[1] - _entropy(q)


def _equal_lengths(q):
    lengths = sum(float(np.log2(len(np.unique(unit)))) for unit in q.T)
    return lengths - float(np.log2(len(np.unique(q, axis=0))))


SHARED = FunctionQuestion(
    "shared",
    points=2,
    function="shared_bits",
    reference=_shared_bits,
    inputs=_quantised,
    mistakes=(
        Mistake(
            "nats, not bits",
            _shared_nats,
            "You used the natural logarithm: bits need `np.log2`.",
        ),
        Mistake(
            "the sign is reversed",
            _sign_reversed,
            "Your saving has the wrong sign: the units one by one cost more, so they come first.",
        ),
        Mistake(
            "the units alone",
            _bits_unit_by_unit,
            "You return what the units cost one by one: subtract the entropy of whole codes, H(q).",
        ),
        Mistake(
            "the whole codes alone",
            _bits_of_rows,
            "You return what whole codes cost: subtract it from the sum over the units.",
        ),
        Mistake(
            "codes taken apart",
            _rows_taken_apart,
            "For H(q) you counted single numbers: count whole rows, `np.unique(q, axis=0, ...)`.",
        ),
        Mistake(
            "the mean over units",
            _mean_over_units,
            "You average over the units: a code needs all of them, so add their entropies.",
        ),
        Mistake(
            "all values cost the same",
            _equal_lengths,
            "You give each value the same number of bits: frequent values get fewer, so weigh "
            "−log₂ p by p.",
        ),
    ),
    hints=(
        "Write a function for the entropy first, and use it k + 1 times.",
        "`np.unique(q, axis=0, return_counts=True)` counts whole rows; without `axis` it counts "
        "single numbers. What does not appear costs nothing.",
        "With `p = counts / n`, an entropy is `-(p * np.log2(p)).sum()`; add it up for each "
        "`unit in q.T`, and subtract that of the rows.",
    ),
)

# Spend a budget of bits


def _budgets(rng):
    variances = np.sort(rng.exponential(size=8) ** 2)[::-1] + 0.01
    return {
        "falling variances": (variances, 12),
        "in any order": (rng.permutation(variances[:6] * 5), 9),
        "equal variances": (np.full(5, 0.7), 8),
        "one unit": (rng.random(1) + 0.5, 6),
        "nothing to spend": (rng.random(4) + 0.5, 0),
        "one bit": (np.array([0.2, 3.0, 0.4]), 1),
    }


def _allocate(variances, budget):
    bits = np.zeros(len(variances), dtype=int)
    for _ in range(budget):
        bits[np.argmax(variances * 0.25**bits)] += 1
    return bits


def _verify_allocation(answer, variances, budget):
    try:
        bits = np.asarray(answer, dtype=float)
    except (OverflowError, TypeError, ValueError):
        return "Return an array of whole numbers."
    if bits.shape != variances.shape:
        return f"Expected one number of bits per unit, shape {variances.shape}, got {bits.shape}."
    # The comparison is false for NaN too.
    if not ((bits >= 0) & (bits <= 1e6) & (bits == np.round(bits))).all():
        return "Each unit needs a whole number of bits, zero or more."
    if bits.sum() > budget:
        return f"You spend {bits.sum():.0f} bits, the budget is {budget}."
    error, best = (float((variances * 0.25**b).sum()) for b in (bits, _allocate(variances, budget)))
    if error > best * (1 + 1e-9):
        return f"{bits.sum():.0f} bits leave an error of {error:.4g}; {best:.4g} is possible."
    return None


def _equal_shares(variances, budget):
    return np.full(len(variances), budget // len(variances))


def _all_to_the_largest(variances, budget):
    return np.where(np.arange(len(variances)) == np.argmax(variances), budget, 0)


def _in_proportion(variances, budget):
    return np.floor(budget * variances / variances.sum()).astype(int)


def _one_bit_per_unit_first(variances, budget):
    bits = np.zeros(len(variances), dtype=int)
    for turn in range(budget):
        bits[np.argsort(-variances, kind="stable")[turn % len(variances)]] += 1
    return bits


def _over_budget(variances, budget):
    return np.ceil(budget * variances / variances.sum()).astype(int) + 1


def _a_bit_halves_the_variance(variances, budget):
    bits = np.zeros(len(variances), dtype=int)
    for _ in range(budget):
        bits[np.argmax(variances * 0.5**bits)] += 1
    return bits


ALLOCATE = PropertyQuestion(
    "allocate",
    points=3,
    function="allocate",
    inputs=_budgets,
    verify=_verify_allocation,
    solution=_allocate,
    mistakes=(
        Mistake(
            "the same for each unit",
            _equal_shares,
            "You give each unit the same: a bit is worth more where the variance is larger.",
        ),
        Mistake(
            "all to the largest",
            _all_to_the_largest,
            "You give all bits to one unit: each further bit there is worth a quarter of the last "
            "one, so soon another unit gains more.",
        ),
        Mistake(
            "in proportion to the variance",
            _in_proportion,
            "You share the bits in proportion to the variances, but a unit with 4 times the "
            "variance deserves one bit more, not 4 times as many.",
        ),
        Mistake(
            "in turn",
            _one_bit_per_unit_first,
            "You deal the bits out in turn: before each bit, ask again which unit would gain most.",
        ),
        Mistake(
            "over the budget",
            _over_budget,
            "You spend more bits than you have: check the sum of what you return.",
        ),
        Mistake(
            "a bit halves the error",
            _a_bit_halves_the_variance,
            "You let a bit halve the squared error: it halves the step, so the square falls to a "
            "quarter.",
        ),
    ),
    hints=(
        "If you had just one bit, which unit would you give it to? And the next one?",
        "A unit with variance v that has b bits gains ¾ · v / 4ᵇ from one more: give the bit where "
        "that is largest.",
        "Start with zeros; `budget` times, add one to entry `np.argmax(variances / 4.0**bits)`.",
    ),
)

# Design: one number, but not a linear one


def _counts(rng):
    return {"60 points": (60,), "a random number": (int(rng.integers(61, 120)),)}


def _verify_curve(answer, n):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Return two things, `return z, x`: the codes and the points."
    try:
        z, x = np.asarray(answer[0], dtype=float), np.asarray(answer[1], dtype=float)
    except (OverflowError, TypeError, ValueError):
        return "The codes and the points must be arrays of numbers."
    z = z.reshape(n) if z.shape == (n, 1) else z
    if z.shape != (n,) or x.ndim != 2 or len(x) != n or not 1 <= x.shape[1] <= 50:
        return f"Expected shapes ({n},) and ({n}, d), d up to 50, got {z.shape} and {x.shape}."
    # The comparison is false for NaN too.
    if not (np.abs(z) < 1e6).all() or not (np.abs(x) < 1e6).all():
        return "Codes and points must be numbers below a million."
    order = np.argsort(z)
    z, x = z[order], x[order]
    if not (np.diff(z) > 0).all():
        return "Two points share one code: give each its own."
    centred = x - x.mean(axis=0)
    total = float((centred**2).sum())
    if total < 1e-6:
        return "The points do not differ from each other."
    linear = float(np.linalg.eigvalsh(centred.T @ centred)[-1]) / total
    if linear > 0.3:
        return f"One linear number keeps {linear:.0%} of the variance: at most 30 % are allowed."
    weight = ((z[1:-1] - z[:-2]) / (z[2:] - z[:-2]))[:, None]
    guess = x[:-2] + weight * (x[2:] - x[:-2])
    lost = float(((guess - x[1:-1]) ** 2).sum()) / total
    if lost > 0.01:
        return f"Points with near codes lie apart: drawing between them loses {lost:.0%}."
    return None


def _one_number(n):
    z = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return z, np.column_stack([f(j * z) for j in (1, 2) for f in (np.cos, np.sin)])


def _straight_line(n):
    z = np.linspace(0, 1, n)
    return z, np.outer(z, [1.0, 2.0, 3.0, 4.0])


def _circle(n):
    z = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return z, np.column_stack([np.cos(z), np.sin(z)])


def _noise(n):
    return np.arange(n) / n, np.random.default_rng(0).normal(size=(n, 8))


def _codes_in_another_order(n):
    z, x = _one_number(n)
    return np.random.default_rng(0).permutation(z), x


def _points_first(n):
    return _one_number(n)[::-1]


CURVE = PropertyQuestion(
    "curve",
    points=3,
    function="one_number",
    inputs=_counts,
    verify=_verify_curve,
    solution=_one_number,
    mistakes=(
        Mistake(
            "a straight line",
            _straight_line,
            "Your points lie on a straight line, and PCA draws that perfectly: let the curve bend.",
        ),
        Mistake(
            "one circle",
            _circle,
            "A circle fills two directions equally, so one linear number still keeps half: let the "
            "curve turn into more directions.",
        ),
        Mistake(
            "noise",
            _noise,
            "Your points are noise: no code of one number can draw them, so let x be a smooth "
            "function of z.",
        ),
        Mistake(
            "codes in another order than the points",
            _codes_in_another_order,
            "Row i of x must belong to entry i of z: points with near codes have to lie near each "
            "other.",
        ),
        Mistake(
            "points first, codes second",
            _points_first,
            "You return the points first: the order is `return z, x`.",
        ),
    ),
    hints=(
        "PCA needs as many numbers as the curve has directions: bend it into several of equal "
        "variance.",
        "A circle uses two directions. Coordinates such as cos 2z and sin 2z add two more, and are "
        "still smooth.",
        "`z = np.linspace(0, 2 * np.pi, n, endpoint=False)`; stack cos z, sin z, cos 2z and sin 2z "
        "as columns: each direction then holds a quarter.",
    ),
)

LOOK_UP = TextQuestion(
    "look_up",
    points=3,
    rubric=(
        "1: counts the decoder: the index needs about 13.3 bits, but the table holds all training "
        "images, so nothing is saved (one number is no measure: it can hold any amount of bits)",
        "1: names a measurement that shows that no structure was learnt, such as the error on test "
        "images, and says what it would show",
        "1: proposes a fair contest: equal bits per image, the decoder counted or the same for "
        "both, error per pixel on test images, against PCA",
    ),
)

QUESTIONS = (COST, BEST_CODE, BOUNDS, SHARED, ALLOCATE, CURVE, LOOK_UP)
