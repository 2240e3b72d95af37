"""What the judge asks about PyTorch: references, typical mistakes and hints."""

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
)


def _normal(rng, *shape):
    return rng.standard_normal(shape, dtype=np.float32)


def _uniform(rng, *shape):
    return rng.random(shape, dtype=np.float32)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# layer


def _layer(x, weight, bias):
    return _sigmoid(x @ weight.T + bias)


def _layer_inputs(rng):
    # Both numbers of units above one: a column's transpose is its reshape
    return {
        "five images": (_normal(rng, 5, 4), _normal(rng, 3, 4), _normal(rng, 3)),
        "one image": (_normal(rng, 1, 6), _normal(rng, 2, 6), _normal(rng, 2)),
        "more outputs than inputs": (_normal(rng, 4, 2), _normal(rng, 5, 2), _normal(rng, 5)),
        "square": (_normal(rng, 3, 4), _normal(rng, 4, 4), _normal(rng, 4)),
    }


_LAYER = FunctionQuestion(
    "layer",
    points=1,
    function="layer",
    framework="torch",
    reference=_layer,
    inputs=_layer_inputs,
    mistakes=(
        Mistake(
            "no sigmoid",
            lambda x, weight, bias: x @ weight.T + bias,
            "Your result is the sum before the activation; apply torch.sigmoid to it.",
        ),
        Mistake(
            "no bias",
            lambda x, weight, _bias: _sigmoid(x @ weight.T),
            "The bias has no effect; add it to every row before the sigmoid.",
        ),
        Mistake(
            "reshaped, not transposed",
            lambda x, weight, bias: _sigmoid(x @ weight.reshape(weight.shape[::-1]) + bias),
            "reshape and view keep the numbers in their order in memory and so mix the rows; "
            "a transpose is weight.T.",
        ),
        Mistake(
            "bias after the sigmoid",
            lambda x, weight, bias: _sigmoid(x @ weight.T) + bias,
            "The bias belongs inside the sigmoid; look at the brackets.",
        ),
    ),
    hints=(
        "Which shape must the second factor have, so that (n, inputs) becomes (n, outputs)?",
        "PyTorch keeps (outputs, inputs); the product wants (inputs, outputs): transpose.",
        "torch.nn.functional.linear(x, weight, bias) or x @ weight.T + bias, then torch.sigmoid.",
    ),
)


# visible_loss


def _visible(x, first):
    columns = np.arange(x.shape[2]) >= first[:, None]
    return np.broadcast_to(columns[:, None, :], x.shape)


def _masked_sum(x, x_hat, mask, axis=(1, 2)):
    return np.sum(np.where(mask, (x_hat - x) ** 2, 0), axis=axis)


def _visible_loss(x, x_hat, first):
    mask = _visible(x, first)
    return _masked_sum(x, x_hat, mask) / mask.sum(axis=(1, 2))


def _hidden_loss(x, x_hat, first):
    mask = ~_visible(x, first)
    return _masked_sum(x, x_hat, mask) / mask.sum(axis=(1, 2))


def _whole_batch_loss(x, x_hat, first):
    mask = _visible(x, first)
    return _masked_sum(x, x_hat, mask, axis=None) / mask.sum()


def _visible_loss_inputs(rng):
    def case(n, height, width):
        # At least one column is hidden and two are seen, so that every mistake has a mean
        first = rng.integers(1, width - 1, n)
        return _uniform(rng, n, height, width), _uniform(rng, n, height, width), first

    return {"square": case(5, 6, 6), "wide": case(4, 3, 8), "one image": case(1, 5, 4)}


