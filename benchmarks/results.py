"""Run the experiments on the full MNIST and record what they gave: ``make results``.

Each (experiment, seed) is written down as soon as it is finished, so a run that was stopped goes on
where it was. An experiment that goes on inside, too, says itself how many "seconds" it took in all.
The first seeds of all experiments come before the second ones. Two runs may go on side by side,
with different experiments (``--only NAME``). ``--again NAME`` forgets an experiment.
"""

import argparse
import datetime
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Any

from tqdm import tqdm

import aecourse
from aecourse import metrics, numpy_nn
from aecourse.data import Dataset, load_mnist
from aecourse.results import Result, parse_results, write_results
from benchmarks import features
from benchmarks.deep import deep  # PyTorch comes before TensorFlow: with CUDA builds it must
from benchmarks.linear import linear_autoencoder

RESULTS = Path(aecourse.__file__).with_name("results.json")
SEEDS = (0, 1, 2)
SIZES = (784, 256)
VALIDATION = 5_000  # the classic example's reader set the first 5,000 training images aside
ERROR = "test error per pixel"

Experiment = Callable[[int], Iterator[tuple[str, float]]]


@cache
def digits() -> Dataset:
    """Return the full MNIST."""
    return load_mnist("full")


def pca(k: int, seed: int) -> Iterator[tuple[str, float]]:
    """Fit PCA to all training images."""
    del seed  # nothing is random
    data = digits()
    outputs = metrics.fit_pca(data.x_train, k).reconstruct(data.x_test)
    yield ERROR, metrics.mean_squared_error(data.x_test, outputs)
    yield "test error per image", metrics.squared_error_per_image(data.x_test, outputs)


def classic_weights(seed: int) -> dict[str, Any]:
    """Return the classic example's starting weights: all from N(0, 1)."""
    return numpy_nn.get_weights(numpy_nn.autoencoder(SIZES, init="standard_normal", seed=seed))


def original_graph(seed: int) -> Iterator[tuple[str, float]]:
    """Run the classic example as the TensorFlow 1 graph that it was."""
    from aecourse.classic_graph import ClassicGraph

    data = digits()
    graph = ClassicGraph(classic_weights(seed))
    costs = list(graph.fit(data.x_train[VALIDATION:], epochs=20, batch_size=100, seed=seed))
    yield "average cost, epoch 1", costs[0]
    yield "average cost, epoch 20", costs[-1]
    yield ERROR, graph.evaluate(data.x_test)


def autoencoder(
    seed: int,
    *,
    stages: tuple[tuple[numpy_nn.SGD | numpy_nn.RMSProp | numpy_nn.Adam, int], ...],
    **options: Any,
) -> Iterator[tuple[str, float]]:
    """Train 784-256-784 in NumPy, one optimiser after the other, each for its epochs."""
    data = digits()
    model = numpy_nn.autoencoder(SIZES, seed=seed, **options)
    losses: list[float] = []
    for number, (optimizer, epochs) in enumerate(stages):
        history = numpy_nn.fit(
            model,
            data.x_train[VALIDATION:],
            optimizer=optimizer,
            epochs=epochs,
            seed=seed + 100 * number,
        )
        losses += history.loss
    yield "average cost, epoch 1", losses[0]
    yield f"average cost, epoch {len(losses)}", losses[-1]
    yield ERROR, numpy_nn.evaluate(model, data.x_test)


def deep_autoencoder(shift: bool, seed: int) -> Iterator[tuple[str, float]]:
    """Train the network of 2006 on all training images, in PyTorch."""
    yield from deep(seed, data=digits(), shift=shift)


def variational(codes: int, seed: int) -> Iterator[tuple[str, float]]:
    """Train the variational autoencoder of Burda et al. (2016), with a bound of ``codes`` codes."""
    from benchmarks.variational import train_and_measure

    yield from train_and_measure(digits(), codes, seed)


def long_variational(seed: int) -> Iterator[tuple[str, float]]:
    """Train it with one code for two hours, in stages that a stopped run need not repeat."""
    from benchmarks.variational import LONG_STAGES, LONG_WARM_UP, train_and_measure

    yield from train_and_measure(
        digits(),
        1,
        seed,
        stages=LONG_STAGES,
        warm_up=LONG_WARM_UP,
        checkpoint=Path(__file__).with_name(f"vae-long-{seed}.npz"),
    )


