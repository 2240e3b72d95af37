"""Interactive pieces that live in notebooks, in Colab, and on a page without a kernel."""

from aecourse.widgets.backpropagation_stepper import BackpropagationStepper
from aecourse.widgets.base import LiveWidget
from aecourse.widgets.bottleneck_slider import BottleneckSlider, Coded
from aecourse.widgets.corruption_lab import CorruptionLab
from aecourse.widgets.latent_explorer import LatentExplorer
from aecourse.widgets.network import half_precision
from aecourse.widgets.training_film import Reel, TrainingFilm

__all__ = [
    "BackpropagationStepper",
    "BottleneckSlider",
    "Coded",
    "CorruptionLab",
    "LatentExplorer",
    "LiveWidget",
    "Reel",
    "TrainingFilm",
    "half_precision",
]