_VISIBLE_LOSS = FunctionQuestion(
    "visible_loss",
    points=2,
    function="visible_loss",
    framework="torch",
    reference=_visible_loss,
    inputs=_visible_loss_inputs,
    mistakes=(
        Mistake(
            "divided by all pixels",
            lambda x, x_hat, first: (
                _masked_sum(x, x_hat, _visible(x, first)) / (x.shape[1] * x.shape[2])
            ),
            "Hidden pixels count in your denominator; divide by the number of visible ones, "
            "which differs from image to image.",
        ),
        Mistake(
            "hidden pixels, not visible ones",
            _hidden_loss,
            "Your mask is upside down: a pixel is visible where its column is first or later.",
        ),
        Mistake(
            "one column short",
            lambda x, x_hat, first: _visible_loss(x, x_hat, first + 1),
            "Column number first[i] itself is visible: use >=, not >.",
        ),
        Mistake(
            "one number for the batch",
            _whole_batch_loss,
            "Sum over the two pixel axes only, dim=(1, 2), so that each image keeps its loss.",
        ),
        Mistake(
            "no mask",
            lambda x, x_hat, _first: np.mean((x_hat - x) ** 2, axis=(1, 2)),
            "The hidden pixels are in your mean; multiply the squares by a mask first.",
        ),
    ),
    hints=(
        "Make a mask of zeros and ones, sum the masked squares, and divide by the mask's sum.",
        "torch.arange(width, device=x.device) numbers the columns; compare it with first[:, None].",
        "The comparison has shape (n, width); mask[:, None, :] spreads it over the rows. "
        "Each visible column holds `height` pixels.",
    ),
)


# tied_gradient


def _tied_parts(x, weight):
    code = _sigmoid(x @ weight.T)
    x_hat = _sigmoid(code @ weight)
    delta = 2 * (x_hat - x) / x.size * x_hat * (1 - x_hat)
    hidden = delta @ weight.T * code * (1 - code)
    return hidden.T @ x, code.T @ delta


def _tied_gradient(x, weight):
    encoder, decoder = _tied_parts(x, weight)
    return encoder + decoder


def _tied_inputs(rng):
    return {
        "four images": (_uniform(rng, 4, 6), _normal(rng, 3, 6)),
        "one image": (_uniform(rng, 1, 5), _normal(rng, 2, 5)),
        "one code unit": (_uniform(rng, 7, 4), _normal(rng, 1, 4)),
        "overcomplete": (_uniform(rng, 3, 2), _normal(rng, 4, 2)),
    }


_TIED_GRADIENT = FunctionQuestion(
    "tied_gradient",
    points=2,
    function="tied_gradient",
    framework="torch",
    reference=_tied_gradient,
    inputs=_tied_inputs,
    atol=1e-7,
    mistakes=(
        Mistake(
            "the encoder's path only",
            lambda x, weight: _tied_parts(x, weight)[0],
            "The decoder's use of the matrix is missing: detach, .data, .numpy() or a copy cut "
            "it off from the graph.",
        ),
        Mistake(
            "the decoder's path only",
            lambda x, weight: _tied_parts(x, weight)[1],
            "The encoder's use of the matrix is missing: was the code made under no_grad, or "
            "detached?",
        ),
        Mistake(
            "loss summed",
            lambda x, weight: _tied_gradient(x, weight) * x.size,
            "Your loss is a sum over images and pixels; the question wants their mean.",
        ),
        Mistake(
            "mean over the images only",
            lambda x, weight: _tied_gradient(x, weight) * x.shape[1],
            "You sum over the pixels; take the mean over them, too.",
        ),
        Mistake(
            "gradient added twice",
            lambda x, weight: 2 * _tied_gradient(x, weight),
            "backward ran twice and grad holds the sum of both; call it once, on a fresh leaf.",
        ),
    ),
    hints=(
        "One leaf tensor, used twice in the forward pass. Autograd adds up the paths by itself.",
        "Give the decoder weight.T of the very same tensor: F.linear(code, weight.T).",
        "weight = weight.clone().requires_grad_(), forward, loss, then "
        "torch.autograd.grad(loss, weight)[0].",
    ),
)


# train_decoder


def _slopes(weight, bias, code, x):
    x_hat = _sigmoid(code @ weight.T + bias)
    delta = 2 * (x_hat - x) / x.size * x_hat * (1 - x_hat)
    return delta.T @ code, delta.sum(axis=0)


def _train_decoder(weight, bias, code, x, lr, steps):
    for _ in range(steps):
        slopes = _slopes(weight, bias, code, x)
        weight, bias = weight - lr * slopes[0], bias - lr * slopes[1]
    return weight, bias


def _without_zero_grad(weight, bias, code, x, lr, steps):
    total = np.zeros_like(weight), np.zeros_like(bias)
    for _ in range(steps):
        slopes = _slopes(weight, bias, code, x)
        total = total[0] + slopes[0], total[1] + slopes[1]
        weight, bias = weight - lr * total[0], bias - lr * total[1]
    return weight, bias


