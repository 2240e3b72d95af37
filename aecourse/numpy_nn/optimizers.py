"""The update rules, in place and a cache-sized block at a time."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aecourse.optimizers import SGD, Adam, Optimizer, RMSProp

__all__ = ["UpdateRule", "make_update_rule"]

Floats = npt.NDArray[np.floating]

# A block of parameters, its gradient and its moments fit into a processor's cache together.
# On whole weight matrices the same arithmetic waits for memory and takes twice as long.
_BLOCK = 32_768

_STEPS_BETWEEN_FLUSHES = 64
_FLUSH_BELOW = 1e-30


class UpdateRule(Protocol):
    """What `make_update_rule` returns."""

    def step(self) -> None:
        """Change the parameters in place by one step; the gradients are overwritten."""


def make_update_rule(
    optimizer: Optimizer, parameters: Iterable[tuple[Floats, Floats]]
) -> UpdateRule:
    """Prepare the state of an optimiser for the given parameters.

    Parameters
    ----------
    optimizer
        What to compute.
    parameters
        Contiguous parameter arrays, each with the array that its gradient will be written to.

    Returns
    -------
    UpdateRule
        An object whose ``step()`` changes the parameters in place.

    Raises
    ------
    TypeError
        If ``optimizer`` is none of the three descriptions.

    Examples
    --------
    >>> weight, gradient = np.ones(1), np.ones(1)
    >>> make_update_rule(SGD(0.25), [(weight, gradient)]).step()
    >>> weight
    array([0.75])
    """
    blocks = [
        (weight.reshape(-1)[start : start + _BLOCK], gradient.reshape(-1)[start : start + _BLOCK])
        for weight, gradient in parameters
        for start in range(0, weight.size, _BLOCK)
    ]
    match optimizer:
        case SGD():
            return _SGDRule(optimizer, blocks)
        case RMSProp():
            return _RMSPropRule(optimizer, blocks)
        case Adam():
            return _AdamRule(optimizer, blocks)
    raise TypeError(
        f"expected optimizer to be SGD(...), RMSProp(...) or Adam(...), got {optimizer!r}"
    )


Blocks = list[tuple[Floats, Floats]]


class _SGDRule:
    def __init__(self, optimizer: SGD, blocks: Blocks) -> None:
        self.optimizer = optimizer
        self.blocks = [(w, g, np.zeros_like(w)) for w, g in blocks]

    def step(self) -> None:
        rate, momentum = self.optimizer.learning_rate, self.optimizer.momentum
        for weight, gradient, velocity in self.blocks:
            gradient *= rate
            if momentum:
                velocity *= momentum
                velocity -= gradient
                weight += velocity
            else:
                weight -= gradient


class _RMSPropRule:
    def __init__(self, optimizer: RMSProp, blocks: Blocks) -> None:
        self.optimizer = optimizer
        self.blocks = [
            (w, g, np.full_like(w, optimizer.initial_accumulator), np.empty_like(w))
            for w, g in blocks
        ]

    def step(self) -> None:
        rule = self.optimizer
        for weight, gradient, mean_square, scratch in self.blocks:
            np.multiply(gradient, gradient, out=scratch)
            scratch *= 1 - rule.decay
            mean_square *= rule.decay
            mean_square += scratch
            if rule.epsilon_inside_root:
                np.add(mean_square, rule.epsilon, out=scratch)
                np.sqrt(scratch, out=scratch)
            else:
                np.sqrt(mean_square, out=scratch)
                scratch += rule.epsilon
            gradient /= scratch
            gradient *= rule.learning_rate
            weight -= gradient


class _AdamRule:
    # The moments are kept without their factors (1 - beta), which then join the other
    # constants of the step: two passes over the memory fewer.

    def __init__(self, optimizer: Adam, blocks: Blocks) -> None:
        self.optimizer = optimizer
        self.blocks = [(w, g, np.zeros_like(w), np.zeros_like(w)) for w, g in blocks]
        self.steps = 0

    def step(self) -> None:
        rule, self.steps = self.optimizer, self.steps + 1
        root = ((1 - rule.beta2) / (1 - rule.beta2**self.steps)) ** 0.5
        epsilon = rule.epsilon / (1 - rule.beta2) ** 0.5
        if not rule.epsilon_before_correction:
            epsilon *= (1 - rule.beta2**self.steps) ** 0.5
        rate = rule.learning_rate * (1 - rule.beta1) / (1 - rule.beta1**self.steps) / root
        for weight, gradient, first, second in self.blocks:
            first *= rule.beta1
            first += gradient
            gradient *= gradient
            second *= rule.beta2
            second += gradient
            np.sqrt(second, out=gradient)
            gradient += epsilon
            np.divide(first, gradient, out=gradient)
            gradient *= rate
            weight -= gradient
        if self.steps % _STEPS_BETWEEN_FLUSHES == 0:
            self._flush_denormals()

    def _flush_denormals(self) -> None:
        # A pixel that is seldom lit has no gradient for many steps, and its moments decay towards
        # zero. Below 1e-38 float32 keeps them as denormals, and on many processors arithmetic with
        # those is slower. Values this small change no parameter: epsilon is far larger.
        for _, _, first, second in self.blocks:
            first[np.abs(first) < _FLUSH_BELOW] = 0
            second[second < _FLUSH_BELOW] = 0
