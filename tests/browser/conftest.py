"""A headless Chromium, the built book on a local server, and the eyes for what a page does."""

import base64
import functools
import io
import json
import os
import re
import shutil
import threading
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from matplotlib.image import imread

BOOK = Path(__file__).resolve().parents[2] / "book"
BUILT = BOOK / "_build" / "html"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDGETS = Path(__file__).resolve().parents[2] / "aecourse" / "widgets"
GENERATED = ["genindex", "search"]  # Sphinx adds these pages to those of the contents
FOREIGN = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")
DESKTOP = {"width": 1280, "height": 800}
# Formulas, fonts, waiting pictures and widgets are there when this has run.
COMPLETE = """async () => {
  await window.MathJax?.startup?.promise;
  for (const widget of document.querySelectorAll(".aecourse-widget")) {
    widget.scrollIntoView();
    while (!widget.matches(".aecourse-awake")) await new Promise(requestAnimationFrame);
  }
  scrollTo(0, 0);
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
}"""

# A test looks at what a page becomes, not at how it gets there: some transitions never end here.
STILL = "*, ::before, ::after { transition: none !important; animation: none !important; }"


def _without(what, remedy):
    """Skip, but fail in CI: there, nothing that a browser shows may go unseen."""
    message = f"{what}: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def toc_pages():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
    files = [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]
    return [f"{name}.html" for name in [*files, *GENERATED]]


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        _without("no chromium, chromium-browser or google-chrome on PATH", "install Chromium")
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
    """Give a function that shows a widget on a page of the book's theme.

    At the end no page may have failed, complained or asked for anything from outside.
    """
    errors, requests, contexts = [], [], []

    def show_widget(widget, *, theme="light", width=800, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
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
    assert [url for url in requests if FOREIGN.match(url)] == []


@pytest.fixture
def javascript(browser):
    """Give a page on which the functions of shared.js can be called."""
    page = browser.new_page()
    page.add_script_tag(content=(WIDGETS / "shared.js").read_text("utf-8"))
    yield page
    page.close()


@pytest.fixture(scope="session")
def call():
    """Give a function that calls one of a page's, with arguments and a result that are long.

    Through JSON: Playwright's own way takes seconds for some thousand numbers.
    """

    def call_with_json(page, function, *arguments):
        source = f"(text) => JSON.stringify(({function})(...JSON.parse(text)))"
        return json.loads(page.evaluate(source, json.dumps(arguments)))

    return call_with_json


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


@pytest.fixture
def strip():
    """Give the grey values in [0, 1] of a canvas' row of images, an array of shape (n, 784)."""

    def read(page, number):
        address = page.locator("canvas").nth(number).evaluate("canvas => canvas.toDataURL()")
        picture = imread(io.BytesIO(base64.b64decode(address.partition(",")[2])))
        grey = picture[:28, :, 0]
        return np.array([grey[:, at : at + 28].ravel() for at in range(0, grey.shape[1], 30)])

    return read


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def pdf_path(built_book):
    """The book in one file, which `make book` prints where it finds Chromium."""
    path = built_book / "aecourse.pdf"
    if not path.is_file():
        _without(f"no {path.name} in {built_book}", "run `make pdf` first")
    return path


@pytest.fixture(scope="session")
def toc_names():
    """The pages of the table of contents, in its order."""
    return toc_pages()[: -len(GENERATED)]


@pytest.fixture(scope="session")
def built_book():
    """The folder of the built book."""
    if not (BUILT / "index.html").is_file():
        _without(f"no book in {BUILT}", "run `make book` first")
    return BUILT


@pytest.fixture(scope="session")
def book(built_book):
    """The address of the built book."""
    handler = functools.partial(QuietHandler, directory=built_book)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=toc_pages())
def page_name(request):
    return request.param


@dataclass
class Visit:
    """A page of the book in a tab of its own, and what it did that it should not."""

    name: str
    page: Any
    foreign: list[str] = field(default_factory=list)
    weight: int = 0  # bytes of the first load, uncompressed
    failed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def show(self, *, width=DESKTOP["width"], height=DESKTOP["height"], colours="light"):
        self.page.emulate_media(color_scheme=colours)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(
            "(colours) => document.documentElement.dataset.theme === colours", arg=colours
        )
        return self.page


@pytest.fixture(scope="module", params=toc_pages())
def visit(request, browser, book):
    """Each page in turn, opened once for all tests of a module."""
    with browser.new_context(viewport=DESKTOP) as context:
        visit = Visit(request.param, context.new_page())
        visit.page.route(FOREIGN, lambda route: route.abort())
        visit.page.on(
            "request", lambda sent: FOREIGN.match(sent.url) and visit.foreign.append(sent.url)
        )
        visit.page.on(
            "response",
            lambda answer: answer.ok or visit.failed.append(f"{answer.status} {answer.url}"),
        )
        visit.page.on("requestfailed", lambda sent: visit.failed.append(sent.url))
        visit.page.on(
            "console",
            lambda message: (
                message.type in {"error", "warning"} and visit.complaints.append(message.text)
            ),
        )
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        answers = []
        visit.page.on("response", lambda answer: answers.append(answer))
        visit.page.goto(f"{book}/{request.param}", wait_until="networkidle")
        visit.page.evaluate("() => window.MathJax?.startup?.promise.then(() => null)")
        visit.weight = sum(len(answer.body()) for answer in answers)
        visit.page.add_style_tag(content=STILL)
        visit.page.evaluate(COMPLETE)
        yield visit
