"""What a browser shows of the built book: whole, alone, on a phone, without JavaScript, to all."""

from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("axe_playwright_python", reason="needs aecourse[browser]")
AXE_CORE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# The tests before these leave a phone, and the theme needs a while for each new size.
LOOKS = [("phone", 360), ("light", 1280), ("dark", 1280)]
HEAVIEST = 1_500_000  # bytes, as they lie in the folder, whatever a server may compress
SCREENSHOTS = Path(__file__).resolve().parents[2] / "book" / "_build" / "screenshots"
# Chromium paints no picture that is longer.
LONGEST_SCREENSHOT = 15_000

RAW_TEX = r"""() => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (!parentElement.checkVisibility() || parentElement.closest("pre, code")) continue;
    if (/\\[a-zA-Z]{2}|\\[()[\]]|\$\$/.test(data)) found.push(data);
  }
  return found;
}"""

# What sticks out on the right and is in nothing that scrolls.
STICKS_OUT = """() => {
  const scrolls = (element) => element.tagName !== "MAIN"
    && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const right = (element) => element.getBoundingClientRect().right;
  return [...document.querySelectorAll("main *")]
    .filter((element) => element.checkVisibility() && !element.closest("mjx-assistive-mml"))
    .filter((element) => right(element) > innerWidth + 1 && !scrolls(element))
    .map((element) => `${element.tagName} ${element.className}`);
}"""

# A formula that is cut reads like another one.
WIDE_FORMULAS = """() => [...document.querySelectorAll("div.math mjx-container")]
  .filter((one) => one.scrollWidth > one.clientWidth + 2)
  .map((one) => one.closest("div.math").id || one.textContent)"""

FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const { top, left, bottom, right } = element.getBoundingClientRect();
  return {
    name: `${element.tagName} ${element.className} ${element.getAttribute("href")}`,
    marked: style.boxShadow !== "none"
      || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0),
    inside: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
}"""

# Formulas too, which axe does not see. What scrolls takes the focus, but the theme sees to it a
# while after a new size: three seconds are enough.
SCROLLS_WITHOUT_FOCUS = """async () => {
  const find = () => [...document.querySelectorAll("main *")]
    .filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
    .filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowX) && one.tabIndex < 0)
    .map((one) => `${one.tagName} ${one.className}`);
  const end = performance.now() + 3000;
  while (find().length && performance.now() < end) {
    await new Promise((later) => setTimeout(later, 50));
  }
  return find();
}"""

WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# The slowest rule of all runs twice only: dark pages differ from light ones in nothing but colours,
# and a phone shows those of the light page.
CONTRAST = "color-contrast"
AXE = {
    "light": {"runOnly": WCAG},
    "dark": {"runOnly": {"type": "rule", "values": [CONTRAST]}},
    "phone": {"runOnly": WCAG, "rules": {CONTRAST: {"enabled": False}}},
}

# Two things are taken away first, which saves minutes and loses no finding. Tokens of code with the
# same class and style have the same colour, so one of each stays. A formula has the colour of the
# text around it. Axe could leave them out itself, but is slow at it.
AUDIT = """async (options) => {
  const met = new Set();
  for (const token of document.querySelectorAll("pre span")) {
    const { className, style } = token;
    const kind = `${className} ${style.cssText} ${Boolean(token.closest(".cell_output"))}`;
    if (met.has(kind)) token.replaceWith(...token.childNodes);
    met.add(kind);
  }
  for (const formula of document.querySelectorAll("mjx-container")) {
    const { width, height } = formula.getBoundingClientRect();
    formula.style.cssText += `;min-width:min(${width}px,100%);min-height:${height}px`;
    formula.replaceChildren();
  }
  const result = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
}"""


def look_at(visit, look, width):
    return visit.show(width=width, colours="dark" if look == "dark" else "light")


def test_no_request_leaves_the_book(visit):
    assert visit.foreign == []


def test_nothing_is_missing_and_nothing_complains(visit):
    assert visit.failed == []
    assert visit.complaints == []


def test_the_first_load_is_light(visit):
    assert 0 < visit.weight <= HEAVIEST


def test_every_formula_is_rendered(visit):
    unrendered = "(all) => all.filter((formula) => !formula.querySelector('mjx-container')).length"
    assert visit.page.eval_on_selector_all(".math", unrendered) == 0
    assert visit.page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert visit.page.evaluate(RAW_TEX) == []


def test_every_widget_is_awake(visit):
    for widget in visit.page.locator(".aecourse-widget").all():
        assert widget.locator(".aecourse-live :is(button, input, canvas)").count() > 0


def test_every_picture_is_there_and_has_an_alternative(visit):
    pictures = visit.page.eval_on_selector_all(
        "main img", "(all) => all.map(({ src, alt, naturalWidth }) => [src, alt, naturalWidth])"
    )
    assert [src for src, alt, width in pictures if not (alt and width)] == []


def test_headings_are_in_order(visit):
    levels = visit.page.eval_on_selector_all(
        "main :is(h1, h2, h3, h4, h5, h6)",
        "(all) => all.filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))",
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels


def test_the_keyboard_shows_where_it_is(visit):
    page = visit.show()
    for place in range(12):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["marked"], focus
        assert focus["inside"], focus
        assert place or focus["name"].endswith("#main-content"), "the first is the skip link"


def test_the_skip_link_leads_to_the_text(visit):
    page = visit.show()
    page.locator("a[href='#main-content']").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_phone_scrolls_in_one_direction_and_by_keyboard(visit):
    page = visit.show(width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(WIDE_FORMULAS) == []
    assert page.evaluate(SCROLLS_WITHOUT_FOCUS) == []


def test_without_javascript_text_and_figures_stay(visit, browser):
    pictures = visit.page.locator("article img").count()
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(visit.page.url.split("#")[0])
        assert page.locator("main h1").last.is_visible()
        assert len(page.locator("main").inner_text()) > 100
        assert page.locator("article img:visible").count() == pictures


@pytest.mark.screenshots
@pytest.mark.parametrize(("look", "width"), LOOKS)
def test_a_screenshot_is_kept(visit, look, width):
    page = look_at(visit, look, width)
    page.evaluate("document.activeElement.blur()")  # a focused control may show its name
    height = page.evaluate("document.documentElement.scrollHeight")
    for part, top in enumerate(range(0, height, LONGEST_SCREENSHOT)):
        path = (
            SCREENSHOTS / f"{visit.name.removesuffix('.html').replace('/', '_')}-{look}-{part}.jpg"
        )
        part_height = min(LONGEST_SCREENSHOT, height - top)
        clip = {"x": 0, "y": top, "width": width, "height": part_height}
        page.screenshot(path=path, full_page=True, clip=clip, type="jpeg", quality=70)
        assert path.stat().st_size > 5_000


# The last one: formulas are taken away for it.
@pytest.mark.parametrize(("look", "width"), LOOKS)
def test_axe_finds_nothing(visit, look, width):
    page = look_at(visit, look, width)
    page.evaluate(SCROLLS_WITHOUT_FOCUS)  # axe looks when the theme has seen to the new size
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_CORE)
    assert page.evaluate(AUDIT, AXE[look]) == []
