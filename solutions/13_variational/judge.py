"""What the judge asks about chapter 13, and what it knows of typical mistakes."""

import math

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# The price of a code


def _posteriors(rng):
    def case(n, k):
        return rng.normal(size=(n, k)), rng.normal(size=(n, k))

    return {
        "four images, three units": case(4, 3),
        "one image": case(1, 5),
        "one unit": case(6, 1),
        "the prior itself": (np.zeros((2, 3)), np.zeros((2, 3))),
        "float32": tuple(array.astype(np.float32) for array in case(3, 2)),
    }


def _kl(mean, log_variance):
    return np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1) / 2


def _kl_without_half(mean, log_variance):
    return 2 * _kl(mean, log_variance)


def _kl_without_one(mean, log_variance):
    return np.sum(mean**2 + np.exp(log_variance) - log_variance, axis=1) / 2


def _kl_negative(mean, log_variance):
    return -_kl(mean, log_variance)


def _kl_of_deviations(mean, log_variance):
    return _kl(mean, 2 * log_variance)


def _kl_over_images(mean, log_variance):
    return np.mean(_kl(mean, log_variance))


KL = FunctionQuestion(
    "kl",
    points=1,
    function="kl",
    reference=_kl,
    inputs=_posteriors,
    mistakes=(
        Mistake(
            "the half is forgotten",
            _kl_without_half,
            "Your divergence is twice too large: the whole sum is multiplied by one half.",
        ),
        Mistake(
            "the one is forgotten",
            _kl_without_one,
            "The prior itself must cost nothing: subtract 1 for each unit.",
        ),
        Mistake(
            "the sign is reversed",
            _kl_negative,
            "A divergence is never negative: you have the sign of the ELBO's term.",
        ),
        Mistake(
            "the logarithm of the deviation",
            _kl_of_deviations,
            "You took the second argument for log σ: it is log σ², so σ² is its exponential.",
        ),
        Mistake(
            "the mean over the images",
            _kl_over_images,
            "Return one number per image: add up the units only, `axis=1`.",
        ),
    ),
    hints=(
        "Equation (eq-variational-kl) of the chapter is one line of NumPy.",
        "σ² is `np.exp(log_variance)`; add up over `axis=1`.",
    ),
)

# A draw that gradients can pass


def _draws(rng):
    def case(n, k):
        return tuple(rng.normal(size=(n, k)) for _ in range(3))

    return {
        "four images": case(4, 3),
        "one unit": case(5, 1),
        "no noise": (*case(3, 2)[:2], np.zeros((3, 2))),
        "large variances": (rng.normal(size=(3, 4)), np.full((3, 4), 4.0), rng.normal(size=(3, 4))),
    }


def _draw(mean, log_variance, noise):
    return mean + np.exp(log_variance / 2) * noise


def _draw_with_variance(mean, log_variance, noise):
    return mean + np.exp(log_variance) * noise


def _draw_with_logarithm(mean, log_variance, noise):
    return mean + log_variance * noise


def _draw_unscaled(mean, log_variance, noise):  # noqa: ARG001 - the mistake is to ignore it
    return mean + noise


def _draw_scales_the_mean(mean, log_variance, noise):
    return np.exp(log_variance / 2) * (mean + noise)


DRAW = FunctionQuestion(
    "draw",
    points=1,
    function="draw",
    reference=_draw,
    inputs=_draws,
    mistakes=(
        Mistake(
            "scaled by the variance",
            _draw_with_variance,
            "You scale by the variance: the deviation is its root, so halve the logarithm.",
        ),
        Mistake(
            "scaled by the logarithm",
            _draw_with_logarithm,
            "You multiply by log σ² itself, which may be negative: take the exponential.",
        ),
        Mistake(
            "not scaled",
            _draw_unscaled,
            "Your codes all have the variance 1: the encoder's variance is not used.",
        ),
        Mistake(
            "the mean is scaled too",
            _draw_scales_the_mean,
            "You scale the mean as well: only the noise is multiplied by σ.",
        ),
    ),
    hints=(
        "Scale first, shift second.",
        "σ = exp(log σ² / 2).",
    ),
)

