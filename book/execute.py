"""Execute the book's notebooks, one on each core, into the cache that Jupyter Book reads.

``jupyter-book build`` alone takes them one after the other. Set ``OMP_NUM_THREADS=1``, as
``make book`` does, or the notebooks will fight for the cores.
"""

import logging
import sys
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbProjectRecord
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx_external_toc.parsing import parse_toc_yaml

BOOK = Path(__file__).resolve().parent
CACHE = BOOK / "_build" / ".jupyter_cache"


def notebooks() -> list[str]:
    """Return the paths of the pages that have code, in the order of the table of contents."""
    pages = [BOOK / f"{name}.md" for name in parse_toc_yaml(BOOK / "_toc.yml")]
    return [str(page) for page in pages if is_myst_markdown_notebook(page.read_text("utf-8"))]


def main() -> None:
    """Execute what is not in the cache, and exit with an error if a notebook fails."""
    config = yaml.safe_load((BOOK / "_config.yml").read_text("utf-8"))
    logger = logging.getLogger("execute")
    logger.setLevel(logging.INFO)
    cache = get_cache(CACHE)
    paths = notebooks()
    for path in paths:
        cache.add_nb_to_project(path, read_data={"name": "myst_nb_md", "type": "plugin"})
    executor = load_executor("local-parallel", cache, logger=logger)
    outcome = executor.run_and_cache(filter_uris=paths, timeout=config["execute"]["timeout"])
    failed = [
        f"{path} failed: {NbProjectRecord.record_from_uri(path, cache.db).traceback or 'see above'}"
        for path in outcome.excepted + outcome.errored
    ]
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
