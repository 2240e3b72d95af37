"""The table that shows what runs where, as text and as HTML."""

from dataclasses import astuple, dataclass

from aecourse.table import Table

__all__ = ["NOTHING", "Report", "Row"]

NOTHING = "—"


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


@dataclass(frozen=True, repr=False)
class Report(Table):
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

    heads = ("", "version", "device", "memory", "why")
    caption = "What runs where"

    def cells(self) -> list[tuple[str, ...]]:
        """Return the fields of every row."""
        return [astuple(row) for row in self.rows]
