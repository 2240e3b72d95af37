"""What is asked about chapter 8, and what is right: the original, its diagnosis, its repair."""

import functools
import math

import numpy as np

from aecourse import numpy_nn
from aecourse.data import load_mnist
from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
    ValueQuestion,
)
from aecourse.training import TrainingDiverged

# The printed line


def _log_line(epoch, costs):
    return f"Epoch: {epoch + 1:04d} Avg. cost = {np.mean(costs):.4f}"


def _log_inputs(rng):
    def costs(mean):
        """Numbers whose mean, however it is rounded, prints the same four decimals."""
        noise = rng.uniform(-0.01, 0.01, int(rng.integers(3, 9)))
        return noise - noise.mean() + mean

    means = rng.integers(300, 2000, 3) / 10000 + 0.00002
    return {
        "the first epoch": (0, costs(means[0])),
        "the twentieth epoch": (19, costs(means[1])),
        "a cost that ends in zeros": (int(rng.integers(99, 999)), costs(0.2)),
        "one batch": (int(rng.integers(1, 9)), means[2:]),
    }


def _from_zero(epoch, costs):
    return f"Epoch: {epoch:04d} Avg. cost = {np.mean(costs):.4f}"


def _not_padded(epoch, costs):
    return f"Epoch: {epoch + 1} Avg. cost = {np.mean(costs):.4f}"


def _last_cost(epoch, costs):
    return f"Epoch: {epoch + 1:04d} Avg. cost = {costs[-1]:.4f}"


def _sum_of_costs(epoch, costs):
    return f"Epoch: {epoch + 1:04d} Avg. cost = {np.sum(costs):.4f}"


def _rounded(epoch, costs):
    return f"Epoch: {epoch + 1:04d} Avg. cost = {round(float(np.mean(costs)), 4)}"


log = FunctionQuestion(
    "log",
    points=1,
    function="log_line",
    reference=_log_line,
    inputs=_log_inputs,
    mistakes=(
        Mistake(
            "the epoch is counted from zero",
            _from_zero,
            "The program prints 0001 for its first epoch: add 1 to the number of the loop.",
        ),
        Mistake(
            "the epoch is not padded",
            _not_padded,
            "The epoch has four digits with zeros in front: look at the format `04d`.",
        ),
        Mistake(
            "the last cost, not the average",
            _last_cost,
            "The line names the average of the epoch: take the mean over all its batches.",
        ),
        Mistake(
            "the sum of the costs",
            _sum_of_costs,
            "The costs are added but not averaged: divide by the number of batches.",
        ),
        Mistake(
            "rounded, so zeros at the end are lost",
            _rounded,
            "`round` makes 0.2 of 0.2000: a format such as `.4f` always writes four decimals.",
        ),
    ),
    hints=(
        "An f-string can hold a format after a colon: `{value:format}`.",
        "`04d` writes a whole number with four digits, `.4f` a number with four decimals.",
        'The line is `f"Epoch: {...:04d} Avg. cost = {...:.4f}"`.',
    ),
)

# How much too large

ratio = ValueQuestion(
    "ratio",
    points=1,
    variable="ratio",
    reference=lambda: math.sqrt((784 + 256) / 2),
    rtol=1e-3,
    mistakes=(
        Mistake(
            "the end of the interval taken as the standard deviation",
            math.sqrt((784 + 256) / 6),
            "Numbers drawn evenly from [-a, a] have a standard deviation smaller than a: divide a "
            "by the root of 3.",
        ),
        Mistake(
            "the variance, not the standard deviation",
            (784 + 256) / 2,
            "You compare variances: take the root.",
        ),
        Mistake(
            "the ratio upside down",
            math.sqrt(2 / (784 + 256)),
            "N(0, 1) is the wider of the two, so the ratio is above 1: turn the fraction around.",
        ),
        Mistake(
            "only the inputs counted",
            math.sqrt(784 / 2),
            "Glorot's interval depends on the inputs and the outputs of the layer: 784 + 256.",
        ),
    ),
    hints=(
        "First find the standard deviation of Glorot's weights. That of N(0, 1) is 1.",
        "Numbers drawn evenly from [-a, a] have the standard deviation a divided by the root of 3.",
        "The ratio is 1 divided by Glorot's standard deviation, which is "
        "`np.sqrt(6 / (784 + 256)) / np.sqrt(3)`.",
    ),
)

# Saturation on paper


def _saturated_share(x, scale):
    spread = scale * np.sqrt(np.sum(np.asarray(x, "float64") ** 2, axis=1) + 1)
    return float(np.mean([math.erfc(math.log(99) / (s * math.sqrt(2))) for s in spread]))


