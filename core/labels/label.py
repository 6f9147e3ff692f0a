"""Labels as frozen values, and the changes of a deployment's labels as pure functions.

Posts carry the names of their labels; the colours belong to the deployment. Names that differ in case only are one
label.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import TypeAdapter

from core.errors import PunctualError
from core.posts.models import FrozenModel, LabelName

LabelColour = Literal["blue", "green", "orange", "violet", "red", "yellow", "gray"]
"""A colour of Streamlit's badges, whose text is readable on its ground in the light and in the dark theme."""
COLOURS: tuple[LabelColour, ...] = get_args(LabelColour)
MAX_LABELS = 500
"""The most labels of a deployment. On AWS, they are one item of the table."""


class LabelExists(PunctualError):
    """Another label has this name."""

    hint = "Choose another name."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a label {name} already.")


class LabelGone(PunctualError):
    """There is no label with this name: it was renamed or deleted meanwhile."""

    hint = "Reload the page to see the current labels."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no label {name}.")


class TooManyLabels(PunctualError):
    """The deployment has MAX_LABELS labels."""

    hint = "Delete labels that you no longer use."

    def __init__(self) -> None:
        super().__init__(f"There are {MAX_LABELS} labels already; there can be no more.")


class InvalidLabel(PunctualError):
    """A name is empty or too long."""

    hint = "Give it a name of 1 to 50 characters."

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} cannot be the name of a label.")


class Label(FrozenModel):
    """A label: the name that posts carry, and its colour."""

    name: LabelName
    colour: LabelColour = "gray"

    @property
    def key(self) -> str:
        """The name without the difference of upper and lower case."""
        return label_key(self.name)


LABELS: TypeAdapter[tuple[Label, ...]] = TypeAdapter(tuple[Label, ...])
_NAME: TypeAdapter[str] = TypeAdapter(LabelName)


def label_key(name: str) -> str:
    """Return a name without the difference of upper and lower case."""
    return name.casefold()


def label_name(text: str) -> str:
    """Return a typed name without superfluous spaces. Raises InvalidLabel."""
    try:
        return _NAME.validate_python(text)
    except ValueError as error:
        raise InvalidLabel(text) from error


def in_order(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return labels by name."""
    return tuple(sorted(labels, key=lambda label: (label.key, label.name)))


def with_names(labels: tuple[Label, ...], names: Iterable[str]) -> tuple[Label, ...]:
    """Return the labels and a new one for each unknown name, in the colour that fewest have.

    Raises InvalidLabel or TooManyLabels.
    """
    found = {label.key: label for label in labels}
    for name in map(label_name, names):
        if label_key(name) not in found:
            used = [label.colour for label in found.values()]
            found[label_key(name)] = Label(name=name, colour=min(COLOURS, key=used.count))
    return _checked(found.values(), before=len(labels))


def with_label(labels: tuple[Label, ...], name: str, changed: Label) -> tuple[Label, ...]:
    """Return the labels with another name or colour of one. Raises LabelGone or LabelExists."""
    found = {label.key: label for label in labels}
    if found.pop(label_key(name), None) is None:
        raise LabelGone(name)
    if changed.key in found:
        raise LabelExists(found[changed.key].name)
    return in_order([*found.values(), changed])


def with_restored(labels: tuple[Label, ...], label: Label) -> tuple[Label, ...]:
    """Return the labels with a deleted one, unless there is one with its name."""
    return labels if label.key in {each.key for each in labels} else in_order([*labels, label])


def without_label(labels: tuple[Label, ...], name: str) -> tuple[Label, ...]:
    """Return the labels without one. Raises nothing if there is none."""
    return tuple(label for label in labels if label.key != label_key(name))


def stored_names(labels: tuple[Label, ...], names: Iterable[str]) -> tuple[str, ...]:
    """Return the names as the labels are written, each once. An unknown name stays as it is."""
    found = {label.key: label.name for label in labels}
    return tuple(dict.fromkeys(found.get(label_key(name), name) for name in map(label_name, names)))


def _checked(labels: Iterable[Label], *, before: int) -> tuple[Label, ...]:
    ordered = in_order(labels)
    if len(ordered) > max(MAX_LABELS, before):
        raise TooManyLabels
    return ordered
