"""What is asked in the exercises of chapter 3, what is right, and which mistakes are typical."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# --- slope: back through a sigmoid -------------------------------------------------------------


def sigmoid_backward(a, blame):
    """Multiply the blame by the slope, written with the sigmoid's output."""
    return blame * a * (1 - a)


def slope_cases(rng):
    """Activations with blames of both signs."""
    ends = np.array([[0.0, 1.0, 0.5, 1e-9]])
    a, blame = rng.uniform(0.02, 0.98, (5, 4)), rng.normal(size=(5, 4))
    return {
        "five images": (a, blame),
        "one image": (rng.uniform(0.02, 0.98, (1, 3)), rng.normal(size=(1, 3))),
        "saturated units": (ends, rng.normal(size=(1, 4))),
        "float32": (a.astype("float32"), blame.astype("float32")),
    }


def slope_of_z(a, blame):
    """Take the output for a weighted sum."""
    s = 1 / (1 + np.exp(-a))
    return blame * s * (1 - s)


def slope_alone(a, _blame):
    """Forget what comes from above."""
    return a * (1 - a)


def slope_of_tanh(a, blame):
    """Use the slope of another activation."""
    return blame * (1 - a**2)


def slope_without_rest(a, blame):
    """Leave out the factor 1 - a."""
    return blame * a


SLOPE = FunctionQuestion(
    "slope",
    points=1,
    function="sigmoid_backward",
    reference=sigmoid_backward,
    inputs=slope_cases,
    mistakes=(
        Mistake(
            "derivative of z instead of a",
            slope_of_z,
            "You applied a sigmoid to a, but a is already its output: the slope is a(1 − a).",
        ),
        Mistake(
            "the blame forgotten",
            slope_alone,
            "This is the slope alone; the chain rule multiplies it by the blame.",
        ),
        Mistake(
            "the slope of tanh",
            slope_of_tanh,
            "1 − a² is the slope of tanh; look up the sigmoid's, which is 1/4 at a = 1/2.",
        ),
        Mistake(
            "a factor lost",
            slope_without_rest,
            "A unit stuck at 1 must pass no blame: the factor 1 − a is missing.",
        ),
    ),
    hints=(
        "The chain rule multiplies what comes from above by the slope of this step.",
        "The slope of the sigmoid can be written with its output a alone.",
        "blame times a times (1 − a), entry by entry.",
    ),
)

# --- blame: the loss per image -----------------------------------------------------------------


def output_blame(x, x_hat):
    """Differentiate the squared error per image by the weighted sums of the output."""
    return 2 / len(x) * (x_hat - x) * x_hat * (1 - x_hat)


def blame_cases(rng):
    """Images and outputs between 0 and 1."""
    x, x_hat = rng.random((6, 5)), rng.uniform(0.05, 0.95, (6, 5))
    return {
        "six images": (x, x_hat),
        "one image": (rng.random((1, 7)), rng.uniform(0.05, 0.95, (1, 7))),
        "one pixel": (rng.random((4, 1)), rng.uniform(0.05, 0.95, (4, 1))),
        "perfect copy": (x_hat, x_hat),
        "float32": (x.astype("float32"), x_hat.astype("float32")),
    }


def blame_per_pixel(x, x_hat):
    """Divide by the number of pixels too."""
    return 2 / x.size * (x_hat - x) * x_hat * (1 - x_hat)


def blame_without_mean(x, x_hat):
    """Sum over the images."""
    return 2 * (x_hat - x) * x_hat * (1 - x_hat)


def blame_without_slope(x, x_hat):
    """Stop at the output, before the sigmoid."""
    return 2 / len(x) * (x_hat - x)


def blame_with_wrong_sign(x, x_hat):
    """Swap target and output."""
    return 2 / len(x) * (x - x_hat) * x_hat * (1 - x_hat)


def blame_without_two(x, x_hat):
    """Lose the factor from the square."""
    return 1 / len(x) * (x_hat - x) * x_hat * (1 - x_hat)


