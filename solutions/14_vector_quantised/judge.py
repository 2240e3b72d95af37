"""What the judge asks about chapter 14, and what it knows of typical mistakes."""

import numpy as np

from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, TextQuestion

# The nearest word


def _vectors(rng):
    codebook = rng.normal(size=(5, 3))
    return {
        "eight vectors": (rng.normal(size=(8, 3)), codebook),
        "one word": (rng.normal(size=(4, 2)), rng.normal(size=(1, 2))),
        "words of different lengths": (
            rng.normal(size=(12, 2)),
            rng.normal(size=(6, 2)) * np.arange(1, 7)[:, None],
        ),
        "equal words": (codebook + 0.01, np.concatenate([codebook, codebook])),
    }


def _quantise(vectors, codebook):
    indices = np.argmin(((vectors[:, None] - codebook) ** 2).sum(axis=2), axis=1)
    return indices, codebook[indices]


def _largest_product(vectors, codebook):
    indices = np.argmax(vectors @ codebook.T, axis=1)
    return indices, codebook[indices]


def _farthest_word(vectors, codebook):
    indices = np.argmax(((vectors[:, None] - codebook) ** 2).sum(axis=2), axis=1)
    return indices, codebook[indices]


def _last_of_equal_words(vectors, codebook):
    squares = ((vectors[:, None] - codebook) ** 2).sum(axis=2)
    indices = len(codebook) - 1 - np.argmin(squares[:, ::-1], axis=1)
    return indices, codebook[indices]


def _nearest_vector_of_each_word(vectors, codebook):
    indices = np.argmin(((vectors[:, None] - codebook) ** 2).sum(axis=2), axis=0)
    return indices, vectors[indices]


def _words_first(vectors, codebook):
    return _quantise(vectors, codebook)[::-1]


QUANTISE = FunctionQuestion(
    "quantise",
    points=2,
    function="quantise",
    reference=_quantise,
    inputs=_vectors,
    mistakes=(
        Mistake(
            "the largest product",
            _largest_product,
            "You take the word with the largest product, which favours long words: take the "
            "smallest squared distance.",
        ),
        Mistake(
            "the farthest word",
            _farthest_word,
            "You take the word that is farthest: use `argmin`.",
        ),
        Mistake(
            "the last of equal words",
            _last_of_equal_words,
            "Where words are equally near, the first one wins.",
        ),
        Mistake(
            "the nearest vector of each word",
            _nearest_vector_of_each_word,
            "You look for a vector for each word: look for a word for each vector.",
        ),
        Mistake(
            "words first",
            _words_first,
            "The order is `return indices, words`.",
        ),
    ),
    hints=(
        "`vectors[:, None] - codebook` has shape (m, K, d): all differences at once.",
        "Square, add up over the last axis, and take `np.argmin` over the words.",
    ),
)

# Straight through


def _steps(rng):
    def case(n, groups, size, n_words, beta):
        vectors = rng.normal(size=(n, groups, size))
        codebook = rng.normal(size=(n_words, size))
        indices = np.argmin(((vectors[:, :, None] - codebook) ** 2).sum(axis=3), axis=2)
        return rng.normal(size=(n, groups, size)), vectors, codebook, indices, beta

    return {
        "four images": case(4, 3, 2, 5, 0.25),
        "one image, one group": case(1, 1, 3, 4, 1.0),
        "no commitment": case(3, 2, 2, 3, 0.0),
        "few words, chosen often": case(6, 4, 2, 2, 0.5),
    }


def _gradients(g, vectors, codebook, indices, beta):
    n, gap = len(vectors), vectors - codebook[indices]
    of_codebook = np.zeros_like(codebook)
    np.add.at(of_codebook, indices, -2 / n * gap)
    return g + 2 * beta / n * gap, of_codebook


def _true_gradient(g, vectors, codebook, indices, beta):
    of_vectors, of_codebook = _gradients(g, vectors, codebook, indices, beta)
    return of_vectors - g, of_codebook


def _both_terms_move_the_encoder(g, vectors, codebook, indices, beta):
    return _gradients(g, vectors, codebook, indices, beta + 1)[0], _gradients(
        g, vectors, codebook, indices, beta
    )[1]


def _words_move_by_beta(g, vectors, codebook, indices, beta):
    of_vectors, of_codebook = _gradients(g, vectors, codebook, indices, beta)
    return of_vectors, (1 + beta) * of_codebook


def _words_pushed_away(g, vectors, codebook, indices, beta):
    of_vectors, of_codebook = _gradients(g, vectors, codebook, indices, beta)
    return of_vectors, -of_codebook


def _last_vector_wins(g, vectors, codebook, indices, beta):
    of_vectors, _ = _gradients(g, vectors, codebook, indices, beta)
    of_codebook = np.zeros_like(codebook)
    of_codebook[indices] = -2 / len(vectors) * (vectors - codebook[indices])
    return of_vectors, of_codebook


