"""Execute the book's notebooks, one on each core, into the cache that Jupyter Book reads.

``jupyter-book build`` alone takes them one after the other.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx_external_toc.parsing import parse_toc_yaml
from tqdm import tqdm

BOOK = Path(__file__).resolve().parent
CACHE = BOOK / "_build" / ".jupyter_cache"
MOST = 8  # kernels at a time: each may hold more than a gigabyte
READER = {"name": "myst_nb_md", "type": "plugin"}


def notebooks() -> list[str]:
    """Return the paths of the pages that have code, in the order of the table of contents."""
    pages = [BOOK / f"{name}.md" for name in parse_toc_yaml(BOOK / "_toc.yml")]
    return [str(page) for page in pages if is_myst_markdown_notebook(page.read_text("utf-8"))]


def main() -> None:
    """Execute what is not in the cache, and exit with an error if a notebook fails."""
    # Kernels whose threads fight for the cores are many times slower.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    settings = yaml.safe_load((BOOK / "_config.yml").read_text("utf-8"))["execute"]
    cache = get_cache(CACHE)
    paths = notebooks()
    for path in paths:
        cache.add_nb_to_project(path, read_data=READER)
    waiting = [cache.get_project_notebook(record.pk) for record in cache.list_unexecuted(paths)]

    def execute(number: int) -> ExecutionResult:
        folder = str(Path(waiting[number].uri).parent)
        return single_nb_execution(
            waiting[number].nb, cwd=folder, timeout=settings["timeout"], allow_errors=False
        )

    failed = []
    with ThreadPoolExecutor(min(MOST, os.cpu_count() or 1)) as pool:
        results = pool.map(execute, range(len(waiting)))
        for notebook, result in zip(waiting, tqdm(results, total=len(waiting)), strict=True):
            if result.err is not None:
                failed.append(f"{notebook.uri} failed:\n{result.exc_string}")
                continue
            seconds = {"execution_seconds": result.time}
            bundle = CacheBundleIn(result.nb, notebook.uri, data=seconds)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
