"""What the judge asks about TensorFlow: references, typical mistakes and hints."""

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
    ValueQuestion,
)


def _normal(rng, *shape):
    return rng.standard_normal(shape, dtype=np.float32)


def _uniform(rng, *shape):
    return rng.random(shape, dtype=np.float32)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# epoch_loss


def _epoch_inputs(rng):
    def case(*sizes):
        return _uniform(rng, len(sizes)), np.array(sizes, dtype=np.int32)

    return {
        "a short last batch": case(100, 100, 100, 37),
        "two batches": case(50, 3),
        "all sizes": case(*rng.permutation(np.arange(1, 12))),
    }


_EPOCH_LOSS = FunctionQuestion(
    "epoch_loss",
    points=1,
    function="epoch_loss",
    framework="tensorflow",
    reference=lambda losses, sizes: np.sum(losses * sizes) / np.sum(sizes),
    inputs=_epoch_inputs,
    mistakes=(
        Mistake(
            "mean of the batch means",
            lambda losses, _sizes: np.mean(losses),
            "An image of a small batch counts more than the others that way; weight each loss by "
            "the size of its batch.",
        ),
        Mistake(
            "the sum, not the mean",
            lambda losses, sizes: np.sum(losses * sizes),
            "You have the sum over all images; divide by their number.",
        ),
        Mistake(
            "divided by the number of batches",
            lambda losses, sizes: np.sum(losses * sizes) / len(sizes),
            "You have the sum over all images; divide by the images, not by the batches.",
        ),
        Mistake(
            "the last batch only",
            lambda losses, _sizes: losses[-1],
            "That is the loss of the last batch; the epoch has more of them.",
        ),
    ),
    hints=(
        "How large is the sum of squares that stands behind each batch's mean?",
        "Loss times size, summed, over the number of all images.",
        "sizes holds integers and TensorFlow does not mix: tf.cast(sizes, losses.dtype) first.",
    ),
)


# traces

_TRACES = ValueQuestion(
    "traces",
    points=2,
    variable="traces",
    reference=lambda: [2, 2, 1, 2, 3, 1],
    mistakes=(
        Mistake(
            "one trace a call",
            [4, 3, 3, 3, 3, 3],
            "A function keeps its graphs: a call of a kind that it has seen runs an old one.",
        ),
        Mistake(
            "one trace for ever",
            [1, 1, 1, 1, 1, 1],
            "A graph is good for one kind of input only; look at shapes, dtypes and Python "
            "numbers again.",
        ),
        Mistake(
            "Python numbers are like tensors",
            [2, 1, 1, 2, 3, 1],
            "Look at B again: what tf.function does with a Python number stands among the "
            "chapter's pitfalls.",
        ),
        Mistake(
            "graphs outlive their function",
            [2, 2, 1, 2, 1, 1],
            "Look at E again: each turn of the loop makes a new tf.function, which knows nothing "
            "of the one before.",
        ),
        Mistake(
            "None is like a number",
            [2, 2, 1, 2, 3, 3],
            "Look at F again: in the signature None stands for any number of rows.",
        ),
        Mistake(
            "dtypes share a graph",
            [2, 2, 1, 1, 3, 1],
            "Look at D again: an operation is made for one dtype.",
        ),
    ),
    hints=(
        "What does a graph fix, and what may change from call to call?",
        "Shape, dtype and the value of a Python number are fixed. A tensor's values are not.",
        "Try each program: f.experimental_get_tracing_count() counts for a tf.function f.",
    ),
)


# input_gradient


def _forward(x, kernel, bias, decoder_kernel, decoder_bias):
    code = _sigmoid(x @ kernel + bias)
    return code, _sigmoid(code @ decoder_kernel + decoder_bias)


def _gradient_paths(x, kernel, bias, decoder_kernel, decoder_bias):
    code, x_hat = _forward(x, kernel, bias, decoder_kernel, decoder_bias)
    residual = 2 * (x_hat - x) / x.size
    hidden = (residual * x_hat * (1 - x_hat)) @ decoder_kernel.T * code * (1 - code)
    return hidden @ kernel.T, -residual


def _input_gradient(x, kernel, bias, decoder_kernel, decoder_bias):
    network, target = _gradient_paths(x, kernel, bias, decoder_kernel, decoder_bias)
    return network + target