def _share_inputs(rng):
    def images(n, d):
        """Images of very different brightness."""
        return (rng.random((n, d)) < 0.4) * rng.random((n, d)) * rng.uniform(0.3, 3, (n, 1))

    with_black = images(6, 30)
    with_black[2] = 0
    return {
        "N(0, 1)": (images(12, 60), 1.0),
        "smaller weights": (images(10, 80), float(rng.uniform(0.5, 0.8))),
        "larger weights, a black image": (with_black, float(rng.uniform(1.5, 2.5))),
        "float32": (images(8, 50).astype("float32"), float(rng.uniform(0.8, 1.2))),
    }


def _limit_of_five(x, scale):
    import math

    spread = scale * np.sqrt(np.sum(x**2, axis=1) + 1)
    return float(np.mean([math.erfc(5 / (s * math.sqrt(2))) for s in spread]))


def _bias_forgotten(x, scale):
    import math

    spread = scale * np.sqrt(np.sum(x**2, axis=1)) + 1e-12
    return float(np.mean([math.erfc(math.log(99) / (s * math.sqrt(2))) for s in spread]))


def _bias_not_scaled(x, scale):
    import math

    spread = np.sqrt(scale**2 * np.sum(x**2, axis=1) + 1)
    return float(np.mean([math.erfc(math.log(99) / (s * math.sqrt(2))) for s in spread]))


def _one_side(x, scale):
    import math

    spread = scale * np.sqrt(np.sum(x**2, axis=1) + 1)
    return float(np.mean([math.erfc(math.log(99) / (s * math.sqrt(2))) / 2 for s in spread]))


def _variance(x, scale):
    import math

    spread = scale**2 * (np.sum(x**2, axis=1) + 1)
    return float(np.mean([math.erfc(math.log(99) / (s * math.sqrt(2))) for s in spread]))


def _average_image(x, scale):
    import math

    spread = scale * np.sqrt(np.mean(np.sum(x**2, axis=1)) + 1)
    return math.erfc(math.log(99) / (spread * math.sqrt(2)))


share = FunctionQuestion(
    "share",
    points=2,
    function="saturated_share",
    reference=_saturated_share,
    inputs=_share_inputs,
    rtol=1e-3,
    mistakes=(
        Mistake(
            "a limit of 5",
            _limit_of_five,
            "The sigmoid passes 0.99 before 5: solve the equation for the weighted sum exactly.",
        ),
        Mistake(
            "the bias is forgotten",
            _bias_forgotten,
            "The bias is drawn as well and adds its own variance: look at the term + 1.",
        ),
        Mistake(
            "the bias keeps a variance of 1",
            _bias_not_scaled,
            "The bias is drawn from the same distribution as the weights, so its variance is "
            "scale squared too.",
        ),
        Mistake(
            "one side only",
            _one_side,
            "A unit saturates near 0 as well as near 1: count both tails.",
        ),
        Mistake(
            "the variance taken as the standard deviation",
            _variance,
            "The formula gives the variance of z: take its root before you ask for the tail.",
        ),
        Mistake(
            "one spread for all images",
            _average_image,
            "Bright images saturate more than dark ones: find the share for each image, then take "
            "the mean.",
        ),
    ),
    hints=(
        "Two steps: how wide is z for one image, and how much of a normal distribution lies "
        "beyond the point where the sigmoid reaches 0.99?",
        "The sigmoid reaches 0.99 at z = ln 99. For z with standard deviation s, the share beyond "
        "t on both sides is `math.erfc(t / (s * math.sqrt(2)))`.",
        "For one image, `s = scale * np.sqrt(np.sum(image**2) + 1)`. Take the mean of the shares "
        "over the images.",
    ),
)

# Units that say nothing


def _stuck_units(code):
    return np.all(code < 0.01, axis=0) | np.all(code > 0.99, axis=0)


def _code_inputs(rng):
    def code(n, counts, dtype="float64"):
        low, high = rng.uniform(0, 0.008, (n, 30)), rng.uniform(0.992, 1, (n, 30))
        steep = rng.uniform(0.1, 0.9, (n, 30))
        flips = np.where(np.arange(n)[:, None] % 2 == 0, low, high)
        nearly = low.copy()
        nearly[int(rng.integers(n))] = 0.5
        kinds = {"low": low, "high": high, "steep": steep, "flips": flips, "nearly": nearly}
        columns = np.hstack([kinds[kind][:, :count] for kind, count in counts.items()])
        return columns[:, rng.permutation(columns.shape[1])].astype(dtype)

    few = {kind: int(rng.integers(1, 4)) for kind in ("low", "high", "steep", "flips", "nearly")}
    return {
        "all kinds of units": (code(9, few),),
        "as many images as units": (code(10, dict.fromkeys(few, 2)),),
        "none is stuck": (code(6, {"steep": 4, "flips": 1}),),
        "all are stuck, float32": (code(5, {"low": 3, "high": 2}, "float32"),),
    }


