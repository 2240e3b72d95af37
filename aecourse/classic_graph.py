"""The classic example as a TensorFlow 1 graph, rebuilt from its description."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecourse.architecture import Weights

__all__ = ["ClassicGraph"]

v1 = tf.compat.v1


class ClassicGraph:
    """One hidden layer of sigmoid units, the mean squared error, an optimiser and a session.

    Everything lives in a graph of its own, so eager TensorFlow goes on beside it.

    Parameters
    ----------
    weights
        Starting values ``encoder.0.weight``, ``encoder.0.bias``, ``decoder.0.weight`` and
        ``decoder.0.bias``, as `aecourse.numpy_nn.get_weights` gives them.
    optimizer
        Makes a ``tf.compat.v1.train`` optimiser; by default RMSProp with step size 0.01.

    Examples
    --------
    >>> from aecourse import numpy_nn
    >>> graph = ClassicGraph(numpy_nn.get_weights(numpy_nn.autoencoder((4, 2))))
    >>> costs = list(graph.fit(np.ones((6, 4), "float32"), epochs=3, batch_size=2, seed=0))
    >>> costs[-1] < costs[0]
    True
    """

    def __init__(
        self,
        weights: Weights,
        *,
        optimizer: Callable[[], Any] = lambda: v1.train.RMSPropOptimizer(0.01),
    ) -> None:
        graph = tf.Graph()
        with graph.as_default():
            n_in = weights["encoder.0.weight"].shape[0]
            # One placeholder and no second: the images are input and target at once.
            self.images = v1.placeholder(tf.float32, [None, n_in])
            code = self._layer(self.images, weights, "encoder.0")
            self.decoded = self._layer(code, weights, "decoder.0")
            self.cost = tf.reduce_mean((self.images - self.decoded) ** 2)
            self.step = optimizer().minimize(self.cost)
            self.session = v1.Session(graph=graph)
            self.session.run(v1.global_variables_initializer())

    @staticmethod
    def _layer(x: Any, weights: Weights, name: str) -> Any:
        weight = v1.Variable(weights[f"{name}.weight"])
        bias = v1.Variable(weights[f"{name}.bias"])
        return tf.sigmoid(tf.matmul(x, weight) + bias)

    def fit(
        self, x: npt.NDArray[np.float32], *, epochs: int, batch_size: int, seed: int
    ) -> Iterator[float]:
        """Train, and yield each epoch's average cost.

        Parameters
        ----------
        x
            Images, shape (n, n_in).
        epochs, batch_size
            Passes over the images, and images a step.
        seed
            Seed of the order of the images, as in the library's ``fit``.

        Yields
        ------
        float
            Mean of the costs of the epoch's batches.
        """
        rng = np.random.default_rng(seed)
        for _ in range(epochs):
            batches = np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
            costs = [
                self.session.run([self.cost, self.step], {self.images: x[rows]})[0]
                for rows in batches
            ]
            yield float(np.mean(costs))

    def evaluate(self, x: npt.NDArray[np.float32]) -> float:
        """Return the mean squared error per pixel of images ``x``, shape (n, n_in)."""
        return float(self.session.run(self.cost, {self.images: x}))