def _autoencoder_inputs(rng):
    def case(n, d, k):
        weights = _normal(rng, d, k), _normal(rng, k), _normal(rng, k, d), _normal(rng, d)
        return (_uniform(rng, n, d), *weights)

    return {"four images": case(4, 6, 3), "one image": case(1, 5, 2), "one unit": case(3, 4, 1)}


_INPUT_GRADIENT = FunctionQuestion(
    "input_gradient",
    points=2,
    function="input_gradient",
    framework="tensorflow",
    reference=_input_gradient,
    inputs=_autoencoder_inputs,
    atol=1e-7,
    mistakes=(
        Mistake(
            "the target held fixed",
            lambda *arguments: _gradient_paths(*arguments)[0],
            "x is the target, too. A copy made outside the tape, stop_gradient or NumPy cut "
            "that path.",
        ),
        Mistake(
            "the target's path only",
            lambda *arguments: _gradient_paths(*arguments)[1],
            "The path through the network is missing; run the forward pass inside the tape, "
            "after tape.watch(x).",
        ),
        Mistake(
            "loss summed",
            lambda x, *weights: _input_gradient(x, *weights) * x.size,
            "Your loss is a sum over images and pixels; the question wants their mean.",
        ),
        Mistake(
            "mean over the pixels only",
            lambda x, *weights: _input_gradient(x, *weights) * len(x),
            "You took a loss per image, and the tape adds them up; go on to the mean over images.",
        ),
        Mistake(
            "downhill",
            lambda *arguments: -_input_gradient(*arguments),
            "The sign is wrong: the gradient points to where the loss grows.",
        ),
    ),
    hints=(
        "A tape records variables only. If you get None, ask what x is.",
        "with tf.GradientTape() as tape: first tape.watch(x), then all of the forward pass.",
        "loss = tf.reduce_mean((x_hat - x) ** 2) with the watched x in both places; then "
        "tape.gradient(loss, x).",
    ),
)


# train


def _slope(kernel, code, x):
    x_hat = _sigmoid(code @ kernel)
    return code.T @ (2 * (x_hat - x) / x.size * x_hat * (1 - x_hat))


def _train(kernel, code, x, lr, momentum, steps):
    velocity = np.zeros_like(kernel)
    for _ in range(steps):
        velocity = momentum * velocity + _slope(kernel, code, x)
        kernel = kernel - lr * velocity
    return kernel


def _dampened(kernel, code, x, lr, momentum, steps):
    velocity = np.zeros_like(kernel)
    for _ in range(steps):
        velocity = momentum * velocity + (1 - momentum) * _slope(kernel, code, x)
        kernel = kernel - lr * velocity
    return kernel


def _stale(kernel, code, x, lr, momentum, steps):
    velocity, slope = np.zeros_like(kernel), _slope(kernel, code, x)
    for _ in range(steps):
        velocity = momentum * velocity + slope
        kernel = kernel - lr * velocity
    return kernel


def _nesterov(kernel, code, x, lr, momentum, steps):
    velocity = np.zeros_like(kernel)
    for _ in range(steps):
        slope = _slope(kernel, code, x)
        velocity = momentum * velocity + slope
        kernel = kernel - lr * (momentum * velocity + slope)
    return kernel


def _train_inputs(rng):
    def case(n, k, d, *numbers):
        return _normal(rng, k, d), _uniform(rng, n, k), _uniform(rng, n, d), *numbers

    return {
        "five steps": case(6, 3, 5, 4.0, 0.9, 5),
        "two steps": case(4, 2, 3, 2.0, 0.5, 2),
        "one image": case(1, 4, 2, 1.0, 0.8, 3),
    }


