"""Interactive pieces that live in notebooks, in Colab, and on a page without a kernel."""

from aecourse.widgets.backpropagation_stepper import BackpropagationStepper
from aecourse.widgets.base import LiveWidget
from aecourse.widgets.bottleneck_slider import BottleneckSlider, Coded
from aecourse.widgets.training_film import Reel, TrainingFilm

__all__ = [
    "BackpropagationStepper",
    "BottleneckSlider",
    "Coded",
    "LiveWidget",
    "Reel",
    "TrainingFilm",
]
