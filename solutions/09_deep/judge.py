"""What is asked about chapter 9, and what is right: depth, vanishing errors, stacks, folds."""

from itertools import pairwise

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
)

# How large a deep autoencoder is


def _count(sizes, tied):
    weights = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    biases = sum(sizes[1:]) + sum(sizes[:-1])
    return (1 if tied else 2) * weights + biases


def _sizes(rng):
    def case(length):
        return tuple(int(size) for size in np.sort(rng.integers(3, 90, length) * 2 + 1)[::-1])

    return {
        "the network of 2006": ((784, 1000, 500, 250, 30), False),
        "tied": (case(4), True),
        "one layer each side": (case(2), False),
        "one layer, tied": (case(2), True),
        "three layers": (case(4), False),
    }


def _encoder_only(sizes, tied):  # noqa: ARG001
    return sum(a * b + b for a, b in pairwise(sizes))


def _encoder_twice(sizes, tied):
    weights = sum(a * b for a, b in pairwise(sizes))
    return (1 if tied else 2) * weights + 2 * sum(sizes[1:])


def _without_biases(sizes, tied):
    return (1 if tied else 2) * sum(a * b for a, b in pairwise(sizes))


def _tied_ignored(sizes, tied):  # noqa: ARG001
    return _count(sizes, False)


def _tied_biases(sizes, tied):
    return _encoder_only(sizes, tied) if tied else _count(sizes, False)


count = FunctionQuestion(
    "count",
    points=1,
    function="count_parameters",
    reference=_count,
    inputs=_sizes,
    mistakes=(
        Mistake(
            "the encoder alone",
            _encoder_only,
            "You count the encoder only: the decoder mirrors it and has parameters of its own.",
        ),
        Mistake(
            "the encoder counted twice",
            _encoder_twice,
            "The decoder's biases belong to its own outputs: its last layer has as many as there "
            "are pixels, and none of its layers has as many as the code.",
        ),
        Mistake(
            "no biases",
            _without_biases,
            "You count weights only: each unit of each layer has a bias too.",
        ),
        Mistake(
            "tied weights counted twice",
            _tied_ignored,
            "A tied decoder borrows the encoder's weights: count them once.",
        ),
        Mistake(
            "tied biases",
            _tied_biases,
            "Only weights are shared when a decoder is tied: its biases are its own.",
        ),
    ),
    hints=(
        "Write down the shape of every weight and every bias of 784-32-784 first.",
        "The encoder's layers end in `sizes[1:]`, the decoder's in `sizes[:-1]`: these are the "
        "numbers of biases.",
        "Weights: the sum of `a * b` over `zip(sizes[:-1], sizes[1:])`, once if tied, else twice.",
    ),
)

# How long the error is in each layer


def _deltas(weights, slopes, delta):
    deltas = [delta]
    for weight, slope in zip(weights[::-1], slopes[::-1], strict=True):
        deltas.append((deltas[-1] @ weight.T) * slope)
    return deltas[::-1]


def _error_lengths(weights, slopes, delta):
    return np.array([np.linalg.norm(each) for each in _deltas(weights, slopes, delta)])


def _networks(rng):
    def case(n, *sizes):
        weights = [rng.normal(0, 1, pair) for pair in pairwise(sizes)]
        slopes = [rng.uniform(0.02, 0.25, (n, size)) for size in sizes[:-1]]
        return weights, slopes, rng.normal(0, 1, (n, sizes[-1]))

    return {
        "three layers": case(5, 6, 4, 3),
        "one image": case(1, 3, 5, 4, 2),
        "equal sizes": case(4, 4, 4, 4),
        "two layers": case(7, 2, 5),
    }


def _no_slopes(weights, slopes, delta):
    return _error_lengths(weights, [np.ones_like(slope) for slope in slopes], delta)


def _largest_slopes(weights, slopes, delta):
    return _error_lengths(weights, [np.full_like(slope, 0.25) for slope in slopes], delta)


def _from_the_top(weights, slopes, delta):
    return _error_lengths(weights, slopes, delta)[::-1]


def _squares(weights, slopes, delta):
    return _error_lengths(weights, slopes, delta) ** 2


def _per_image(weights, slopes, delta):
    return _error_lengths(weights, slopes, delta) / len(delta)


def _bound_only(weights, slopes, delta):
    lengths = [float(np.linalg.norm(delta))]
    for weight in weights[::-1]:
        lengths.append(lengths[-1] * 0.25 * float(np.linalg.norm(weight, 2)))
    del slopes
    return np.array(lengths[::-1])


def _last_missing(weights, slopes, delta):
    return _error_lengths(weights, slopes, delta)[:-1]


