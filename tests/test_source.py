import functools
import math
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import aecourse
from aecourse import metrics, show_source


class Example:
    @property
    def half(self):
        return 0.5

    def method(self):
        return "inside"


# Docstrings as people write them: raw, begun below the quotes, of two lines, of one.
def documented():
    r"""Say what it does.

    And then much more.
    """

    def inner():
        """
        Begin below,
        and go on.

        Parameters
        """

    def other():
        """Have one line."""  # with a remark

    return inner, other


@functools.cache
def cached():
    return "cached"


@pytest.mark.parametrize(
    ("obj", "first_line"),
    [
        (metrics, '"""'),
        (Example, "class Example:"),
        (Example.method, "def method(self):"),
        (Example().method, "def method(self):"),
        (Example.half, "@property"),
        (cached, "@functools.cache"),
        (functools.partial(show_source, 1), "def show_source(obj"),
    ],
)
def test_source_starts_at_the_definition(obj, first_line):
    assert str(show_source(obj)).startswith(first_line)


def test_of_a_docstring_the_summary_is_shown():
    assert str(show_source(documented)).splitlines() == [
        "def documented():",
        '    """Say what it does."""',
        "",
        "    def inner():",
        '        """Begin below, and go on."""',
        "",
        "    def other():",
        '        """Have one line."""  # with a remark',
        "",
        "    return inner, other",
    ]


def test_a_lambda_inside_a_call_is_shown_as_it_stands():
    functions = (
        lambda: 1,
    )  # fmt: skip
    assert str(show_source(functions[0])) == "lambda: 1,"


@pytest.mark.parametrize("obj", [3, "text", Example(), len, math, int, None])
def test_an_object_without_source_is_refused(obj):
    with pytest.raises(TypeError, match="expected obj to be"):
        show_source(obj)


def test_package_exports_the_function():
    assert aecourse.show_source is show_source


def test_html_escapes_and_keeps_every_word_of_the_code():
    html = show_source(Example)._repr_html_()
    text = re.sub(r"<[^>]*>", "", html)
    assert unescape(text).rstrip("\n") == str(show_source(Example))
    assert "<style" not in html  # inline colours: nothing that leaks into the page


def luminance(channels):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def on_a_dark_page(channels):
    """Do what the book's style does there: invert(0.9), then hue-rotate(180deg)."""
    grey = np.array([0.213, 0.715, 0.072])
    return np.clip((2 * np.outer(np.ones(3), grey) - np.eye(3)) @ (0.9 - 0.8 * channels), 0, 1)


@pytest.mark.parametrize(
    "shown", [lambda channels: channels, on_a_dark_page], ids=["light", "dark"]
)
def test_every_colour_contrasts_with_the_card(shown):
    html = "".join(show_source(obj)._repr_html_() for obj in (metrics, Example, cached))
    colours = set(re.findall(r"(?<!-)color: (#[0-9A-Fa-f]{6})", html))
    assert len(colours) > 4
    background = re.search(r"background: (#[0-9a-f]{6})", html)[1]
    card, *inks = (
        luminance(shown(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255))
        for colour in (background, *colours)
    )
    for colour, ink in zip(colours, inks, strict=True):
        # WCAG 2.1, success criterion 1.4.3 (level AA)
        assert (max(card, ink) + 0.05) / (min(card, ink) + 0.05) >= 4.5, colour


def test_the_book_has_the_filter_that_is_tested_here():
    style = Path(__file__).resolve().parents[1] / "book" / "_static" / "custom.css"
    assert "filter: invert(0.9) hue-rotate(180deg);" in style.read_text("utf-8")
