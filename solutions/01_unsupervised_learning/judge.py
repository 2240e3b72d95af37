"""What the judge asks about chapter 1, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# Pixels that change


def _pixel_images(rng):
    def images(n, changing, constants):
        # Constants that are exact in binary: their standard deviation is exactly zero.
        fixed = np.tile(constants, (n, 1))
        x = np.hstack([rng.uniform(0.1, 0.9, (n, changing)), fixed])
        return x[:, rng.permutation(x.shape[1])]

    return {
        "nine images of 12 pixels": (images(9, 7, [0.0, 0.0, 0.0, 0.5, 1.0]),),
        "one image": (rng.random((1, 6)),),
        "images all alike": (images(4, 0, [0.0, 0.5, 1.0]),),
        "float32": (images(5, 8, [0.0, 1.0, 0.25]).astype(np.float32),),
    }


def _changing_pixels(x):
    return int((x.max(axis=0) > x.min(axis=0)).sum())


def _constant_pixels(x):
    return int((x.max(axis=0) == x.min(axis=0)).sum())


def _changing_images(x):
    return int((x.max(axis=1) > x.min(axis=1)).sum())


def _pixels_not_black(x):
    return int((x > 0).any(axis=0).sum())


def _changing_entries(x):
    return int((x != x[0]).sum())


CHANGING = FunctionQuestion(
    "changing",
    points=1,
    function="changing_pixels",
    reference=_changing_pixels,
    inputs=_pixel_images,
    mistakes=(
        Mistake(
            "the pixels that never change",
            _constant_pixels,
            "You count the pixels that stay the same: turn the comparison around.",
        ),
        Mistake(
            "images, not pixels",
            _changing_images,
            "You compare the pixels of one image with each other: a pixel is a column, axis=0.",
        ),
        Mistake(
            "pixels that are not always black",
            _pixels_not_black,
            "A pixel that is always white does not change either: compare the images with each "
            "other, not with zero.",
        ),
        Mistake(
            "entries, not pixels",
            _changing_entries,
            "You count every entry that differs: count each pixel once, however often it changes.",
        ),
    ),
    hints=(
        "A pixel changes if its largest value over all images is above its smallest.",
        "`highest > lowest` is an array of one True or False per pixel.",
        "The sum of an array of True and False counts the True.",
    ),
)

# The error of knowing nothing


def _two_sets(rng):
    def images(n, d=6):
        # Pixels with different means: one mean for all of them is then a different answer.
        return rng.random((n, d)) * 0.5 + np.linspace(0, 0.5, d)

    return {
        "20 and 8 images": (images(20), images(8)),
        "one training image": (images(1), images(5)),
        "one test image": (images(7), images(1)),
        "float32": (images(9, 4).astype(np.float32), images(11, 4).astype(np.float32)),
    }


def _baseline_error(x_train, x_test):
    return float(np.mean((x_test - x_train.mean(axis=0)) ** 2))


def _baseline_of_the_test_mean(x_train, x_test):  # noqa: ARG001 - the mistake is to ignore it
    return float(np.mean((x_test - x_test.mean(axis=0)) ** 2))


def _baseline_per_image(x_train, x_test):
    return float(np.mean(np.sum((x_test - x_train.mean(axis=0)) ** 2, axis=1)))


def _baseline_of_one_grey(x_train, x_test):
    return float(np.mean((x_test - x_train.mean()) ** 2))


def _baseline_root(x_train, x_test):
    return float(np.sqrt(np.mean((x_test - x_train.mean(axis=0)) ** 2)))


def _baseline_sum(x_train, x_test):
    return float(np.sum((x_test - x_train.mean(axis=0)) ** 2))


BASELINE = FunctionQuestion(
    "baseline",
    points=1,
    function="baseline_error",
    reference=_baseline_error,
    inputs=_two_sets,
    mistakes=(
        Mistake(
            "the mean of the test images",
            _baseline_of_the_test_mean,
            "The mean image is learnt too: take it from the training images, not from the test "
            "images.",
        ),
        Mistake(
            "the error per image",
            _baseline_per_image,
            "You add up the pixels: the error per pixel is the mean over pixels as well as over "
            "images.",
        ),
        Mistake(
            "one grey for all pixels",
            _baseline_of_one_grey,
            "Your mean is one number: take the mean over images only, axis=0, so that each pixel "
            "keeps its own.",
        ),
        Mistake(
            "the square root",
            _baseline_root,
            "You took a square root: the question asks for the mean of the squares itself.",
        ),
        Mistake(
            "the sum, not the mean",
            _baseline_sum,
            "You add up all squares: divide by the number of images times the number of pixels.",
        ),
    ),
    hints=(
        "Two steps: what does the lazy model answer, and how far off is it?",
        "The answer is `x_train.mean(axis=0)`, one row of d numbers, for every test image.",
        "NumPy subtracts this row from each row of `x_test`; square, then take the mean of all.",
    ),
)

# How many dimensions are in use?


def _clouds(rng):
    def cloud(n, d, offset=2.0):
        # Pixels that depend on each other and differ in variance.
        return rng.normal(size=(n, d)) @ (rng.normal(size=(d, d)) + np.eye(d)) + offset

    centred = cloud(15, 4)
    return {
        "40 images of 5 pixels": (cloud(40, 5),),
        "fewer images than pixels": (cloud(4, 9),),
        "two images": (cloud(2, 3),),
        "already centred": (centred - centred.mean(axis=0),),
        "float32": (cloud(20, 3).astype(np.float32),),
    }


def _eigenvalues(x):
    centred = np.asarray(x, dtype=float) - np.mean(x, axis=0, dtype=float)
    return np.linalg.svd(centred, compute_uv=False) ** 2 / len(x)


def _effective_dimension(x):
    eigenvalues = _eigenvalues(x)
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def _dimension_without_centring(x):
    eigenvalues = np.linalg.svd(np.asarray(x, dtype=float), compute_uv=False) ** 2
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def _dimension_of_singular_values(x):
    values = np.sqrt(_eigenvalues(x))
    return float(values.sum() ** 2 / (values**2).sum())


def _dimension_upside_down(x):
    eigenvalues = _eigenvalues(x)
    return float((eigenvalues**2).sum() / eigenvalues.sum() ** 2)


def _dimension_of_pixel_variances(x):
    variances = np.var(np.asarray(x, dtype=float), axis=0)
    return float(variances.sum() ** 2 / (variances**2).sum())


def _dimension_with_equal_squares(x):
    eigenvalues = _eigenvalues(x)
    return float(eigenvalues.sum() ** 2 / eigenvalues.sum() ** 2)


DIMENSION = FunctionQuestion(
    "dimension",
    points=2,
    function="effective_dimension",
    reference=_effective_dimension,
    inputs=_clouds,
    mistakes=(
        Mistake(
            "the mean is not subtracted",
            _dimension_without_centring,
            "You did not centre: variances are measured from the mean image, so subtract it first.",
        ),
        Mistake(
            "singular values instead of variances",
            _dimension_of_singular_values,
            "You used the singular values of the images: a variance is the square of one, divided "
            "by n.",
        ),
        Mistake(
            "upside down",
            _dimension_upside_down,
            "Your fraction stands on its head: the square of the sum belongs above the line.",
        ),
        Mistake(
            "variances of pixels, not of components",
            _dimension_of_pixel_variances,
            "You used the variances of the pixels, which do not see relations between them: take "
            "the eigenvalues of the whole covariance matrix.",
        ),
        Mistake(
            "twice the square of the sum",
            _dimension_with_equal_squares,
            "Above and below the line stands the same number: below, square first and then add.",
        ),
    ),
    hints=(
        "You need the variances along the principal components: centre the images first.",
        "The variances are the eigenvalues of `centred.T @ centred / n`, or the squared singular "
        "values of `centred`, divided by n.",
        "`eigenvalues = np.linalg.eigvalsh(centred.T @ centred / len(x))`, then the square of "
        "their sum, divided by the sum of their squares.",
    ),
)

# One step of k-means


def _groups(rng):
    def case(n, d, k, empty=()):
        filled = [j for j in range(k) if j not in empty]
        group = np.concatenate([filled, rng.choice(filled, max(n - len(filled), 0))])[:n]
        return rng.random((n, d)), rng.permutation(group), rng.random((k, d))

    x, group, centres = case(12, 3, 3)
    return {
        "30 images, three groups": case(30, 4, 3),
        "an empty group": case(20, 3, 4, empty=(2,)),
        "one image, two groups": (rng.random((1, 3)), np.array([1]), rng.random((2, 3))),
        "one group": case(7, 5, 1),
        "float32": (x.astype(np.float32), group, centres.astype(np.float32)),
    }


def _sums_and_counts(x, group, k):
    member = np.asarray(group) == np.arange(k)[:, None]
    return member @ np.asarray(x, dtype=float), member.sum(axis=1, keepdims=True)


def _move_centres(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    return np.where(counts > 0, sums / np.maximum(counts, 1), centres)


def _empty_groups_at_zero(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    return sums / np.maximum(counts, 1)


def _empty_groups_undefined(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    with np.errstate(invalid="ignore"):
        return sums / counts


def _empty_groups_dropped(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    filled = counts.ravel() > 0
    return sums[filled] / counts[filled]


def _sums_of_groups(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    return np.where(counts > 0, sums, centres)


def _divided_by_all(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    return np.where(counts > 0, sums / len(x), centres)


def _old_centre_counted(x, group, centres):
    sums, counts = _sums_and_counts(x, group, len(centres))
    return (sums + centres) / (counts + 1)


def _centres_changed_in_place(x, group, centres):
    centres[:] = _move_centres(x, group, centres)
    return centres


CENTRES = FunctionQuestion(
    "centres",
    points=2,
    function="move_centres",
    reference=_move_centres,
    inputs=_groups,
    mistakes=(
        Mistake(
            "an empty group moves to zero",
            _empty_groups_at_zero,
            "An empty group jumps to the black image: let it keep its old centre.",
        ),
        Mistake(
            "an empty group becomes NaN",
            _empty_groups_undefined,
            "The mean of no images is NaN: test whether a group is empty before you average it.",
        ),
        Mistake(
            "an empty group disappears",
            _empty_groups_dropped,
            "You return fewer centres than you got: go through all k groups, the empty ones too.",
        ),
        Mistake(
            "the sum, not the mean",
            _sums_of_groups,
            "You add up the images of a group: divide by how many they are.",
        ),
        Mistake(
            "divided by the number of all images",
            _divided_by_all,
            "You divide by n: divide each sum by the number of images in its own group.",
        ),
        Mistake(
            "the old centre counted as an image",
            _old_centre_counted,
            "Your mean includes the old centre: only the images of the group take part.",
        ),
        Mistake(
            "the old centres changed in place",
            _centres_changed_in_place,
            "You write into `centres` itself, and whoever called you loses the old ones: work on "
            "a copy.",
        ),
    ),
    hints=(
        "Go through the groups one by one; what is the mean of a group without images?",
        "`x[group == j]` are the images of group j; its length may be zero.",
        "Start from `moved = np.array(centres, dtype=float)`, a copy, and replace row j by "
        "`x[group == j].mean(axis=0)` where group j has images.",
    ),
)

# Neighbours, each image left out once


def _codes_and_labels(rng):
    def case(n, k):
        # Three clusters at growing distance from zero, one label in five drawn at random.
        cluster = rng.integers(0, 3, n)
        z = rng.normal(size=(n, k)) * 0.4 + 2.0 * cluster[:, None]
        return z, np.where(rng.random(n) < 0.2, rng.integers(0, 3, n), cluster)

    z, y = case(36, 2)
    return {
        "40 codes of three numbers": case(40, 3),
        "one number per image": case(30, 1),
        "two images of different digits": (rng.normal(size=(2, 3)), np.array([4, 7])),
        "float32": (z.astype(np.float32), y),
    }


def _squared_distances(z):
    z = np.asarray(z, dtype=float)
    return ((z[:, None] - z) ** 2).sum(axis=2)


def _neighbour_share(z, y):
    distance = _squared_distances(z)
    np.fill_diagonal(distance, np.inf)
    return float(np.mean(y[distance.argmin(axis=1)] == y))


def _own_neighbour(z, y):
    return float(np.mean(y[_squared_distances(z).argmin(axis=1)] == y))


def _farthest(z, y):
    return float(np.mean(y[_squared_distances(z).argmax(axis=1)] == y))


def _largest_product(z, y):
    z = np.asarray(z, dtype=float)
    product = z @ z.T
    np.fill_diagonal(product, -np.inf)
    return float(np.mean(y[product.argmax(axis=1)] == y))


def _neighbour_count(z, y):
    distance = _squared_distances(z)
    np.fill_diagonal(distance, np.inf)
    return float(np.sum(y[distance.argmin(axis=1)] == y))


def _other_digit_share(z, y):
    distance = _squared_distances(z)
    np.fill_diagonal(distance, np.inf)
    return float(np.mean(y[distance.argmin(axis=1)] != y))


NEIGHBOURS = FunctionQuestion(
    "neighbours",
    points=2,
    function="neighbour_share",
    reference=_neighbour_share,
    inputs=_codes_and_labels,
    mistakes=(
        Mistake(
            "each image is its own neighbour",
            _own_neighbour,
            "The nearest code to a code is itself: set the diagonal of the distances to infinity.",
        ),
        Mistake(
            "the farthest, not the nearest",
            _farthest,
            "You found the most distant code: look for the smallest distance, `argmin`.",
        ),
        Mistake(
            "the largest product, not the smallest distance",
            _largest_product,
            "A product favours long codes: ‖p‖² is missing from the distance ‖q‖² − 2 q·p + ‖p‖².",
        ),
        Mistake(
            "the count, not the share",
            _neighbour_count,
            "You count the images: divide by how many there are.",
        ),
        Mistake(
            "neighbours of another digit",
            _other_digit_share,
            "You count the neighbours that show another digit: turn the comparison around.",
        ),
    ),
    hints=(
        "Compute all n × n distances; each code has distance zero to one code, and that is a trap.",
        "`((z[:, None] - z) ** 2).sum(axis=2)` are the squared distances; `np.fill_diagonal` "
        "takes each image out of its own search.",
        "After `np.fill_diagonal(distance, np.inf)`, row i of `distance.argmin(axis=1)` is the "
        "neighbour of image i; compare its label with `y[i]`, and take the mean.",
    ),
)

# Design: variance hides what matters


def _sizes(rng):
    return {
        "200 points": (200, int(rng.integers(2**31))),
        "301 points": (301, int(rng.integers(2**31))),
    }


def _best_threshold(score, y):
    """Give the best share of right labels that any threshold on the score reaches."""
    order = np.argsort(score)
    ones_left = np.concatenate([[0], np.cumsum(y[order])])
    zeros_left = np.arange(len(y) + 1) - ones_left
    right = zeros_left + y.sum() - ones_left
    # A threshold can only stand between two scores that differ.
    ranked = score[order]
    possible = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    right = right[possible] / len(y)
    return float(max(right.max(), 1 - right.min()))


def _verify_kinds(answer, n, seed):  # noqa: ARG001 - any seed must give a right answer
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Return two things, `return x, y`: the points and their labels."
    try:
        x, y = np.asarray(answer[0], dtype=float), np.asarray(answer[1], dtype=float)
    except (OverflowError, TypeError, ValueError):
        return "The points and the labels must be arrays of numbers."
    if x.shape != (n, 2) or y.shape != (n,):
        return f"Expected shapes ({n}, 2) and ({n},), got {x.shape} and {y.shape}."
    # The comparison is false for NaN too.
    if not (np.abs(x) < 1e6).all() or not np.isin(y, (0, 1)).all():
        return "The points must be numbers below a million, and each label 0 or 1."
    if not 0.4 <= y.mean() <= 0.6:
        return f"Each kind needs at least 40 % of the points; {y.mean():.0%} have label 1."
    centred = x - x.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / n)
    if not variances.sum() > 0 or variances[1] < 0.9 * variances.sum():
        return "The first principal component keeps less than 90 % of the variance."
    short, long = (centred @ axes).T
    if (found := _best_threshold(long, y)) > 0.7:
        return f"The first component tells the kinds apart ({found:.0%}): it must not."
    if (found := _best_threshold(short, y)) < 0.95:
        return f"The second component does not tell the kinds apart ({found:.0%} right)."
    return None


def _hidden_kinds(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return np.column_stack([rng.normal(size=n) * 10, y + rng.normal(size=n) * 0.1]), y


def _kinds_along_the_variance(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return np.column_stack([10 * y + rng.normal(size=n), rng.normal(size=n) * 0.1]), y


def _kinds_without_a_place(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return np.column_stack([rng.normal(size=n) * 10, rng.normal(size=n)]), y


def _kinds_that_rule_the_variance(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return np.column_stack([rng.normal(size=n), 2 * y + rng.normal(size=n) * 0.1]), y


def _one_rare_kind(n, seed):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 10 == 0).astype(int)
    return np.column_stack([rng.normal(size=n) * 10, y + rng.normal(size=n) * 0.1]), y


DESIGN = PropertyQuestion(
    "design",
    points=3,
    function="hidden_kinds",
    inputs=_sizes,
    verify=_verify_kinds,
    solution=_hidden_kinds,
    mistakes=(
        Mistake(
            "the kinds differ where the variance is",
            _kinds_along_the_variance,
            "Your kinds lie apart along the direction of largest variance: move them apart along "
            "the other one.",
        ),
        Mistake(
            "the kinds do not differ at all",
            _kinds_without_a_place,
            "Your labels have nothing to do with the points: let one coordinate depend on y.",
        ),
        Mistake(
            "the kinds make most of the variance",
            _kinds_that_rule_the_variance,
            "The gap between the kinds is as large as the spread of the rest: stretch the "
            "direction that does not matter, or shrink the gap.",
        ),
        Mistake(
            "one kind is rare",
            _one_rare_kind,
            "One kind has few points, so that always guessing the other looks good: draw about as "
            "many of each.",
        ),
    ),
    hints=(
        "Variance is size, not importance: which direction may be large, which one must matter?",
        "Let one coordinate be wide and random, and let the other depend on the label alone, up "
        "to a little noise.",
        "`y = np.arange(n) % 2`; the wide coordinate is `10 * rng.normal(size=n)`, the narrow one "
        "`y + 0.1 * rng.normal(size=n)`.",
    ),
)

PLAN = TextQuestion(
    "plan",
    points=3,
    rubric=(
        "1: separates the data: the network, the mean and every choice come from training scans; "
        "the final numbers come from scans that took no part",
        "1: measures the code itself with the 500 diagnoses (nearest neighbours or a linear probe "
        "against raw pixels or PCA), and says that a small error alone does not show it",
        "1: names a control for the error that could fail: the mean scan, PCA of the same size, or "
        "scans with shuffled pixels",
    ),
)

QUESTIONS = (CHANGING, BASELINE, DIMENSION, CENTRES, NEIGHBOURS, DESIGN, PLAN)