# What both heads get


def _heads(rng):
    def case(n, k, beta):
        return (*(rng.normal(size=(n, k)) for _ in range(4)), beta)

    return {
        "beta of one": case(4, 3, 1.0),
        "one image": case(1, 2, 1.0),
        "beta of four": case(5, 2, 4.0),
        "no KL": case(3, 3, 0.0),
        "no gradient from the decoder": (np.zeros((3, 2)), *case(3, 2, 2.0)[1:]),
    }


def _head_gradients(g, mean, log_variance, noise, beta):
    n, deviation = len(g), np.exp(log_variance / 2)
    of_log_variance = g * deviation * noise / 2 + beta / (2 * n) * (deviation**2 - 1)
    return g + beta / n * mean, of_log_variance


def _heads_without_kl(g, mean, log_variance, noise, beta):
    return _head_gradients(g, mean, log_variance, noise, 0 * beta)


def _heads_summed_over_images(g, mean, log_variance, noise, beta):
    return _head_gradients(g, mean, log_variance, noise, beta * len(g))


def _heads_without_beta(g, mean, log_variance, noise, beta):  # noqa: ARG001
    return _head_gradients(g, mean, log_variance, noise, 1.0)


def _heads_for_the_deviation(g, mean, log_variance, noise, beta):
    of_mean, _ = _head_gradients(g, mean, log_variance, noise, beta)
    deviation = np.exp(log_variance / 2)
    return of_mean, g * noise + beta / len(g) * (deviation - 1 / deviation)


def _heads_twice_the_second(g, mean, log_variance, noise, beta):
    of_mean, of_log_variance = _head_gradients(g, mean, log_variance, noise, beta)
    return of_mean, 2 * of_log_variance


def _heads_without_noise(g, mean, log_variance, noise, beta):
    return _head_gradients(g, mean, log_variance, np.ones_like(noise), beta)


HEADS = FunctionQuestion(
    "heads",
    points=3,
    function="head_gradients",
    reference=_head_gradients,
    inputs=_heads,
    mistakes=(
        Mistake(
            "the KL has no gradient",
            _heads_without_kl,
            "Your gradients hold the decoder's part only: add the derivative of the KL to both.",
        ),
        Mistake(
            "the KL is summed over the images",
            _heads_summed_over_images,
            "Your KL part is n times too large: the loss averages over the n images.",
        ),
        Mistake(
            "beta is forgotten",
            _heads_without_beta,
            "The KL part must be multiplied by beta.",
        ),
        Mistake(
            "the derivative by the deviation",
            _heads_for_the_deviation,
            "You differentiated by σ: the head gives ℓ = log σ², and dσ/dℓ = σ/2.",
        ),
        Mistake(
            "twice the second head",
            _heads_twice_the_second,
            "Your second gradient is twice too large: σ = exp(ℓ/2), so a factor one half remains.",
        ),
        Mistake(
            "the noise is forgotten",
            _heads_without_noise,
            "z = μ + σ ε: the derivative of z by σ is the noise, not one.",
        ),
    ),
    hints=(
        "Two ways lead from each head to the loss: through z to the decoder, and to the KL.",
        "Through z: ∂z/∂μ = 1 and ∂z/∂ℓ = σ ε / 2. From the KL: μ and (σ² − 1)/2.",
        "g holds the factor 1/n already; the KL part needs `beta / len(g)`.",
    ),
)

# A better bound


def _weights(rng):
    return {
        "five images, seven codes": (rng.normal(size=(5, 7)) * 2 - 3,),
        "one code": (rng.normal(size=(4, 1)),),
        "hundreds of nats": (rng.normal(size=(3, 6)) * 5 - 900,),
        "equal weights": (np.full((2, 4), -1.5),),
    }


def _bound(log_weights):
    largest = log_weights.max(axis=1, keepdims=True)
    return np.log(np.mean(np.exp(log_weights - largest), axis=1)) + largest[:, 0]


def _mean_of_logarithms(log_weights):
    return log_weights.mean(axis=1)


