"""The rules that every chapter keeps, and what the project's files say of each other."""

import ast
import re
import statistics
import subprocess
import tomllib
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

from aecourse import widgets

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
PAGES = sorted([*BOOK.glob("*.md"), *BOOK.glob("[!_]*/*.md")])
NOTEBOOKS = [page for page in PAGES if "\nkernelspec:" in page.read_text("utf-8")]
CHAPTERS = [page for page in NOTEBOOKS if re.match(r"\d\d_", page.name)]
FIGURES = {"filters", "heatmap", "histograms", "images"}
FIGURES |= {"latent_grid", "loss_curves", "reconstructions", "scatter"}
WIDGETS = set(widgets.__all__) - {"Coded", "LiveWidget", "Reel", "half_precision"}
# In parts, so that this file passes its own test.
REGISTRIES = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("download", "pytorch", "org"),
        ("anaconda", "org"),
        ("anaconda", "com"),
        ("npmjs", "org"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("ghcr", "io"),
        ("docker", "io"),
    ]
]


def name(path):
    return str(path.relative_to(ROOT))


each_page = pytest.mark.parametrize("page", PAGES, ids=name)
each_notebook = pytest.mark.parametrize("page", NOTEBOOKS, ids=name)
each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=name)


def code_cells(page):
    return [cell for cell in jupytext.read(page).cells if cell.cell_type == "code"]


def prose(page):
    """Give the text of a page without its code."""
    return re.sub(
        r"^```\{?[a-z].*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def parsed(cell):
    """Parse a cell; IPython's own commands, which start with %, become an ellipsis."""
    return ast.parse(re.sub(r"(^\s*|= )%.*$", r"\1...", cell.source, flags=re.MULTILINE))


def line_count(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def toc():
    return yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))


def cited(page):
    """Give the keys of all citations on a page."""
    found = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", page.read_text("utf-8"))
    return {key.strip() for keys in found for key in keys.split(",")}


def bibliography():
    return re.findall(
        r"^@\w+\{([^,\s]+),", (BOOK / "references.bib").read_text("utf-8"), re.MULTILINE
    )


def tracked_files():
    git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    if git.returncode:
        pytest.skip("this is not a git checkout: the files of the project are not known")
    paths = [ROOT / path for path in git.stdout.decode().split("\0") if path]
    return [path for path in paths if path.is_file()]


# Source and notebook


@each_notebook
def test_the_notebook_holds_what_jupytext_makes_of_its_source(page):
    made, stored = (
        [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]
        for notebook in (jupytext.read(page), nbformat.read(page.with_suffix(".ipynb"), 4))
    )
    assert stored == made, "run `make notebooks`"


