from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecourse import metrics
from aecourse.detection import (
    alarm_threshold,
    roc_auc,
    roc_auc_difference,
    roc_auc_interval,
    roc_curve,
)

CASES = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40).filter(
    lambda cases: len({positive for _, positive in cases}) == 2
)


def as_arrays(cases):
    return tuple(np.array(column) for column in zip(*cases, strict=True))


def normal_scores(rng, area, m, n):
    """Draw scores whose true area is known: two normal distributions a distance apart."""
    distance = np.sqrt(2) * NormalDist().inv_cdf(area)
    scores = np.concatenate([rng.normal(distance, 1, m), rng.normal(0, 1, n)])
    return scores, np.arange(m + n) < m


# The area


@given(CASES)
def test_the_area_counts_pairs_ties_half(cases):
    scores, positive = as_arrays(cases)
    above = np.sign(scores[positive][:, None] - scores[~positive])
    assert roc_auc(scores, positive) == pytest.approx(np.mean((above + 1) / 2))


@given(CASES)
def test_the_curve_rises_from_corner_to_corner_and_holds_the_area(cases):
    scores, positive = as_arrays(cases)
    false_alarms, detected = roc_curve(scores, positive)
    assert (false_alarms[0], detected[0]) == (0, 0)
    assert (false_alarms[-1], detected[-1]) == (1, 1)
    assert np.all(np.diff(false_alarms) >= 0)
    assert np.all(np.diff(detected) >= 0)
    assert np.trapezoid(detected, false_alarms) == pytest.approx(roc_auc(scores, positive))


def test_the_metrics_offer_the_same_functions():
    assert metrics.roc_auc is roc_auc
    assert metrics.roc_auc_interval is roc_auc_interval


# Its interval


@pytest.mark.parametrize("area", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_covers_the_true_area_as_often_as_it_says(area, confidence):
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        low, high = roc_auc_interval(*normal_scores(rng, area, 60, 120), confidence=confidence)
        held += low <= area <= high
    # Four standard errors of a share of 1000, and two points for what is only asymptotic.
    room = 4 * np.sqrt(confidence * (1 - confidence) / 1000) + 0.02
    assert abs(held / 1000 - confidence) < room


@pytest.mark.parametrize(("m", "n"), [(2, 3), (5, 40), (30, 30)])
def test_the_variance_is_that_of_delong(m, n):
    rng = np.random.default_rng(m)
    scores = rng.integers(0, 9, m + n).astype(float)
    positive = np.arange(m + n) < m
    pairs = (np.sign(scores[positive][:, None] - scores[~positive]) + 1) / 2
    area = pairs.mean()
    variance = pairs.mean(axis=1).var(ddof=1) / m + pairs.mean(axis=0).var(ddof=1) / n
    low, high = roc_auc_interval(scores, positive, confidence=0.95)
    ends = np.log([low / (1 - low), high / (1 - high)])
    assert ends.mean() == pytest.approx(np.log(area / (1 - area)))
    assert np.diff(ends)[0] / 2 == pytest.approx(1.959964 * variance**0.5 / area / (1 - area))


@pytest.mark.parametrize("area", [0.9, 0.999])
def test_a_perfect_order_leaves_room_below(area):
    rng = np.random.default_rng(2)
    held = perfect = 0
    for _ in range(1000):
        scores, positive = normal_scores(rng, area, 4, 8)
        if roc_auc(scores, positive) == 1:
            low, high = roc_auc_interval(scores, positive)
            perfect += 1
            held += low <= area <= high
            mirrored = roc_auc_interval(-scores, positive)
            assert mirrored == pytest.approx((1 - high, 1 - low))
    assert perfect > 100
    assert low == pytest.approx(0.025**0.25)
    assert held == perfect


def test_scores_that_are_all_equal_have_the_area_one_half_for_certain():
    assert roc_auc_interval(np.ones(10), np.arange(10) < 4) == pytest.approx((0.5, 0.5))


# Two areas


def test_the_interval_of_a_difference_covers_it_and_gains_from_the_pairing():
    rng = np.random.default_rng(3)
    held, widths = 0, []
    for _ in range(500):
        shared, positive = normal_scores(rng, 0.8, 60, 120)
        first, second = (shared + rng.normal(0, 0.5, 180) for _ in range(2))
        difference, (low, high) = roc_auc_difference(first, second, positive)
        assert difference == pytest.approx(roc_auc(first, positive) - roc_auc(second, positive))
        held += low <= 0 <= high
        apart = np.diff([roc_auc_interval(scores, positive) for scores in (first, second)])
        widths.append((high - low) / np.hypot(*apart.ravel()))
    assert abs(held / 500 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 500)
    assert max(widths) < 0.9


# Thresholds


@pytest.mark.parametrize(("n", "rate"), [(19, 0.05), (99, 0.05), (99, 0.29), (250, 0.1)])
def test_the_threshold_keeps_its_promise(n, rate):
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(4000, n + 1))
    alarms = [case[-1] > alarm_threshold(case[:-1], rate) for case in scores]
    promised = np.floor(rate * (n + 1) + 1e-9) / (n + 1)
    # Four standard errors of a share of 4000.
    assert abs(np.mean(alarms) - promised) < 4 * np.sqrt(promised * (1 - promised) / 4000)
    assert promised <= rate


def test_ties_only_lower_the_rate():
    assert not np.any(np.ones(5) > alarm_threshold(np.ones(99), 0.05))
    assert alarm_threshold(np.arange(1.0, 6.0), 1 - 1e-12) == 1


# What is wrong is named


@pytest.mark.parametrize("function", [roc_auc, roc_curve, roc_auc_interval])
@pytest.mark.parametrize(
    ("scores", "positive", "message"),
    [
        ([1.0, 2.0], [True], "of the same shape"),
        ([1.0, 2.0], [1, 0], "booleans"),
        ([1.0, np.nan], [True, False], "finite"),
        ([1.0, 2.0], [True, True], "got 2 and 0"),
    ],
)
def test_a_wrong_argument_is_named(function, scores, positive, message):
    with pytest.raises(ValueError, match=message):
        function(np.array(scores), np.array(positive))


def test_an_interval_needs_two_cases_of_each_kind():
    with pytest.raises(ValueError, match="got 1 positive and 3 negative"):
        roc_auc_interval(np.arange(4.0), np.arange(4) < 1)


@pytest.mark.parametrize("confidence", [0, 1, -0.5])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(ValueError, match="confidence to be a number between 0 and 1"):
        roc_auc_interval(np.arange(4.0), np.arange(4) < 2, confidence=confidence)


@pytest.mark.parametrize(
    ("scores", "rate", "message"),
    [
        (np.arange(18.0), 0.05, "at least 19 scores for a rate of 0.05, got 18"),
        (np.arange(18.0), 1, "rate to be a number between 0 and 1"),
        (np.ones((3, 2)), 0.5, r"shape \(n,\), got \(3, 2\)"),
        (np.array([1, np.inf]), 0.5, "finite"),
    ],
)
def test_a_threshold_that_cannot_be_chosen_is_refused(scores, rate, message):
    with pytest.raises(ValueError, match=message):
        alarm_threshold(scores, rate)
