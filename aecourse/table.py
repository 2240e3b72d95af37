"""Tables that read well as plain text and as HTML."""

import html
from abc import ABC, abstractmethod
from collections.abc import Sequence

__all__ = ["Table", "html_table", "text_table"]


class Table(ABC):
    """Something that ``print`` shows as aligned text and a notebook as HTML.

    Attributes
    ----------
    heads
        Names of the columns; an empty one becomes a plain cell.
    caption
        What the table shows.

    Examples
    --------
    >>> class Squares(Table):
    ...     heads = ("n", "its square")
    ...     caption = "Squares"
    ...
    ...     def cells(self):
    ...         return [(str(n), str(n * n)) for n in (3, 4)]
    >>> print(Squares())
    n  its square
    3  9
    4  16
    """

    heads: Sequence[str]
    caption: str

    @abstractmethod
    def cells(self) -> Sequence[Sequence[str]]:
        """Return the text of every row, one cell for each head."""

    def __str__(self) -> str:
        return text_table(self.heads, self.cells())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self.heads, self.cells(), caption=self.caption)


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align cells in columns.

    Parameters
    ----------
    heads
        Names of the columns.
    rows
        Cells, as many a row as there are heads.

    Returns
    -------
    str
        One line for the heads and one a row.

    Examples
    --------
    >>> print(text_table(("code", "error"), [("2", "0.0557"), ("256", "0.0014")]))
    code  error
    2     0.0557
    256   0.0014
    """
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str) -> str:
    """Write cells as a table whose first cell of each row names the row.

    Parameters
    ----------
    heads
        Names of the columns; an empty one becomes a plain cell.
    rows
        Cells, as many a row as there are heads. Everything is escaped.
    caption
        What the table shows.

    Returns
    -------
    str
        A ``table`` element.

    Examples
    --------
    >>> table = html_table(("code", "error"), [("2", "0.0557")], caption="PCA")
    >>> "<caption>PCA</caption>" in table
    True
    """
    head = "".join(
        f'<th scope="col">{html.escape(name)}</th>' if name else "<td></td>" for name in heads
    )
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in others)
        body += f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>\n'
    return (
        f'<table class="table">\n<caption>{html.escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    )
