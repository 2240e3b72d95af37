"""The table that shows what runs where, as text and as HTML."""

import html
from dataclasses import astuple, dataclass

__all__ = ["NOTHING", "Report", "Row"]

NOTHING = "—"
_HEAD = ("", "version", "device", "memory", "why")


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes
    ----------
    name
        Language or library.
    version
        Its version, or "not installed".
    device
        Where it computes.
    memory
        Memory of that device, in GiB.
    why
        The reason for the device.
    """

    name: str
    version: str
    device: str
    memory: str
    why: str


@dataclass(frozen=True)
class Report:
    """A table of what runs where; ``print`` shows text, a notebook shows HTML.

    Attributes
    ----------
    rows
        One row for each of Python, NumPy, PyTorch, TensorFlow and Keras.

    Examples
    --------
    >>> print(Report((Row("NumPy", "2.1.3", "cpu", NOTHING, "NumPy has no GPU code"),)))
           version  device  memory  why
    NumPy  2.1.3    cpu     —       NumPy has no GPU code
    """

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        """Return the table as aligned text."""
        lines = [_HEAD, *map(astuple, self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{cell}</th>' for cell in _HEAD[1:])
        body = ""
        for row in self.rows:
            name, *others = map(html.escape, astuple(row))
            values = "".join(f"<td>{cell}</td>" for cell in others)
            body += f'<tr><th scope="row">{name}</th>{values}</tr>\n'
        return (
            "<table>\n<caption>What runs where</caption>\n"
            f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
        )
