"""What is recorded is what the experiments give; the page of results asserts that it shows all."""

import pytest

from aecourse.data import DataError, load_mnist
from aecourse.results import load_results
from benchmarks import results as benchmark


def experiment_of(key):
    return key.split(":")[0]


def test_what_is_recorded_is_an_experiment_with_its_seeds():
    for key, result in load_results().items():
        _, seeds = benchmark.EXPERIMENTS[experiment_of(key)]
        assert set(result.values) <= set(map(str, seeds)), key
        assert set(result.seconds) == set(result.values), key
        assert result.machine, key
        assert result.versions, key
        assert experiment_of(key) in result.command, key


@pytest.mark.parametrize("name", benchmark.FAST)
def test_a_quick_experiment_gives_what_is_recorded(name):
    try:
        load_mnist("full")
    except DataError as error:
        pytest.skip(f"the full MNIST is not at hand: {error}")
    run, seeds = benchmark.EXPERIMENTS[name]
    recorded = load_results()
    for measure, value in run(seeds[0]):
        expected = recorded[f"{name}: {measure}"].values[str(seeds[0])]
        assert value == pytest.approx(expected, rel=1e-4, abs=1e-9), measure