CLASSIC = numpy_nn.RMSProp(0.01, rule="tensorflow1")
DECAY = ((numpy_nn.Adam(1e-3), 20), (numpy_nn.Adam(3e-4), 5), (numpy_nn.Adam(1e-4), 5))

EXPERIMENTS: dict[str, tuple[Experiment, tuple[int, ...]]] = {
    **{f"pca-{k}": (partial(pca, k), (0,)) for k in (2, 16, 30, 64, 256)},
    "linear-30": (partial(linear_autoencoder, 30), SEEDS),
    "classic-graph": (original_graph, SEEDS),
    "classic": (partial(autoencoder, stages=((CLASSIC, 20),), init="standard_normal"), SEEDS),
    "glorot": (partial(autoencoder, stages=((CLASSIC, 20),)), SEEDS),
    "glorot-adam": (partial(autoencoder, stages=((numpy_nn.Adam(), 20),)), SEEDS),
    "glorot-adam-decay": (partial(autoencoder, stages=DECAY), SEEDS),
    "linear-code": (partial(autoencoder, stages=DECAY, code="linear"), SEEDS),
    "deep-30": (partial(deep_autoencoder, True), SEEDS),
    "deep-30-unshifted": (partial(deep_autoencoder, False), SEEDS),
    "vae": (partial(variational, 1), SEEDS),
    "vae-long": (long_variational, SEEDS),
    "iwae-5": (partial(variational, 5), SEEDS),
    "plain-stacked": (partial(features.stacked, digits, amount=0.0), SEEDS),
    "denoising-stacked": (partial(features.stacked, digits, amount=0.25), SEEDS),
    "plain": (partial(features.contractive, digits, weight=0.0), SEEDS),
    "contractive": (partial(features.contractive, digits, weight=3.0), SEEDS),
    "k-sparse": (partial(features.k_sparse, digits), SEEDS),
}

FAST = ("pca-30", "linear-30")
"""Experiments that are quick enough for a test to run them again."""


def machine() -> str:
    """Return the kind of processor and the number of cores."""
    return f"{platform.machine()}, {os.cpu_count()} cores, no GPU used"


def versions() -> dict[str, str]:
    """Return the versions that a number may depend on."""
    names = ("aecourse", "numpy", "torch", "tensorflow")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def recorded() -> dict[str, Result]:
    """Return what is written down by now, by this run or by one beside it."""
    return parse_results(RESULTS.read_text(encoding="utf-8"))


def record(name: str, seed: int) -> None:
    """Run one experiment with one seed and write down what it gave."""
    run, _ = EXPERIMENTS[name]
    started = time.perf_counter()
    outcome = dict(run(seed))
    seconds = round(outcome.pop("seconds", time.perf_counter() - started), 1)
    results = recorded()
    for measure, value in outcome.items():
        key = f"{name}: {measure}"
        before = results.get(key, Result(key, measure, {}, {}))
        results[key] = replace(
            before,
            values={**before.values, str(seed): value},
            seconds={**before.seconds, str(seed): seconds},
            machine=machine(),
            versions=versions(),
            date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            command=f"make results, or python -m benchmarks.results --only {name}",
        )
    write_results(RESULTS, results)


def main() -> None:
    """Run what is not recorded yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=EXPERIMENTS, action="append", help="run just these")
    parser.add_argument("--again", choices=EXPERIMENTS, action="append", default=[])
    arguments = parser.parse_args()

    if arguments.again:
        kept = {k: v for k, v in recorded().items() if k.split(":")[0] not in arguments.again}
        write_results(RESULTS, kept)
    jobs = sorted(
        (
            (name, seed)
            for name in arguments.only or EXPERIMENTS
            for seed in EXPERIMENTS[name][1]
            if str(seed) not in _seeds_done(recorded(), name)
        ),
        key=itemgetter(1),
    )
    for name, seed in tqdm(jobs, unit="run"):
        record(name, seed)


def _seeds_done(results: dict[str, Result], name: str) -> set[str]:
    return {
        seed
        for key, result in results.items()
        if key.split(":")[0] == name
        for seed in result.values
    }


if __name__ == "__main__":
    main()
