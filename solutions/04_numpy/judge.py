"""What is asked in the exercises of chapter 4, what is right, and which mistakes are typical."""

import itertools

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# --- forward: any number of layers -------------------------------------------------------------


def forward(x, weights, biases):
    """Return the output of every layer."""
    outputs = []
    for weight, bias in zip(weights, biases, strict=True):
        x = 1 / (1 + np.exp(-(x @ weight + bias)))
        outputs.append(x)
    return outputs


def forward_cases(rng):
    """Networks of one to four layers."""

    def case(n, *sizes, dtype="float64"):
        pairs = list(itertools.pairwise(sizes))
        weights = [rng.normal(size=pair).astype(dtype) for pair in pairs]
        biases = [rng.normal(size=size).astype(dtype) for size in sizes[1:]]
        return rng.random((n, sizes[0])).astype(dtype), weights, biases

    return {
        "two layers": case(5, 6, 3, 6),
        "four layers": case(4, 5, 4, 2, 4, 5),
        "one layer": case(3, 4, 2),
        "one image": case(1, 3, 1, 3),
        "float32": case(5, 6, 3, 6, dtype="float32"),
    }


def forward_linear_output(x, weights, biases):
    """Leave the last layer without its sigmoid."""
    outputs = []
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = x @ weight + bias
        if layer < len(weights) - 1:
            x = 1 / (1 + np.exp(-x))
        outputs.append(x)
    return outputs


def forward_last_only(x, weights, biases):
    """Return the reconstruction alone."""
    for weight, bias in zip(weights, biases, strict=True):
        x = 1 / (1 + np.exp(-(x @ weight + bias)))
    return x


def forward_with_input(x, weights, biases):
    """Count the input as an output."""
    outputs = [x]
    for weight, bias in zip(weights, biases, strict=True):
        x = 1 / (1 + np.exp(-(x @ weight + bias)))
        outputs.append(x)
    return outputs


def forward_late_bias(x, weights, biases):
    """Add the bias after the sigmoid."""
    outputs = []
    for weight, bias in zip(weights, biases, strict=True):
        x = 1 / (1 + np.exp(-(x @ weight))) + bias
        outputs.append(x)
    return outputs


def forward_sums(x, weights, biases):
    """Return the sums instead of the activations."""
    sums = []
    for weight, bias in zip(weights, biases, strict=True):
        z = x @ weight + bias
        sums.append(z)
        x = 1 / (1 + np.exp(-z))
    return sums


FORWARD = FunctionQuestion(
    "forward",
    points=1,
    function="forward",
    reference=forward,
    inputs=forward_cases,
    mistakes=(
        Mistake(
            "no sigmoid at the output",
            forward_linear_output,
            "The last layer's output is a bare sum; every layer ends with a sigmoid.",
        ),
        Mistake(
            "only the reconstruction",
            forward_last_only,
            "You return the last output only; the backward pass needs all of them, in a list.",
        ),
        Mistake(
            "the input in the list",
            forward_with_input,
            "Your list starts with x, which no layer computed; leave the input out.",
        ),
        Mistake(
            "the bias after the sigmoid",
            forward_late_bias,
            "The bias shifts the sum, so add it before the sigmoid.",
        ),
        Mistake(
            "sums instead of activations",
            forward_sums,
            "You keep the sums; append what comes out of the sigmoid.",
        ),
    ),
    hints=(
        "Each layer does the same with what the layer before gave.",
        "Inside the loop, x is the layer's input; make it the layer's output.",
        "x = sigmoid(x @ weight + bias), then append x.",
    ),
)

# --- entropy: cross-entropy that survives large sums -------------------------------------------


def cross_entropy(x, z):
    """Compute the binary cross-entropy from the sums before the sigmoid."""
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    return np.mean(np.maximum(z, 0) - x * z + np.log1p(np.exp(-np.abs(z))))


