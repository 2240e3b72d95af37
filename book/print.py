"""Print the built book from headless Chromium into one PDF: ``make pdf``."""

import functools
import html
import io
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject
from tqdm import tqdm

BOOK = Path(__file__).parent
BUILT = BOOK / "_build" / "html"
NAME = "aecourse.pdf"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
MARGINS = {"top": "20mm", "right": "18mm", "bottom": "22mm", "left": "18mm"}
# Formulas, fonts and the pictures that wait for their reader are there when this has run.
COMPLETE = """async () => {
  await window.MathJax?.startup?.promise;
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
}"""
# A heading with its number, and without the link beside it.
TITLE = """(heading) => [...heading.childNodes]
  .filter((part) => !part.matches?.(".headerlink")).map((part) => part.textContent).join("")"""
STYLE = """<meta charset="utf-8"><style>
  @page { size: A4; margin: 0; }
  body { margin: 0; font: 11pt/1.5 system-ui, "Noto Sans", sans-serif; color: #1a1a1a; }
  section:last-child { break-after: auto; }
  section { box-sizing: border-box; position: relative; height: 296mm; break-after: page; }
  footer { position: absolute; inset: auto 18mm 10mm; font-size: 9pt; text-align: center; }
  .cover { padding: 70mm 25mm 0; }
  .cover svg { width: 50mm; height: auto; }
  .cover h1 { margin: 15mm 0 5mm; font-size: 34pt; line-height: 1.1; }
  .contents { height: auto; padding: 25mm 25mm 0; }
  .contents h2 { margin: 6mm 0 1mm; font-size: 12pt; }
  .contents a { display: flex; justify-content: space-between; color: inherit; }
  .contents a { text-decoration: none; border-bottom: 1px dotted #767676; }
</style>"""


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _served() -> Iterator[str]:
    handler = functools.partial(_QuietHandler, directory=BUILT)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _parts() -> dict[str, list[str]]:
    """Give the built pages in the order of the contents, by the caption of their part."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
    parts = {part["caption"]: part["chapters"] for part in toc["parts"]}
    pages = {name: [f"{page['file']}.html" for page in part] for name, part in parts.items()}
    return {"": [f"{toc['root']}.html"], **pages}


def _is_fresh(pages: list[str]) -> bool:
    pdf = BUILT / NAME
    sources = [Path(__file__), BOOK / "_static" / "custom.css", *(BUILT / page for page in pages)]
    return pdf.is_file() and pdf.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def _print_chapter(page: Page, address: str) -> tuple[str, PdfReader]:
    page.goto(address)
    page.evaluate(COMPLETE)
    title = page.locator("main section > h1").first.evaluate(TITLE)
    paper = page.pdf(format="A4", margin=MARGINS, print_background=True, outline=True, tagged=True)
    return title, PdfReader(io.BytesIO(paper))


def _print_html(browser: Browser, body: str) -> PdfReader:
    page = browser.new_page()
    page.set_content(STYLE + body)
    page.evaluate(COMPLETE)
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))


def _front(base: str, titles: dict[str, str], starts: dict[str, int]) -> str:
    """Write a cover and the contents, with the number of each chapter's first page."""
    settings = yaml.safe_load((BOOK / "_config.yml").read_text("utf-8"))
    logo = (BUILT / "_static" / "logo.svg").read_text("utf-8")
    contents = ""
    for caption, pages in _parts().items():
        contents += f"<h2>{html.escape(caption)}</h2>" if caption else ""
        for page in pages:
            contents += (
                f'<a href="{base}/{page}"><span>{html.escape(titles[page])}</span>'
                f"<span>{starts[page] + 1}</span></a>"
            )
    return (
        f'<section class="cover">{logo}<h1>{html.escape(settings["title"])}</h1>'
        f"<p>A course in NumPy, PyTorch and TensorFlow</p><p>{html.escape(settings['author'])}</p>"
        f"<p>{html.escape(settings['repository']['url'])}</p></section>"
        f'<section class="contents"><h1>Contents</h1>{contents}</section>'
    )


