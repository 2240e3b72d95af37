"""The table that shows what runs where, as text and as HTML."""

from dataclasses import astuple, dataclass

from aecourse.table import html_table, text_table

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
        return text_table(_HEAD, [astuple(row) for row in self.rows])

    def _repr_html_(self) -> str:
        return html_table(_HEAD, [astuple(row) for row in self.rows], caption="What runs where")