_TRAIN = FunctionQuestion(
    "train",
    points=2,
    function="train",
    framework="tensorflow",
    reference=_train,
    inputs=_train_inputs,
    mistakes=(
        Mistake(
            "no momentum",
            lambda kernel, code, x, lr, _momentum, steps: _train(kernel, code, x, lr, 0, steps),
            "That is plain gradient descent: the velocity is lost between the steps; make it "
            "before the loop.",
        ),
        Mistake(
            "gradients not applied",
            lambda kernel, *_: kernel,
            "The starting weights came back unchanged: assign the update to the variable.",
        ),
        Mistake(
            "an average, not a sum",
            _dampened,
            "You weight the new gradient with 1 - momentum; here it is added whole.",
        ),
        Mistake(
            "the first gradient in every step",
            _stale,
            "The gradient is taken once, at the start; open a new tape in every step.",
        ),
        Mistake(
            "Nesterov's step",
            _nesterov,
            "That is Nesterov's variant, which looks a step ahead; subtract lr times the velocity.",
        ),
        Mistake(
            "loss summed",
            lambda kernel, code, x, lr, momentum, steps: _train(
                kernel, code, x, lr * x.size, momentum, steps
            ),
            "Your loss is a sum, so each step is too large by the number of entries; take the "
            "mean over images and pixels.",
        ),
    ),
    hints=(
        "Two things live on from step to step: the weights and the velocity.",
        "kernel = tf.Variable(kernel) and a velocity of zeros before the loop; a fresh tape in it.",
        "velocity = momentum * velocity + gradient, then kernel.assign_sub(lr * velocity). "
        "keras.optimizers.SGD(lr, momentum=momentum) does the same.",
    ),
)


# padded_batches


def _padded(x, size, count):
    padded = np.zeros((count * size, x.shape[1]), dtype=x.dtype)
    padded[: len(x)] = x
    mask = (np.arange(count * size) < len(x)).astype(np.float32)
    return padded.reshape(count, size, x.shape[1]), mask.reshape(count, size)


