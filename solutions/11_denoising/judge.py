"""What the judge asks about chapter 11, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# Salt and pepper


def _damages(rng):
    def case(n, d, p):
        # One row for each fate, so that no case is without salt, pepper and untouched pixels.
        u = (np.arange(n * d) + rng.random(n * d)) / (n * d)
        return 0.2 + 0.6 * rng.random((n, d)), rng.permutation(u).reshape(n, d), p

    return {
        "a third": case(6, 8, 0.33),
        "one image": case(1, 20, 0.5),
        "much": case(4, 10, 0.8),
        "none": (rng.random((3, 4)), rng.random((3, 4)), 0.0),
    }


def _salt_and_pepper(x, u, p):
    return np.where(u < p / 2, 1.0, np.where(u < p, 0.0, x))


def _salt_only(x, u, p):
    return np.where(u < p, 1.0, x)


def _pepper_only(x, u, p):
    return np.where(u < p, 0.0, x)


def _twice_as_much(x, u, p):
    return np.where(u < p, 1.0, np.where(u < 2 * p, 0.0, x))


def _exchanged(x, u, p):
    return np.where(u < p / 2, 0.0, np.where(u < p, 1.0, x))


SALT = FunctionQuestion(
    "salt",
    points=2,
    function="salt_and_pepper",
    reference=_salt_and_pepper,
    inputs=_damages,
    mistakes=(
        Mistake(
            "salt only",
            _salt_only,
            "Every damaged pixel turns white: those with u between p/2 and p must turn black.",
        ),
        Mistake(
            "pepper only",
            _pepper_only,
            "Every damaged pixel turns black: if you set salt first and then all u < p to 0, the "
            "salt is lost again.",
        ),
        Mistake(
            "twice the damage",
            _twice_as_much,
            "You damage a share of 2p: salt and pepper get p/2 each, p together.",
        ),
        Mistake(
            "salt and pepper exchanged",
            _exchanged,
            "You exchange the two: u < p/2 is salt, the value 1.",
        ),
    ),
    hints=(
        "Three cases, so two questions one inside the other.",
        "`np.where(condition, a, b)` takes a where the condition holds. Ask for the smaller u "
        "first.",
    ),
)

# One step of a linear denoiser


def _linear_models(rng):
    def case(n, d, k, noise=0.3):
        x = rng.random((n, d))
        damaged = x + noise * rng.standard_normal((n, d))
        return rng.normal(size=(d, k)), rng.normal(size=(k, d)), x, damaged

    return {
        "seven images": case(7, 5, 3),
        "one image": case(1, 4, 2),
        "a wide code": case(6, 3, 4),
        "much noise": case(5, 4, 2, 2.0),
    }


def _gradients(W, V, seen, target, first, factor):
    z = seen @ W
    delta = factor * (z @ V - target) / len(target)
    return first.T @ (delta @ V.T), z.T @ delta


def _denoising_gradients(W, V, x, x_damaged):
    return _gradients(W, V, x_damaged, x, x_damaged, 2)


def _damaged_target(W, V, x, x_damaged):  # noqa: ARG001 - the mistake is to ignore x
    return _gradients(W, V, x_damaged, x_damaged, x_damaged, 2)


def _clean_input(W, V, x, x_damaged):  # noqa: ARG001 - the mistake is to ignore the damage
    return _gradients(W, V, x, x, x, 2)


def _roles_exchanged(W, V, x, x_damaged):
    return _gradients(W, V, x, x_damaged, x, 2)


def _clean_in_the_last_product(W, V, x, x_damaged):
    return _gradients(W, V, x_damaged, x, x, 2)


def _two_is_missing(W, V, x, x_damaged):
    return _gradients(W, V, x_damaged, x, x_damaged, 1)


def _sum_over_images(W, V, x, x_damaged):
    return _gradients(W, V, x_damaged, x, x_damaged, 2 * len(x))


def _mean_over_pixels(W, V, x, x_damaged):
    return _gradients(W, V, x_damaged, x, x_damaged, 2 / x.shape[1])


def _order_exchanged(W, V, x, x_damaged):
    return _denoising_gradients(W, V, x, x_damaged)[::-1]


STEP = FunctionQuestion(
    "step",
    points=3,
    function="denoising_gradients",
    reference=_denoising_gradients,
    inputs=_linear_models,
    mistakes=(
        Mistake(
            "the damaged image as target",
            _damaged_target,
            "You compare the output with the damaged image: it must come near the undamaged one.",
        ),
        Mistake(
            "the clean image as input",
            _clean_input,
            "Your network sees the clean image: the code is made of x_damaged.",
        ),
        Mistake(
            "input and target exchanged",
            _roles_exchanged,
            "You exchange the two: x_damaged goes in, x is what should come out.",
        ),
        Mistake(
            "the clean image in the last product",
            _clean_in_the_last_product,
            "The gradient of W multiplies what the first layer saw: that was x_damaged, not x.",
        ),
        Mistake(
            "the factor 2 is missing",
            _two_is_missing,
            "The derivative of a square has a factor 2.",
        ),
        Mistake(
            "the sum over images",
            _sum_over_images,
            "You add the images up: the objective is their mean, so divide by n.",
        ),
        Mistake(
            "the mean over pixels",
            _mean_over_pixels,
            "You average over pixels as well: this objective sums over pixels and averages over "
            "images.",
        ),
        Mistake(
            "V first",
            _order_exchanged,
            "You return the gradient of V first: the order is W, V.",
        ),
    ),
    hints=(
        "Differentiate with respect to the output first: that is 2 (x̂ − x) / n.",
        "For V the input was z, for W it was x_damaged, and the error comes back through Vᵀ.",
        "`delta = 2 * (z @ V - x) / len(x)`; the gradient of V is `z.T @ delta`.",
    ),
)

# The best linear denoiser


def _covariances(rng):
    def covariance(d):
        a = rng.normal(size=(d, d + 2))
        return a @ a.T / d

    singular = rng.normal(size=(4, 2))
    return {
        "five pixels": (covariance(5), 0.5),
        "much noise": (covariance(3), 2.0),
        "one pixel": (np.array([[1.0 + rng.random()]]), 0.7),
        "fewer directions than pixels": (singular @ singular.T, 0.6),
    }


def _best_linear(C, sigma):
    return np.linalg.solve(C + sigma**2 * np.eye(len(C)), C)


def _sigma_not_squared(C, sigma):
    return np.linalg.solve(C + sigma * np.eye(len(C)), C)


def _inverse_only(C, sigma):
    return np.linalg.inv(C + sigma**2 * np.eye(len(C)))


def _noise_kept(C, sigma):
    return np.linalg.solve(C + sigma**2 * np.eye(len(C)), sigma**2 * np.eye(len(C)))


def _pixel_by_pixel(C, sigma):
    return np.diag(np.diag(C) / (np.diag(C) + sigma**2))


LINEAR = FunctionQuestion(
    "linear",
    points=2,
    function="best_linear",
    reference=_best_linear,
    inputs=_covariances,
    atol=1e-5,
    mistakes=(
        Mistake(
            "sigma is not squared",
            _sigma_not_squared,
            "Noise with standard deviation σ has variance σ²: add σ² to the diagonal.",
        ),
        Mistake(
            "the inverse alone",
            _inverse_only,
            "You return only the inverse: multiply it by C, what the damaged and the clean image "
            "share.",
        ),
        Mistake(
            "the noise is kept",
            _noise_kept,
            "Your matrix extracts the noise, σ²(C + σ²I)⁻¹: the image is the other part.",
        ),
        Mistake(
            "pixel by pixel",
            _pixel_by_pixel,
            "You treat pixels one by one: neighbours know about each other, so use the whole "
            "matrix C.",
        ),
    ),
    hints=(
        "Set the derivative of the expected square with respect to A to zero.",
        "(C + σ²I) A = C.",
    ),
)

# The formula for a mixture


def _mixtures(rng):
    def case(n, m, d, s, sigma):
        shares = 0.2 + rng.random(m)
        x, centres = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        return x, centres, shares / shares.sum(), s, sigma

    return {
        "three clouds": case(6, 3, 2, 0.3, 0.6),
        "one point": case(1, 2, 3, 0.5, 0.4),
        "points without spread": case(4, 3, 2, 0.0, 0.8),
        "much noise": case(5, 4, 2, 0.4, 2.0),
    }


def _parts(x, centres, shares, variance):
    pulls = centres - x[:, None]
    logs = np.log(shares) - (pulls**2).sum(axis=2) / (2 * variance)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return (weights[:, :, None] * pulls).sum(axis=1) / variance


def _denoise(x, centres, shares, s, sigma):
    return x + sigma**2 * _parts(x, centres, shares, s**2 + sigma**2)


def _equal_shares(x, centres, shares, s, sigma):
    return _denoise(x, centres, np.full(len(shares), 1 / len(shares)), s, sigma)


def _clouds_without_spread(x, centres, shares, s, sigma):  # noqa: ARG001 - ignoring s is the mistake
    return _denoise(x, centres, shares, 0.0, sigma)


def _blurred_clouds_as_step(x, centres, shares, s, sigma):
    return x + (s**2 + sigma**2) * _parts(x, centres, shares, s**2 + sigma**2)


def _the_score(x, centres, shares, s, sigma):
    return _parts(x, centres, shares, s**2 + sigma**2)


def _sigma_as_step(x, centres, shares, s, sigma):
    return x + sigma * _parts(x, centres, shares, s**2 + sigma**2)


def _downhill(x, centres, shares, s, sigma):
    return x - sigma**2 * _parts(x, centres, shares, s**2 + sigma**2)


FORMULA = FunctionQuestion(
    "formula",
    points=3,
    function="denoise",
    reference=_denoise,
    inputs=_mixtures,
    mistakes=(
        Mistake(
            "the shares are ignored",
            _equal_shares,
            "You treat all clouds as equally likely: weigh each density by its share.",
        ),
        Mistake(
            "the clouds' own spread is ignored",
            _clouds_without_spread,
            "You left out s: the blurred clouds have variance s² + σ².",
        ),
        Mistake(
            "a step as long as the blurred variance",
            _blurred_clouds_as_step,
            "Your step is s² + σ², which ends at the clouds' centres: the formula steps by σ².",
        ),
        Mistake(
            "the score alone",
            _the_score,
            "You return the score: add σ² times it to x.",
        ),
        Mistake(
            "sigma is not squared",
            _sigma_as_step,
            "Your step is σ: the formula has σ².",
        ),
        Mistake(
            "downhill",
            _downhill,
            "You walk away from the data: the score is added, not subtracted.",
        ),
    ),
    hints=(
        "The gradient of the logarithm of a sum is a weighted mean of the clouds' own gradients.",
        "Cloud k pulls by (c_k − x) / (s² + σ²); its weight is its share of the density at x.",
        "Weights: `np.exp(np.log(shares) - squares / (2 * variance))`, divided by their sum over "
        "the clouds.",
    ),
)

# Design: two points that blur into one peak


def _sigmas(rng):
    return {"one": (1.0,), "small": (0.05 + 0.05 * rng.random(),), "large": (5 + 5 * rng.random(),)}


def _verify_pair(answer, sigma):
    if not isinstance(answer, tuple | list | np.ndarray) or np.size(answer) != 2:
        return "Return two numbers, `return a, b`."
    try:
        a, b = (float(value) for value in np.asarray(answer, dtype=float).ravel())
    except (OverflowError, TypeError, ValueError):
        return "Return two numbers, `return a, b`."
    if not (abs(a) < 1e9 and abs(b) < 1e9):
        return "The two must be finite numbers below a billion."
    distance = abs(a - b) / sigma
    if distance <= 1.5:
        return f"The two are {distance:.2f} σ apart: more than 1.5 σ is asked for."
    # Two equal Gaussians have one peak up to a distance of exactly two standard deviations.
    if distance > 2:
        return f"At {distance:.2f} σ the blurred density has two peaks."
    return None


def _good_pair(sigma):
    return 0.0, 1.8 * sigma


def _near_pair(sigma):
    return 0.0, sigma


def _far_pair(sigma):
    return 0.0, 3 * sigma


def _unscaled_pair(sigma):  # noqa: ARG001 - the mistake is to ignore it
    return 0.0, 1.8


def _same_twice(sigma):
    return sigma, sigma


PAIR = PropertyQuestion(
    "pair",
    points=2,
    function="blurred_pair",
    inputs=_sigmas,
    verify=_verify_pair,
    solution=_good_pair,
    mistakes=(
        Mistake("too near", _near_pair, "Your points are near each other: move them apart a bit."),
        Mistake("too far", _far_pair, "Your points keep a peak each: move them nearer together."),
        Mistake(
            "not scaled",
            _unscaled_pair,
            "Your distance is the same for every σ: more noise hides points further apart.",
        ),
        Mistake("the same point twice", _same_twice, "Your two points are one: they must differ."),
    ),
    hints=(
        "Only the distance counts, measured in σ.",
        "The middle between the two is a peak while the curvature there is negative: for which "
        "distance does it change sign?",
        "At a distance of 2 σ the one peak splits.",
    ),
)

FIGURE = TextQuestion(
    "figure",
    points=2,
    rubric=(
        "1: names both mistakes: the noisy image is the target, and the figure's outputs come from "
        "clean images",
        "1: gives a measurement for each that tells right from wrong, such as errors to clean and "
        "noisy images, and outputs recomputed from the images shown",
    ),
)

QUESTIONS = (SALT, STEP, LINEAR, FORMULA, PAIR, FIGURE)