def _sum_over_images(g, vectors, codebook, indices, beta):
    n = len(vectors)
    of_vectors, of_codebook = _gradients(g, vectors, codebook, indices, beta)
    return g + n * (of_vectors - g), n * of_codebook


STRAIGHT = FunctionQuestion(
    "straight",
    points=3,
    function="gradients",
    reference=_gradients,
    inputs=_steps,
    mistakes=(
        Mistake(
            "nothing goes through",
            _true_gradient,
            "Your encoder gets the commitment part alone: straight-through hands it g as well.",
        ),
        Mistake(
            "both terms move the encoder",
            _both_terms_move_the_encoder,
            "The codebook term counts z as a constant: only beta times the distance moves the "
            "encoder.",
        ),
        Mistake(
            "both terms move the words",
            _words_move_by_beta,
            "The commitment term counts the words as constants: their gradient has no beta.",
        ),
        Mistake(
            "words pushed away",
            _words_pushed_away,
            "The sign of the words' gradient is reversed: a step against it must bring a word "
            "nearer to its vectors.",
        ),
        Mistake(
            "the last vector wins",
            _last_vector_wins,
            "`array[indices] = …` keeps the last of several vectors that chose one word: add them "
            "all up with `np.add.at`.",
        ),
        Mistake(
            "the sum over images",
            _sum_over_images,
            "Your distances are summed over the images: the objective averages, divide by n.",
        ),
    ),
    hints=(
        "Write the two squared distances with sg, and differentiate each by what is not stopped.",
        "Encoder: g + 2β/n (z − e). Each word: −2/n times the sum of (z − e) over its vectors.",
        "`np.add.at(of_codebook, indices, values)` adds even where an index repeats.",
    ),
)

# How many words are in use


def _choices(rng):
    return {
        "random": (rng.integers(0, 6, (20, 3)), 6),
        "one word does all": (np.full((5, 2), 3), 8),
        "all the same": (np.arange(8).reshape(4, 2), 8),
        "skewed": (rng.binomial(5, 0.1, (30, 2)), 9),
    }


def _perplexity(indices, n_words):
    share = np.bincount(indices.ravel(), minlength=n_words) / indices.size
    used = share[share > 0]
    return float(np.exp(-np.sum(used * np.log(used))))


def _entropy_only(indices, n_words):
    return float(np.log(_perplexity(indices, n_words)))


def _words_seen(indices, n_words):  # noqa: ARG001 - the mistake is to ignore it
    return len(np.unique(indices)) + 0.0


def _bits_and_e(indices, n_words):
    return float(np.exp(np.log2(_perplexity(indices, n_words))))


def _share_of_the_codebook(indices, n_words):
    return _perplexity(indices, n_words) / n_words


def _first_place_only(indices, n_words):
    return _perplexity(indices[:, :1], n_words)


PERPLEXITY = FunctionQuestion(
    "perplexity",
    points=2,
    function="perplexity",
    reference=_perplexity,
    inputs=_choices,
    mistakes=(
        Mistake(
            "the entropy",
            _entropy_only,
            "You return the entropy: the perplexity is its exponential.",
        ),
        Mistake(
            "words seen",
            _words_seen,
            "You count the words that occur at all: rare ones must count less.",
        ),
        Mistake(
            "bits with the exponential of e",
            _bits_and_e,
            "Logarithm and exponential must have the same base: either log₂ with 2ʰ, or log with "
            "exp.",
        ),
        Mistake(
            "a share of the codebook",
            _share_of_the_codebook,
            "You divide by the size of the codebook: one word that does all has the perplexity 1.",
        ),
        Mistake(
            "the first place only",
            _first_place_only,
            "All places share one codebook: count the indices of all groups together.",
        ),
    ),
    hints=(
        "Count with `np.bincount(indices.ravel(), minlength=n_words)`; words without use add "
        "nothing to the entropy.",
        "exp(−Σ p log p) over the words with p > 0.",
    ),
)

# A codebook that keeps up


def _averages(rng):
    def case(m, size, n_words, decay):
        vectors, codebook = rng.normal(size=(m, size)), rng.normal(size=(n_words, size))
        return codebook, rng.uniform(0.5, 3, n_words), vectors, decay

    dead = case(5, 2, 3, 0.9)
    dead[0][2] = 100.0
    return {
        "twelve vectors": case(12, 2, 4, 0.9),
        "a slow average": case(9, 3, 3, 0.99),
        "no memory of the sum": case(40, 1, 2, 0.5),
        "a dead word": dead,
        "a dead word without count": (dead[0], np.array([1.0, 2.0, 0.0]), *dead[2:]),
    }