def _resolve_names(paper: PdfReader) -> None:
    """Let links inside a chapter name their page: in the whole book, names would clash."""
    named = paper.named_destinations
    for sheet in paper.pages:
        for reference in sheet.get("/Annots", ()):
            link = reference.get_object()
            if isinstance(link.get("/Dest"), str) and link["/Dest"] in named:
                link[NameObject("/Dest")] = named[link["/Dest"]].dest_array


def _join_links(writer: PdfWriter, base: str, starts: dict[str, int]) -> None:
    """Let links from chapter to chapter lead to pages of this file, and to no server."""
    for sheet in writer.pages:
        for reference in sheet.get("/Annots", ()):
            link = reference.get_object()
            target = str(link.get("/A", {}).get("/URI", ""))
            if not target.startswith(base):
                continue
            del link["/A"]
            chapter = urldefrag(target.removeprefix(f"{base}/")).url
            if chapter in starts:
                first = writer.pages[starts[chapter]].indirect_reference
                link[NameObject("/Dest")] = ArrayObject([first, NameObject("/Fit")])


def _link_from_index() -> None:
    """Make the name of the PDF on the first page a link, now that there is a PDF."""
    index = BUILT / "index.html"
    text = index.read_text("utf-8")
    name = f'<code class="docutils literal notranslate"><span class="pre">{NAME}</span></code>'
    link = f'<a href="{NAME}">{name}</a>'
    if link not in text:
        index.write_text(text.replace(name, link), "utf-8")


def print_book(chromium: str) -> Path:
    """Print all pages of the contents, with a cover, an outline and page numbers.

    Parameters
    ----------
    chromium
        Path of the browser.

    Returns
    -------
    Path
        The PDF, beside the book's first page.
    """
    parts = _parts()
    pages = [page for part in parts.values() for page in part]
    papers, titles, starts = {}, {}, {}
    with _served() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        tab = browser.new_page(color_scheme="light")
        for page in tqdm(pages, desc="printing", unit="page"):
            titles[page], papers[page] = _print_chapter(tab, f"{base}/{page}")
        # Printed once to see how many pages it takes, and again with the numbers that follow.
        front = _print_html(browser, _front(base, titles, dict.fromkeys(pages, 0)))
        count = len(front.pages)
        for page in pages:
            starts[page] = count
            count += len(papers[page].pages)
        front = _print_html(browser, _front(base, titles, starts))
        numbers = range(len(front.pages) + 1, count + 1)
        footers = _print_html(
            browser, "".join(f"<section><footer>{number}</footer></section>" for number in numbers)
        )
        browser.close()
    writer = PdfWriter()
    writer.append(front, outline_item="Cover", import_outline=False)
    for page in pages:
        _resolve_names(papers[page])
        writer.append(papers[page], import_outline=False)
    for part, chapters in parts.items():
        first = starts[chapters[0]]
        above = writer.add_outline_item(title=part, page_number=first) if part else None
        for page in chapters:
            writer.add_outline_item(title=titles[page], page_number=starts[page], parent=above)
    for sheet, footer in zip(writer.pages[len(front.pages) :], footers.pages, strict=True):
        sheet.merge_page(footer)
        sheet.compress_content_streams()
    _join_links(writer, base, starts)
    settings = yaml.safe_load((BOOK / "_config.yml").read_text("utf-8"))
    writer.add_metadata({"/Title": settings["title"], "/Author": settings["author"]})
    writer.page_mode = "/UseOutlines"
    writer.compress_identical_objects()
    _link_from_index()
    writer.write(BUILT / NAME)
    return BUILT / NAME


def main() -> None:
    """Print the book, unless its PDF is newer than all its pages."""
    pages = [page for part in _parts().values() for page in part]
    missing = [page for page in pages if not (BUILT / page).is_file()]
    if missing:
        sys.exit(f"expected a built book in {BUILT}, found no {missing[0]}: run `make book` first")
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit(f"expected one of {', '.join(CHROMIUM)} on PATH, found none: install Chromium")
    if not _is_fresh(pages):
        print_book(chromium)
    print(f"The whole book in one file: {BUILT / NAME}")


if __name__ == "__main__":
    main()
