"""Interactive pieces that live in notebooks, in Colab, and on a page without a kernel."""

from aecourse.widgets.base import LiveWidget
from aecourse.widgets.corruption_lab import CorruptionLab
from aecourse.widgets.latent_explorer import LatentExplorer
from aecourse.widgets.network import half_precision

__all__ = ["CorruptionLab", "LatentExplorer", "LiveWidget", "half_precision"]
