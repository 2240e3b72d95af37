"""Seconds per epoch of the three fits beside their peers, all measured in one run.

Each contender lives in a process of its own. They take turns, an epoch each, so that whatever else
the machine does falls on all of them alike. Run it with ``make bench``.
"""

import argparse
import importlib
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

Images = npt.NDArray[np.float32]
Pause = Callable[[], None]

N_IN, N_CODE, BATCH = 784, 256, 100
FULL_SET = 60_000


def numpy_fit(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time this library's fit in NumPy."""
    from aecourse import numpy_nn

    return _fit(numpy_nn, x, epochs, pause)


def torch_fit(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time this library's fit in PyTorch."""
    from aecourse import torch_nn

    return _fit(torch_nn, x, epochs, pause)


def tensorflow_fit(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time this library's fit in TensorFlow."""
    from aecourse import tf_nn

    return _fit(tf_nn, x, epochs, pause)


def _fit(framework: Any, x: Images, epochs: int, pause: Pause) -> list[float]:
    history = framework.fit(
        framework.autoencoder((N_IN, N_CODE)),
        x,
        optimizer=framework.Adam(),
        epochs=epochs,
        batch_size=BATCH,
        on_epoch_end=lambda *_: pause(),
        progress=True,
    )
    return list(history.seconds)


def torch_loop(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time the loop that most people write in PyTorch."""
    import torch
    from torch import nn

    images = torch.from_numpy(x)
    model = nn.Sequential(
        nn.Linear(N_IN, N_CODE), nn.Sigmoid(), nn.Linear(N_CODE, N_IN), nn.Sigmoid()
    )
    optimizer = torch.optim.Adam(model.parameters())
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        for rows in torch.randperm(len(images)).split(BATCH):
            batch = images[rows]
            optimizer.zero_grad()
            nn.functional.mse_loss(model(batch), batch).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        seconds.append(time.perf_counter() - started)
        pause()
    return seconds


def keras_fit(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time Keras' own training loop."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((N_IN,)),
            keras.layers.Dense(N_CODE, "sigmoid"),
            keras.layers.Dense(N_IN, "sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        model.fit(x, x, batch_size=BATCH, epochs=1, verbose=0)
        seconds.append(time.perf_counter() - started)
        pause()
    return seconds


def classic_graph(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time a TensorFlow 1 graph with a session and a feed for each step."""
    from aecourse import numpy_nn
    from aecourse.classic_graph import ClassicGraph, v1

    weights = numpy_nn.get_weights(numpy_nn.autoencoder((N_IN, N_CODE)))
    graph = ClassicGraph(weights, optimizer=v1.train.AdamOptimizer)
    training = graph.fit(x, epochs=epochs, batch_size=BATCH, seed=0)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        next(training)
        seconds.append(time.perf_counter() - started)
        pause()
    return seconds


def bare_products(x: Images, epochs: int, pause: Pause) -> list[float]:
    """Time the five matrix products of each step and nothing else: the floor."""
    rng = np.random.default_rng(0)
    encoder, decoder = (
        rng.standard_normal(shape, dtype="float32") for shape in ((N_IN, N_CODE), (N_CODE, N_IN))
    )
    batch = np.ascontiguousarray(x[:BATCH])
    code, output = batch @ encoder, batch @ encoder @ decoder
    to_decoder, to_encoder, at_code = np.empty_like(decoder), np.empty_like(encoder), code.copy()
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        for _ in range(-(-len(x) // BATCH)):
            np.matmul(batch, encoder, out=code)
            np.matmul(code, decoder, out=output)
            np.matmul(code.T, output, out=to_decoder)
            np.matmul(output, decoder.T, out=at_code)
            np.matmul(batch.T, at_code, out=to_encoder)
        seconds.append(time.perf_counter() - started)
        pause()
    return seconds


CONTENDERS = {
    "five bare matrix products (the floor)": (bare_products, "numpy"),
    "numpy_nn.fit": (numpy_fit, "aecourse.numpy_nn"),
    "torch_nn.fit": (torch_fit, "aecourse.torch_nn"),
    "tf_nn.fit": (tensorflow_fit, "aecourse.tf_nn"),
    "hand-written PyTorch loop": (torch_loop, "torch"),
    "keras.Model.fit": (keras_fit, "keras"),
    "classic graph, tf.compat.v1": (classic_graph, "tensorflow"),
}


def _peak_memory() -> float:
    """Return this process's peak memory in MiB, or NaN where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _work(name: str, path: Path, epochs: int, connection: Connection) -> None:
    run, module = CONTENDERS[name]
    importlib.import_module(module)
    imported = _peak_memory()
    x = np.load(path)

    def pause() -> None:
        connection.send("epoch")
        connection.recv()

    connection.send("ready")
    connection.recv()
    # The progress bar is drawn, for its cost counts, but it would garble the table.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        seconds = run(x, epochs, pause)
    connection.send((seconds, _peak_memory() - imported, x.nbytes / 2**20))


@contextmanager
def _workers(path: Path, epochs: int) -> Iterator[dict[str, Connection]]:
    context = multiprocessing.get_context("spawn")
    connections, processes = {}, []
    for name in CONTENDERS:
        connections[name], theirs = context.Pipe()
        processes.append(context.Process(target=_work, args=(name, path, epochs, theirs)))
        processes[-1].start()
    for connection in connections.values():
        connection.recv()
    try:
        yield connections
    finally:
        for process in processes:
            process.join()


def compare(x: Images, rounds: int) -> dict[str, tuple[list[float], float, float]]:
    """Let every contender train for a warm-up epoch and ``rounds`` measured ones, in turns.

    Parameters
    ----------
    x
        Images, shape (n, 784), float32.
    rounds
        Measured epochs a contender.

    Returns
    -------
    dict
        For each contender: seconds of each epoch, memory above the import in MiB, and the data's
        own size in MiB.
    """
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        np.save(path, x)
        with _workers(path, rounds + 1) as connections:
            turns = [name for _ in range(rounds + 1) for name in CONTENDERS]
            for name in tqdm(turns, unit="epoch"):
                connections[name].send("go")
                connections[name].recv()
            for name, connection in connections.items():
                connection.send("finish")
                seconds, memory, data = connection.recv()
                results[name] = (seconds[1:], memory, data)
    return results


def print_table(results: dict[str, tuple[list[float], float, float]], scale: float) -> None:
    """Print one line a contender: seconds, ratios, memory."""
    medians = {name: statistics.median(run[0]) * scale for name, run in results.items()}
    peers = {
        "floor": "five bare matrix products (the floor)",
        "PyTorch": "hand-written PyTorch loop",
        "Keras": "keras.Model.fit",
    }
    heads = "".join(f"{'x ' + head:>10}" for head in peers)
    print(f"\n{'contender':38}{'s/epoch':>9}{'from':>7}{'to':>7}{heads}{'memory':>9}")
    for name, (seconds, memory, data) in results.items():
        ratios = "".join(f"{medians[name] / medians[peer]:10.2f}" for peer in peers.values())
        low, high = min(seconds) * scale, max(seconds) * scale
        print(
            f"{name:38}{medians[name]:9.2f}{low:7.2f}{high:7.2f}{ratios}"
            f"{f'{memory - data:+.0f} MiB':>9}"
        )
    print("\nmemory: peak above the framework's import, less the images themselves")


def scaling(x: Images) -> None:
    """Print microseconds an image for ever more images, read from a memory-mapped file."""
    from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip

    print(f"\n{'images':>9}{'numpy_nn':>11}{'torch_nn':>11}{'tf_nn':>11}   microseconds an image")
    with tempfile.TemporaryDirectory() as folder:
        for n in (10_000, 100_000, 1_000_000):
            path = Path(folder) / f"{n}.bin"
            images = np.memmap(path, dtype=np.float32, mode="w+", shape=(n, N_IN))
            for start in range(0, n, 10_000):
                images[start : start + 10_000] = x[:10_000]
            cells = ""
            for framework in (numpy_nn, torch_nn, tf_nn):
                model = framework.autoencoder((N_IN, N_CODE))
                epochs = 3 if n < 1_000_000 else 1
                framework.fit(model, x[:10_000], epochs=1, progress=False)
                history = framework.fit(model, images, epochs=epochs, progress=False)
                cells += f"{min(history.seconds) / n * 1e6:11.1f}"
            print(f"{n:9,}{cells}", flush=True)
            path.unlink()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measured epochs (default 5)")
    parser.add_argument("--scaling", action="store_true", help="also up to a million images (3 GB)")
    arguments = parser.parse_args()

    from aecourse.data import load_mnist

    full = "AECOURSE_DATA" in os.environ
    x = load_mnist("full" if full else "bundled").x_train
    print(
        f"784-256-784, sigmoid, Adam, batch {BATCH}, float32; median of {arguments.rounds} epochs; "
        f"{len(x):,} images{'' if full else ', scaled to 60,000'}; {os.cpu_count()} cores"
    )
    print_table(compare(x, arguments.rounds), FULL_SET / len(x))
    if arguments.scaling:
        scaling(x)


if __name__ == "__main__":
    main()