def entropy_cases(rng):
    """Draw sums of ordinary and of enormous size."""
    x, z = rng.random((5, 4)), rng.normal(scale=2, size=(5, 4))
    return {
        "ordinary sums": (x, z),
        "enormous sums": (rng.random((3, 2)), rng.choice([-1, 1], (3, 2)) * rng.uniform(750, 900)),
        "black and white": (rng.integers(0, 2, (4, 3)).astype(float), rng.normal(size=(4, 3))),
        "one image": (rng.random((1, 3)), np.array([[-40.0, 0.0, 40.0]])),
        "float32": (x.astype("float32"), z.astype("float32")),
    }


def entropy_overflow(x, z):
    """Follow the textbook: probability first, logarithm second."""
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-z))
        return -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p))


def entropy_clipped(x, z):
    """Keep probabilities away from 0 and 1."""
    with np.errstate(all="ignore"):
        p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p))


def entropy_sum(x, z):
    """Sum over the pixels."""
    return np.sum(np.maximum(z, 0) - x * z + np.log1p(np.exp(-np.abs(z)))) / len(x)


def entropy_ink_only(x, z):
    """Count the ink, not the background."""
    return np.mean(x * (np.maximum(-z, 0) + np.log1p(np.exp(-np.abs(z)))))


def entropy_of_output(x, z):
    """Take the sums for probabilities that need no sigmoid."""
    p = np.clip(z, 1e-7, 1 - 1e-7)
    return -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p))


ENTROPY = FunctionQuestion(
    "entropy",
    points=2,
    function="cross_entropy",
    reference=cross_entropy,
    inputs=entropy_cases,
    mistakes=(
        Mistake(
            "overflow",
            entropy_overflow,
            "Large sums make the probability exactly 0 or 1 and its logarithm infinite; "
            "use the form with |z|.",
        ),
        Mistake(
            "clipped probabilities",
            entropy_clipped,
            "Clipping hides the overflow but changes the loss of sure mistakes; "
            "compute it from z, without a probability.",
        ),
        Mistake(
            "the sum over pixels",
            entropy_sum,
            "You sum over the pixels of an image; this loss is a mean over images and pixels.",
        ),
        Mistake(
            "only the ink",
            entropy_ink_only,
            "The background counts, too: the term with 1 − x is missing.",
        ),
        Mistake(
            "sums taken for probabilities",
            entropy_of_output,
            "z is the sum before the sigmoid, not a probability; apply the formula with z.",
        ),
    ),
    hints=(
        "Which part of the textbook formula cannot be computed when z is 800?",
        "log(1 + exp(z)) equals max(z, 0) + log(1 + exp(−|z|)), and |z| cannot overflow there.",
        "The mean of np.maximum(z, 0) − x·z + np.log1p(np.exp(−np.abs(z))).",
    ),
)

# --- tied: one matrix, two roles ---------------------------------------------------------------


def tied_gradient(x, w):
    """Add the gradients of the two roles."""
    error = 2 / x.size * (x @ w @ w.T - x)
    return x.T @ error @ w + error.T @ x @ w


def tied_cases(rng):
    """Wide, narrow and complete codes."""

    def case(n, d, k, dtype="float64"):
        x, w = rng.normal(size=(n, d)), rng.normal(scale=0.7, size=(d, k))
        return x.astype(dtype), w.astype(dtype)

    return {
        "a small code": case(6, 5, 2),
        "one unit": case(4, 3, 1),
        "as many units as pixels": case(5, 3, 3),
        "one image": case(1, 4, 2),
        "float32": case(6, 5, 2, "float32"),
    }


def tied_encoder_only(x, w):
    """Forget that the decoder moves, too."""
    error = 2 / x.size * (x @ w @ w.T - x)
    return x.T @ error @ w


def tied_decoder_only(x, w):
    """Forget that the encoder moves, too."""
    error = 2 / x.size * (x @ w @ w.T - x)
    return error.T @ x @ w


def tied_doubled(x, w):
    """Take both roles for equal."""
    error = 2 / x.size * (x @ w @ w.T - x)
    return 2 * x.T @ error @ w


def tied_without_mean(x, w):
    """Lose the mean over the images."""
    error = 2 / x.shape[1] * (x @ w @ w.T - x)
    return x.T @ error @ w + error.T @ x @ w