BLAME = FunctionQuestion(
    "blame",
    points=2,
    function="output_blame",
    reference=output_blame,
    inputs=blame_cases,
    mistakes=(
        Mistake(
            "the mean over pixels, too",
            blame_per_pixel,
            "You divided by n·d as in the chapter; this loss is a mean over the n images only.",
        ),
        Mistake(
            "missing 1/n",
            blame_without_mean,
            "The loss is a mean over the images, so its slope has a factor 1/n.",
        ),
        Mistake(
            "the slope of the sigmoid forgotten",
            blame_without_slope,
            "This is the slope by the output; go on through the sigmoid, with x̂(1 − x̂).",
        ),
        Mistake(
            "the sign",
            blame_with_wrong_sign,
            "The gradient must point uphill: an output that is too large gets a positive blame.",
        ),
        Mistake(
            "the factor 2",
            blame_without_two,
            "The derivative of a square has a factor 2; look at (x̂ − x)² again.",
        ),
    ),
    hints=(
        "Two factors: how the loss depends on the output, and the output on its weighted sum.",
        "The chapter's loss divides by n·d. By what does this one divide?",
        "2/n times (x̂ − x) times x̂ times (1 − x̂).",
    ),
)

# --- layer: the backward pass of one layer -----------------------------------------------------


def layer_backward(x, weight, delta):
    """Return the gradients of weight and bias, and the blame of the layer's input."""
    return x.T @ delta, delta.sum(axis=0), delta @ weight.T


def layer_cases(rng):
    """Layers of several shapes, square ones too."""

    def case(n, n_in, n_out, dtype="float64"):
        shapes = (n, n_in), (n_in, n_out), (n, n_out)
        return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)

    return {
        "narrowing": case(7, 5, 3),
        "widening": case(4, 2, 6),
        "square": case(3, 3, 3),
        "one image": case(1, 4, 2),
        "float32": case(6, 4, 3, "float32"),
    }


def layer_wrong_axis(x, weight, delta):
    """Sum the bias over the units."""
    return x.T @ delta, delta.sum(axis=1), delta @ weight.T


def layer_transposed(x, weight, delta):
    """Give the weights' gradient the wrong way round."""
    return delta.T @ x, delta.sum(axis=0), delta @ weight.T


def layer_untransposed(x, weight, delta):
    """Send the blame back through the weights as they are."""
    return x.T @ delta, delta.sum(axis=0), delta @ weight


def layer_mean(x, weight, delta):
    """Divide by the number of images once more."""
    return x.T @ delta / len(x), delta.mean(axis=0), delta @ weight.T


def layer_one_bias(x, weight, delta):
    """Sum the bias over everything."""
    return x.T @ delta, delta.sum(), delta @ weight.T


def layer_wrong_order(x, weight, delta):
    """Return the input's blame first."""
    return delta @ weight.T, x.T @ delta, delta.sum(axis=0)


LAYER = FunctionQuestion(
    "layer",
    points=2,
    function="layer_backward",
    reference=layer_backward,
    inputs=layer_cases,
    mistakes=(
        Mistake(
            "wrong axis of the bias sum",
            layer_wrong_axis,
            "The gradient of the bias has one entry per image; sum over the images, axis 0.",
        ),
        Mistake(
            "transposed gradient of the weights",
            layer_transposed,
            "The gradient of the weights is transposed; it must have the shape of the weights.",
        ),
        Mistake(
            "weights not transposed",
            layer_untransposed,
            "The blame flows back from the outputs to the inputs: multiply by weight.T, "
            "not by weight.",
        ),
        Mistake(
            "divided by n twice",
            layer_mean,
            "delta already holds the 1/n of the loss; add over the images, don't average.",
        ),
        Mistake(
            "one number for all biases",
            layer_one_bias,
            "Every unit has a bias of its own: sum over the images only, axis 0.",
        ),
        Mistake(
            "wrong order",
            layer_wrong_order,
            "The three arrays are right, but return them as weight, bias, input.",
        ),
    ),
    hints=(
        "Write the shape of each array beside it; the gradient of an array has the array's shape.",
        "A sum over images is a matrix product with one factor transposed.",
        "x.T @ delta, the column sums of delta, and delta @ weight.T.",
    ),
)

