"""A quiz in the browser: by keyboard, without JavaScript, without a network, on paper."""

from pathlib import Path

import pytest

QUIZ = Path(__file__).resolve().parents[2] / "book" / "theory" / "03_learning.quiz.yml"
TEXT = "# A page\n\n## Check yourself\n\n:::{quiz} q.yml\nText.\n:::\n"
RIGHT, WRONG = "About a thousandth of what arrives there.", "It falls to a quarter."


@pytest.fixture(scope="module")
def address(build_page):
    page = build_page(TEXT, {"q.yml": QUIZ.read_text("utf-8")})
    assert page.errors == ""
    return (page.folder / "index.html").as_uri()


@pytest.fixture
def open_quiz(address, browser):
    contexts = []

    def open_(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()


def answer(page, text):
    return page.locator("details", has=page.get_by_text(text, exact=True))


def verdict(page, text):
    return answer(page, text).locator("p")


def test_an_answer_opens_by_mouse_without_javascript(open_quiz):
    page = open_quiz(java_script_enabled=False)
    assert all(summary.is_visible() for summary in page.locator(".quiz summary").all())
    assert not any(strong.is_visible() for strong in page.locator(".quiz details strong").all())
    for text, expected in ((RIGHT, "Right. "), (WRONG, "Not quite. ")):
        assert not verdict(page, text).is_visible()
        page.get_by_text(text, exact=True).click()
        assert verdict(page, text).is_visible()
        assert verdict(page, text).inner_text().startswith(expected)


def test_every_answer_is_reached_and_opened_by_keyboard_without_javascript(open_quiz):
    page = open_quiz(java_script_enabled=False)
    summaries = page.locator(".quiz summary")
    explanations = page.locator(".quiz details > p")
    assert summaries.count() == explanations.count() == 17
    summaries.first.focus()
    for at in range(summaries.count()):
        assert summaries.nth(at).and_(page.locator(":focus")).count() == 1
        for key, is_open in (("Enter", True), ("Space", False), ("Space", True)):
            page.keyboard.press(key)
            assert explanations.nth(at).is_visible() is is_open
        page.keyboard.press("Tab")


def test_focus_can_be_seen(open_quiz):
    page = open_quiz()
    summary = page.locator(".quiz summary").nth(1)
    outline = "element => getComputedStyle(element).outlineStyle"
    assert summary.evaluate(outline) == "none"
    page.locator(".quiz summary").first.focus()
    page.keyboard.press("Tab")
    assert summary.evaluate(outline) == "solid"


def test_formulas_are_drawn_in_questions_answers_and_explanations(open_quiz):
    page = open_quiz(offline=True)
    for place in (".quiz ol.arabic > li > p", ".quiz summary", ".quiz details > p"):
        page.locator(f"{place} mjx-container").first.wait_for(state="attached")
    assert page.evaluate(r"document.querySelector('.quiz').textContent.includes('\\(')") is False


def test_paper_shows_all_explanations(open_quiz):
    page = open_quiz()
    explanations = page.locator(".quiz details > p")
    shown = "element => element.checkVisibility({ contentVisibilityAuto: true })"
    assert not any(each.evaluate(shown) for each in explanations.all())
    page.emulate_media(media="print")
    assert all(
        each.evaluate(shown) and each.bounding_box()["height"] > 0 for each in explanations.all()
    )


def test_a_phone_shows_the_quiz_without_sideways_scrolling(open_quiz):
    page = open_quiz(viewport={"width": 360, "height": 640})
    page.locator("mjx-container").first.wait_for(state="attached")
    page.locator(".quiz").evaluate(
        "quiz => quiz.querySelectorAll('details').forEach(d => d.open = true)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_quiz(theme, open_quiz):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs aecourse[browser]"
    )
    page = open_quiz(color_scheme=theme)
    page.locator("mjx-container").first.wait_for(state="attached")
    assert page.locator("html").get_attribute("data-theme") == theme
    for is_open in ("false", "true"):
        page.locator(".quiz").evaluate(
            f"quiz => quiz.querySelectorAll('details').forEach(d => d.open = {is_open})"
        )
        results = axe.Axe().run(page, context=".quiz")
        assert results.response["passes"]
        assert results.response["violations"] == [], results.generate_report()
