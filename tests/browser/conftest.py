"""A headless Chromium for the tests that look at what a browser shows."""

import base64
import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDGETS = Path(__file__).resolve().parents[2] / "aecourse" / "widgets"


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        message = "no chromium, chromium-browser or google-chrome on PATH: install Chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs aecourse[browser]")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def theme_style():
    """Give the style of the book's theme: its colours decide what can be read."""
    theme = pytest.importorskip("pydata_sphinx_theme", reason="needs aecourse[book]")
    folder = Path(theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
    return (folder / "pydata-sphinx-theme.css").read_text("utf-8")


@pytest.fixture
def show(browser, theme_style):
    """Give a function that shows a widget on a page of the book's theme, and fails on any error."""
    errors, contexts = [], []

    def show_widget(widget, *, theme="light", width=800, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        page.on("console", lambda message: errors.append(message.text))
        page.set_content(
            f'<!doctype html><html lang="en" data-theme="{theme}"><head><title>A page</title>'
            '<meta name="viewport" content="width=device-width">'
            f"<style>{theme_style}</style></head><body><main><h1>A page</h1>"
            f"{widget.to_html()}</main></body></html>"
        )
        return page

    yield show_widget
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def javascript(browser):
    """Give a page on which the functions of shared.js can be called."""
    page = browser.new_page()
    page.add_script_tag(content=(WIDGETS / "shared.js").read_text("utf-8"))
    yield page
    page.close()


@pytest.fixture(scope="session")
def axe():
    """Give axe-core, which looks for barriers on a page."""
    module = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs aecourse[browser]"
    )
    return module.Axe()


@pytest.fixture
def swipe():
    """Give a function that drags a finger along points of the page."""

    def drag(page, points):
        session = page.context.new_cdp_session(page)
        kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            touch = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            session.send("Input.dispatchTouchEvent", touch)
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    return drag


# The colours that the book's theme gives a dark page.
DARK = """
    --pst-color-background: #14181e; --pst-color-text-base: #ced6dd;
    --pst-color-text-muted: #9ca4af; --pst-color-link: #8fb8ff;
"""


@pytest.fixture
def open_widget(browser):
    """Show a widget on a page of its own; at the end no page may have had an error."""
    contexts, errors = [], []

    def open_page(widget, *, dark=False, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.on("request", lambda request: errors.append(request.url))
        style = f"html {{ {DARK} background: #14181e; color: #ced6dd }}" if dark else ""
        page.set_content(
            '<!doctype html><html lang="en"><head><title>A widget</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{style}</style></head><body><main><h1>A widget</h1>{widget.to_html()}"
            "</main></body></html>"
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if not error.startswith("data:")] == []


@pytest.fixture
def strip():
    """Give the grey values in [0, 1] of a canvas' row of images, an array of shape (n, 784)."""

    def read(page, number):
        address = page.locator("canvas").nth(number).evaluate("canvas => canvas.toDataURL()")
        picture = imread(io.BytesIO(base64.b64decode(address.partition(",")[2])))
        grey = picture[:28, :, 0]
        return np.array([grey[:, at : at + 28].ravel() for at in range(0, grey.shape[1], 30)])

    return read