# --- measure: a gradient by trying -------------------------------------------------------------


def measured_gradient(w, h):
    """Take the central difference along each entry."""

    def bend(w):
        return np.log(np.sum(np.exp(w)))

    w = np.array(w, dtype=np.float64)
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[index] = h
        gradient[index] = (bend(w + step) - bend(w - step)) / (2 * h)
    return gradient


def measure_cases(rng):
    """Vectors and matrices; large steps tell one formula from another."""
    return {
        "a vector": (rng.normal(size=4), 0.5),
        "a matrix": (rng.normal(size=(3, 2)), 0.25),
        "a short step": (rng.normal(size=3), 0.05),
        "whole numbers": (rng.integers(-2, 3, size=5), 0.5),
        "one weight": (rng.normal(size=1), 0.5),
    }


def measure_one_side(w, h):
    """Step to one side only."""
    w = np.array(w, dtype=np.float64)
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        up = w.copy()
        up[index] += h
        gradient[index] = (np.log(np.sum(np.exp(up))) - np.log(np.sum(np.exp(w)))) / h
    return gradient


def measure_half_width(w, h):
    """Divide by h, though the two points are 2h apart."""
    w = np.array(w, dtype=np.float64)
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (np.log(np.sum(np.exp(up))) - np.log(np.sum(np.exp(down)))) / h
    return gradient


def measure_not_put_back(w, h):
    """Leave each entry at its last trial."""
    w = np.array(w, dtype=np.float64)
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        w[index] += h
        up = np.log(np.sum(np.exp(w)))
        w[index] -= 2 * h
        gradient[index] = (up - np.log(np.sum(np.exp(w)))) / (2 * h)
    return gradient


def measure_whole_steps(w, h):
    """Let an array of whole numbers swallow the step."""
    gradient = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[index] = h
        up, down = np.log(np.sum(np.exp(w + step))), np.log(np.sum(np.exp(w - step)))
        gradient[index] = (up - down) / (2 * h)
    return gradient


def measure_all_at_once(w, h):
    """Move all entries together."""
    up, down = np.log(np.sum(np.exp(w + h))), np.log(np.sum(np.exp(w - h)))
    return np.full(w.shape, (up - down) / (2 * h))


MEASURE = FunctionQuestion(
    "measure",
    points=2,
    function="measured_gradient",
    reference=measured_gradient,
    inputs=measure_cases,
    atol=1e-5,
    mistakes=(
        Mistake(
            "one side only",
            measure_one_side,
            "You step up but not down; measure the loss on both sides of the point.",
        ),
        Mistake(
            "divided by h, not 2h",
            measure_half_width,
            "Every slope is twice too large: the two points lie 2h apart.",
        ),
        Mistake(
            "the entry not put back",
            measure_not_put_back,
            "After its turn an entry stays moved and spoils the next; put it back, or move a copy.",
        ),
        Mistake(
            "whole numbers swallow the step",
            measure_whole_steps,
            "An array of integers cannot hold a step of 0.5; copy w as float64 first.",
        ),
        Mistake(
            "all entries at once",
            measure_all_at_once,
            "You move all entries together; a partial derivative moves one and keeps the others.",
        ),
    ),
    hints=(
        "Visit the entries one by one. What must be true of all others meanwhile?",
        "np.ndindex(w.shape) visits each entry of an array of any shape.",
        "For each index, a step array that is h there and 0 elsewhere: "
        "(bend(w + step) − bend(w − step)) / (2h).",
    ),
)

# --- rmsprop: the rule of TensorFlow 1 ---------------------------------------------------------


def rmsprop(w, gradients, rate, epsilon):
    """Walk by the rule of TensorFlow 1."""
    s = np.ones(np.shape(w))
    for g in gradients:
        s = 0.9 * s + 0.1 * g**2
        w = w - rate * g / np.sqrt(s + epsilon)
    return w