def _weight_only(weight, bias, code, x, lr, steps):
    for _ in range(steps):
        weight = weight - lr * _slopes(weight, bias, code, x)[0]
    return weight, bias


def _train_inputs(rng):
    def case(n, k, d, lr, steps):
        start = _normal(rng, d, k), _normal(rng, d)
        return (*start, _uniform(rng, n, k), _uniform(rng, n, d), lr, steps)

    return {
        "five steps": case(6, 3, 5, 2.0, 5),
        "two steps": case(4, 2, 3, 0.5, 2),
        "one image": case(1, 4, 2, 1.0, 3),
    }


_TRAIN_DECODER = FunctionQuestion(
    "train_decoder",
    points=2,
    function="train_decoder",
    framework="torch",
    reference=_train_decoder,
    inputs=_train_inputs,
    mistakes=(
        Mistake(
            "zero_grad forgotten",
            _without_zero_grad,
            "From the second step on you use the sum of all gradients so far; clear them before "
            "each backward.",
        ),
        Mistake(
            "gradients not applied",
            lambda weight, bias, *_: (weight, bias),
            "The starting weights came back unchanged: is there a step, and does it change the "
            "tensors that you return?",
        ),
        Mistake(
            "one step only",
            lambda weight, bias, code, x, lr, _steps: _train_decoder(weight, bias, code, x, lr, 1),
            "You took one step; repeat forward, backward and update `steps` times.",
        ),
        Mistake(
            "uphill",
            lambda weight, bias, code, x, lr, steps: _train_decoder(
                weight, bias, code, x, -lr, steps
            ),
            "The gradient points uphill; subtract it.",
        ),
        Mistake(
            "loss summed",
            lambda weight, bias, code, x, lr, steps: _train_decoder(
                weight, bias, code, x, lr * x.size, steps
            ),
            "Your loss is a sum, so each step is too large by the number of entries; take the "
            "mean over images and pixels.",
        ),
        Mistake(
            "bias not trained",
            _weight_only,
            "Only the weights moved; the bias has a gradient, too.",
        ),
    ),
    hints=(
        "Five lines a step, as in the chapter: clear, forward, loss, backward, update.",
        "Start from weight.clone().requires_grad_() and likewise the bias; nn.Parameter(weight) "
        "shares the memory of what you were given.",
        "torch.optim.SGD([weight, bias], lr=lr) does zero_grad() and step() for you; at the end "
        "return weight.detach(), bias.detach().",
    ),
)


# jacobian_norm


def _jacobian_norm(x, weight, bias):
    code = _layer(x, weight, bias)
    return (code * (1 - code)) ** 2 @ np.sum(weight**2, axis=1)


def _norm_of_summed_units(x, weight, bias):
    code = _layer(x, weight, bias)
    return np.sum((code * (1 - code) @ weight) ** 2, axis=1)


def _derivative_of_code(x, weight, bias):
    twice = _sigmoid(_layer(x, weight, bias))
    return (twice * (1 - twice)) ** 2 @ np.sum(weight**2, axis=1)


_JACOBIAN_NORM = FunctionQuestion(
    "jacobian_norm",
    points=2,
    function="jacobian_norm",
    framework="torch",
    reference=_jacobian_norm,
    inputs=_layer_inputs,
    mistakes=(
        Mistake(
            "gradient of the summed code",
            _norm_of_summed_units,
            "The gradient of code.sum() adds the Jacobian's rows before you square them; take "
            "one backward pass for each code unit.",
        ),
        Mistake(
            "no sigmoid",
            lambda x, weight, _bias: np.full(len(x), np.sum(weight**2)),
            "That is the norm of the weights, the same for every image: the sigmoid's slope is "
            "missing.",
        ),
        Mistake(
            "root taken",
            lambda x, weight, bias: np.sqrt(_jacobian_norm(x, weight, bias)),
            "You took the norm; the question wants its square.",
        ),
        Mistake(
            "one number for the batch",
            lambda x, weight, bias: np.sum(_jacobian_norm(x, weight, bias)),
            "Keep one number for each image: sum over pixels and code units only.",
        ),
        Mistake(
            "sigmoid applied twice",
            _derivative_of_code,
            "The slope is a (1 - a) with a = sigmoid(z); you put a into the sigmoid again.",
        ),
    ),
    hints=(
        "The Jacobian of one image has a row for each code unit. One backward pass gives one row.",
        "Image i's code depends on image i only. So the gradient of code[:, j].sum() with respect "
        "to x holds row j of every image's Jacobian.",
        "Loop over j: torch.autograd.grad(code[:, j].sum(), x, retain_graph=True)[0], square, sum "
        "over dim=1, add up.",
    ),
)