def _images_not_units(code):
    return np.all(code < 0.01, axis=1) | np.all(code > 0.99, axis=1)


def _sides_mixed(code):
    return np.all((code < 0.01) | (code > 0.99), axis=0)


def _once_is_enough(code):
    return np.any((code < 0.01) | (code > 0.99), axis=0)


def _low_side_only(code):
    return np.all(code < 0.01, axis=0)


def _by_the_mean(code):
    mean = code.mean(axis=0)
    return (mean < 0.1) | (mean > 0.9)


stuck = FunctionQuestion(
    "stuck",
    points=2,
    function="stuck_units",
    reference=_stuck_units,
    inputs=_code_inputs,
    mistakes=(
        Mistake(
            "images, not units",
            _images_not_units,
            "You ask about each image: one column is one unit, so reduce over axis 0.",
        ),
        Mistake(
            "both sides mixed",
            _sides_mixed,
            "A unit that jumps between 0 and 1 is saturated, yet it tells images apart: ask for "
            "all images on the same side.",
        ),
        Mistake(
            "saturated once is enough",
            _once_is_enough,
            "A unit is stuck only if it is saturated for every image: look at `all` and `any`.",
        ),
        Mistake(
            "only the low side",
            _low_side_only,
            "A unit that is near 1 for every image says as little as one near 0: test both sides.",
        ),
        Mistake(
            "judged by the mean",
            _by_the_mean,
            "One image on which the unit differs hardly moves the mean: test every entry.",
        ),
    ),
    hints=(
        "A unit may be saturated for every image and still tell images apart. When?",
        "Ask two questions of each column: are all entries below 0.01? Are all above 0.99?",
        "`np.all(code < 0.01, axis=0)` answers the first. The operator `|` joins two arrays of "
        "True and False.",
    ),
)

# PCA as the yardstick


def _test_errors(x_train, x_test):
    mean = x_train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(x_train.T, bias=True))
    scores = (x_test - mean) @ vectors[:, ::-1]
    left = np.sum((x_test - mean) ** 2) - np.cumsum(np.sum(scores**2, axis=0))
    return left / x_test.size


def _components_needed(x_train, x_test, error):
    errors = _test_errors(x_train, x_test)
    k = int(np.argmax(errors < error)) + 1
    return k, float(errors[k - 1])


def _needed_inputs(rng):
    def case(k, d=12):
        turned = np.linalg.qr(rng.normal(size=(d, d)))[0] * 0.75 ** np.arange(d)[:, None]
        x_train = rng.normal(size=(60, d)) @ turned + rng.uniform(0.5, 1, d)
        # The test images are a little brighter, so that their own mean is not the training mean.
        x_test = rng.normal(size=(25, d)) @ turned + rng.uniform(0.7, 1.3, d)
        errors = _test_errors(x_train, x_test)
        return x_train, x_test, float(np.sqrt(errors[k - 2] * errors[k - 1]))

    easy = case(4)
    return {
        "a few components": case(int(rng.integers(3, 6))),
        "many components": case(int(rng.integers(7, 10))),
        "one is enough": (easy[0], easy[1], 10.0),
    }


def _not_centred(x_train, x_test, error):
    _, vectors = np.linalg.eigh(x_train.T @ x_train)
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, ::-1][:, :k]
        found = float(np.mean((x_test - x_test @ v @ v.T) ** 2))
        if found < error:
            break
    return k, found


def _own_mean(x_train, x_test, error):
    _, vectors = np.linalg.eigh(np.cov(x_train.T))
    centred = x_test - x_test.mean(axis=0)
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, ::-1][:, :k]
        found = float(np.mean((centred - centred @ v @ v.T) ** 2))
        if found < error:
            break
    return k, found


def _fitted_on_test(x_train, x_test, error):
    mean = x_test.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(x_test.T))
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, ::-1][:, :k]
        found = float(np.mean((x_test - mean - (x_test - mean) @ v @ v.T) ** 2))
        if found < error:
            break
    return k, found


