"""The book on paper: one file with every chapter, an outline, figures and rendered formulas."""

import html
import re
import unicodedata

import pytest

pypdf = pytest.importorskip("pypdf", reason="needs aecourse[browser]")
pypdfium2 = pytest.importorskip("pypdfium2", reason="needs aecourse[browser]")


@pytest.fixture(scope="module")
def pdf(pdf_path):
    return pypdf.PdfReader(pdf_path)


@pytest.fixture(scope="module")
def sheets(pdf_path):
    # pypdf takes minutes where PDFium, which is Chromium's own reader, takes seconds.
    with pypdfium2.PdfDocument(pdf_path) as paper:
        texts = [sheet.get_textpage().get_text_bounded() for sheet in paper]
    # NFKC takes ligatures apart: the text of a title says "fi" in one letter.
    return [" ".join(unicodedata.normalize("NFKC", text).split()) for text in texts]


@pytest.fixture(scope="module")
def titles(built_book, toc_names):
    headings = [
        re.findall(r"<h1>(.*?)<a ", (built_book / name).read_text("utf-8"))[-1]
        for name in toc_names
    ]
    return [html.unescape(re.sub("<[^>]+>", "", heading)) for heading in headings]


def entries(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from entries(entry)
        else:
            yield entry


def test_the_outline_leads_to_every_chapter(pdf, sheets, titles):
    starts = {entry.title: pdf.get_destination_page_number(entry) for entry in entries(pdf.outline)}
    assert [title for title in starts if title in titles] == titles
    for title in titles:
        assert title in sheets[starts[title]]
    assert sorted(starts.values()) == list(starts.values())


def test_pages_are_numbered(sheets):
    for number, text in list(enumerate(sheets, start=1))[2:]:
        assert text.endswith(str(number))


def test_no_formula_is_raw_tex(sheets):
    # Listings show TeX in docstrings; a formula that was not rendered keeps its delimiters.
    assert [text for text in sheets if re.search(r"\\[\[(]", text)] == []


def test_every_figure_is_there(pdf, sheets, built_book, toc_names):
    text = " ".join((built_book / name).read_text("utf-8") for name in toc_names)
    numbers = re.findall(r"caption-number\">Fig. ([\d.]+) ", text)
    assert len(numbers) >= 20
    on_paper = " ".join(sheets)
    assert [number for number in numbers if f"Fig. {number} " not in on_paper] == []
    # Lines and letters of a figure are drawn; only its pixels are objects that can be counted.
    figures = {built_book / "_images" / name for name in re.findall(r'_images/([^"]+\.svg)"', text)}
    with_pixels = sum("<image" in figure.read_text("utf-8") for figure in figures)
    pictures = sum(len(sheet.get("/Resources", {}).get("/XObject", {})) for sheet in pdf.pages)
    assert pictures >= with_pixels > 0


def test_links_stay_in_the_file_or_lead_to_the_web(pdf):
    links = [link.get_object() for sheet in pdf.pages for link in sheet.get("/Annots", ())]
    targets = [str(link.get("/A", {}).get("/URI", "")) for link in links]
    assert [target for target in targets if "127.0.0.1" in target] == []
    assert sum("/Dest" in link for link in links) > 50


def test_the_first_page_links_to_it(browser, book):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{book}/index.html")
        link = page.get_by_role("link", name="aecourse.pdf")
        answer = context.request.get(f"{book}/{link.get_attribute('href')}")
        assert answer.headers["content-type"] == "application/pdf"
