"""A headless Chromium, the built book on a local server, and the eyes for what a page does."""

import functools
import os
import re
import shutil
import threading
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

BOOK = Path(__file__).resolve().parents[2] / "book"
BUILT = BOOK / "_build" / "html"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
GENERATED = ["genindex", "search"]  # Sphinx adds these pages to those of the contents
FOREIGN = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")
DESKTOP = {"width": 1280, "height": 800}
# Formulas, fonts and waiting pictures are there when this has run.
COMPLETE = """async () => {
  await window.MathJax?.startup?.promise;
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
}"""

AT_REST = "() => Promise.allSettled(document.getAnimations().map((motion) => motion.finished))"


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
    failed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def show(self, *, width=DESKTOP["width"], height=DESKTOP["height"], colours="light"):
        self.page.emulate_media(color_scheme=colours)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(
            "(colours) => document.documentElement.dataset.theme === colours", arg=colours
        )
        self.page.evaluate(AT_REST)
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
        visit.page.goto(f"{book}/{request.param}", wait_until="load")
        visit.page.evaluate(COMPLETE)
        yield visit