def _error_on_training(x_train, x_test, error):  # noqa: ARG001
    mean = x_train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(x_train.T))
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, ::-1][:, :k]
        found = float(np.mean((x_train - mean - (x_train - mean) @ v @ v.T) ** 2))
        if found < error:
            break
    return k, found


def _per_image(x_train, x_test, error):
    mean = x_train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(x_train.T))
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, ::-1][:, :k]
        left = x_test - mean - (x_test - mean) @ v @ v.T
        found = float(np.mean(np.sum(left**2, axis=1)))
        if found < error:
            break
    return k, found


def _smallest_first(x_train, x_test, error):
    mean = x_train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(x_train.T))
    for k in range(1, x_train.shape[1] + 1):
        v = vectors[:, :k]
        found = float(np.mean((x_test - mean - (x_test - mean) @ v @ v.T) ** 2))
        if found < error:
            break
    return k, found


needed = FunctionQuestion(
    "needed",
    points=2,
    function="components_needed",
    reference=_components_needed,
    inputs=_needed_inputs,
    mistakes=(
        Mistake(
            "without the mean",
            _not_centred,
            "PCA codes the distance from the mean image: subtract the mean, and add it again.",
        ),
        Mistake(
            "the test images' own mean",
            _own_mean,
            "The mean belongs to the model, so it comes from the training images: do not use the "
            "mean of x_test.",
        ),
        Mistake(
            "fitted on the test images",
            _fitted_on_test,
            "The components must come from x_train: x_test only measures.",
        ),
        Mistake(
            "the training error",
            _error_on_training,
            "The error asked for is that of the test images: reconstruct x_test.",
        ),
        Mistake(
            "the error per image",
            _per_image,
            "You add over the pixels: the error per pixel is the mean over images and pixels.",
        ),
        Mistake(
            "the smallest variances first",
            _smallest_first,
            "`eigh` sorts its eigenvalues upwards: take the last columns of the vectors first.",
        ),
    ),
    hints=(
        "Fit on one set, measure on the other, and raise k until the error is small enough.",
        "Mean and components come from x_train. The error is the mean of all squared entries of "
        "x_test minus its reconstruction.",
        "With the k leading eigenvectors of the covariance as columns of v, the reconstruction "
        "is `mean + (x_test - mean) @ v @ v.T`.",
    ),
)

# The repair

_EPOCHS = 20


@functools.cache
def _digits():
    """Give 1,000 training and 500 test digits of 14 × 14 pixels."""
    data = load_mnist()
    return tuple(
        images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
        for images in (data.x_train[:1000], data.x_test[:500])
    )


@functools.cache
def _error_of_pca(n_hidden):
    x, x_test = _digits()
    return float(_test_errors(x, x_test)[n_hidden - 1])


def _carry_out(plan, n_hidden):
    x, x_test = _digits()
    model = numpy_nn.autoencoder((196, n_hidden), init=plan["init"], code=plan["code"], seed=0)
    for number, (rate, epochs) in enumerate(plan["stages"]):
        optimizer = {
            "sgd": numpy_nn.SGD(rate),
            "rmsprop": numpy_nn.RMSProp(rate, rule="tensorflow1"),
            "adam": numpy_nn.Adam(rate),
        }[plan["optimizer"]]
        numpy_nn.fit(
            model,
            x,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=plan["batch_size"],
            seed=number,
            progress=False,
        )
    return float(numpy_nn.evaluate(model, x_test))


