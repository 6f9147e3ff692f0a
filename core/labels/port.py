"""The labels port: the names and colours of the labels of a deployment."""

from collections.abc import Iterable
from typing import Protocol

from core.labels.label import Label


class Labels(Protocol):
    """The labels of a deployment. Any thread may use it, and changes at the same moment follow each other."""

    def all(self) -> tuple[Label, ...]:
        """Return the labels by name."""
        ...

    def add(self, names: Iterable[str]) -> tuple[str, ...]:
        """Make sure that there is a label for each name; a new one gets the colour that fewest have.

        Return the names as the labels are written, each once. Raises InvalidLabel or TooManyLabels.
        """
        ...

    def change(self, name: str, changed: Label) -> None:
        """Give a label another name or colour. The posts keep the old name. Raises LabelGone or LabelExists."""
        ...

    def restore(self, label: Label) -> None:
        """Bring a deleted label back with its colour, unless there is one with its name."""
        ...

    def delete(self, name: str) -> None:
        """Delete a label, if there is one. The posts keep its name."""
        ...
