"""PyTorch's own optimisers where it has the rule, and short ones where it has not."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from aecourse.optimizers import SGD, Adam, Optimizer, RMSProp

__all__ = ["make_optimizer"]


def make_optimizer(optimizer: Optimizer, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Return a PyTorch optimiser that follows the description.

    Parameters
    ----------
    optimizer
        What to compute.
    parameters
        What to change.

    Returns
    -------
    torch.optim.Optimizer
        PyTorch's own class for ``rule="pytorch"``, fused where that is faster.

    Raises
    ------
    TypeError
        If ``optimizer`` is none of the three descriptions.

    Examples
    --------
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> weight.grad = torch.ones(1)
    >>> make_optimizer(SGD(0.25), [weight]).step()
    >>> weight.item()
    0.75
    """
    parameters = list(parameters)
    match optimizer:
        case SGD():
            return torch.optim.SGD(
                parameters, optimizer.learning_rate, optimizer.momentum, fused=True
            )
        case RMSProp(rule="pytorch"):
            return torch.optim.RMSprop(
                parameters, optimizer.learning_rate, optimizer.decay, optimizer.epsilon
            )
        case RMSProp():
            return _EpsilonInsideRMSProp(parameters, optimizer)
        case Adam(rule="pytorch"):
            betas = (optimizer.beta1, optimizer.beta2)
            return torch.optim.Adam(
                parameters, optimizer.learning_rate, betas, optimizer.epsilon, fused=True
            )
        case Adam():
            return _EpsilonBeforeCorrectionAdam(parameters, optimizer)
    raise TypeError(
        f"expected optimizer to be SGD(...), RMSProp(...) or Adam(...), got {optimizer!r}"
    )


class _RuleOptimizer(torch.optim.Optimizer):
    """Give each parameter its state, and `update` one parameter after the other."""

    def __init__(self, parameters: list[Tensor], rule: Any) -> None:
        super().__init__(parameters, {"rule": rule})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the parameters by one step."""
        if closure is not None:
            raise ValueError("expected closure to be None: this optimiser takes single steps")
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.update(parameter, parameter.grad, group["rule"], self.state[parameter])

    def update(self, w: Tensor, g: Tensor, rule: Any, state: dict[str, Any]) -> None:
        """Change ``w`` in place, given its gradient ``g``."""
        raise NotImplementedError


class _EpsilonInsideRMSProp(_RuleOptimizer):
    def update(self, w: Tensor, g: Tensor, rule: RMSProp, state: dict[str, Any]) -> None:
        if not state:
            state["mean_square"] = torch.full_like(w, rule.initial_accumulator)
        mean_square = state["mean_square"].mul_(rule.decay).addcmul_(g, g, value=1 - rule.decay)
        w.addcdiv_(g, (mean_square + rule.epsilon).sqrt_(), value=-rule.learning_rate)


class _EpsilonBeforeCorrectionAdam(_RuleOptimizer):
    def update(self, w: Tensor, g: Tensor, rule: Adam, state: dict[str, Any]) -> None:
        if not state:
            state |= {"steps": 0, "first": torch.zeros_like(w), "second": torch.zeros_like(w)}
        state["steps"] += 1
        first = state["first"].lerp_(g, 1 - rule.beta1)
        second = state["second"].mul_(rule.beta2).addcmul_(g, g, value=1 - rule.beta2)
        correction: float = (1 - rule.beta2 ** state["steps"]) ** 0.5
        rate = rule.learning_rate * correction / (1 - rule.beta1 ** state["steps"])
        w.addcdiv_(first, second.sqrt().add_(rule.epsilon), value=-rate)
