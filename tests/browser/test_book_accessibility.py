"""Axe-core on every page: no violation of WCAG 2.2 A or AA, in light, in dark and on a phone."""

from importlib import resources

import pytest

pytest.importorskip("axe_playwright_python", reason="needs aecourse[browser]")
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# Two things are taken away first, which saves minutes and loses no finding. Tokens of code with the
# same class have the same colour, so one of each stays. A formula has the colour of the text around
# it. Axe could leave them out itself, but is slow at it.
AUDIT = """async (tags) => {
  const met = new Set();
  for (const token of document.querySelectorAll("pre span[class]")) {
    const kind = `${token.className} ${Boolean(token.closest(".cell_output"))}`;
    if (met.has(kind)) token.replaceWith(...token.childNodes);
    met.add(kind);
  }
  for (const formula of document.querySelectorAll("mjx-container")) {
    const { width, height } = formula.getBoundingClientRect();
    formula.style.cssText += `;min-width:min(${width}px,100%);min-height:${height}px`;
    formula.replaceChildren();
  }
  const result = await axe.run(
    document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] },
  );
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
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


# This comes before axe, for which the formulas are taken away.
def test_what_scrolls_takes_the_focus(visit):
    page = visit.show(width=360)
    assert page.evaluate(SCROLLS_WITHOUT_FOCUS) == []


@pytest.mark.parametrize(
    ("colours", "width"),
    [("light", 1280), ("dark", 1280), ("light", 360)],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(visit, colours, width):
    page = visit.show(colours=colours, width=width)
    page.evaluate(SCROLLS_WITHOUT_FOCUS)  # axe looks when the theme has seen to the new size
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    assert page.evaluate(AUDIT, WCAG) == []