def rmsprop_cases(rng):
    """Make walks of several lengths; the epsilons are large enough to tell where they stand."""
    w, gradients = rng.normal(size=4), rng.normal(size=(6, 4))
    return {
        "six steps": (w, gradients, 0.3, 0.1),
        "one step": (rng.normal(size=3), rng.normal(size=(1, 3)), 0.5, 0.05),
        "no step": (rng.normal(size=2), np.empty((0, 2)), 0.1, 0.1),
        "flat directions": (w, gradients * np.array([1.0, 0.0, 0.01, 0.0]), 0.3, 1e-10),
        "float32": (w.astype("float32"), gradients.astype("float32"), 0.2, 0.2),
    }


def rmsprop_from_zero(w, gradients, rate, epsilon):
    """Start the accumulator at zero."""
    s = np.zeros(np.shape(w))
    for g in gradients:
        s = 0.9 * s + 0.1 * g**2
        w = w - rate * g / np.sqrt(s + epsilon)
    return w


def rmsprop_epsilon_outside(w, gradients, rate, epsilon):
    """Add epsilon after the root."""
    s = np.ones(np.shape(w))
    for g in gradients:
        s = 0.9 * s + 0.1 * g**2
        w = w - rate * g / (np.sqrt(s) + epsilon)
    return w


def rmsprop_late(w, gradients, rate, epsilon):
    """Step first, accumulate afterwards."""
    s = np.ones(np.shape(w))
    for g in gradients:
        w = w - rate * g / np.sqrt(s + epsilon)
        s = 0.9 * s + 0.1 * g**2
    return w


def rmsprop_growing(w, gradients, rate, epsilon):
    """Add the whole square."""
    s = np.ones(np.shape(w))
    for g in gradients:
        s = 0.9 * s + g**2
        w = w - rate * g / np.sqrt(s + epsilon)
    return w


RMSPROP = FunctionQuestion(
    "rmsprop",
    points=2,
    function="rmsprop",
    reference=rmsprop,
    inputs=rmsprop_cases,
    mistakes=(
        Mistake(
            "accumulator starts at zero",
            rmsprop_from_zero,
            "Your accumulator starts at zero, as in PyTorch and Keras; here it starts at one.",
        ),
        Mistake(
            "epsilon outside the root",
            rmsprop_epsilon_outside,
            "Your epsilon stands outside the root; this rule adds it to s, under the root.",
        ),
        Mistake(
            "step before the accumulator moves",
            rmsprop_late,
            "You divide by the old accumulator; update s first, then step.",
        ),
        Mistake(
            "missing 1 − ρ",
            rmsprop_growing,
            "The new square enters with the weight 1 − ρ = 0.1; otherwise s is no mean.",
        ),
    ),
    hints=(
        "Follow the two formulas in their order, once for each row of gradients.",
        "s has the shape of w and starts at one; w itself must not change.",
        "s = 0.9 * s + 0.1 * g**2, then w = w - rate * g / np.sqrt(s + epsilon).",
    ),
)

# --- valley: choose rate and momentum by an experiment -----------------------------------------


def choose(curvatures, steps):  # noqa: ARG001
    """Return Polyak's best pair for the smallest and the largest curvature."""
    low, high = np.sqrt(np.min(curvatures)), np.sqrt(np.max(curvatures))
    return 4 / (low + high) ** 2, ((high - low) / (high + low)) ** 2


def valley_cases(rng):
    """Valleys of several shapes, with about twice the steps that the best pair needs."""

    def case(ratio, directions):
        low = 10 ** rng.uniform(-2, 2)
        between = rng.uniform(1, ratio, directions - 2)
        curvatures = rng.permutation(np.concatenate([[1.0, ratio], between]))
        return low * curvatures, int(6 * np.sqrt(ratio))

    return {
        "the chapter's ratio": case(25.0, 2),
        "a longer valley": case(60.0, 3),
        "five directions": case(150.0, 5),
        "a very long valley": case(400.0, 4),
    }


