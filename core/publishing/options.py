"""The options of a post for one account, such as a content warning: each network declares its own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import PunctualError
from core.posts.first_comment import FIRST_COMMENT
from core.posts.models import OptionValue, graphemes
from core.time.phrases import excerpt, join_names

OptionValues = Mapping[str, OptionValue]
"""The values of one account's options, by the name of the option."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DESCRIBED = 40
"""Characters of a text in the description of an option."""
_WORDS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


@dataclass(frozen=True, kw_only=True)
class TextOption:
    """A text. An empty one is not sent.

    `limit` is in graphemes. `pattern` matches the whole text, and `example` shows such a text. A text that is `counted`
    counts toward the limit of the post. Of two options that exclude each other, only one has a text.
    """

    name: str
    label: str
    help: str
    default: str = ""
    limit: int | None = None
    pattern: re.Pattern[str] | None = None
    example: str = ""
    multiline: bool = False
    counted: bool = False
    excludes: str | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A value to choose, and its name."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ChoiceOption:
    """One of several values. The first one is the default."""

    name: str
    label: str
    help: str
    choices: tuple[Choice, ...]

    @property
    def default(self) -> str:
        """The value of a post that chooses none."""
        return self.choices[0].value


@dataclass(frozen=True, kw_only=True)
class SwitchOption:
    """Yes or no."""

    name: str
    label: str
    help: str
    default: bool = False


Option = TextOption | ChoiceOption | SwitchOption

FIRST_COMMENT_OPTION = TextOption(
    name=FIRST_COMMENT,
    label="First comment",
    help="A reply to your own post, published after it",
    multiline=True,
)
"""The option of each network with replies. Composing makes the last part of the destination of it."""


class UnknownOption(PunctualError):
    """The network does not declare the option."""

    def __init__(self, label: str, name: str, options: Sequence[Option]) -> None:
        super().__init__(f"{label} has no option {name!r}.")
        names = [each.name for each in options]
        self.hint = f"Its options are {join_names(names)}." if names else "Leave the option out: its network has none."


class UnusableOption(PunctualError):
    """The value of an option is not one that its network accepts."""

    def __init__(self, label: str, option: Option, fault: str, hint: str) -> None:
        super().__init__(f"{option.label} for {label} {fault}.")
        self.hint = hint


class OptionForNobody(PunctualError):
    """An option names an account that does not get the post."""

    def __init__(self, account: str) -> None:
        super().__init__(f"There is an option for {account}, which is none of the destinations.")
        self.hint = f"Add {account} to the destinations, or leave the option out."


def checked_options(values: OptionValues, label: str, options: Sequence[Option]) -> dict[str, OptionValue]:
    """Return the values that differ from their defaults, in the order of the declaration. `label` is the account's.

    Raises UnknownOption or UnusableOption.
    """
    by_name = {each.name: each for each in options}
    for name in values:
        if name not in by_name:
            raise UnknownOption(label, name, options)
    checked = {name: _checked(values[name], option, label) for name, option in by_name.items() if name in values}
    chosen = {name: value for name, value in checked.items() if value != by_name[name].default}
    for name in chosen:
        _check_alone(by_name[name], chosen, by_name, label)
    return chosen


def read_options(written: Mapping[str, str], label: str, options: Sequence[Option]) -> dict[str, OptionValue]:
    """Return the values of texts: yes or no for a switch, the value or the name of a choice. `label` is the account's.

    Raises UnknownOption or UnusableOption.
    """
    by_name = {each.name: each for each in options}
    values = {name: _read(text, by_name[name], label) if name in by_name else text for name, text in written.items()}
    return checked_options(values, label, options)


def written_value(value: OptionValue) -> str:
    """Return a value as `read_options` reads it."""
    return value if isinstance(value, str) else "yes" if value else "no"


def declared_values(values: OptionValues, options: Iterable[Option]) -> dict[str, OptionValue]:
    """Return the values of the options that a network declares, without those that it does not know any more."""
    return {each.name: values[each.name] for each in options if type(values.get(each.name)) is type(each.default)}


def describe_options(values: OptionValues, options: Sequence[Option]) -> list[str]:
    """Return a phrase for each value, such as `Visibility: Followers`, in the order of the declaration."""
    known = declared_values(values, options)
    return [_described(option, known[option.name]) for option in options if option.name in known]


def _read(text: str, option: Option, label: str) -> OptionValue:
    written = text.strip().casefold()
    if isinstance(option, SwitchOption):
        if written not in _WORDS:
            raise UnusableOption(label, option, f"cannot be {excerpt(text, _DESCRIBED)!r}", "Write yes or no.")
        return _WORDS[written]
    if isinstance(option, ChoiceOption):
        named = (each.value for each in option.choices if written in (each.value.casefold(), each.label.casefold()))
        return next(named, text)
    return text


def _checked(value: OptionValue, option: Option, label: str) -> OptionValue:
    if isinstance(option, SwitchOption):
        if not isinstance(value, bool):
            raise UnusableOption(label, option, "is yes or no, not a text", "Write yes or no.")
        return value
    if not isinstance(value, str):
        raise UnusableOption(label, option, "is a text, not yes or no", "Write a text.")
    if isinstance(option, ChoiceOption):
        if value not in (each.value for each in option.choices):
            named = join_names([each.value or '""' for each in option.choices])
            raise UnusableOption(label, option, f"cannot be {excerpt(value, _DESCRIBED)!r}", f"Choose one of {named}.")
        return value
    return _checked_text(value, option, label)


def _checked_text(value: str, option: TextOption, label: str) -> str:
    text = value.strip()
    unwanted = _CONTROL.search(text)
    if unwanted:
        fault = f"contains the control character U+{ord(unwanted[0]):04X}"
        raise UnusableOption(label, option, fault, "Type the text again.")
    if "\n" in text and not option.multiline:
        raise UnusableOption(label, option, "has more than one line", "Write it in one line.")
    if option.limit is not None and graphemes(text) > option.limit:
        count, excess = graphemes(text), graphemes(text) - option.limit
        fault = f"has {count:,} characters, and {option.limit:,} are accepted"
        raise UnusableOption(label, option, fault, f"Shorten it by {excess:,}.")
    if text and option.pattern is not None and not option.pattern.fullmatch(text):
        fault = f"cannot be {excerpt(text, _DESCRIBED)!r}"
        raise UnusableOption(label, option, fault, f"Write it like this: {option.example}.")
    return text


def _check_alone(option: Option, chosen: OptionValues, by_name: Mapping[str, Option], label: str) -> None:
    """Raise UnusableOption if the option has a value beside that of an option that it excludes."""
    if isinstance(option, TextOption) and option.excludes is not None and option.excludes in chosen:
        other = by_name[option.excludes].label
        raise UnusableOption(label, option, f"excludes {other}", f"Empty one of the two: {option.label} or {other}.")


def _described(option: Option, value: OptionValue) -> str:
    if isinstance(option, SwitchOption):
        return option.label if value else f"{option.label}: no"
    if isinstance(option, ChoiceOption):
        value = next((each.label for each in option.choices if each.value == value), value)
        return f"{option.label}: {value}"
    return f"{option.label}: {excerpt(str(value), _DESCRIBED)}"