def _padded_batches(x, size):
    return _padded(x, size, -(-len(x) // size))


def _rest_dropped(x, size):
    return _padded(x[: len(x) // size * size], size, len(x) // size)


def _wrapped(x, size):
    _, mask = _padded_batches(x, size)
    return x[np.arange(mask.size) % len(x)].reshape(*mask.shape, -1), mask


def _all_ones(x, size):
    batches, mask = _padded_batches(x, size)
    return batches, np.ones_like(mask)


_PADDED_BATCHES = FunctionQuestion(
    "padded_batches",
    points=2,
    function="padded_batches",
    framework="tensorflow",
    reference=_padded_batches,
    inputs=lambda rng: {
        "a rest": (_uniform(rng, 7, 4), 3),
        "no rest": (_uniform(rng, 6, 5), 3),
        "a long rest": (_uniform(rng, 11, 3), 6),
        "batches of one": (_uniform(rng, 4, 2), 1),
    },
    mistakes=(
        Mistake(
            "the rest dropped",
            _rest_dropped,
            "The images after the last full batch are gone; fill their batch up instead.",
        ),
        Mistake(
            "a mask of ones",
            _all_ones,
            "Your mask calls the padding images; it must be 0 there.",
        ),
        Mistake(
            "filled up with images",
            _wrapped,
            "Some images stand there twice; the padding is rows of zeros.",
        ),
        Mistake(
            "an empty batch too many",
            lambda x, size: _padded(x, size, len(x) // size + 1),
            "If the images fill their batches exactly, nothing is missing: -n % size is 0 then, "
            "size - n % size is not.",
        ),
    ),
    hints=(
        "How many rows are missing until the number of rows is a multiple of the size?",
        "-n % size is that number, also when it is 0. tf.pad adds rows of zeros.",
        "tf.pad(x, [[0, missing], [0, 0]]), then tf.reshape to (-1, size, d); the mask is "
        "tf.ones(n), padded and reshaped in the same way.",
    ),
)


# curved_code


def _curve(rng, n, d):
    t = rng.uniform(-1, 1, n)
    basis, _ = np.linalg.qr(rng.standard_normal((d, 2)))
    points = np.stack([1.5 * t, 1.5 * t**2], axis=1) @ basis.T
    return (points + 0.02 * rng.standard_normal((n, d))).astype(np.float32)


def _axis(x):
    mean = x.mean(axis=0)
    return mean, np.linalg.svd(x - mean, full_matrices=False)[2][0]


def _pca_error(x):
    mean, axis = _axis(x)
    return np.mean((x - mean - np.outer((x - mean) @ axis, axis)) ** 2)


def _curved_code(x):
    """PCA's code, and a piecewise linear decoder by least squares."""
    mean, axis = _axis(x)
    code = (x - mean) @ axis
    knots = np.quantile(code, np.linspace(0, 0.9, 12))
    kernel, bias = np.ones((1, len(knots))), -knots
    hidden = np.maximum(code[:, None] @ kernel + bias, 0)
    design = np.column_stack([hidden, np.ones(len(x))])
    solved = np.linalg.lstsq(design, x, rcond=None)[0]
    return [axis[:, None], -mean @ axis[:, None], kernel, bias, solved[:-1], solved[-1]]


def _pca_in_disguise(x):
    # relu(c) - relu(-c) is c
    mean, axis = _axis(x)
    both_ways = np.array([[1.0, -1.0]])
    return [
        axis[:, None],
        -mean @ axis[:, None],
        both_ways,
        np.zeros(2),
        np.outer([1, -1], axis),
        mean,
    ]


def _mean_image(x):
    weights = [np.zeros_like(each) for each in _curved_code(x)]
    return [*weights[:-1], x.mean(axis=0)]


def _two_units(x):
    kernel, bias, hidden, *rest = _curved_code(x)
    return [np.repeat(kernel, 2, axis=1), np.repeat(bias, 2), np.repeat(hidden, 2, axis=0), *rest]


def _verify_weights(answer, x):
    try:
        weights = [np.asarray(each, dtype=np.float64) for each in answer]
    except (TypeError, ValueError):
        return "Return a list of six arrays: kernel and bias of three layers."
    if len(weights) != 6:
        return (
            f"Six arrays are wanted, kernel and bias of three layers; you returned {len(weights)}."
        )
    d, width = x.shape[1], weights[3].size
    shapes = [(d, 1), (1,), (1, width), (width,), (width, d), (d,)]
    if [each.shape for each in weights] != shapes or not 1 <= width <= 64:
        found = ", ".join(str(each.shape) for each in weights)
        return f"The shapes {found} don't fit d-1-h-d with d = {d} and h from 1 to 64."
    if not all(np.abs(each).max() < 1e6 for each in weights):
        return "The weights aren't finite, or are huge; did the training blow up?"
    code = x @ weights[0] + weights[1]
    x_hat = np.maximum(code @ weights[2] + weights[3], 0) @ weights[4] + weights[5]
    ratio = float(np.mean((x_hat - x) ** 2) / _pca_error(x))
    if ratio > 0.5:
        return f"The error is {ratio:.2f} times that of PCA with one component; 0.5 is wanted."
    return None


_CURVED_CODE = PropertyQuestion(
    "curved_code",
    points=3,
    function="curved_code",
    framework="tensorflow",
    # One case, because each one is a training
    inputs=lambda rng: {"five dimensions": (_curve(rng, 200, 5),)},
    verify=_verify_weights,
    solution=_curved_code,
    mistakes=(
        Mistake(
            "PCA in disguise",
            _pca_in_disguise,
            "Your decoder is a straight line, so it can at best be PCA: let several ReLUs bend "
            "it, and train on.",
        ),
        Mistake(
            "the mean image",
            _mean_image,
            "Every input gives the same output: the code says nothing, so look for dead ReLUs, "
            "or gradients that are not applied.",
        ),
        Mistake(
            "two code units",
            _two_units,
            "Your code has two numbers; the point is to do with one.",
        ),
        Mistake(
            "weights transposed",
            lambda x: [np.transpose(each) for each in _curved_code(x)],
            "These are (outputs, inputs), as PyTorch keeps them; Keras keeps (inputs, outputs).",
        ),
    ),
    hints=(
        "Three Dense layers: one linear unit, some ReLUs, a linear output. What must be tuned so "
        "that the training ends well on any such data?",
        "32 ReLUs and Adam with 0.01 do; give it a few hundred steps on all rows, and compile the "
        "step.",
        "In a tf.function: tape, loss, optimizer.apply(gradients, model.trainable_variables); call "
        "it 300 times and return model.get_weights(). With fit, take batches of 20 and 40 epochs: "
        "each epoch costs time of its own.",
    ),
)

_PLAN = TextQuestion(
    "plan",
    points=3,
    rubric=(
        "1: varies the number of hidden units over a wide range and keeps the rest (data, batch, "
        "optimiser, machine) the same in both loops",
        "1: measures well: the first call (trace) left out, waits for the result, repeats",
        "1: predicts with a reason: a fixed cost a step, so the ratio of times falls towards one, "
        "and says which outcome would refute that",
    ),
)

QUESTIONS = (
    _EPOCH_LOSS,
    _TRACES,
    _INPUT_GRADIENT,
    _TRAIN,
    _PADDED_BATCHES,
    _CURVED_CODE,
    _PLAN,
)
