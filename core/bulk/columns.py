"""The columns of a table of posts, and the names that other schedulers give them."""

import re
from collections.abc import Sequence
from enum import StrEnum


class Column(StrEnum):
    """What a column of a file holds."""

    TEXT = "Text"
    WHEN = "Date and time"
    DATE = "Date"
    TIME = "Time"
    ZONE = "Time zone"
    DESTINATIONS = "Destinations"
    LABELS = "Labels"
    PICTURES = "Pictures"
    ALT = "Alt texts"
    LINK = "Link"
    REPEAT = "Repeat"
    LAST_DATE = "Last date"
    RUNS = "Number of runs"
    SKIPPED = "Skipped runs"
    OWN_TEXT = "Text of one account"
    OPTION = "Option of one account"


_SYNONYMS: dict[Column, str] = {
    Column.TEXT: "text message content body caption post tweet status copy description nachricht beitrag texte mensaje",
    Column.WHEN: (
        "datetime when dateandtime datetimeutc scheduledat scheduled scheduledtime scheduledfor scheduleddate"
        " publishat publishdate publishtime postingtime posttime postat postdate sendat duedat dueat due timestamp"
        " publicationdate startdate wall"
    ),
    Column.DATE: "date day datum fecha jour tag",
    Column.TIME: "time hour timeofday clock uhrzeit heure hora zeit",
    Column.ZONE: "zone timezone tz zeitzone",
    Column.DESTINATIONS: (
        "destinations destination accounts account channels channel profiles profile networks network platforms"
        " platform socialnetwork socialnetworks to pages page"
    ),
    Column.LABELS: "labels label tags tag campaign campaigns category categories",
    Column.PICTURES: (
        "pictures picture images image imageurl imageurls imagelink photo photos photourl media mediaurl mediaurls"
        " medialink picturelink pictureurl video videourl videos file files attachment attachments"
    ),
    Column.ALT: "alt alttext alttexts alttags alternativetext imagealt imagealttext imagedescription altbeschreibung",
    Column.LINK: "link links url urls website href",
    Column.REPEAT: "repeat recurrence recurring wiederholung",
    Column.LAST_DATE: "lastdate until repeatuntil",
    Column.RUNS: "numberofruns runs",
    Column.SKIPPED: "skippedruns skipped",
}
_COLUMNS = {name: column for column, names in _SYNONYMS.items() for name in names.split()}
OWN_TEXTS = "own_texts"
"""The member of a line of JSON that holds the texts of single accounts, by account."""
OPTIONS = "options"
"""The member of a line of JSON that holds the options of single accounts, by account and name."""
_NUMBERED = re.compile(r"[0-9]+$")
_OWN_TEXT = re.compile(r"\s*text\s*:\s*(\S.*)", re.IGNORECASE)
_OPTION = re.compile(r"\s*option\s*:\s*(?P<account>\S.*):\s*(?P<name>[a-z_]+)\s*", re.IGNORECASE)
SEVERAL = frozenset({Column.OWN_TEXT, Column.OPTION, Column.PICTURES, Column.ALT, Column.LABELS, Column.DESTINATIONS})
"""What several columns of one file may hold, such as `Image 1` and `Image 2`."""


def column_named(name: str) -> Column | None:
    """Return the meaning of a column with this name, or None if the name is unknown."""
    if _OWN_TEXT.fullmatch(name):
        return Column.OWN_TEXT
    if _OPTION.fullmatch(name):
        return Column.OPTION
    words = re.sub(r"\(.*?\)", "", name).casefold()
    key = re.sub(r"[\W_]+", "", words)
    return _COLUMNS.get(key) or _COLUMNS.get(_NUMBERED.sub("", key))


def account_named(name: str) -> str:
    """Return the account in the name of a column OWN_TEXT: the part after `text:`, or the whole name."""
    found = _OWN_TEXT.fullmatch(name)
    return (found[1] if found else name).strip()


def own_text_column(account: str) -> str:
    """Return the name of the column with the texts of an account."""
    return f"text:{account}"


def option_named(name: str) -> tuple[str, str]:
    """Return the account and the option in the name of a column OPTION; an empty account if the name has none."""
    found = _OPTION.fullmatch(name)
    return (found["account"].strip(), found["name"].casefold()) if found else ("", name.strip())


def option_column(account: str, name: str) -> str:
    """Return the name of the column with an option of an account."""
    return f"option:{account}:{name}"


def known_names(names: Sequence[str]) -> int:
    """Return how many of some names are names of columns."""
    return sum(1 for name in names if column_named(name))


def guess_columns(header: Sequence[str]) -> dict[str, Column]:
    """Return the meanings of the columns, by their names. Of two columns with one meaning, the first counts."""
    found: dict[str, Column] = {}
    for name in header:
        column = column_named(name)
        if column and (column in SEVERAL or column not in found.values()):
            found[name] = column
    return found
