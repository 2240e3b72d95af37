"""Interactive pieces that live in notebooks, in Colab, and on a page without a kernel."""

from aecourse.widgets.backpropagation_stepper import BackpropagationStepper
from aecourse.widgets.base import LiveWidget

__all__ = ["BackpropagationStepper", "LiveWidget"]