def verify_choice(answer, curvatures, steps):
    """Walk with the learner's pair and look how far down it comes."""
    try:
        rate, mu = (float(np.reshape(number, ())) for number in answer)
    except (TypeError, ValueError):
        return "Expected two numbers, (rate, mu)."
    if not (np.isfinite(rate) and rate > 0):
        return "The rate must be a finite number above 0."
    if not 0 <= mu < 1:
        return "mu must be at least 0 and less than 1."
    w, v = np.ones(len(curvatures)), np.zeros(len(curvatures))
    start = np.sum(curvatures * w**2)
    for _ in range(steps):
        v = mu * v - rate * curvatures * w
        w = w + v
        height = np.sum(curvatures * w**2) / start
        if height > 1e12:
            return "The walk flies out of the valley: the rate is too large for the steepest side."
    if height >= 1e-5:
        return f"After {steps} steps {height:.1e} of the height is left; less than 1e-5 is asked."
    return None


def valley_without_momentum(curvatures, steps):  # noqa: ARG001
    """Take the best plain descent."""
    return 2 / (np.min(curvatures) + np.max(curvatures)), 0.0


def valley_from_flat_side(curvatures, steps):  # noqa: ARG001
    """Let the flattest direction set the rate."""
    low, high = np.sqrt(np.min(curvatures)), np.sqrt(np.max(curvatures))
    return 1 / np.min(curvatures), ((high - low) / (high + low)) ** 2


def valley_usual_momentum(curvatures, steps):  # noqa: ARG001
    """Take 0.9 for every valley."""
    return 1 / np.max(curvatures), 0.9


def valley_fixed_rate(curvatures, steps):  # noqa: ARG001
    """Take the chapter's pair for every valley."""
    return 0.06, 0.6


def valley_swapped(curvatures, steps):  # noqa: ARG001
    """Return the pair in the wrong order."""
    low, high = np.sqrt(np.min(curvatures)), np.sqrt(np.max(curvatures))
    return ((high - low) / (high + low)) ** 2, 4 / (low + high) ** 2


VALLEY = PropertyQuestion(
    "valley",
    points=3,
    function="choose",
    inputs=valley_cases,
    verify=verify_choice,
    solution=choose,
    mistakes=(
        Mistake(
            "no momentum",
            valley_without_momentum,
            "Even the best plain descent is too slow here; let steps add up with mu above 0.",
        ),
        Mistake(
            "rate from the flat side",
            valley_from_flat_side,
            "The steepest direction limits the rate, so start from 1 over the largest curvature.",
        ),
        Mistake(
            "0.9 for every valley",
            valley_usual_momentum,
            "A mu of 0.9 keeps swinging in a short valley; try several values and keep the best.",
        ),
        Mistake(
            "the chapter's numbers",
            valley_fixed_rate,
            "These numbers fit the chapter's valley only; choose the rate by the curvatures.",
        ),
        Mistake(
            "wrong order",
            valley_swapped,
            "You return mu first; the answer is the pair (rate, mu).",
        ),
    ),
    hints=(
        "You have a tool that says how good a pair is. Let your function use it.",
        "Try eight rates between 1 and 4, each divided by the largest curvature, with eight values "
        "of mu from 0.2 to 0.9.",
        "Keep the pair with the smallest height: min(pairs, key=...) over a list of pairs.",
    ),
)

# --- why: prose --------------------------------------------------------------------------------

WHY = TextQuestion(
    "why",
    points=4,
    rubric=(
        "1: A is saturation, because most codes lie near 0 or 1 and the slope a(1 − a) is tiny",
        "1: B is a weak start, because slopes are near 1/4 but the code hardly varies over images",
        "1: a remedy for A and one for B that change the spread of the starting weights, with the "
        "right direction for each",
        "1: a measurement after the remedy that could also show that the explanation was wrong",
    ),
)

QUESTIONS = (SLOPE, BLAME, LAYER, MEASURE, RMSPROP, VALLEY, WHY)