def _average(codebook, counts, vectors, decay):
    indices = np.argmin(((vectors[:, None] - codebook) ** 2).sum(axis=2), axis=1)
    chosen = np.eye(len(codebook))[indices]
    n, s = chosen.sum(axis=0), chosen.T @ vectors
    new = decay * counts + (1 - decay) * n
    moved = codebook.copy()
    used = n > 0
    moved[used] += ((1 - decay) / new[used])[:, None] * (s - n[:, None] * codebook)[used]
    return moved, new


def _divided_by_old_counts(codebook, counts, vectors, decay):
    moved, new = _average(codebook, counts, vectors, decay)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(counts > 0, new / np.maximum(counts, 1e-9), 1)
    return codebook + factor[:, None] * (moved - codebook), new


def _straight_to_the_mean(codebook, counts, vectors, decay):
    indices = np.argmin(((vectors[:, None] - codebook) ** 2).sum(axis=2), axis=1)
    chosen = np.eye(len(codebook))[indices]
    n = chosen.sum(axis=0)
    mean = chosen.T @ vectors / np.maximum(n, 1)[:, None]
    moved = np.where(n[:, None] > 0, mean, codebook)
    return moved, decay * counts + (1 - decay) * n


def _average_of_the_means(codebook, counts, vectors, decay):
    mean, new = _straight_to_the_mean(codebook, counts, vectors, decay)
    return decay * codebook + (1 - decay) * mean, new


def _decay_reversed(codebook, counts, vectors, decay):
    return _average(codebook, counts, vectors, 1 - decay)


def _counts_not_moved(codebook, counts, vectors, decay):
    return _average(codebook, counts, vectors, decay)[0], counts


def _verify_average(answer, codebook, counts, vectors, decay):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Return two arrays, `return codebook, counts`."
    try:
        moved, new = (np.asarray(part, dtype=float) for part in answer)
    except (OverflowError, TypeError, ValueError):
        return "Codebook and counts must be arrays of numbers."
    if moved.shape != codebook.shape or new.shape != counts.shape:
        return (
            f"Expected shapes {codebook.shape} and {counts.shape}, got {moved.shape} and "
            f"{new.shape}."
        )
    right, right_counts = _average(codebook, counts, vectors, decay)
    if not np.allclose(new, right_counts, rtol=1e-4, atol=1e-6):
        return "The counts are not γ N + (1 − γ) n."
    dead = ~(np.abs(right - codebook) > 0).any(axis=1)
    if not np.allclose(moved[dead], codebook[dead], rtol=1e-4, atol=1e-6):
        return "A word that no vector chose must stay where it is."
    if not np.allclose(moved, right, rtol=1e-4, atol=1e-6):
        return "The words are not the ratio of the averaged sums and counts."
    return None


AVERAGE = PropertyQuestion(
    "average",
    points=2,
    function="moving_average",
    inputs=_averages,
    verify=_verify_average,
    solution=_average,
    mistakes=(
        Mistake(
            "divided by the old counts",
            _divided_by_old_counts,
            "Move the counts first: the step is divided by the new N.",
        ),
        Mistake(
            "straight to the mean",
            _straight_to_the_mean,
            "Your words jump to the mean of this minibatch: the past must count, by its share.",
        ),
        Mistake(
            "an average of the means",
            _average_of_the_means,
            "You average the means, whatever their number: average counts and sums, and divide.",
        ),
        Mistake(
            "the decay is reversed",
            _decay_reversed,
            "The past has the weight γ and the minibatch 1 − γ: you have them the other way round.",
        ),
        Mistake(
            "counts that stay",
            _counts_not_moved,
            "Return the new counts: N ← γ N + (1 − γ) n.",
        ),
    ),
    hints=(
        "First find each vector's word, then n and s for each word.",
        "N′ = γ N + (1 − γ) n, and e + (1 − γ)(s − n e) / N′ only where n > 0.",
        "`chosen = np.eye(K)[indices]` gives n as `chosen.sum(axis=0)` and s as "
        "`chosen.T @ vectors`.",
    ),
)


# Why it works

PRETENCE = TextQuestion(
    "pretence",
    points=3,
    rubric=(
        "1: says that the numeric gradient is right: the objective with the choice in it has the "
        "derivative zero (plus commitment) for the encoder wherever there is one",
        "1: says what straight-through computes: the exact gradient of a model in which each group "
        "is shifted by a constant, so the check must freeze the choice (and what is stopped)",
        "1: names a bug that the frozen check finds and falling losses would not, such as the two "
        "stopped terms swapped, a sum for a mean, or gradients of one word overwritten",
    ),
)

QUESTIONS = (QUANTISE, STRAIGHT, PERPLEXITY, AVERAGE, PRETENCE)
