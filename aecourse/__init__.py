"""The small library behind the course: data, metrics, checks, plots and three autoencoders."""

from importlib.metadata import version

from aecourse.source import show_source

__all__ = ["__version__", "show_source"]

__version__ = version("aecourse")
