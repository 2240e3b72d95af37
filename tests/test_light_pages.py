"""What the book's extension takes out of style sheets, and what it must leave in."""

import importlib.util
from pathlib import Path

import pytest

tinycss2 = pytest.importorskip("tinycss2", reason="needs aecourse[book]")
pytest.importorskip("sphinx", reason="needs aecourse[book]")
PATH = Path(__file__).resolve().parents[1] / "book" / "_ext" / "light_pages.py"


@pytest.fixture(scope="module")
def light_pages():
    spec = importlib.util.spec_from_file_location("light_pages", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("p{color:red}", "p{color:red}"),
        (".here{color:red}", ".here{color:red}"),
        (".gone{color:red}", ""),
        (".here.gone{color:red}", ""),
        (".here .gone,.here{color:red}", ".here{color:red}"),
        (".here:not(.gone){color:red}", ".here:not(.gone){color:red}"),
        ("[data-theme=dark] .gone-1{color:red}", ""),
        ("@media print{.gone{color:red}}", ""),
        ("@media print{.here{color:red}.gone{color:red}}", "@media print{.here{color:red}\n}"),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
        ("@keyframes turn{to{opacity:1}}", "@keyframes turn{to{opacity:1}}"),
    ],
)
def test_a_rule_stays_if_a_page_may_have_its_classes(light_pages, css, left):
    rules = tinycss2.parse_stylesheet(css)
    assert "".join(light_pages.used_rules(rules, {"here"})).strip() == left
