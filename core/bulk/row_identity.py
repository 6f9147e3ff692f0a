"""The identity of a row: its meaning, so that a file that a spreadsheet saved again has the same rows."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

from core.bulk.cells import split_values
from core.bulk.columns import Column
from core.bulk.destination_names import AccountSnapshot
from core.bulk.row_times import DateOrder, date_order, time_meaning
from core.bulk.rows import PostRow, picture_names
from core.errors import PunctualError
from core.posts.models import ID_ALPHABET
from core.posts.written_rules import read_rule, write_rule

ID_LENGTH, ID_BITS = 12, 5


def row_ids(
    rows: Sequence[PostRow],
    destinations: Collection[str],
    accounts: AccountSnapshot,
    order: DateOrder | None,
    *,
    of_this_table: bool = False,
) -> list[str]:
    """Return the ids of the posts of rows.

    An id follows from the texts, the time, the repeat rule, the pictures and the destinations as they were written in
    the file, and from the number of the row among its equals. `destinations` are those of rows that name none. So a
    repeated load finds the posts of the first one, also after corrections, in another order, or in another encoding.
    `of_this_table`: equal rows of other tables have other ids.
    """
    order = order or date_order(row.written.get(Column.WHEN, "") for row in rows)
    meanings = [_meaning(row, destinations, accounts, order) for row in rows]
    table = _digest(*sorted(meanings)) if of_this_table else ""
    seen: Counter[str] = Counter()
    found = []
    for meaning in meanings:
        seen[meaning] += 1
        found.append(_post_id(_digest(table, meaning, str(seen[meaning]))))
    return found


def _meaning(row: PostRow, destinations: Collection[str], accounts: AccountSnapshot, order: DateOrder | None) -> str:
    written = row.written
    named = split_values(written.get(Column.DESTINATIONS, "")) or destinations
    own_texts = sorted(f"{_account(name, accounts)}\n{_plain(text)}" for name, text in row.own_texts.items())
    return _digest(
        _plain(written.get(Column.TEXT, "")),
        time_meaning(written.get(Column.WHEN, ""), order),
        written.get(Column.ZONE, "").strip().casefold(),
        _rule(written.get(Column.REPEAT, "")),
        *sorted({_account(name, accounts) for name in named}),
        "own texts",
        *own_texts,
        "pictures",
        *picture_names(written.get(Column.PICTURES, "")),
    )


def _plain(text: str) -> str:
    """Return a text without the differences that programs make when they save it: line ends, and composed letters."""
    return "\n".join(line.rstrip() for line in unicodedata.normalize("NFC", text).strip().splitlines())


def _rule(text: str) -> str:
    """Return the same text for each way to write one rule."""
    plain = " ".join(text.casefold().split())
    try:
        return write_rule(read_rule(plain)) if plain else ""
    except PunctualError:  # the row is refused, and has an id all the same
        return plain


def _account(name: str, accounts: AccountSnapshot) -> str:
    try:
        return accounts.named(name).destination
    except PunctualError:  # the row is refused, and has an id all the same
        return name.casefold()


def _digest(*parts: str) -> str:
    lengths = "".join(f"{len(part)}:{part}" for part in parts)  # so that no two lists of parts are one text
    return hashlib.sha256(lengths.encode("utf-8", "surrogatepass")).hexdigest()


def _post_id(digest: str) -> str:
    bits = int(digest, 16)
    return "".join(ID_ALPHABET[bits >> ID_BITS * place & 31] for place in range(ID_LENGTH))
