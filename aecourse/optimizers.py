"""Descriptions of the optimisers, free of any framework: what to compute, not how."""

from dataclasses import dataclass
from typing import Literal

from aecourse.validation import check_choice, check_fraction, check_positive

__all__ = ["SGD", "Adam", "Optimizer", "RMSProp", "Rule"]

Rule = Literal["pytorch", "keras", "tensorflow1"]
"""Whose rule an optimiser follows where the frameworks differ."""

_RULES: tuple[Rule, ...] = ("pytorch", "keras", "tensorflow1")
_RMSPROP_DECAY: dict[Rule, float] = {"pytorch": 0.99, "keras": 0.9, "tensorflow1": 0.9}
_RMSPROP_EPSILON: dict[Rule, float] = {"pytorch": 1e-8, "keras": 1e-7, "tensorflow1": 1e-10}
_ADAM_EPSILON: dict[Rule, float] = {"pytorch": 1e-8, "keras": 1e-7, "tensorflow1": 1e-8}


@dataclass(frozen=True)
class SGD:
    r"""Stochastic gradient descent, with momentum as an option.

    Each step changes a velocity, :math:`v \leftarrow \mu v - \eta g`, and adds it to the
    parameters, :math:`w \leftarrow w + v` (Polyak, 1964, eq. 9). With :math:`\mu = 0` that is plain
    gradient descent on the minibatch (Robbins and Monro, 1951). The three frameworks agree on
    this rule.

    Parameters
    ----------
    learning_rate
        Step size :math:`\eta`, above 0.
    momentum
        Share :math:`\mu` of the last velocity that is kept, in [0, 1).

    Raises
    ------
    ValueError
        If a value lies outside its interval.

    Examples
    --------
    >>> SGD(0.1, momentum=0.9)
    SGD(learning_rate=0.1, momentum=0.9)
    """

    learning_rate: float = 0.01
    momentum: float = 0.0

    def __init__(self, learning_rate: float = 0.01, *, momentum: float = 0.0) -> None:
        check_positive("learning_rate", learning_rate)
        check_fraction("momentum", momentum)
        object.__setattr__(self, "learning_rate", float(learning_rate))
        object.__setattr__(self, "momentum", float(momentum))


@dataclass(frozen=True)
class RMSProp:
    r"""Divide each step by a running root mean square of the gradient.

    The accumulator is :math:`s \leftarrow \rho s + (1 - \rho) g^2` (Tieleman and Hinton, 2012,
    lecture 6.5). One name, three algorithms:

    ============= ============ ================ ============================= ==========
    rule          decay        epsilon          step                          s at start
    ============= ============ ================ ============================= ==========
    pytorch       0.99         1e-8             :math:`g/(\sqrt{s}+\epsilon)` 0
    keras         0.9          1e-7             :math:`g/\sqrt{s+\epsilon}`   0
    tensorflow1   0.9          1e-10            :math:`g/\sqrt{s+\epsilon}`   1
    ============= ============ ================ ============================= ==========

    Parameters
    ----------
    learning_rate
        Step size, above 0.
    rule
        Whose algorithm to follow.
    decay
        :math:`\rho` in [0, 1); None takes the rule's own.
    epsilon
        :math:`\epsilon` above 0; None takes the rule's own.

    Raises
    ------
    ValueError
        If a value lies outside its interval or the rule is unknown.

    Examples
    --------
    >>> RMSProp(0.01, rule="tensorflow1")
    RMSProp(learning_rate=0.01, rule='tensorflow1', decay=0.9, epsilon=1e-10)
    """

    learning_rate: float
    rule: Rule
    decay: float
    epsilon: float

    def __init__(
        self,
        learning_rate: float = 0.01,
        *,
        rule: Rule = "pytorch",
        decay: float | None = None,
        epsilon: float | None = None,
    ) -> None:
        check_positive("learning_rate", learning_rate)
        check_choice("rule", rule, _RULES)
        decay = _RMSPROP_DECAY[rule] if decay is None else decay
        epsilon = _RMSPROP_EPSILON[rule] if epsilon is None else epsilon
        check_fraction("decay", decay)
        check_positive("epsilon", epsilon)
        object.__setattr__(self, "learning_rate", float(learning_rate))
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "decay", float(decay))
        object.__setattr__(self, "epsilon", float(epsilon))

    @property
    def epsilon_inside_root(self) -> bool:
        """Whether epsilon is added before the square root is taken."""
        return self.rule != "pytorch"

    @property
    def initial_accumulator(self) -> float:
        """Value of the accumulator before the first step."""
        return 1.0 if self.rule == "tensorflow1" else 0.0


@dataclass(frozen=True)
class Adam:
    r"""Adam: momentum and RMSProp together, both corrected for their start at zero.

    With the moments :math:`m \leftarrow \beta_1 m + (1-\beta_1) g` and
    :math:`v \leftarrow \beta_2 v + (1-\beta_2) g^2`, step :math:`t` is
    :math:`\eta\,\hat m / (\sqrt{\hat v} + \epsilon)` (Kingma and Ba, 2015, algorithm 1): the
    ``"pytorch"`` rule. ``"keras"`` and ``"tensorflow1"`` add epsilon to the uncorrected
    :math:`\sqrt{v}` (the same paper, end of section 2), so there it weighs more in the first steps.

    Parameters
    ----------
    learning_rate
        Step size :math:`\eta`, above 0.
    beta1, beta2
        Decays of the two moments, in [0, 1).
    rule
        Whose algorithm to follow.
    epsilon
        :math:`\epsilon` above 0; None takes the rule's own (Keras 1e-7, the others 1e-8).

    Raises
    ------
    ValueError
        If a value lies outside its interval or the rule is unknown.

    Examples
    --------
    >>> Adam(rule="keras").epsilon
    1e-07
    """

    learning_rate: float
    beta1: float
    beta2: float
    rule: Rule
    epsilon: float

    def __init__(
        self,
        learning_rate: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        rule: Rule = "pytorch",
        epsilon: float | None = None,
    ) -> None:
        check_positive("learning_rate", learning_rate)
        check_fraction("beta1", beta1)
        check_fraction("beta2", beta2)
        check_choice("rule", rule, _RULES)
        epsilon = _ADAM_EPSILON[rule] if epsilon is None else epsilon
        check_positive("epsilon", epsilon)
        object.__setattr__(self, "learning_rate", float(learning_rate))
        object.__setattr__(self, "beta1", float(beta1))
        object.__setattr__(self, "beta2", float(beta2))
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "epsilon", float(epsilon))

    @property
    def epsilon_before_correction(self) -> bool:
        """Whether epsilon is added to the root of the uncorrected second moment."""
        return self.rule != "pytorch"


Optimizer = SGD | RMSProp | Adam
"""Any of the three descriptions."""