lengths = FunctionQuestion(
    "lengths",
    points=2,
    function="error_lengths",
    reference=_error_lengths,
    inputs=_networks,
    mistakes=(
        Mistake(
            "no slopes",
            _no_slopes,
            "You send the error through the weights but not through the activations: multiply by "
            "the slopes, entry by entry.",
        ),
        Mistake(
            "the largest slope everywhere",
            _largest_slopes,
            "You take one quarter for every slope: that is the bound, the real slopes are given.",
        ),
        Mistake(
            "from the top",
            _from_the_top,
            "Your list starts at the last layer: turn it round.",
        ),
        Mistake(
            "squares",
            _squares,
            "You return squared lengths: the norm has a root.",
        ),
        Mistake(
            "divided by the number of images",
            _per_image,
            "You divide by the number of images: the norm is over all entries as they are.",
        ),
        Mistake(
            "the bound",
            _bound_only,
            "You return the bound: compute the errors themselves and measure them.",
        ),
        Mistake(
            "the last layer is missing",
            _last_missing,
            "One length is missing: the error that you were given belongs to the last layer.",
        ),
    ),
    hints=(
        "You are given the last δ. One step down takes one weight matrix and one array of slopes.",
        "One step is `delta = (delta @ weight.T) * slope`; go through both lists backwards.",
        "Collect `np.linalg.norm(delta)` before the first step and after each, and reverse at the "
        "end.",
    ),
)

# The stack, unfolded


def _unfold(stack):
    last, weights = len(stack) - 1, {}
    for i, one in enumerate(stack):
        for kind in ("weight", "bias"):
            weights[f"encoder.{i}.{kind}"] = one[f"encoder.0.{kind}"]
            weights[f"decoder.{last - i}.{kind}"] = one[f"decoder.0.{kind}"]
    return weights


def _stacks(rng):
    def one(n_in, n_out):
        return {
            "encoder.0.weight": rng.normal(0, 1, (n_in, n_out)),
            "encoder.0.bias": rng.normal(0, 1, n_out),
            "decoder.0.weight": rng.normal(0, 1, (n_out, n_in)),
            "decoder.0.bias": rng.normal(0, 1, n_in),
        }

    def stack(*sizes):
        return [one(a, b) for a, b in pairwise(sizes)]

    return {
        "three": (stack(6, 4, 3, 2),),
        "equal sizes": (stack(3, 3, 3),),
        "one": (stack(5, 2),),
        "four": (stack(7, 5, 4, 3, 2),),
    }


def _decoders_in_order(stack):
    weights = {}
    for i, one in enumerate(stack):
        for name, array in one.items():
            part, _, kind = name.split(".")
            weights[f"{part}.{i}.{kind}"] = array
    return weights


def _encoders_reversed(stack):
    last, weights = len(stack) - 1, {}
    for i, one in enumerate(stack):
        for name, array in one.items():
            part, _, kind = name.split(".")
            weights[f"{part}.{last - i if part == 'encoder' else i}.{kind}"] = array
    return weights


def _tied_decoders(stack):
    last, weights = len(stack) - 1, _unfold(stack)
    for i, one in enumerate(stack):
        weights[f"decoder.{last - i}.weight"] = one["encoder.0.weight"].T
    return weights


def _encoders_only(stack):
    return {name: array for name, array in _unfold(stack).items() if name.startswith("encoder")}


unfold = FunctionQuestion(
    "unfold",
    points=2,
    function="unfold",
    reference=_unfold,
    inputs=_stacks,
    mistakes=(
        Mistake(
            "decoders in the order of the encoders",
            _decoders_in_order,
            "The decoder runs downwards: what was trained last decodes first, so its number is 0.",
        ),
        Mistake(
            "encoders in the wrong order",
            _encoders_reversed,
            "You turned the encoders round: the first of the stack sees the pixels, and stays "
            "number 0. It is the decoders that have to be turned.",
        ),
        Mistake(
            "the encoders' weights, transposed",
            _tied_decoders,
            "You gave the decoder the encoders' transposed weights: each part of the stack has "
            "trained a decoder of its own.",
        ),
        Mistake(
            "the decoder is missing",
            _encoders_only,
            "The decoder is missing: each part of the stack gives one layer to it.",
        ),
    ),
    hints=(
        "Which part of the stack produces pixels? That decoder must come last.",
        "Part i becomes encoder layer i, and decoder layer `len(stack) - 1 - i`.",
        'Loop over `enumerate(stack)`, over "weight" and "bias", and fill two names each time: '
        '`f"encoder.{i}.{kind}"` and `f"decoder.{last - i}.{kind}"`.',
    ),
)

# Design: fold the line


def _depths(rng):
    return {"two layers": (2,), "three layers": (3,), "more": (int(rng.integers(4, 7)),)}


def _outputs(layers, x):
    for position, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        if position < len(layers) - 1:
            x = np.maximum(x, 0)
    return x[:, 0]


