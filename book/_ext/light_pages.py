"""Pages that load what they use and no more.

Themes and extensions load everything everywhere: on a chapter, three megabytes. This extension
keeps a script or a style sheet where the page has something for it, loads scripts without blocking
the first paint, and pictures when the reader comes near them. After the build it takes the rules
that no page can use out of the style sheets, and the icons that no page shows out of their fonts.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tinycss2
from docutils import nodes
from fontTools import subset, ttLib
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata

# What a script or a style sheet is known by, and what a page that needs it has in its body.
NEEDED_FOR = {
    "clipboard": r'class="highlight',
    "copybutton": r'class="highlight',
    "design": r'class="[^"]*\bsd-',
    "mathjax": r'class="math ',
    "thebe": r'class="[^"]*\bthebe\b',
    "toggle": r'class="[^"]*\b(toggle|dropdown)\b',
    # Our widgets bring their state in HTML of their own; the kernel's copy has no reader here.
    "widget-state+json": r"widget-view\+json",
}
# Pages set more options in a line of their own, right after this script.
NOT_DEFERRED = "documentation_options.js"
# The template of the search page, which adds scripts that want those of the other pages at once.
SEARCH = "search.html"
# MathJax in parts, which `mathjax3_config` names: without its menu and other inputs it has two
# thirds of its size. sphinx-mathjax-offline sets the whole, whatever the configuration says.
MATHJAX = "mathjax/startup.js"
# Scripts that no page of ours loads: what they name is not in use.
UNUSED_SCRIPTS = {"fontawesome.js"}
CSS_PIXELS_PER_POINT = 4 / 3


def load_mathjax_in_parts(app: Sphinx, config: Config) -> None:  # noqa: ARG001
    """Have pages load the part of MathJax that loads the other parts."""
    config.mathjax_path = MATHJAX


def load_what_the_page_uses(
    app: Sphinx,
    pagename: str,  # noqa: ARG001 - what Sphinx hands to every listener
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Choose a page's scripts and style sheets, and let its pictures wait until they are near."""
    body = context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context[kind] if _is_used(asset, body)]
    for script in context["script_files"]:
        name = script.filename
        if templatename == SEARCH:
            script.attributes.pop("defer", None)
        elif name and "async" not in script.attributes and not name.endswith(NOT_DEFERRED):
            script.attributes["defer"] = "defer"
    if doctree is not None and isinstance(app.builder, StandaloneHTMLBuilder):
        context["body"] = _with_waiting_pictures(body, app.builder)


def _is_used(asset: Any, body: str) -> bool:
    known_by = f"{asset.filename} {asset.attributes}".lower()
    return all(re.search(NEEDED_FOR[key], body) for key in NEEDED_FOR if key in known_by)


def _with_waiting_pictures(body: str, builder: StandaloneHTMLBuilder) -> str:
    """Give pictures their size, so that nothing moves when they come, and let all but one wait."""
    sources = {name: Path(builder.srcdir, path) for path, name in builder.images.items()}
    waiting = iter(["", *[' loading="lazy"'] * body.count("<img ")])

    def larger_tag(found: re.Match[str]) -> str:
        size = _size(sources.get(found["name"])) if "width" not in found["rest"] else ""
        return f"<img{next(waiting)}{size} {found['rest']}"

    return re.sub(
        r'<img (?P<rest>[^>]*?src="(?:\.\./)*_images/(?P<name>[^"]+)"[^>]*>)', larger_tag, body
    )


def _size(path: Path | None) -> str:
    if path is None or path.suffix != ".svg":
        return ""
    _, root = next(ElementTree.iterparse(path, events=["start"]))  # noqa: S314 - our own figures
    sizes = [root.get(name, "") for name in ("width", "height")]
    if not all(size.endswith("pt") for size in sizes):
        return ""
    width, height = (round(float(size[:-2]) * CSS_PIXELS_PER_POINT) for size in sizes)
    return f' width="{width}" height="{height}"'


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """Take out of style sheets and icon fonts what no page uses, once all pages are written."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    words = _words(out)
    icons: set[int] = set()
    for path in sorted((out / "_static").rglob("*.css")):
        rules = tinycss2.parse_stylesheet(path.read_text("utf-8"), skip_comments=True)
        css = "".join(used_rules(rules, words))
        icons |= {ord(letter) for letter in re.findall("[\ue000-\uf8ff]", css)}
        path.write_text(re.sub(r'\.woff2("?\)) format\("woff2"\)', r".woff\1", css), "utf-8")
    for path in sorted((out / "_static").rglob("webfonts/*.ttf")):
        font = ttLib.TTFont(path)
        only = subset.Subsetter()
        only.populate(unicodes=icons)
        only.subset(font)
        font.flavor = "woff"
        font.save(path.with_suffix(".woff"))


def _words(out: Path) -> set[str]:
    """Collect every word of pages and of scripts: a class that is none of them is on no page."""
    pages = [path for path in out.rglob("*.html") if "_static" not in path.parts]
    scripts = [
        path
        for path in (out / "_static").rglob("*.js")
        if "mathjax" not in path.parts and path.name not in UNUSED_SCRIPTS
    ]
    words: set[str] = set()
    for path in [*pages, *scripts]:
        words.update(re.findall(r"[\w-]+", path.read_text("utf-8")))
    return words


def used_rules(rules: list[Any], words: set[str]) -> Iterator[str]:
    """Give the rules that can apply where ``words`` are all the class names there may be.

    Parameters
    ----------
    rules
        Rules of a style sheet, as tinycss2 parses them.
    words
        At least every class that a page has or a script may give.

    Yields
    ------
    str
        A rule with its selectors that can match. Rules that name no class all stay.
    """
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [
                text
                for selector in _split_at_commas(rule.prelude)
                if all(name in words for name in _classes(selector))
                and (text := tinycss2.serialize(selector).strip())
            ]
            if selectors:
                yield f"{','.join(selectors)}{{{tinycss2.serialize(rule.content).strip()}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            nested = tinycss2.parse_rule_list(rule.content, skip_whitespace=True)
            if kept := "".join(used_rules(nested, words)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{kept}}}\n"
        elif rule.type not in {"whitespace", "comment"}:
            yield rule.serialize()


def _split_at_commas(tokens: list[Any]) -> list[list[Any]]:
    parts: list[list[Any]] = [[]]
    for part in tokens:
        if part == ",":
            parts.append([])
        else:
            parts[-1].append(part)
    return parts


def _classes(selector: list[Any]) -> Iterator[str]:
    """Give the classes that an element must have; what stands in ``:not(...)`` is none of them."""
    for dot, name in pairwise(selector):
        if dot == "." and name.type == "ident":
            yield name.value


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension with Sphinx; late, so that it sees what all others have added."""
    app.connect("config-inited", load_mathjax_in_parts)
    app.connect("html-page-context", load_what_the_page_uses, priority=900)
    app.connect("build-finished", lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
