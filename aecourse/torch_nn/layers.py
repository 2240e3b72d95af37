"""Dense layers as PyTorch modules."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aecourse.architecture import Activation, DType, LayerShape

__all__ = ["FUNCTIONS", "Dense", "Layer", "TiedDense"]

FUNCTIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "linear": nn.Identity(),
    "tanh": torch.tanh,
}
"""What a layer applies to its weighted sum, by the name of the activation."""


class Layer(nn.Module):
    """What every layer of a block knows, whatever linear map it holds.

    Attributes
    ----------
    n_in, n_out
        Numbers of one image that come in, and that go out.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    tied
        Whether the weights belong to another layer.
    """

    n_in: int
    n_out: int
    activation: Activation
    tied = False

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return ``weight`` and ``bias``, the tensors themselves, as far as they are its own."""
        raise NotImplementedError


class Dense(Layer):
    r"""One layer of units: :math:`a = \sigma(xW + b)`.

    Parameters
    ----------
    n_in, n_out
        Number of inputs and of units.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.
    dtype
        Precision of the parameters.

    Attributes
    ----------
    linear
        PyTorch's own layer, which keeps W transposed, shape (n_out, n_in).

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer or the activation is unknown.

    Examples
    --------
    >>> layer = Dense(3, 2, activation="sigmoid")
    >>> layer(torch.ones(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self, n_in: int, n_out: int, *, activation: Activation, dtype: DType = "float32"
    ) -> None:
        shape = LayerShape(n_in, n_out, activation)
        super().__init__()
        self.n_in, self.n_out, self.activation = shape.n_in, shape.n_out, shape.activation
        self.linear = nn.Linear(n_in, n_out, dtype=getattr(torch, dtype))
        for parameter in self.linear.parameters():
            nn.init.zeros_(parameter)

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return ``weight`` and ``bias``, the tensors themselves."""
        return {"weight": self.linear.weight, "bias": self.linear.bias}

    def forward(self, x: Tensor) -> Tensor:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        return FUNCTIONS[self.activation](self.linear(x))


class TiedDense(Layer):
    r"""A decoder layer that borrows its encoder's weights: :math:`a = \sigma(hW^\top + b')`.

    Parameters
    ----------
    source
        The encoder layer whose weights are used, transposed.
    activation
        ``"sigmoid"``, ``"relu"``, ``"linear"`` or ``"tanh"``.

    Examples
    --------
    >>> layer = TiedDense(Dense(3, 2, activation="sigmoid"), activation="linear")
    >>> [tuple(parameter.shape) for parameter in layer.parameters()]
    [(3,)]
    """

    tied = True

    def __init__(self, source: Dense, *, activation: Activation) -> None:
        shape = LayerShape(source.n_out, source.n_in, activation, tied=True)
        super().__init__()
        self.n_in, self.n_out, self.activation = shape.n_in, shape.n_out, shape.activation
        # In a tuple, PyTorch does not register the source here, and its weights count once.
        self._borrowed = (source,)
        weight = source.linear.weight
        self.bias = nn.Parameter(torch.zeros(self.n_out, dtype=weight.dtype, device=weight.device))

    @property
    def source(self) -> Dense:
        """The encoder layer whose weights are used."""
        return self._borrowed[0]

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return ``bias``; the weights belong to the source."""
        return {"bias": self.bias}

    def forward(self, x: Tensor) -> Tensor:
        """Return the activations, shape (n, n_out), of inputs ``x``, shape (n, n_in)."""
        # nn.Linear keeps W transposed, so the transpose that a tied layer wants is at hand.
        z = nn.functional.linear(x, self.source.linear.weight.T, self.bias)
        return FUNCTIONS[self.activation](z)
