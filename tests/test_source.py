import functools
import math
import re
from html import unescape

import pytest

import aecourse
from aecourse import metrics, show_source


class Example:
    @property
    def half(self):
        return 0.5

    def method(self):
        return "inside"


def documented():
    """Say what it does.

    And then much more.
    """

    def inner():
        r"""Have one line."""

    return inner


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


def test_of_a_docstring_the_first_line_is_shown():
    assert str(show_source(documented)) == (
        'def documented():\n    """Say what it does."""\n\n    def inner():\n'
        '        r"""Have one line."""\n\n    return inner'
    )


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


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_contrasts_with_the_card():
    html = "".join(show_source(obj)._repr_html_() for obj in (metrics, Example, cached))
    colours = set(re.findall(r"(?<!-)color: (#[0-9A-Fa-f]{6})", html))
    assert len(colours) > 4
    background = luminance(re.search(r"background: (#[0-9a-f]{6})", html)[1])
    for colour in colours:
        # WCAG 2.1, success criterion 1.4.3 (level AA)
        assert (background + 0.05) / (luminance(colour) + 0.05) >= 4.5, colour
