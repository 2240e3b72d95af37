"""What the judge asks about chapter 15, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, TextQuestion

# Cut an image into patches


def _images(rng):
    return {
        "counted pixels": (np.arange(2.0 * 6 * 9).reshape(2, 54), 6, 9, 3),
        "random": (rng.random((3, 48)), 8, 6, 2),
        "tall": (rng.random((2, 40)), 10, 4, 2),
    }


def _to_patches(x, height, width, side):
    blocks = x.reshape(len(x), height // side, side, width // side, side)
    return blocks.swapaxes(2, 3).reshape(len(x), -1, side**2)


def _only_reshaped(x, height, width, side):  # noqa: ARG001 - the mistake is to ignore them
    return x.reshape(len(x), -1, side**2)


def _column_by_column(x, height, width, side):
    blocks = x.reshape(len(x), height // side, side, width // side, side)
    return blocks.transpose(0, 3, 1, 2, 4).reshape(len(x), -1, side**2)


def _turned(x, height, width, side):
    blocks = x.reshape(len(x), height // side, side, width // side, side)
    return blocks.transpose(0, 1, 3, 4, 2).reshape(len(x), -1, side**2)


def _spread(x, height, width, side):
    blocks = x.reshape(len(x), side, height // side, side, width // side)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(len(x), -1, side**2)


CUT = FunctionQuestion(
    "cut",
    points=2,
    function="to_patches",
    reference=_to_patches,
    inputs=_images,
    mistakes=(
        Mistake(
            "only reshaped",
            _only_reshaped,
            "You cut the row of pixels into pieces: a patch holds neighbours from several rows of "
            "the image.",
        ),
        Mistake(
            "patches numbered column by column",
            _column_by_column,
            "The patches are right, but numbered down the columns: count along the rows.",
        ),
        Mistake(
            "pixels numbered column by column",
            _turned,
            "Each patch is turned: number its pixels along the rows, as the image does.",
        ),
        Mistake(
            "pixels from all over the image",
            _spread,
            "Your patches take pixels from all over the image: split each axis into "
            "(patch, place within the patch), in this order.",
        ),
    ),
    hints=(
        "Give the array one axis for each thing that counts: patch and place, down and across.",
        "`x.reshape(n, height // side, side, width // side, side)`: which two axes are in the "
        "wrong order?",
    ),
)

# From random numbers to masks


def _numbers(rng):
    return {
        "as in the chapter": (rng.random((5, 16)), 8),
        "one is shown": (rng.random((6, 9)), 1),
        "negative numbers": (rng.standard_normal((4, 12)), 5),
        "rows of different size": (rng.random((5, 10)) * np.arange(1, 6)[:, None], 3),
    }


def _shown_patches(numbers, shown):
    return np.argsort(np.argsort(numbers, axis=1), axis=1) < shown


def _sorted_once(numbers, shown):
    return np.argsort(numbers, axis=1) < shown


def _largest(numbers, shown):
    return np.argsort(np.argsort(-numbers, axis=1), axis=1) < shown


def _threshold(numbers, shown):
    return numbers < shown / numbers.shape[1]


def _hidden_instead(numbers, shown):
    return np.argsort(np.argsort(numbers, axis=1), axis=1) >= shown


def _down_the_columns(numbers, shown):
    return np.argsort(np.argsort(numbers, axis=0), axis=0) < shown


MASK = FunctionQuestion(
    "mask",
    points=2,
    function="shown_patches",
    reference=_shown_patches,
    inputs=_numbers,
    mistakes=(
        Mistake(
            "sorted once, not ranked",
            _sorted_once,
            "`argsort` says which patch comes first, not which rank a patch has: the inverse of "
            "that order is needed.",
        ),
        Mistake(
            "the largest are shown",
            _largest,
            "You show the patches with the largest numbers: the smallest are asked for.",
        ),
        Mistake(
            "a threshold instead of a count",
            _threshold,
            "A threshold shows more patches in one row and fewer in the next: each row shows the "
            "same number.",
        ),
        Mistake(
            "True where hidden",
            _hidden_instead,
            "Your mask is upside down: True stands for shown.",
        ),
        Mistake(
            "ranked down the columns",
            _down_the_columns,
            "You rank along the wrong axis: each row is an image of its own.",
        ),
    ),
    hints=(
        "Which rank has each patch in its row?",
        "The ranks are `np.argsort(np.argsort(numbers, axis=1), axis=1)`.",
    ),
)

# Count what was hidden


def _outputs(rng):
    cases = {}
    for name, (n, count, pixels) in {"random": (5, 6, 4), "one image": (1, 4, 9)}.items():
        shown = rng.random((n, count)) < 0.5
        shown[:, 0], shown[:, 1] = True, False
        cases[name] = (rng.random((n, count, pixels)), rng.random((n, count, pixels)), shown)
    shown = np.tri(4, 5, dtype=bool)
    cases["different numbers"] = (rng.random((4, 5, 4)), rng.random((4, 5, 4)), shown)
    return cases


def _hidden_error(patches, outputs, shown):
    return np.mean((outputs - patches)[~shown] ** 2)


def _over_all(patches, outputs, shown):  # noqa: ARG001 - the mistake is to ignore it
    return np.mean((outputs - patches) ** 2)


def _over_shown(patches, outputs, shown):
    return np.mean((outputs - patches)[shown] ** 2)


def _divided_by_all(patches, outputs, shown):
    return np.sum((outputs - patches)[~shown] ** 2) / patches.size


def _divided_by_patches(patches, outputs, shown):
    return np.sum((outputs - patches)[~shown] ** 2) / np.sum(~shown)


def _each_image_alike(patches, outputs, shown):
    squares = np.mean((outputs - patches) ** 2, axis=2)
    return np.mean(np.sum(squares * ~shown, axis=1) / np.sum(~shown, axis=1))


HIDDEN = FunctionQuestion(
    "hidden",
    points=2,
    function="hidden_error",
    reference=_hidden_error,
    inputs=_outputs,
    mistakes=(
        Mistake(
            "all patches count",
            _over_all,
            "You average over all patches: those that were shown could be copied, so leave them "
            "out.",
        ),
        Mistake(
            "shown patches count",
            _over_shown,
            "You average over the patches that were shown: `~shown` names the others.",
        ),
        Mistake(
            "divided by all pixels",
            _divided_by_all,
            "You add up the right pixels but divide by all of them: divide by the hidden ones.",
        ),
        Mistake(
            "divided by the patches",
            _divided_by_patches,
            "You divide by the number of hidden patches: each of them has several pixels.",
        ),
        Mistake(
            "a mean of means",
            _each_image_alike,
            "You average each image first: then a pixel of an image with few hidden patches counts "
            "more than others.",
        ),
    ),
    hints=(
        "Take the squares first, then choose which of them count.",
        "A boolean array of shape (n, count) picks whole patches from one of shape "
        "(n, count, pixels).",
    ),
)

# The best linear guess


def _pictures(rng):
    cases = {}
    for name, (d, ridge) in {"small ridge": (7, 0.01), "large ridge": (9, 2.0)}.items():
        sample = rng.standard_normal((40, d)) @ rng.standard_normal((d, d)) + rng.random(d) * 5
        visible = rng.random(d) < 0.5
        visible[0], visible[1] = True, False
        covariance = np.cov(sample.T, bias=True)
        cases[name] = (sample[0] + 1, visible, sample.mean(axis=0), covariance, ridge)
    return cases


def _fill(image, visible, mean, covariance, ridge):
    hidden = ~visible
    c_vv = covariance[np.ix_(visible, visible)] + ridge * np.eye(visible.sum())
    step = np.linalg.solve(c_vv, image[visible] - mean[visible])
    filled = image.copy()
    filled[hidden] = mean[hidden] + covariance[np.ix_(hidden, visible)] @ step
    return filled


def _mean_only(image, visible, mean, covariance, ridge):  # noqa: ARG001 - the mistake
    return np.where(visible, image, mean)


def _without_centring(image, visible, mean, covariance, ridge):
    return _fill(image, visible, np.zeros_like(mean), covariance, ridge)


def _without_ridge(image, visible, mean, covariance, ridge):  # noqa: ARG001 - the mistake
    return _fill(image, visible, mean, covariance, 0.0)


def _mean_not_added(image, visible, mean, covariance, ridge):
    return np.where(visible, image, _fill(image, visible, mean, covariance, ridge) - mean)


def _visible_changed(image, visible, mean, covariance, ridge):
    c_vv = covariance[np.ix_(visible, visible)] + ridge * np.eye(visible.sum())
    step = np.linalg.solve(c_vv, image[visible] - mean[visible])
    return mean + covariance[:, visible] @ step


FILL = FunctionQuestion(
    "fill",
    points=3,
    function="fill",
    reference=_fill,
    inputs=_pictures,
    mistakes=(
        Mistake(
            "the mean alone",
            _mean_only,
            "You fill in the mean image: what is visible says more about what is hidden.",
        ),
        Mistake(
            "not centred",
            _without_centring,
            "The formula works on differences from the mean: subtract it before, add it after.",
        ),
        Mistake(
            "no ridge",
            _without_ridge,
            "You left out λ: add it to the diagonal of the visible block.",
        ),
        Mistake(
            "the mean is not added back",
            _mean_not_added,
            "You subtract the mean but do not add it again to the hidden pixels.",
        ),
        Mistake(
            "visible pixels guessed as well",
            _visible_changed,
            "Your visible pixels changed: with a ridge the formula does not give them back, so "
            "keep them as they are.",
        ),
    ),
    hints=(
        "Which block of the covariance links hidden rows to visible columns?",
        "`covariance[np.ix_(visible, visible)]` is the block of visible rows and columns.",
        "Solve (C_VV + λI) step = x_V − μ_V with `np.linalg.solve`, then multiply by C_HV.",
    ),
)

TWO_LOSSES = TextQuestion(
    "two_losses",
    points=3,
    rubric=(
        "1: says that the loss over all patches mixes hidden and visible ones, and that the "
        "visible half can be copied",
        "1: proposes the error over hidden pixels for both networks, on the same test images and "
        "the same masks",
        "1: names something that this leaves open, such as the worth of the features or the luck "
        "of one seed, and a measurement for it",
    ),
)

QUESTIONS = (CUT, MASK, HIDDEN, FILL, TWO_LOSSES)