def _sum_of_weights(log_weights):
    return _bound(log_weights) + math.log(log_weights.shape[1])


def _naive_bound(log_weights):
    with np.errstate(divide="ignore"):
        return np.log(np.mean(np.exp(log_weights), axis=1))


def _bound_over_images(log_weights):
    return np.mean(_bound(log_weights))


def _largest_weight(log_weights):
    return log_weights.max(axis=1)


BOUND = FunctionQuestion(
    "bound",
    points=2,
    function="bound",
    reference=_bound,
    inputs=_weights,
    mistakes=(
        Mistake(
            "the mean of the logarithms",
            _mean_of_logarithms,
            "You average the logarithms, which is the ELBO: average the weights, then take the "
            "logarithm.",
        ),
        Mistake(
            "the sum of the weights",
            _sum_of_weights,
            "Your bound is log k too high: it takes the mean of the k weights, not their sum.",
        ),
        Mistake(
            "weights that underflow",
            _naive_bound,
            "exp(−900) is zero for a computer: subtract each image's largest log weight first, and "
            "add it after the logarithm.",
        ),
        Mistake(
            "the mean over the images",
            _bound_over_images,
            "Return one bound per image, shape (n,).",
        ),
        Mistake(
            "the largest weight",
            _largest_weight,
            "You return the largest log weight alone: the others belong into the mean.",
        ),
    ),
    hints=(
        "The order of mean and logarithm is the whole difference to the ELBO.",
        "log mean exp(a) = m + log mean exp(a − m) for every m: choose it so that nothing "
        "overflows or vanishes.",
    ),
)

# The beta that nobody chose


def _reductions(rng):
    d, k = int(rng.integers(10, 99)), int(rng.integers(2, 9))
    return {
        "sum and sum": (d, k, "sum", "sum"),
        "mean and sum": (d, k, "mean", "sum"),
        "sum and mean": (d, k, "sum", "mean"),
        "mean and mean": (d, k, "mean", "mean"),
        "digits": (784, 16, "mean", "sum"),
    }


def _hidden_beta(d, k, pixels, units):
    return (d if pixels == "mean" else 1) / (k if units == "mean" else 1)


def _beta_inverted(d, k, pixels, units):
    return 1 / _hidden_beta(d, k, pixels, units)


def _beta_of_pixels_only(d, k, pixels, units):  # noqa: ARG001 - the mistake is to ignore them
    return d if pixels == "mean" else 1


def _beta_multiplied(d, k, pixels, units):
    return (d if pixels == "mean" else 1) * (k if units == "mean" else 1)


def _always_one(d, k, pixels, units):  # noqa: ARG001 - the mistake is to ignore them
    return 1


HIDDEN = FunctionQuestion(
    "hidden",
    points=1,
    function="hidden_beta",
    reference=_hidden_beta,
    inputs=_reductions,
    mistakes=(
        Mistake(
            "the inverse",
            _beta_inverted,
            "You have the inverse: a mean over pixels makes the first term small, so the KL weighs "
            "more.",
        ),
        Mistake(
            "pixels only",
            _beta_of_pixels_only,
            "A mean over the units makes the KL smaller: divide by k there.",
        ),
        Mistake(
            "multiplied twice",
            _beta_multiplied,
            "The two means work against each other: one multiplies β, the other divides it.",
        ),
        Mistake(
            "always one",
            _always_one,
            "Only sum and sum gives 1: a factor in front of one term changes the balance.",
        ),
    ),
    hints=(
        "Multiply the whole loss so that its first term is the sum over pixels.",
        "What then stands before the sum of the KL over the units is β.",
    ),
)

# When the bound is exact


def _linear_models(rng):
    def case():
        weight = float(rng.choice([-1, 1]) * rng.uniform(0.5, 3))
        return weight, float(rng.normal()), float(rng.uniform(0.2, 0.8)), float(rng.normal() * 2)

    return {
        "a random model": case(),
        "another one": case(),
        "a noisy decoder": (1.0, 0.5, 9.0, 2.0),
        "a decoder that ignores the code": (0.0, 0.3, 0.5, 1.7),
    }