def tied_averaged(x, w):
    """Average the two roles."""
    error = 2 / x.size * (x @ w @ w.T - x)
    return (x.T @ error @ w + error.T @ x @ w) / 2


TIED = FunctionQuestion(
    "tied",
    points=2,
    function="tied_gradient",
    reference=tied_gradient,
    inputs=tied_cases,
    mistakes=(
        Mistake(
            "only the encoder's role",
            tied_encoder_only,
            "This is the encoder's half; W also stands in the decoder, so add its gradient.",
        ),
        Mistake(
            "only the decoder's role",
            tied_decoder_only,
            "This is the decoder's half; W also stands in the encoder, so add its gradient.",
        ),
        Mistake(
            "the same role twice",
            tied_doubled,
            "The two roles have different gradients; doubling the encoder's is not enough.",
        ),
        Mistake(
            "missing 1/n",
            tied_without_mean,
            "The loss is a mean over images and pixels: divide by n·d, not by d alone.",
        ),
        Mistake(
            "the mean of the roles",
            tied_averaged,
            "The gradients of the two roles add up; don't average them.",
        ),
    ),
    hints=(
        "Give the two W's different names, find both gradients, then make them one again.",
        "The decoder's gradient has the shape of its transpose: turn it before you add.",
        "With E = 2/(nd)·(X W Wᵀ − X): Xᵀ E W from the encoder, Eᵀ X W from the decoder.",
    ),
)

# --- adamw: bias correction and decoupled decay ------------------------------------------------


def adamw(w, gradients, rate, decay):
    """Walk by Adam with decoupled weight decay."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * w)
    return w


def adamw_cases(rng):
    """Make walks of several lengths, with and without slopes, with and without decay."""
    w, gradients = rng.normal(size=4), rng.normal(size=(5, 4))
    return {
        "five steps": (w, gradients, 0.1, 0.5),
        "one step": (rng.normal(size=3), rng.normal(size=(1, 3)), 0.2, 0.3),
        "no decay": (w, gradients, 0.1, 0.0),
        "no slope": (rng.normal(size=3), np.zeros((4, 3)), 0.1, 0.5),
        "float32": (w.astype("float32"), gradients.astype("float32"), 0.1, 0.5),
    }


def adamw_uncorrected(w, gradients, rate, decay):
    """Use the moments as they are."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for g in gradients:
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        w = w - rate * (m / (np.sqrt(v) + 1e-8) + decay * w)
    return w


def adamw_coupled(w, gradients, rate, decay):
    """Add the decay to the slope, as a penalty in the loss would."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for t, g in enumerate(gradients, start=1):
        total = g + decay * w
        m = 0.9 * m + 0.1 * total
        v = 0.999 * v + 0.001 * total**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - rate * m_hat / (np.sqrt(v_hat) + 1e-8)
    return w


def adamw_unscaled_decay(w, gradients, rate, decay):
    """Leave the rate out of the decay."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - rate * m_hat / (np.sqrt(v_hat) + 1e-8) - decay * w
    return w


