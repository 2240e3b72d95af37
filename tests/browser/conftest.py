"""A headless Chromium for the tests that look at what a browser shows."""

import base64
import io
import os
import shutil

import numpy as np
import pytest
from matplotlib.image import imread

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


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
