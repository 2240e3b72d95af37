"""Our records beside the papers' figures: nothing is called reached that is not."""

import dataclasses

import pytest

from aecourse.comparison import ComparisonTable, compare_with_papers, is_clearly_below
from aecourse.results import Result, load_results

PLAIN = "plain: test error in per cent"
CONTRACTIVE = "contractive: test error in per cent"
DEEP = "deep-30: test error per image"


def record(*values):
    return Result("name", "error", {str(seed): value for seed, value in enumerate(values)}, {})


def line(results, start):
    return next(each for each in compare_with_papers(results) if each.name.startswith(start))


def with_values(results, key, *values):
    changed = dataclasses.replace(results[key], values=record(*values).values)
    return {**results, key: changed}


@pytest.mark.parametrize(
    ("lower", "higher", "expected"),
    [
        (record(1.0, 1.2), record(2.0, 2.2), True),
        (record(2.0, 2.2), record(1.0, 1.2), False),
        (record(1.0, 2.0), record(1.5, 2.5), False),
        (record(1.0, 1.0), record(1.0, 1.0), False),
        (record(1.0), record(2.0, 2.2), None),
        (record(1.0, 1.2), record(2.0), None),
    ],
    ids=["apart", "other way round", "within the spreads", "equal", "one seed", "one seed above"],
)
def test_a_difference_has_to_exceed_both_spreads(lower, higher, expected):
    assert is_clearly_below(lower, higher) is expected


def test_the_order_of_contractive_and_plain_is_recomputed():
    results = with_values(load_results(), PLAIN, 1.8, 1.81)
    assert line(with_values(results, CONTRACTIVE, 1.2, 1.21), "Contractive").reached
    assert line(with_values(results, CONTRACTIVE, 1.9, 1.91), "Contractive").reached is False


def test_every_seed_of_the_deep_autoencoder_has_to_reach_the_paper():
    results = load_results()
    assert line(with_values(results, DEEP, 2.9, 2.95), "Deep").reached
    assert line(with_values(results, DEEP, 2.5, 3.01), "Deep").reached is False


def test_a_missing_record_is_named():
    results = load_results()
    del results[DEEP]
    with pytest.raises(KeyError, match=DEEP):
        compare_with_papers(results)


def test_the_table_says_what_was_not_reached_and_what_is_open():
    ours = record(2.0, 2.2)
    comparisons = compare_with_papers(with_values(load_results(), DEEP, 3.4, 3.6))
    deep = next(each for each in comparisons if each.name.startswith("Deep"))
    unknown = dataclasses.replace(deep, ours=ours, reached=None)
    text = str(ComparisonTable((deep, unknown), "Two"))
    assert [row.split()[-1] for row in text.splitlines()] == ["reached?", "no", "open"]
    page = ComparisonTable((deep, unknown), "Two")._repr_html_()
    assert page.count("<tr>") == 3
    assert "<caption>Two</caption>" in page