def adamw_count_from_two(w, gradients, rate, decay):
    """Count the steps one ahead."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for t, g in enumerate(gradients, start=2):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * w)
    return w


def adamw_late_decay(w, gradients, rate, decay):
    """Let the weights decay after they moved."""
    m, v = np.zeros(np.shape(w)), np.zeros(np.shape(w))
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        w = w - rate * decay * w
    return w


ADAMW = FunctionQuestion(
    "adamw",
    points=2,
    function="adamw",
    reference=adamw,
    inputs=adamw_cases,
    mistakes=(
        Mistake(
            "no bias correction",
            adamw_uncorrected,
            "m and v start at zero and are too small at first; divide them by 1 − βᵗ.",
        ),
        Mistake(
            "decay inside the gradient",
            adamw_coupled,
            "You added the decay to the gradient, where Adam divides it away; "
            "subtract it from the weights directly.",
        ),
        Mistake(
            "decay without the rate",
            adamw_unscaled_decay,
            "The rate multiplies the whole bracket, the decay included.",
        ),
        Mistake(
            "the count one ahead",
            adamw_count_from_two,
            "The first step has t = 1; your correction counts one step too many.",
        ),
        Mistake(
            "decay after the step",
            adamw_late_decay,
            "Both terms of the bracket use the same old w; subtract them in one step.",
        ),
    ),
    hints=(
        "Start from Adam. Which line of it touches the weights?",
        "Count the steps from t = 1 and divide m by 1 − 0.9ᵗ, v by 1 − 0.999ᵗ.",
        "w = w - rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * w).",
    ),
)

# --- train: the whole loop ---------------------------------------------------------------------


def train(x, weights, orders, batch_size, rate):
    """Train by plain SGD on the batches that the orders give."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    x, losses = np.asarray(x, np.float64), []
    for order in orders:
        total = 0.0
        for start in range(0, len(x), batch_size):
            batch = x[order[start : start + batch_size]]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            total += np.sum((output - batch) ** 2)
            delta_out = 2 / batch.size * (output - batch) * output * (1 - output)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
        losses.append(total / x.size)
    return np.array(losses), (w, b, w_out, b_out)


def train_cases(rng):
    """Small sets, with batches that do and do not divide them."""

    def case(n, d, k, epochs, batch_size, dtype="float64"):
        shapes = (d, k), (k,), (k, d), (d,)
        weights = tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)
        orders = np.array([rng.permutation(n) for _ in range(epochs)])
        return rng.random((n, d)).astype(dtype), weights, orders, batch_size, 5.0

    return {
        "the last batch is short": case(7, 5, 2, 3, 3),
        "batches of one": case(4, 3, 2, 2, 1),
        "one batch holds all": case(5, 4, 3, 2, 100),
        "one epoch": case(8, 3, 1, 1, 4),
        "float32": case(7, 5, 2, 2, 2, "float32"),
    }


def train_short_batch_dropped(x, weights, orders, batch_size, rate):
    """Train on full batches only."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    losses = []
    for order in orders:
        total = 0.0
        for start in range(0, len(x) - batch_size + 1, batch_size):
            batch = x[order[start : start + batch_size]]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            total += np.sum((output - batch) ** 2)
            delta_out = 2 / batch.size * (output - batch) * output * (1 - output)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
        losses.append(total / x.size)
    return np.array(losses), (w, b, w_out, b_out)


def train_without_order(x, weights, orders, batch_size, rate):
    """Take the images as they lie."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    losses = []
    for _order in orders:
        total = 0.0
        for start in range(0, len(x), batch_size):
            batch = x[start : start + batch_size]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            total += np.sum((output - batch) ** 2)
            delta_out = 2 / batch.size * (output - batch) * output * (1 - output)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
        losses.append(total / x.size)
    return np.array(losses), (w, b, w_out, b_out)


def train_divided_by_all(x, weights, orders, batch_size, rate):
    """Divide each batch's gradient by the size of the whole set."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    losses = []
    for order in orders:
        total = 0.0
        for start in range(0, len(x), batch_size):
            batch = x[order[start : start + batch_size]]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            total += np.sum((output - batch) ** 2)
            delta_out = 2 / x.size * (output - batch) * output * (1 - output)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
        losses.append(total / x.size)
    return np.array(losses), (w, b, w_out, b_out)


def train_decoder_first(x, weights, orders, batch_size, rate):
    """Move the decoder before its weights carry the blame back."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    losses = []
    for order in orders:
        total = 0.0
        for start in range(0, len(x), batch_size):
            batch = x[order[start : start + batch_size]]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            total += np.sum((output - batch) ** 2)
            delta_out = 2 / batch.size * (output - batch) * output * (1 - output)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
        losses.append(total / x.size)
    return np.array(losses), (w, b, w_out, b_out)