def _log_normal(value, mean, variance):
    return -0.5 * (math.log(2 * math.pi * variance) + (value - mean) ** 2 / variance)


def _elbo(m, v, w, b, s2, x):
    reconstruction = _log_normal(x, w * m + b, s2) - 0.5 * w**2 * v / s2
    return reconstruction - 0.5 * (m**2 + v - 1 - math.log(v))


def _verify_posterior(answer, w, b, s2, x):
    try:
        numbers = np.asarray(answer, dtype=float)
    except (OverflowError, TypeError, ValueError):
        return "Return two numbers, `return m, v`."
    if numbers.shape != (2,):
        return f"Return two numbers, `return m, v`; got shape {numbers.shape}."
    m, v = map(float, numbers)
    # The comparisons are false for NaN too.
    if not (abs(m) < 1e6 and 0 < v < 1e6):
        return f"Expected a mean and a variance above zero, got {m:.4g} and {v:.4g}."
    gap = _log_normal(x, b, w**2 + s2) - _elbo(m, v, w, b, s2, x)
    if gap > 1e-6:
        return f"The bound is {gap:.3g} nats below log p(x): a gap of zero is possible."
    return None


def _posterior(w, b, s2, x):
    v = s2 / (s2 + w**2)
    return _mean_of(w, b, s2, x, v), v


def _mean_of(w, b, s2, x, v):
    return v * w * (x - b) / s2


def _prior(w, b, s2, x):  # noqa: ARG001 - the mistake is to ignore them
    return 0.0, 1.0


def _most_likely_code(w, b, s2, x):
    return (x - b) / (w or 1.0), _posterior(w, b, s2, x)[1]


def _without_prior(w, b, s2, x):
    v = s2 / (w or 1.0) ** 2
    return _mean_of(w, b, s2, x, v), v


def _deviation_for_variance(w, b, s2, x):
    m, v = _posterior(w, b, s2, x)
    return m, math.sqrt(v)


def _bias_left_in(w, b, s2, x):
    v = _posterior(w, b, s2, x)[1]
    return _mean_of(w, 0.0, s2, x, v), v


POSTERIOR = PropertyQuestion(
    "posterior",
    points=3,
    function="best_posterior",
    inputs=_linear_models,
    verify=_verify_posterior,
    solution=_posterior,
    mistakes=(
        Mistake(
            "the prior",
            _prior,
            "You return the prior: it ignores x, so it is right only where the decoder ignores z.",
        ),
        Mistake(
            "the most likely code",
            _most_likely_code,
            "Your mean reproduces x exactly, but the prior pulls it towards zero: multiply p(x|z) "
            "by p(z) and complete the square.",
        ),
        Mistake(
            "without the prior",
            _without_prior,
            "You used p(x|z) alone: the prior adds 1 to the precision w²/s².",
        ),
        Mistake(
            "the deviation for the variance",
            _deviation_for_variance,
            "Your second number is a standard deviation: return the variance.",
        ),
        Mistake(
            "the bias is left in",
            _bias_left_in,
            "Subtract b from x first: only what the code must explain counts.",
        ),
    ),
    hints=(
        "The gap is zero only if q is the true posterior, which is proportional to p(x|z) p(z).",
        "Both are Gaussian in z: add the precisions, w²/s² and 1, and v is one over their sum.",
        "Then the mean is m = v · w (x − b) / s².",
    ),
)

REPORT = TextQuestion(
    "report",
    points=3,
    rubric=(
        "1: says that the two numbers are for different data: a fixed threshold is easier than "
        "stochastic binarisation, by tens of nats",
        "1: says that k differs and in which direction: a bound with small k is below log p(x), so "
        "a fair comparison with more codes could only raise the colleague's number",
        "1: names what must be made equal for a fair contest: binarisation, test images, k, and "
        "that the mean over images is of sums over pixels",
    ),
)

QUESTIONS = (KL, DRAW, HEADS, BOUND, HIDDEN, POSTERIOR, REPORT)
