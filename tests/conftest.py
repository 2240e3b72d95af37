"""A test that takes ``framework`` runs three times: in NumPy, PyTorch and TensorFlow."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"


def pytest_collection(session):
    """Measure coverage by the tests alone.

    With ``--cov`` nbval would trace the library in each notebook's kernel too, a fifth slower.
    """
    session.config.option.cov_source = None


@pytest.fixture(params=["numpy", "torch", "tensorflow"])
def framework(request):
    # In this order, whichever is asked for: with CUDA builds the other order can crash.
    from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip

    return {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}[request.param]


@dataclass(frozen=True)
class Page:
    """What a build made: its folder, its page, and what it complained of."""

    folder: Path
    html: str
    errors: str


@pytest.fixture(scope="module")
def build_page(tmp_path_factory):
    """Build a book of one page in the book's theme and style, and again when called again."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("html")
    (source / "conf.py").write_text(
        f"""
        import sys
        sys.path.append({str(BOOK / "_ext")!r})
        extensions = ["myst_parser", "sphinx-mathjax-offline", "quiz"]
        myst_enable_extensions = ["colon_fence", "dollarmath"]
        html_theme = "sphinx_book_theme"
        html_title = "A book of one page"
        html_static_path = [{str(BOOK / "_static")!r}]
        html_css_files = ["custom.css"]
        """.replace("\n        ", "\n"),
        encoding="utf-8",
    )

    def build(text, files):
        for name, content in {"index.md": text, **files}.items():
            (source / name).write_text(content, encoding="utf-8")
        command = [sys.executable, "-m", "sphinx", "-q", "--builder", "html", source, made]
        run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        return Page(made, (made / "index.html").read_text("utf-8"), run.stderr)

    return build