def _read_layers(answer, depth):
    """Give the layers as arrays, or a sentence about what they lack."""
    if not isinstance(answer, tuple | list) or len(answer) != depth + 1:
        return f"Return a list of {depth + 1} layers: {depth} hidden ones and the output."
    layers, n_in = [], 1
    for position, layer in enumerate(answer):
        if isinstance(layer, np.ndarray) or not isinstance(layer, tuple | list) or len(layer) != 2:
            return "Each layer is a pair (weight, bias)."
        try:
            weight, bias = (np.asarray(each, dtype=float) for each in layer)
        except (OverflowError, TypeError, ValueError):
            return "Weights and biases must be arrays of numbers."
        n_out = weight.shape[1] if weight.ndim == 2 else 0
        if weight.shape != (n_in, n_out) or bias.shape != (n_out,) or n_out == 0:
            return (
                f"Layer {position} needs a weight of shape ({n_in}, n) and a bias of shape (n,), "
                f"got {weight.shape} and {bias.shape}."
            )
        if n_out > (1 if position == depth else 2):
            return "A hidden layer has at most two units, and the output one."
        # The comparison is false for NaN too.
        if not ((np.abs(weight) < 1e6).all() and (np.abs(bias) < 1e6).all()):
            return "Weights and biases must be numbers below a million."
        layers.append((weight, bias))
        n_in = n_out
    return layers


def _verify_folds(answer, depth):
    layers = _read_layers(answer, depth)
    if isinstance(layers, str):
        return layers
    # Pieces whose ends are multiples of 2**-depth hold 16 steps of this grid each.
    grid = np.linspace(0, 1, 16 * 2**depth + 1)
    slopes = np.diff(_outputs(layers, grid[:, None])) * (len(grid) - 1)
    turns = np.abs(np.diff(slopes)) > 1e-6 * max(1.0, float(np.abs(slopes).max()))
    # A bend inside a step is seen twice, at both of its ends.
    pieces = 1 + int(np.count_nonzero(turns & ~np.append(False, turns[:-1])))
    if pieces < 2**depth:
        return f"Your network has {pieces} linear pieces on [0, 1]: {2**depth} are asked for."
    return None


def _tent_layers(depth):
    first = (np.array([[1.0, 1.0]]), np.array([0.0, -0.5]))
    again = (np.array([[2.0, 2.0], [-4.0, -4.0]]), np.array([0.0, -0.5]))
    return [first, *[again] * (depth - 1), (np.array([[2.0], [-4.0]]), np.zeros(1))]


def _one_fold(depth):
    first = (np.array([[1.0, 1.0]]), np.array([0.0, -0.5]))
    through = (np.eye(2), np.zeros(2))
    return [first, *[through] * (depth - 1), (np.array([[2.0], [-4.0]]), np.zeros(1))]


def _bias_forgotten(depth):
    first = (np.array([[1.0, 1.0]]), np.array([0.0, -0.5]))
    again = (np.array([[2.0, 2.0], [-4.0, -4.0]]), np.zeros(2))
    return [first, *[again] * (depth - 1), (np.array([[2.0], [-4.0]]), np.zeros(1))]


def _half_height(depth):
    first = (np.array([[1.0, 1.0]]), np.array([0.0, -0.5]))
    again = (np.array([[1.0, 1.0], [-2.0, -2.0]]), np.array([0.0, -0.5]))
    return [first, *[again] * (depth - 1), (np.array([[1.0], [-2.0]]), np.zeros(1))]


def _output_missing(depth):
    return _tent_layers(depth)[:-1]


def _transposed(depth):
    return [(weight.T, bias) for weight, bias in _tent_layers(depth)]


folds = PropertyQuestion(
    "folds",
    points=3,
    function="folding_network",
    inputs=_depths,
    verify=_verify_folds,
    solution=_tent_layers,
    mistakes=(
        Mistake(
            "folded once",
            _one_fold,
            "Only your first layer folds, the others hand its output on: each layer has to fold "
            "again what it gets.",
        ),
        Mistake(
            "later biases forgotten",
            _bias_forgotten,
            "From the second layer on, nothing bends: the second unit of each layer needs its bias "
            "of −1/2 again.",
        ),
        Mistake(
            "a tent of half the height",
            _half_height,
            "Your tent reaches one half only, so the next layer never sees the part beyond 1/2: "
            "slopes of 2 and −2 bring it to 1.",
        ),
        Mistake(
            "no output layer",
            _output_missing,
            "The output layer is missing: it puts the last two units together to one number.",
        ),
        Mistake(
            "weights transposed",
            _transposed,
            "Your weights are transposed: a layer computes `h @ weight + bias`, so they have shape "
            "(inputs, units).",
        ),
    ),
    hints=(
        "The tent map needs two ReLU units. What must the next layer do with its value?",
        "The value t = 2 u₁ − 4 u₂ need not be computed by a layer of its own: the next layer's "
        "weights can contain that sum.",
        "Hidden layers after the first: weight `[[2, 2], [-4, -4]]`, bias `[0, -0.5]`. The first "
        "has weight `[[1, 1]]`, the output `[[2], [-4]]`.",
    ),
)

depth = TextQuestion(
    "depth",
    points=3,
    rubric=(
        "1: sees that the comparison is unfair: the deep network has more parameters, or got more "
        "steps or tuning, so depth is not isolated",
        "1: asks for the gradients layer by layer, or the error of the mean image, and says what "
        "they would show about the network that failed",
        "1: proposes an experiment that fixes parameters and training, with several seeds, test "
        "images, and a stated code size",
    ),
)

QUESTIONS = (count, lengths, unfold, folds, depth)
