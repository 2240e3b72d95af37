"""A progress bar that leaves one line behind, in a terminal and on a book's page."""

import io
import sys
from typing import Any

from tqdm import tqdm

__all__ = ["progress_bar"]


class _NotebookBar(tqdm):  # type: ignore[misc]
    # Written to a stream, each state of the bar would stay on a built page, dozens of lines.
    # A display that is updated keeps only its last state, and needs no widget and no kernel.

    def __init__(self, total: int, *, unit: str, disable: bool) -> None:
        self._shown: Any = None
        super().__init__(
            total=total, unit=unit, disable=disable, file=io.StringIO(), ncols=100, ascii=False
        )

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Show the bar's present state in place of the last one."""
        del pos  # one bar at a time
        from IPython.display import display

        text = {"text/plain": str(self) if msg is None else msg}
        if self._shown is None:
            self._shown = display(text, raw=True, display_id=True)
        else:
            self._shown.update(text, raw=True)


def progress_bar(total: int, *, unit: str, disable: bool = False) -> Any:
    """Return a tqdm bar that fits where it is shown.

    Parameters
    ----------
    total
        Number of steps.
    unit
        What a step is called.
    disable
        Whether to show nothing.

    Returns
    -------
    tqdm.tqdm
        In a notebook one that updates its output, elsewhere one on standard output.

    Examples
    --------
    >>> with progress_bar(3, unit="step", disable=True) as bar:
    ...     bar.update(3)
    """
    # Plain IPython has no kernel, and a notebook's kernel has loaded IPython long before.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is not None:
        return _NotebookBar(total, unit=unit, disable=disable)
    return tqdm(total=total, unit=unit, disable=disable, file=sys.stdout)