def train_mean_of_batches(x, weights, orders, batch_size, rate):
    """Give a short batch the same weight as a full one."""
    w, b, w_out, b_out = (np.array(array, np.float64) for array in weights)
    losses = []
    for order in orders:
        batches = []
        for start in range(0, len(x), batch_size):
            batch = x[order[start : start + batch_size]]
            code = 1 / (1 + np.exp(-(batch @ w + b)))
            output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
            batches.append(np.mean((output - batch) ** 2))
            delta_out = 2 / batch.size * (output - batch) * output * (1 - output)
            delta = delta_out @ w_out.T * code * (1 - code)
            w, b = w - rate * batch.T @ delta, b - rate * delta.sum(axis=0)
            w_out = w_out - rate * code.T @ delta_out
            b_out = b_out - rate * delta_out.sum(axis=0)
        losses.append(np.mean(batches))
    return np.array(losses), (w, b, w_out, b_out)


TRAIN = FunctionQuestion(
    "train",
    points=3,
    function="train",
    reference=train,
    inputs=train_cases,
    atol=1e-5,
    mistakes=(
        Mistake(
            "the short batch dropped",
            train_short_batch_dropped,
            "The last batch of an epoch is dropped if it is not full; train on it as well.",
        ),
        Mistake(
            "the order ignored",
            train_without_order,
            "You take the images as they lie; each epoch's row of orders says which come first.",
        ),
        Mistake(
            "divided by all images",
            train_divided_by_all,
            "The gradient of a batch is a mean over the batch: divide by batch.size, not x.size.",
        ),
        Mistake(
            "the decoder moved too early",
            train_decoder_first,
            "You step the decoder before its weights carry the blame back; "
            "find all four gradients first.",
        ),
        Mistake(
            "the mean of unequal batches",
            train_mean_of_batches,
            "Only the losses are off: a short batch counts as much as a full one; "
            "weight each by its images.",
        ),
    ),
    hints=(
        "Two loops: over the rows of orders, and over the starts 0, batch_size, 2·batch_size, …",
        "A slice past the end is no error: order[start : start + batch_size] just gets shorter.",
        "Add loss · len(batch) / len(x) for each batch, and find all gradients before any update.",
    ),
)

# --- beat: data on which one sigmoid unit beats PCA --------------------------------------------


def beat_pca(d):
    """Store a thermometer in one unit: the count of lit pixels, and a threshold for each."""
    x = np.tril(np.ones((d + 1, d)), -1)
    w, b = np.full((d, 1), 0.5), np.array([-d / 4])
    thresholds = 1 / (1 + np.exp(-(0.5 * (np.arange(d) + 0.5) - d / 4)))
    return x, w, b, np.full((1, d), 400.0), -400 * thresholds


def beat_cases(rng):
    """Draw numbers of pixels."""
    return {
        "four pixels": (4,),
        "some pixels": (int(rng.integers(5, 8)),),
        "many pixels": (int(rng.integers(8, 11)),),
    }


def verify_beaten(answer, d):
    """Run the network and PCA on the learner's images."""
    try:
        x, w, b, w_out, b_out = (np.asarray(array, dtype=np.float64) for array in answer)
        w, b = w.reshape(d, 1), b.reshape(1)
        w_out, b_out = w_out.reshape(1, d), b_out.reshape(d)
    except (TypeError, ValueError):
        return "Expected five arrays: x, and w, b, w_out, b_out of a network d-1-d."
    if x.ndim != 2 or x.shape[1] != d or not 5 <= len(x) <= 1000:
        return f"Expected x of shape (n, {d}) with n from 5 to 1000."
    if not all(np.all(np.isfinite(array)) for array in (x, w, b, w_out, b_out)):
        return "All numbers must be finite."
    if x.min() < 0 or x.max() > 1:
        return "Pixels must lie between 0 and 1."
    if len(np.unique(x.round(1), axis=0)) < 5:
        return "At least five clearly different images are needed."
    centred = x - x.mean(axis=0)
    pca = float(np.sum(np.linalg.svd(centred, compute_uv=False)[1:] ** 2) / x.size)
    if pca < 0.01:
        return "PCA with one component is nearly perfect on these images: they lie on a line."
    with np.errstate(over="ignore"):
        code = 1 / (1 + np.exp(-(x @ w + b)))
        output = 1 / (1 + np.exp(-(code @ w_out + b_out)))
    network = float(np.mean((output - x) ** 2))
    if network >= pca / 4:
        return f"The error is {network:.4f}; less than a quarter of PCA's {pca:.4f} is asked."
    return None


