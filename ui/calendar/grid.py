"""The model of the calendar's grid: rows of cells with chips, free places, holidays, and the number of other posts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from core.time.phrases import calendar_day, plural
from ui.calendar.chips import Chip
from ui.calendar.periods import Period, View
from ui.calendar.viewer_locale import Conventions

MONTH_CHIPS, HOUR_CHIPS, LIST_CHIPS = 6, 4, 12
"""The most chips that are sent for a cell of a month, of a week and of a list."""
FIRST_DAY_CHIPS = 300
"""The most chips of the first day of a list, which is the one that a person asked for."""
MONTH_FREE = 3
"""The most free places that are sent for a day of a month."""

FIRST_HOUR, VISIBLE_HOURS = 8, 8
"""The latest hour with which a week begins when it is opened, and the hours that a small screen shows."""


@dataclass(frozen=True, kw_only=True)
class FreePlace:
    """A posting time at which nothing is due. `instant` is its instant in UTC, as text; `minute` is that of the day."""

    instant: str
    minute: int
    time: str
    label: str


@dataclass(frozen=True, kw_only=True)
class GridCell:
    """A day, or an hour of a day in a week: `at` is `2026-12-03` or `2026-12-03T14`.

    `more` is the number of posts beside `chips`.
    """

    at: str
    name: str
    label: str
    number: int
    chips: tuple[Chip, ...]
    free: tuple[FreePlace, ...]
    holidays: tuple[str, ...]
    more: int
    inside: bool
    today: bool
    past: bool


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """Cells side by side. `head` is the hour of a week's row, and `now` whether it is the present one."""

    head: str
    now: bool = False
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, kw_only=True)
class GridColumn:
    """The head of a column: a weekday, in a week with its date and holidays."""

    name: str
    label: str
    number: int | None
    holidays: tuple[str, ...]
    today: bool


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Everything that the component draws. `legend` are the label, icon and colour of each shown state."""

    view: View
    columns: tuple[GridColumn, ...]
    rows: tuple[GridRow, ...]
    legend: tuple[tuple[str, str, str], ...]
    first_hour: int


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is due at the wall times of the viewer, soonest first. `others` is the number of further posts of a day."""

    chips: Sequence[tuple[datetime, Chip]]
    free: Sequence[tuple[datetime, FreePlace]] = ()
    holidays: Mapping[date, Sequence[str]] = field(default_factory=dict)
    others: Mapping[date, int] = field(default_factory=dict)


def build_grid(period: Period, contents: Contents, now: datetime, conventions: Conventions) -> Grid:
    """Return the grid of a period. `now` is the viewer's wall time."""
    cells = _Cells(period, contents, now)
    if period.view == "week":
        rows = [cells.hour_row(hour, conventions) for hour in range(24)]
    else:
        width = 7 if period.view == "month" else 1
        days = period.days
        rows = [
            GridRow(head="", cells=tuple(cells.day(day) for day in days[index : index + width]))
            for index in range(0, len(days), width)
        ]
    shown = (chip for row in rows for cell in row.cells for chip in cell.chips)
    return Grid(
        view=period.view,
        columns=tuple(_columns(period, contents, now.date())),
        rows=tuple(rows),
        legend=tuple(dict.fromkeys((chip.state, chip.icon, chip.colour) for chip in shown)),
        first_hour=_first_hour(period, contents, now),
    )


class _Cells:
    """The cells of a period."""

    def __init__(self, period: Period, contents: Contents, now: datetime) -> None:
        self._period, self._contents, self._now = period, contents, now
        by_hour = period.view == "week"
        self._chips: dict[str, list[Chip]] = defaultdict(list)
        self._free: dict[str, list[FreePlace]] = defaultdict(list)
        for wall, chip in contents.chips:
            self._chips[place(wall, by_hour=by_hour)].append(chip)
        for wall, free in contents.free:
            self._free[place(wall, by_hour=by_hour)].append(free)

    def day(self, day: date) -> GridCell:
        """Return the cell of a day."""
        first = self._period.view == "list" and day == self._period.days[0]
        most = MONTH_CHIPS if self._period.view == "month" else FIRST_DAY_CHIPS if first else LIST_CHIPS
        return self._cell(day.isoformat(), calendar_day(day), day, day < self._now.date(), most)

    def hour_row(self, hour: int, conventions: Conventions) -> GridRow:
        """Return the row of an hour of a week."""
        ended = (self._now - timedelta(hours=1)).replace(tzinfo=None)
        cells = []
        for day in self._period.days:
            wall = datetime.combine(day, time(hour))
            name = f"{calendar_day(day)}, {conventions.clock(wall)}"
            cells.append(self._cell(place(wall, by_hour=True), name, day, wall <= ended, HOUR_CHIPS))
        now = self._now.hour == hour and self._now.date() in self._period.days
        return GridRow(head=conventions.hour(hour), now=now, cells=tuple(cells))

    def _cell(self, at: str, name: str, day: date, past: bool, most: int) -> GridCell:
        chips, free = self._chips.get(at, []), self._free.get(at, [])
        others = self._contents.others.get(day, 0) if self._period.view != "week" else 0
        holidays = tuple(self._contents.holidays.get(day, ())) if self._period.view != "week" else ()
        count = plural(len(chips) + others, "post")
        parts = [name, *holidays, count if chips or others else "no posts", *([f"{len(free)} free"] if free else [])]
        return GridCell(
            at=at,
            name=name,
            label=", ".join(parts),
            number=day.day,
            chips=tuple(chips[:most]),
            free=tuple(free[: MONTH_FREE if self._period.view == "month" else None]),
            holidays=holidays,
            more=len(chips[most:]) + others,
            inside=self._period.holds(day),
            today=day == self._now.date(),
            past=past,
        )


def place(wall: datetime, *, by_hour: bool) -> str:
    """Return the `at` of the cell for a wall time."""
    return f"{wall:%Y-%m-%dT%H}" if by_hour else f"{wall:%Y-%m-%d}"


def _columns(period: Period, contents: Contents, today: date) -> list[GridColumn]:
    if period.view == "list":
        return []
    with_dates = period.view == "week"
    return [
        GridColumn(
            name=f"{day:%a}",
            label=calendar_day(day) if with_dates else f"{day:%A}",
            number=day.day if with_dates else None,
            holidays=tuple(contents.holidays.get(day, ())) if with_dates else (),
            today=with_dates and day == today,
        )
        for day in period.days[:7]
    ]


def _first_hour(period: Period, contents: Contents, now: datetime) -> int:
    """Return the hour to which a week is scrolled: that of the earliest post, so that the present one is visible."""
    first = min([FIRST_HOUR, *(wall.hour for wall, _ in contents.chips)])
    late = now.date() in period.days and now.hour > first + VISIBLE_HOURS
    return now.hour - VISIBLE_HOURS // 2 if late else first