# critical_rate


def _highest(code):
    return float(np.linalg.eigvalsh((code.T @ code).astype(np.float64))[-1])


def _critical_rate(code, x):
    return x.size / _highest(code)


def _stays_bounded(code, x, rate, steps=300):
    code, x = code.astype(np.float64), x.astype(np.float64)
    weight = np.zeros((x.shape[1], code.shape[1]))
    start = limit = np.mean(x**2)
    for _ in range(steps):
        error = code @ weight.T - x
        limit = np.mean(error**2)
        if limit > 1e6 * start:
            break
        weight -= rate * 2 / x.size * error.T @ code
    return limit <= start


def _verify_rate(answer, code, x):
    try:
        rate = float(np.asarray(answer, dtype=np.float64).reshape(()))
    except (TypeError, ValueError):
        return "Return one number, the learning rate."
    if not 0 < rate < 1e12:
        return "A learning rate is a positive, finite number."
    if not _stays_bounded(code, x, 0.9 * rate):
        return "Too large: with 0.9 times your rate the loss still blows up."
    if _stays_bounded(code, x, 1.1 * rate):
        return "Too small: with 1.1 times your rate the loss still stays below its start."
    return None


def _rate_inputs(rng):
    return {
        "ordinary codes": (_normal(rng, 30, 3), _uniform(rng, 30, 5)),
        "small codes": (0.1 * _normal(rng, 25, 2), _uniform(rng, 25, 4)),
        "large codes": (20 * _normal(rng, 40, 4), _uniform(rng, 40, 3)),
    }


_CRITICAL_RATE = PropertyQuestion(
    "critical_rate",
    points=3,
    function="critical_rate",
    framework="torch",
    inputs=_rate_inputs,
    verify=_verify_rate,
    solution=_critical_rate,
    mistakes=(
        Mistake(
            "one over the curvature",
            lambda code, x: _critical_rate(code, x) / 2,
            "A step multiplies an error by 1 - rate * curvature, and that grows only below -1: "
            "the limit is two over the curvature.",
        ),
        Mistake(
            "loss summed",
            lambda code, _x: 1 / _highest(code),
            "That is the limit for the sum of the squares; the loss here is their mean.",
        ),
        Mistake(
            "mean over the images only",
            lambda code, x: len(x) / _highest(code),
            "You divided by the images only; the loss is a mean over images and pixels.",
        ),
        Mistake(
            "trace, not the largest eigenvalue",
            lambda code, x: x.size / float(np.sum(code.astype(np.float64) ** 2)),
            "The steepest direction alone decides: take the largest eigenvalue, not their sum.",
        ),
        Mistake(
            "same rate for all data",
            lambda _code, _x: 0.01,
            "One fixed number cannot fit: ten times larger codes need a rate a hundred times "
            "smaller, so measure on the data that you get.",
        ),
    ),
    hints=(
        "Write a helper that trains for 200 steps at one rate and says whether the loss blew up.",
        "Double or halve the rate until one end is safe and the other blows up; then try the "
        "middle again and again.",
        "Or think: the loss is quadratic in the weights with curvature 2/(n d) times the "
        "eigenvalues of code.T @ code; gradient descent bears 2 over the largest curvature.",
    ),
)

_REVIEW = TextQuestion(
    "review",
    points=3,
    rubric=(
        "1: gradients are never cleared and add up (half); optimizer.zero_grad() each step (half)",
        "1: losses keeps every step's graph in memory (half); append loss.item() (half)",
        "1: the test pass builds a graph that nobody uses (half); torch.no_grad() around it (half)",
    ),
)

QUESTIONS = (
    _LAYER,
    _VISIBLE_LOSS,
    _TIED_GRADIENT,
    _TRAIN_DECODER,
    _JACOBIAN_NORM,
    _CRITICAL_RATE,
    _REVIEW,
)
