"""Figures of the course: arrays in, a matplotlib figure out."""

from aecourse.plots.charts import heatmap, histograms, loss_curves, scatter
from aecourse.plots.pictures import filters, images, latent_grid, reconstructions

__all__ = [
    "filters",
    "heatmap",
    "histograms",
    "images",
    "latent_grid",
    "loss_curves",
    "reconstructions",
    "scatter",
]
