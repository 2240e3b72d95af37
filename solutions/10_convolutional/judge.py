"""What is asked about chapter 10, and what is right: convolutions, transposes, their overlap."""

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    TextQuestion,
)

# What "SAME" pads


def _same_padding(m, k, s):
    total = max((-(-m // s) - 1) * s + k - m, 0)
    return total // 2, total - total // 2


def _sides(rng):
    stride = int(rng.integers(2, 4))
    return {
        "an even number of zeros": (28, 4, 2),
        "an odd number of zeros": (28, 3, 2),
        "stride 1": (int(rng.integers(8, 30)), 5, 1),
        "nothing to pad": (3 * stride, 1, stride),
        "a rest": (16, 4, 3),
    }


def _bottom_first(m, k, s):
    return _same_padding(m, k, s)[::-1]


def _both_alike(m, k, s):
    total = max((-(-m // s) - 1) * s + k - m, 0)
    return -(-total // 2), -(-total // 2)


def _negative(m, k, s):
    total = (-(-m // s) - 1) * s + k - m
    return total // 2, total - total // 2


def _rounded_down(m, k, s):
    total = max((m // s - 1) * s + k - m, 0)
    return total // 2, total - total // 2


def _for_stride_one(m, k, s):  # noqa: ARG001
    return (k - 1) // 2, k - 1 - (k - 1) // 2


same = FunctionQuestion(
    "same",
    points=1,
    function="same_padding",
    reference=_same_padding,
    inputs=_sides,
    mistakes=(
        Mistake(
            "the larger half on top",
            _bottom_first,
            "An odd row of zeros goes to the bottom: the top gets the smaller half.",
        ),
        Mistake(
            "both ends alike",
            _both_alike,
            'You pad both ends alike: "SAME" adds no row too many, so an odd number is split '
            "unevenly.",
        ),
        Mistake(
            "fewer than none",
            _negative,
            "Your padding can be negative: a kernel smaller than the stride needs none, not less "
            "than none.",
        ),
        Mistake(
            "places rounded down",
            _rounded_down,
            "The number of places is m / s rounded up: the rest at the end gets a place too.",
        ),
        Mistake(
            "the stride is ignored",
            _for_stride_one,
            "k − 1 rows are needed for stride 1 only: find where the last kernel ends.",
        ),
    ),
    hints=(
        "How many places are there, and at which pixel does the last kernel end?",
        "There are `-(-m // s)` places; the last kernel ends after `(places - 1) * s + k` rows.",
        "What exceeds m is the total, but at least 0; the top gets `total // 2`.",
    ),
)

# A convolution along a line


def _places(m, k, stride, padding):
    return (m + 2 * padding - k) // stride + 1


def _padded(x, padding):
    return np.pad(x, ((0, 0), (padding, padding), (0, 0)))


def _conv1d(x, weight, stride, padding):
    k = len(weight)
    padded = _padded(x, padding)
    return np.stack(
        [
            np.einsum("nac,aco->no", padded[:, i * stride : i * stride + k], weight)
            for i in range(_places(x.shape[1], k, stride, padding))
        ],
        axis=1,
    )


def _lines(rng):
    def case(n, m, k, n_in, n_out, stride, padding):
        return rng.normal(size=(n, m, n_in)), rng.normal(size=(k, n_in, n_out)), stride, padding

    return {
        "stride 2, padding 1": case(2, 8, 4, 2, 3, 2, 1),
        "stride 1, no padding": case(2, 6, 3, 2, 2, 1, 0),
        "one channel": case(1, 7, 3, 1, 1, 2, 1),
        "a rest at the end": case(2, 9, 4, 3, 2, 3, 2),
    }


def _turned(x, weight, stride, padding):
    return _conv1d(x, weight[::-1], stride, padding)


def _no_padding(x, weight, stride, padding):  # noqa: ARG001
    return _conv1d(x, weight, stride, 0)


def _stride_one(x, weight, stride, padding):  # noqa: ARG001
    return _conv1d(x, weight, 1, padding)


def _first_channel(x, weight, stride, padding):
    return _conv1d(x[:, :, :1], weight[:, :1], stride, padding)


def _edge_padding(x, weight, stride, padding):
    wide = np.pad(x, ((0, 0), (padding, padding), (0, 0)), mode="edge")
    return _conv1d(wide, weight, stride, 0)


conv = FunctionQuestion(
    "conv",
    points=2,
    function="conv1d",
    reference=_conv1d,
    inputs=_lines,
    mistakes=(
        Mistake(
            "the kernel turned round",
            _turned,
            "You turned the kernel round: here weight a meets pixel i·s + a − p.",
        ),
        Mistake(
            "no padding",
            _no_padding,
            "You left the padding out: add zeros at both ends first.",
        ),
        Mistake(
            "stride 1",
            _stride_one,
            "The kernel moves on by one pixel in yours: by the stride it must.",
        ),
        Mistake(
            "one channel only",
            _first_channel,
            "You use the first channel only: sum over all channels that come in.",
        ),
        Mistake(
            "the edge repeated",
            _edge_padding,
            "You continue the edge outwards: the padding is zeros.",
        ),
    ),
    hints=(
        "Pad first. Then the window of place i begins at pixel i·s of the padded line.",
        "One window has shape (n, k, channels in), the kernel (k, channels in, channels out): sum "
        "over the two axes that they share.",
        '`np.einsum("nac,aco->no", window, weight)` is one place; `np.stack(..., axis=1)` joins '
        "them.",
    ),
)

# The transpose along a line


def _conv1d_transpose(y, weight, size, stride, padding):
    k, n_in, _ = weight.shape
    padded = np.zeros((len(y), size + 2 * padding, n_in))
    for i in range(y.shape[1]):
        padded[:, i * stride : i * stride + k] += np.einsum("no,aco->nac", y[:, i], weight)
    return padded[:, padding : padding + size]


def _painted(rng):
    def case(n, m, k, n_in, n_out, stride, padding):
        places = _places(m, k, stride, padding)
        y, weight = rng.normal(size=(n, places, n_out)), rng.normal(size=(k, n_in, n_out))
        return y, weight, m, stride, padding

    return {
        "stride 2, padding 1": case(2, 8, 4, 2, 3, 2, 1),
        "stride 1, no padding": case(2, 6, 3, 2, 2, 1, 0),
        "one channel": case(1, 8, 3, 1, 1, 2, 1),
        "a rest at the end": case(2, 10, 4, 3, 2, 3, 2),
    }


def _overwritten(y, weight, size, stride, padding):
    k, n_in, _ = weight.shape
    padded = np.zeros((len(y), size + 2 * padding, n_in))
    for i in range(y.shape[1]):
        padded[:, i * stride : i * stride + k] = np.einsum("no,aco->nac", y[:, i], weight)
    return padded[:, padding : padding + size]


def _turned_back(y, weight, size, stride, padding):
    return _conv1d_transpose(y, weight[::-1], size, stride, padding)


def _not_cropped(y, weight, size, stride, padding):
    k, n_in, _ = weight.shape
    padded = np.zeros((len(y), size + 2 * padding, n_in))
    for i in range(y.shape[1]):
        padded[:, i * stride : i * stride + k] += np.einsum("no,aco->nac", y[:, i], weight)
    return padded


def _cropped_at_the_end(y, weight, size, stride, padding):
    return _not_cropped(y, weight, size, stride, padding)[:, :size]


def _divided_by_overlap(y, weight, size, stride, padding):
    count = np.maximum(_overlap(size, len(weight), stride, padding), 1)
    return _conv1d_transpose(y, weight, size, stride, padding) / count[:, None]


def _overlap(m, k, s, p):
    counts = np.zeros(m + 2 * p, dtype=int)
    for i in range(_places(m, k, s, p)):
        counts[i * s : i * s + k] += 1
    return counts[p : p + m]


transpose = FunctionQuestion(
    "transpose",
    points=3,
    function="conv1d_transpose",
    reference=_conv1d_transpose,
    inputs=_painted,
    mistakes=(
        Mistake(
            "overwritten, not added",
            _overwritten,
            "Where kernels overlap, your later one wipes out the earlier one: add them.",
        ),
        Mistake(
            "the kernel turned round",
            _turned_back,
            "You turned the kernel round: the transpose paints each weight where the convolution "
            "read it.",
        ),
        Mistake(
            "the padding is still there",
            _not_cropped,
            "Your result still has the padding: the transpose of adding zeros is cutting them off.",
        ),
        Mistake(
            "cut at one end",
            _cropped_at_the_end,
            "You cut the padding off at the end only: the first p pixels are padding too.",
        ),
        Mistake(
            "divided by the overlap",
            _divided_by_overlap,
            "You take the mean where kernels overlap: the transpose is a plain sum.",
        ),
    ),
    hints=(
        "Turn your convolution round: what it read from place i, you now add to place i.",
        "Work on a line of `size + 2 * padding` zeros, and cut `padding` off at both ends in the "
        "end.",
        'For each i: `padded[:, i * stride : i * stride + k] += np.einsum("no,aco->nac", y[:, i], '
        "weight)`.",
    ),
)

# How many kernels reach a pixel


def _overlap_inputs(rng):
    return {
        "4 by 2": (12, 4, 2, 1),
        "3 by 2": (11, 3, 2, 1),
        "5 by 3": (int(rng.integers(5, 8)) * 3, 5, 3, 2),
        "2 by 2": (int(rng.integers(4, 8)) * 2, 2, 2, 0),
        "gaps": (10, 1, 3, 0),
    }


def _window_sizes(m, k, s, p):
    places = _places(m, k, s, p)
    return np.array([min(i * s - p + k, m) - max(i * s - p, 0) for i in range(places)])


def _interior(m, k, s, p):  # noqa: ARG001
    return np.full(m, k / s)


def _without_crop(m, k, s, p):
    counts = np.zeros(m + 2 * p, dtype=int)
    for i in range(_places(m, k, s, p)):
        counts[i * s : i * s + k] += 1
    return counts


def _padding_ignored(m, k, s, p):  # noqa: ARG001
    return _overlap(m, k, s, 0)


def _reached(m, k, s, p):
    return np.minimum(_overlap(m, k, s, p), 1)


overlap = FunctionQuestion(
    "overlap",
    points=2,
    function="overlap",
    reference=_overlap,
    inputs=_overlap_inputs,
    mistakes=(
        Mistake(
            "sizes of the windows",
            _window_sizes,
            "You count the pixels of each window: asked are the windows of each pixel.",
        ),
        Mistake(
            "the mean everywhere",
            _interior,
            "k / s is the mean number: whether all pixels have it is what the question is about.",
        ),
        Mistake(
            "the padding counted too",
            _without_crop,
            "Your result includes the padding: only the m pixels of the image count.",
        ),
        Mistake(
            "the padding ignored",
            _padding_ignored,
            "With padding the first kernel starts p pixels before the image.",
        ),
        Mistake(
            "reached or not",
            _reached,
            "You say whether a pixel is reached: count how often.",
        ),
    ),
    hints=(
        "Start with zeros, go through the places, and add 1 wherever a kernel lies.",
        "Place i covers the pixels from i·s − p to i·s − p + k − 1; those outside do not count.",
        "On a line of `m + 2 * p` zeros: `counts[i * s : i * s + k] += 1` for each place, then cut "
        "p off at both ends.",
    ),
)

# Enlarge and convolve, as one transposed convolution


def _as_transposed(v):
    return np.array([v[2], v[1] + v[2], v[0] + v[1], v[0]])


def _kernels(rng):
    return {
        "random": (rng.normal(size=3),),
        "another": (rng.normal(size=3) + np.array([2.0, 0.0, -1.0]),),
        "rising": (np.array([1.0, 2.0, 4.0]),),
    }


as_transposed = FunctionQuestion(
    "resize",
    points=2,
    function="as_transposed",
    reference=_as_transposed,
    inputs=_kernels,
    mistakes=(
        Mistake(
            "not turned round",
            lambda v: np.array([v[0], v[0] + v[1], v[1] + v[2], v[2]]),
            "Your order is that of the kernel: a convolution reads to the right what lies to the "
            "right, so what a pixel paints comes out turned round.",
        ),
        Mistake(
            "halved",
            lambda v: _as_transposed(v) / 2,
            "Your weights are half as large: a pixel is copied when it is doubled, not shared out.",
        ),
        Mistake(
            "each weight twice",
            lambda v: np.array([v[2], v[1], v[1], v[0]]),
            "Two copies of a pixel lie side by side, so in the middle two weights reach the same "
            "place: add them.",
        ),
        Mistake(
            "the kernel with a gap",
            lambda v: np.array([v[2], v[1], v[0], 0.0]),
            "That would be zeros between the pixels: enlarging puts a second copy there.",
        ),
    ),
    hints=(
        "Let y have a single pixel that is 1. What does enlarging make of it, and then the kernel?",
        "The enlarged line has two ones, at 2i and 2i + 1. Pixel t of the result sums v[a] over "
        "those a where t + a − 1 is one of the two.",
        "From t = 2i − 1 to 2i + 2 you get v[2], v[1] + v[2], v[0] + v[1] and v[0].",
    ),
)

grid = TextQuestion(
    "grid",
    points=3,
    rubric=(
        "1: names uneven overlap as the cause (5 is not divisible by 2) and says how to show it: "
        "the overlap pattern, the variance or error by position modulo 2 or energy at the highest "
        "frequency, against the real images; blur only hides it",
        "1: proposes a remedy of the cause: a kernel divisible by the stride (4 or 6), or enlarge "
        "and convolve, and says how to check that it worked",
        "1: corrects the claim about cost: parameters are not multiplications, since each weight "
        "of a convolution is used at every place; compares at equal code size, parameters or time, "
        "with seeds and test images",
    ),
)

QUESTIONS = (same, conv, transpose, overlap, as_transposed, grid)
