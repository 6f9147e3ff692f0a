"""The posts of rows: the checks of Compose, with the zone, the labels and the accounts of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.application import Application
from core.bulk.columns import Column
from core.bulk.destination_names import AccountSnapshot
from core.bulk.row_repeats import row_series, without_skipped_runs
from core.bulk.row_times import DateOrder, date_order, read_row_time
from core.bulk.rows import PostRow
from core.errors import PunctualError
from core.labels.label import stored_names
from core.posts.models import LABELS_LIMIT, Media, OptionValue, Post
from core.publishing.composing import compose, suggest_time
from core.publishing.options import OptionForNobody, read_options
from core.scheduling.selection import TooManyLabelsOnPost
from core.time.instants import time_zone, wall_time
from core.time.written_refusals import WrittenTime


class UnreadableRow(PunctualError):
    """A row has another number of cells than the table has columns."""

    hint = "Correct it in the file, or give the text here."


class TextForNobody(PunctualError):
    """A row has a text for an account that does not get the post."""

    def __init__(self, label: str) -> None:
        super().__init__(f"The row has a text for {label}, which is none of its destinations.")
        self.hint = f"Add {label} to the destinations, or empty the cell."


class UnnamedOption(PunctualError):
    """The name of a column with an option names no account."""

    hint = "Name the column like option:bluesky:ada.example:replies, or leave it unused."

    def __init__(self, column: str) -> None:
        super().__init__(f"The column {column!r} does not name an account and its option.")


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """What applies to every row. `zone`, `destinations` are for rows that name none; `labels` are added to each row.

    `order` None: the dates of the table tell it. With `duplicates`, they are scheduled too. With `cards`, the posts get
    the cards of their links.
    """

    zone: str
    destinations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    order: DateOrder | None = None
    duplicates: bool = False
    cards: bool = True


class RowPosts:
    """Makes the posts of rows, all at the same moment and with the same accounts."""

    def __init__(self, application: Application, rows: Sequence[PostRow], options: LoadOptions) -> None:
        self.accounts = AccountSnapshot(application.accounts.all())
        self._application = application
        self._options = options
        self._labels = application.all_labels()
        self._order = options.order or date_order(row.get(Column.WHEN) for row in rows)
        self._now = application.clock()

    def post(self, row: PostRow, post_id: str, media: Sequence[Media] = ()) -> Post:
        """Return the post of a row, whether or not its time has passed. One without a time has a time for the checks.

        Raises the errors of `compose`, of the time, of the rule and of the labels.
        """
        zone = row.get(Column.ZONE) or self._options.zone
        time_zone(zone)
        at = self._time(row.get(Column.WHEN), zone)
        destinations: list[str] = [self.accounts.named(name).destination for name in row.destinations]
        destinations = destinations or list(self._options.destinations)
        labels = stored_names(self._labels, [*row.labels, *self._options.labels])
        if len(labels) > LABELS_LIMIT:
            raise TooManyLabelsOnPost
        post = compose(
            post_id=post_id,
            text=row.text,
            destinations=destinations,
            wall=at.wall,
            zone=at.zone,
            which=at.which,
            late_after_minutes=self._application.settings.late_after_minutes,
            accounts=self.accounts,
            networks=self._application.networks,
            variants=self._own_texts(row, destinations),
            options=self._account_options(row, destinations),
            media=media,
            repeat=row_series(row, at, self._order, self._now),
            labels=labels,
        )
        return without_skipped_runs(post, row, self._order, self._now)

    def _time(self, written: str, zone: str) -> WrittenTime:
        if written:
            return read_row_time(written, zone, self._order, self._now)
        return WrittenTime(wall=wall_time(suggest_time(self._now), zone).replace(tzinfo=None), zone=zone, which=1)

    def _own_texts(self, row: PostRow, destinations: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, text in row.own_texts.items():
            account = self.accounts.named(name)
            if account.destination not in destinations:
                raise TextForNobody(account.label)
            found[account.destination] = text.strip()
        return found

    def _account_options(self, row: PostRow, destinations: Sequence[str]) -> dict[str, dict[str, OptionValue]]:
        written: dict[str, dict[str, str]] = {}
        for name, texts in row.options.items():
            if not name:
                raise UnnamedOption(next(iter(texts)))
            account = self.accounts.named(name)
            if account.destination not in destinations:
                raise OptionForNobody(account.label)
            written.setdefault(account.destination, {}).update(texts)
        return {destination: self._read_options(destination, texts) for destination, texts in written.items()}

    def _read_options(self, destination: str, texts: Mapping[str, str]) -> dict[str, OptionValue]:
        account = self.accounts.get(destination)
        return read_options(texts, account.label, self._application.networks[account.network].options)
