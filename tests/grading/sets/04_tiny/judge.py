"""A small set with a question of each kind, for the tests of the judge and of the checks."""

from typing import Any

import numpy as np

from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
    ValueQuestion,
)

Array = Any


def mean_squared_error(x: Array, y: Array) -> Array:
    return np.mean((x - y) ** 2)


def centred(x: Array) -> Array:
    return x - x.mean(axis=0)


def centred_in_place(x: Array) -> Array:
    x -= x.mean(axis=0)
    return x


MSE = FunctionQuestion(
    "mse",
    points=2,
    function="mse",
    reference=mean_squared_error,
    inputs=lambda rng: {
        "random": (rng.random((5, 4)), rng.random((5, 4))),
        "equal": (np.ones((2, 3)), np.ones((2, 3))),
    },
    mistakes=(
        Mistake("the sum, not the mean", lambda x, y: ((x - y) ** 2).sum(), "Divide by nd."),
        Mistake("one error per image", lambda x, y: ((x - y) ** 2).mean(axis=1), "Use no axis."),
        Mistake("absolute differences", lambda x, y: np.abs(x - y).mean(), "Square them."),
    ),
)
CENTRE = FunctionQuestion(
    "centre",
    points=3,
    function="centre",
    reference=centred,
    inputs=lambda rng: {"random": (rng.random((5, 4)),)},
    hints=("Look at <the> axes.", "One mean a column.", "x.mean(axis=0) & done."),
    mistakes=(
        Mistake("wrong axis", lambda x: x - x.mean(axis=1, keepdims=True), "Use axis=0."),
        Mistake("one mean for all", lambda x: x - x.mean(), "Use axis=0."),
        Mistake("in-place update", centred_in_place, "Make a new array."),
    ),
)
BITS = ValueQuestion(
    "bits",
    points=1,
    variable="bits",
    reference=lambda: 401_936,
    hints=("Look at <the> layers.",),
    mistakes=(
        Mistake("without biases", 401_408, "Count the biases."),
        Mistake("one layer", 200_704, "There are two layers."),
        Mistake("not a number of weights", "many", "Compute it."),
    ),
)


def orthonormal(q: Array, a: Array) -> str | None:
    if np.shape(q) != a.shape:
        return f"expected shape {a.shape}, got {np.shape(q)}"
    return None if np.allclose(q.T @ q, np.eye(2)) else "the columns are not orthonormal"


BASIS = PropertyQuestion(
    "basis",
    points=2,
    function="basis",
    inputs=lambda rng: {"random": (rng.random((5, 2)),)},
    verify=orthonormal,
    solution=lambda a: np.linalg.qr(a)[0],
    mistakes=(
        Mistake("the input itself", lambda a: a, "Make it orthonormal."),
        Mistake("length only", lambda a: a / np.linalg.norm(a, axis=0), "Also orthogonal."),
        Mistake("transposed", lambda a: np.linalg.qr(a)[0].T, "Columns, not rows."),
    ),
)
RAISES = FunctionQuestion(
    "refuse",
    points=1,
    function="refuse",
    reference=lambda x: np.ones(3) @ x,
    inputs=lambda rng: {"fits": (rng.random(3),), "too long": (rng.random(4),)},
    mistakes=(
        Mistake("no weights", lambda x: x, "Multiply."),
        Mistake("cut off", lambda x: x[:3].sum(), "Do not cut x: refuse it."),
        Mistake("any length", lambda x: x.sum(), "Refuse what does not fit."),
    ),
)
WHY = TextQuestion("why", points=2, rubric=("2: names saturation",))

QUESTIONS = (MSE, CENTRE, BITS, BASIS, RAISES, WHY)