@each_notebook
def test_the_notebook_holds_no_outputs(page):
    for cell in nbformat.read(page.with_suffix(".ipynb"), 4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_no_notebook_is_without_a_source():
    stored = {path for path in BOOK.rglob("*.ipynb") if "_build" not in path.parts}
    assert {path.with_suffix(".md") for path in stored} == set(NOTEBOOKS)


# Cells


@each_notebook
def test_the_first_cell_installs_the_library_in_colab_and_is_hidden(page):
    first = code_cells(page)[0]
    assert first.metadata["tags"] == ["remove-cell"]
    assert first.source == (
        "import sys\n\n"
        'if "google.colab" in sys.modules:\n'
        f"    %pip install --quiet git+{address()}\n"
        '%config InlineBackend.figure_formats = ["svg"]'
    )


@each_notebook
def test_cells_are_short(page):
    cells = code_cells(page)[1:]
    for cell in cells:
        has_class = any(isinstance(node, ast.ClassDef) for node in ast.walk(parsed(cell)))
        assert line_count(cell) <= (25 if has_class else 15), cell.source
    assert statistics.median(map(line_count, cells)) <= 5


@each_notebook
def test_a_cell_that_shows_a_figure_says_what_to_see(page):
    for cell in code_cells(page):
        calls = [
            node.value.func.attr
            for node in ast.walk(parsed(cell))
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
            and ast.unparse(node.value.func.value) == "plots"
        ]
        assert len(calls) <= 1, f"one figure a cell, one call a figure: {cell.source}"
        if calls:
            assert calls[0] in FIGURES
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 20, f"give this cell an alt text: {cell.source}"


@each_notebook
def test_a_cell_that_shows_a_widget_says_what_its_picture_shows(page):
    for cell in code_cells(page):
        calls = [
            node
            for node in ast.walk(parsed(cell))
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in WIDGETS
        ]
        assert len(calls) <= 1, f"one widget a cell: {cell.source}"
        for call in calls:
            alt = {word.arg: word.value for word in call.keywords}.get("alt")
            assert isinstance(alt, ast.Constant), f"give this widget an alt text: {cell.source}"
            assert len(alt.value) > 20, f"say more of what to see: {cell.source}"


@each_notebook
def test_pytorch_is_imported_before_tensorflow(page):
    order = []
    for cell in code_cells(page):
        for node in ast.walk(parsed(cell)):
            if isinstance(node, ast.ImportFrom):
                order += [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                order += [alias.name for alias in node.names]
    of_torch = [at for at, module in enumerate(order) if re.search(r"\btorch", module)]
    of_tensorflow = [
        at for at, module in enumerate(order) if re.search(r"\b(tf_|tensorflow|keras)", module)
    ]
    if of_torch and of_tensorflow:
        assert min(of_torch) < min(of_tensorflow), order


# Pages


@each_chapter
def test_the_chapter_has_its_parts_in_order(page):
    parts = [
        r"# .+",
        r":::\{note\}",
        r"\*\*What you will learn\.\*\* ",
        r"\*\*What you need\.\*\* ",
        r"\*\*Time\.\*\* \d+ minutes",
        r"## The question$",
        r"## Pitfalls$",
        r"## Summary$",
        r"## Check yourself$",
        r":::\{quiz\} \d\d_\w+\.quiz\.yml$",
        r"## Exercises$",
        r"## Reading$",
    ]
    text, at = prose(page), 0
    for part in parts:
        found = re.compile(rf"^{part}", re.MULTILINE).search(text, at)
        assert found, f"{page.name} has no {part} where it should be"
        at = found.end()


@each_chapter
def test_the_chapter_has_three_to_six_exercises(page):
    section = re.search(r"^## Exercises$(.*?)^## ", prose(page), re.DOTALL | re.MULTILINE)
    assert 3 <= len(re.findall(r"^(?:\d+\.|-|\*\*\d) ?", section.group(1), re.MULTILINE)) <= 6


@each_chapter
def test_the_chapter_asserts_what_it_says(page):
    asserts = sum(isinstance(n, ast.Assert) for c in code_cells(page) for n in ast.walk(parsed(c)))
    assert asserts >= 3


@each_page
def test_pictures_have_alt_text(page):
    text = page.read_text("utf-8")
    for alt in re.findall(r"!\[([^\]]*)\]\(", text):
        assert len(alt) > 20
    for options in re.findall(
        r"^[`:]{3,}\{(?:figure|image)\}[^\n]*\n((?::.*\n)*)", text, re.MULTILINE
    ):
        assert re.search(r"^:alt: .{20,}", options, re.MULTILINE), options


# The book as a whole


def test_the_table_of_contents_names_every_page_and_no_other():
    named = [toc()["root"]]
    named += [chapter["file"] for part in toc()["parts"] for chapter in part["chapters"]]
    assert sorted(named) == [str(page.relative_to(BOOK).with_suffix("")) for page in PAGES]


@each_page
def test_what_is_cited_is_in_the_bibliography(page):
    assert cited(page) <= set(bibliography())


def test_what_is_in_the_bibliography_is_cited():
    assert sorted(set().union(*map(cited, PAGES))) == sorted(bibliography())


@pytest.mark.parametrize(
    "file",
    ["README.md", "CITATION.cff", "book/_config.yml", *map(name, PAGES)],
)
def test_the_address_of_the_repository_is_that_of_pyproject(file):
    text = (ROOT / file).read_text("utf-8")
    hosts = r"(?:github\.com|colab\.research\.google\.com/github|mybinder\.org/v2/gh)"
    mentions = re.findall(rf"{hosts}/([\w-]+/[\w-]+)", text)
    assert set(mentions) <= {address().removeprefix("https://github.com/")}
    assert mentions or file.startswith("book/"), f"{file} does not say where the course is"


def test_no_file_names_a_package_registry():
    for path in tracked_files():
        content = path.read_bytes()
        assert not [host for host in REGISTRIES if host.encode() in content], path