def beat_straight_line(d):
    """Put the images on a line, PCA's home."""
    x = np.linspace(0, 1, 11)[:, None] * np.ones((11, d))
    return x, np.full((d, 1), 4 / d), np.array([-2.0]), np.full((1, d), 5.0), np.full(d, -2.5)


def beat_gentle_decoder(d):
    """Store a thermometer, but decode it with gentle slopes."""
    x = np.tril(np.ones((d + 1, d)), -1)
    w, b = np.full((d, 1), 0.5), np.array([-d / 4])
    thresholds = 1 / (1 + np.exp(-(0.5 * (np.arange(d) + 0.5) - d / 4)))
    return x, w, b, np.full((1, d), 4.0), -4 * thresholds


def beat_saturated_code(d):
    """Store a thermometer in a unit that only knows off and on."""
    x = np.tril(np.ones((d + 1, d)), -1)
    w, b = np.full((d, 1), 100.0), np.array([-50.0 * d])
    thresholds = np.linspace(0.1, 0.9, d)
    return x, w, b, np.full((1, d), 400.0), -400 * thresholds


def beat_outside(d):
    """Use pixels of -1 and 1."""
    x = 2 * np.tril(np.ones((d + 1, d)), -1) - 1
    w, b = np.full((d, 1), 0.25), np.zeros(1)
    thresholds = 1 / (1 + np.exp(-(0.5 * (np.arange(d) + 0.5) - d / 4)))
    return x, w, b, np.full((1, d), 400.0), -400 * thresholds


def beat_one_pixel(d):
    """Light one pixel in each image, and count the lit ones."""
    x = np.eye(d + 1, d)
    w, b = np.full((d, 1), 0.5), np.array([-d / 4])
    thresholds = 1 / (1 + np.exp(-(0.5 * (np.arange(d) + 0.5) - d / 4)))
    return x, w, b, np.full((1, d), 400.0), -400 * thresholds


BEAT = PropertyQuestion(
    "beat",
    points=3,
    function="beat_pca",
    inputs=beat_cases,
    verify=verify_beaten,
    solution=beat_pca,
    mistakes=(
        Mistake(
            "images on a straight line",
            beat_straight_line,
            "Images on a line are PCA's home; put them on a path that bends.",
        ),
        Mistake(
            "a gentle decoder",
            beat_gentle_decoder,
            "The path is right, but the output blurs: make the decoder's weights far larger.",
        ),
        Mistake(
            "a saturated code",
            beat_saturated_code,
            "Your code is 0 or 1 and forgets what lies between; "
            "make the encoder's weights smaller.",
        ),
        Mistake(
            "pixels below 0",
            beat_outside,
            "A sigmoid cannot give −1: choose images with pixels between 0 and 1.",
        ),
        Mistake(
            "images that the unit cannot tell apart",
            beat_one_pixel,
            "Images with the same sum get the same code; give each image a count of its own.",
        ),
    ),
    hints=(
        "One unit gives one number. Choose images that one number tells apart, on a bent path.",
        "A thermometer: image i has its first i pixels lit. Equal encoder weights count them.",
        "Decoder: steep weights s, and biases −s·c with each threshold c between two codes.",
    ),
)

# --- conflict: prose ---------------------------------------------------------------------------

CONFLICT = TextQuestion(
    "conflict",
    points=4,
    rubric=(
        "1: says what the two roles of one matrix want: a small scale before the first sigmoid, a "
        "large one before the second",
        "1: an experiment that frees the scale alone and keeps everything else, the tie included",
        "1: a fair comparison: same data, start, budget and test images, more than one seed",
        "1: says in advance which result would speak against the explanation",
    ),
)

QUESTIONS = (FORWARD, ENTROPY, TIED, ADAMW, TRAIN, BEAT, CONFLICT)
