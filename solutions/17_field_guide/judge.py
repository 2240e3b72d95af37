"""What is asked about chapter 17, and what is right: floors, hidden bugs, tests that find them."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, TextQuestion

# What an output cannot reach


def _floor(targets, low, high):
    return float(np.mean((targets - np.clip(targets, low, high)) ** 2))


def _target_inputs(rng):
    return {
        "standardised images, sigmoid": (rng.normal(size=(6, 8)), 0.0, 1.0),
        "pixels up to 255, sigmoid": (rng.integers(0, 256, (4, 9)) + 0.0, 0.0, 1.0),
        "pixels, tanh": (rng.random((5, 7)) * 1.5, -1.0, 1.0),
        "any interval": (rng.normal(size=(7, 3)) * 2, -0.5, 2.0),
    }


def _floor_per_image(targets, low, high):
    return _floor(targets, low, high) * targets.shape[1]


def _too_bright_only(targets, low, high):  # noqa: ARG001
    return float(np.mean(np.maximum(targets - high, 0) ** 2))


def _absolute(targets, low, high):
    return float(np.mean(np.abs(targets - np.clip(targets, low, high))))


def _unreachable_only(targets, low, high):
    gap = (targets - np.clip(targets, low, high)) ** 2
    return float(gap[gap > 0].mean()) if np.any(gap > 0) else 0.0


FLOOR = FunctionQuestion(
    "floor",
    points=1,
    function="floor",
    reference=_floor,
    inputs=_target_inputs,
    mistakes=(
        Mistake(
            "the error per image",
            _floor_per_image,
            "You add up the pixels of an image: the mean over all of them is asked for.",
        ),
        Mistake(
            "only what is too bright",
            _too_bright_only,
            "You count targets above the interval only: those below it cannot be reached either.",
        ),
        Mistake(
            "the absolute error",
            _absolute,
            "You average distances: square them first.",
        ),
        Mistake(
            "the mean over unreachable pixels",
            _unreachable_only,
            "You average over the pixels that cannot be reached: the others count too, with zero.",
        ),
    ),
    hints=(
        "Which output of the interval is nearest to a target outside of it?",
        "`np.clip(targets, low, high)` is the best output there is.",
    ),
)

# Find the bugs: a variational loss


def _loss(x, x_hat, mean, log_var):
    error = np.sum((x - x_hat) ** 2, axis=1) / 2
    divergence = np.sum(mean**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2
    return float(np.mean(error + divergence))


def _loss_inputs(rng):
    def case(n, d, k):
        return (
            rng.random((n, d)),
            rng.random((n, d)),
            rng.normal(size=(n, k)),
            rng.normal(size=(n, k)),
        )

    x, x_hat, mean, log_var = case(4, 9, 3)
    return {
        "six images": case(6, 12, 4),
        "a perfect copy": (x, x.copy(), mean, log_var),
        "the prior itself": (x, x_hat, np.zeros((4, 3)), np.zeros((4, 3))),
        "one image, one unit": case(1, 5, 1),
    }


def _with(divergence, *, error=None):
    """Make a version of the loss whose parts are as given."""

    def loss(x, x_hat, mean, log_var):
        squares = np.sum((x - x_hat) ** 2, axis=1) / 2 if error is None else error(x, x_hat)
        return float(np.mean(squares + divergence(mean, log_var)))

    return loss


def _right_divergence(mean, log_var):
    return np.sum(mean**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2


def _averaged(mean, log_var):
    return np.mean(mean**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2


def _deviation(mean, log_var):
    return np.sum(mean**2 + np.exp(2 * log_var) - 1 - 2 * log_var, axis=1) / 2


def _both_bugs(mean, log_var):
    return np.mean(mean**2 + np.exp(2 * log_var) - 1 - 2 * log_var, axis=1) / 2


def _sign(mean, log_var):
    return -_right_divergence(mean, log_var)


def _error_averaged(x, x_hat):
    return np.mean((x - x_hat) ** 2, axis=1) / 2


def _summed_over_images(x, x_hat, mean, log_var):
    return _loss(x, x_hat, mean, log_var) * len(x)


VARIATIONAL = FunctionQuestion(
    "variational",
    points=3,
    function="loss",
    reference=_loss,
    inputs=_loss_inputs,
    mistakes=(
        Mistake(
            "as it was",
            _with(_both_bugs),
            "Both bugs are still there: compare the divergence with its formula, unit by unit.",
        ),
        Mistake(
            "still averaged over units",
            _with(_averaged),
            "One bug is gone. The divergence is still averaged over the units of the code: "
            "independent units add up.",
        ),
        Mistake(
            "still a standard deviation",
            _with(_deviation),
            "One bug is gone. You still take `log_var` for the logarithm of the standard "
            "deviation: it is that of the variance.",
        ),
        Mistake(
            "a minus before the divergence",
            _with(_sign),
            "Your divergence comes out negative, and it never is: look at its sign.",
        ),
        Mistake(
            "the pixels averaged as well",
            _with(_right_divergence, error=_error_averaged),
            "You now average the error over the pixels, which was right before: both parts are "
            "sums for each image.",
        ),
        Mistake(
            "summed over images",
            _summed_over_images,
            "You add up the images: take their mean.",
        ),
    ),
    hints=(
        "Test the program on a code with two equal units. What must happen to the divergence?",
        "One bug is in how units are put together, the other in what `log_var` stands for.",
        "The divergence of one unit is (μ² + σ² − 1 − ln σ²) / 2, with ln σ² = `log_var`.",
    ),
)

# Padding has no say


def _masked_error(output, target, lengths):
    real = np.arange(output.shape[1]) < lengths[:, None]
    return float(np.sum((output - target) ** 2 * real) / np.sum(real))


def _padded_inputs(rng):
    def case(lengths, width):
        lengths = np.array(lengths)
        return rng.random((len(lengths), width)), rng.random((len(lengths), width)), lengths

    return {
        "three lengths": case([6, 4, 1], 6),
        "nothing padded": case([5, 5], 5),
        "all padded by two": case([4, 4, 4], 6),
        "an empty row": case([7, 0, 3], 7),
    }


def _everywhere(output, target, lengths):  # noqa: ARG001
    return float(np.mean((output - target) ** 2))


def _divided_by_all(output, target, lengths):
    real = np.arange(output.shape[1]) < lengths[:, None]
    return float(np.mean((output - target) ** 2 * real))


def _mean_of_means(output, target, lengths):
    real = np.arange(output.shape[1]) < lengths[:, None]
    rows = np.sum((output - target) ** 2 * real, axis=1) / np.maximum(lengths, 1)
    return float(rows.mean())


def _one_too_many(output, target, lengths):
    return _masked_error(output, target, np.minimum(lengths + 1, output.shape[1]))


def _the_padding_itself(output, target, lengths):
    real = np.arange(output.shape[1]) >= lengths[:, None]
    return float(np.sum((output - target) ** 2 * real) / max(np.sum(real), 1))


PADDING = FunctionQuestion(
    "padding",
    points=2,
    function="masked_error",
    reference=_masked_error,
    inputs=_padded_inputs,
    mistakes=(
        Mistake(
            "the padding counts",
            _everywhere,
            "The padding still counts: only entries with an index below their row's length may.",
        ),
        Mistake(
            "divided by all entries",
            _divided_by_all,
            "The padding is left out of the sum, but not out of the number that you divide by.",
        ),
        Mistake(
            "the mean of the rows' means",
            _mean_of_means,
            "You average row by row, so an entry of a short row weighs more: divide the whole sum "
            "by the number of real entries.",
        ),
        Mistake(
            "one entry too many",
            _one_too_many,
            "One padded entry of each row still counts: a row of length 4 has the indices 0 to 3.",
        ),
        Mistake(
            "only the padding counts",
            _the_padding_itself,
            "You kept the padding and dropped what is real: turn the mask around.",
        ),
    ),
    hints=(
        "Make a mask first: an array of the shape of `output` that is True where an entry is real.",
        "`np.arange(width) < lengths[:, None]` compares each index with each length.",
        "`np.sum(squares * real) / np.sum(real)`.",
    ),
)

# Statistics from the right place


def _standardise(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-3
    return (train - mean) / deviation, (test - mean) / deviation


def _split_inputs(rng):
    constant = rng.random((8, 4))
    constant[:, 1] = 0.5
    return {
        "two sets": (rng.random((9, 5)), rng.random((6, 5)) + 0.3),
        "another source": (rng.random((7, 3)), 3 * rng.normal(size=(10, 3))),
        "a pixel that never changes": (constant, rng.random((5, 4))),
        "one test image": (rng.random((6, 4)), rng.random((1, 4))),
    }


def _joint(train, test):
    both = np.concatenate([train, test])
    mean, deviation = both.mean(axis=0), both.std(axis=0) + 1e-3
    return (train - mean) / deviation, (test - mean) / deviation


def _each_its_own(train, test):
    return _standardise(train, train)[0], _standardise(test, test)[0]


def _test_untouched(train, test):
    return _standardise(train, test)[0], test.copy()


def _over_all_pixels(train, test):
    mean, deviation = train.mean(), train.std() + 1e-3
    return (train - mean) / deviation, (test - mean) / deviation


def _divided_by_variance(train, test):
    mean, variance = train.mean(axis=0), train.var(axis=0) + 1e-3
    return (train - mean) / variance, (test - mean) / variance


STATISTICS = FunctionQuestion(
    "statistics",
    points=2,
    function="standardise",
    reference=_standardise,
    inputs=_split_inputs,
    mistakes=(
        Mistake(
            "statistics of both sets",
            _joint,
            "The test images still take part in the mean and the deviation: use the training "
            "images alone.",
        ),
        Mistake(
            "each set by its own statistics",
            _each_its_own,
            "You scale the test images by their own statistics: they need those of the training "
            "images, or the network sees them on another scale.",
        ),
        Mistake(
            "the test images are not scaled",
            _test_untouched,
            "The test images are as they were: scale them too, with the training images' numbers.",
        ),
        Mistake(
            "one mean for all pixels",
            _over_all_pixels,
            "You take one mean for all pixels: each pixel has its own, `axis=0`.",
        ),
        Mistake(
            "divided by the variance",
            _divided_by_variance,
            "You divide by the variance: divide by its root, the standard deviation.",
        ),
    ),
    hints=(
        "Which images may a number come from that training uses?",
        "Compute two arrays from `train`, and use them on `train` and on `test`.",
    ),
)

# A test that finds what is in both


def _leaked(train, test):
    known = {row.tobytes() for row in train}
    return sum(row.tobytes() in known for row in test)


def _leaky_inputs(rng):
    train = rng.integers(0, 256, (12, 5)).astype("uint8")
    test = rng.integers(0, 256, (8, 5)).astype("uint8")
    twice = train.copy()
    twice[3] = twice[7]
    shared = test.copy()
    shared[[0, 5]] = train[[9, 2]]
    return {
        "nothing in common": (train, test),
        "two rows in common": (train, shared),
        "a training image stored twice": (twice, np.concatenate([test[:3], twice[3:4]])),
        "a test image stored twice": (train, np.concatenate([train[:1], test[:4], train[:1]])),
        "single pixels in common": (train, np.roll(train, 1, axis=1)),
    }


def _same_place(train, test):
    n = min(len(train), len(test))
    return int(np.all(train[:n] == test[:n], axis=1).sum())


def _pairs(train, test):
    return int(np.all(train[:, None] == test, axis=2).sum())


def _distinct(train, test):
    return len({row.tobytes() for row in train} & {row.tobytes() for row in test})


def _by_pixel(train, test):
    return int(np.isin(test, train).all(axis=1).sum())


def _yes_or_no(train, test):
    return int(_leaked(train, test) > 0)


LEAK = FunctionQuestion(
    "leak",
    points=2,
    function="leaked",
    reference=_leaked,
    inputs=_leaky_inputs,
    mistakes=(
        Mistake(
            "rows at the same place",
            _same_place,
            "You compare row i with row i only: a test image may stand anywhere in the training "
            "set.",
        ),
        Mistake(
            "pairs, not test images",
            _pairs,
            "You count pairs: a test image that is stored twice in the training set counts once.",
        ),
        Mistake(
            "different images, not test images",
            _distinct,
            "An image that is twice in the test set spoils two of its rows: count both.",
        ),
        Mistake(
            "pixels, not images",
            _by_pixel,
            "`isin` looks for single pixels: an image is in both only if all its pixels agree "
            "with one row, in order.",
        ),
        Mistake(
            "yes or no",
            _yes_or_no,
            "You say whether there is a leak: say how many test images it spoils.",
        ),
    ),
    hints=(
        "Which Python type answers quickly whether it holds something?",
        "`row.tobytes()` turns an image into bytes, and bytes can be put into a set.",
        "Make the set from `train`, then count the rows of `test` whose bytes are in it.",
    ),
)

TOO_GOOD = TextQuestion(
    "too_good",
    points=3,
    rubric=(
        "1: names at least two bugs that would explain it (the clean image is fed in; the noise is "
        "weaker in the test; test images were trained on; the network copies, for the target is "
        "the noisy image)",
        "1: gives for each an experiment whose outcome differs with and without the bug (other "
        "noise in, another picture out; rows in both sets; error against the clean image beside "
        "that of the noisy one)",
        "1: says what the tests must show before the result is believed, including a baseline such "
        "as PCA or a median filter, or that the test was seen to fail on a broken version",
    ),
)

QUESTIONS = (FLOOR, VARIATIONAL, PADDING, STATISTICS, LEAK, TOO_GOOD)