def _whole(value):
    """Make an int of a number that is whole, None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return None
    return int(value) if math.isfinite(value) and value == int(value) else None


def _checked_plan(answer):
    """Return the plan with plain values, or a sentence that says what is wrong with it."""
    if not isinstance(answer, dict):
        return "Give back a dictionary."
    choices = {
        "init": ("standard_normal", "glorot"),
        "code": ("sigmoid", "linear"),
        "optimizer": ("sgd", "rmsprop", "adam"),
    }
    for key, allowed in choices.items():
        if not isinstance(answer.get(key), str) or answer[key] not in allowed:
            return f"Expected {key!r} to be one of {', '.join(allowed)}."
    batch_size = _whole(answer.get("batch_size"))
    if batch_size is None or not 25 <= batch_size <= 1000:
        return "Expected 'batch_size' to be a whole number from 25 to 1000."
    try:
        stages = [
            (float(rate), _whole(np.asarray(epochs).item())) for rate, epochs in answer["stages"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return "Expected 'stages' to be a list of pairs (learning rate, epochs)."
    if not stages or not all(epochs and epochs > 0 for _, epochs in stages):
        return "Expected every stage to have at least one epoch, as a whole number."
    if not all(0 < rate <= 10 for rate, _ in stages):
        return "Expected every learning rate to lie between 0 and 10."
    total = sum(epochs for _, epochs in stages)
    if total > _EPOCHS:
        return f"The budget is {_EPOCHS} epochs in all stages together; the plan takes {total:,}."
    return {key: answer[key] for key in choices} | {"batch_size": batch_size, "stages": stages}


def _verify_repair(answer, n_hidden):
    plan = _checked_plan(answer)
    if isinstance(plan, str):
        return plan
    try:
        error = _carry_out(plan, n_hidden)
    except TrainingDiverged:
        return "Training diverged with this plan: the steps are too large."
    wanted = _error_of_pca(n_hidden)
    # Written so that NaN, which no comparison accepts, is refused.
    if not error < wanted:
        return (
            f"With {n_hidden} hidden units the plan ends at a test error of {error:.5f}; "
            f"PCA has {wanted:.5f}."
        )
    return None


def _repair(n_hidden):  # noqa: ARG001
    return {
        "init": "glorot",
        "code": "linear",
        "optimizer": "adam",
        "batch_size": 25,
        "stages": [(0.01, 14), (0.003, 6)],
    }


def _repair_inputs(rng):
    n_hidden = int(rng.choice([16, 24, 32]))
    return {"one of the three sizes": (n_hidden,)}


def _the_original(n_hidden):  # noqa: ARG001
    return {
        "init": "standard_normal",
        "code": "sigmoid",
        "optimizer": "rmsprop",
        "batch_size": 100,
        "stages": [(0.01, 20)],
    }


def _only_the_weights(n_hidden):  # noqa: ARG001
    return {
        "init": "glorot",
        "code": "sigmoid",
        "optimizer": "rmsprop",
        "batch_size": 100,
        "stages": [(0.01, 20)],
    }


def _wide_weights_linear_code(n_hidden):  # noqa: ARG001
    return {
        "init": "standard_normal",
        "code": "linear",
        "optimizer": "adam",
        "batch_size": 100,
        "stages": [(0.01, 20)],
    }


def _over_budget(n_hidden):  # noqa: ARG001
    return {
        "init": "glorot",
        "code": "linear",
        "optimizer": "adam",
        "batch_size": 100,
        "stages": [(0.002, 30), (0.0006, 8), (0.0001, 8)],
    }


def _default_adam(n_hidden):  # noqa: ARG001
    return {
        "init": "glorot",
        "code": "linear",
        "optimizer": "adam",
        "batch_size": 100,
        "stages": [(0.001, 20)],
    }


repair = PropertyQuestion(
    "repair",
    points=4,
    function="repair",
    inputs=_repair_inputs,
    verify=_verify_repair,
    solution=_repair,
    mistakes=(
        Mistake(
            "the original",
            _the_original,
            "This is the program of 2017, sick as it was: start with its weights.",
        ),
        Mistake(
            "only the weights are repaired",
            _only_the_weights,
            "Glorot's weights are the first repair, but a sigmoid code still squeezes its "
            "numbers: look at the code next.",
        ),
        Mistake(
            "a linear code on wide weights",
            _wide_weights_linear_code,
            "With weights from N(0, 1), a linear code is so large that the decoder's sigmoids "
            "saturate instead: look at the starting weights.",
        ),
        Mistake(
            "the chapter's plan, over the budget",
            _over_budget,
            "The chapter trained for 46 epochs, and here are 20: smaller batches give more steps "
            "in the same epochs.",
        ),
        Mistake(
            "Adam's usual step of 0.001",
            _default_adam,
            "A step of 0.001 does not arrive in 20 short epochs: take larger steps, and more of "
            "them.",
        ),
    ),
    hints=(
        "Two choices decide whether anything is learned well; the rest decides how far you get in "
        "20 epochs. Change one thing at a time.",
        "Glorot's weights, a linear code and Adam, as in the chapter. How many steps does your "
        "batch size give?",
        "Batches of 25 images give 800 steps. Try a learning rate near 0.01, "
        "and a smaller one in the last epochs.",
    ),
)

# In words

where = TextQuestion(
    "where",
    points=3,
    rubric=(
        "1: repairs one half at a time, so that there are four runs: neither, encoder only, "
        "decoder only, both, with all else equal (data, batches, optimiser, epochs, code size)",
        "1: says what is measured (test error per pixel, with PCA or the original beside it) over "
        "several seeds, and how large a difference must be to count",
        "1: says before the runs which result would blame the encoder, which the decoder and which "
        "both, and names one thing that could mislead",
    ),
)

QUESTIONS = (log, ratio, share, stuck, needed, repair, where)
