from datetime import date, datetime

import pytest

from ui.calendar.chips import Chip
from ui.calendar.grid import FIRST_DAY_CHIPS, HOUR_CHIPS, MONTH_CHIPS, Contents, FreePlace, build_grid
from ui.calendar.periods import period
from ui.calendar.viewer_locale import Conventions

NOW = datetime.fromisoformat("2026-12-01T10:30")
HERE = Conventions()


def chip(key: str, at: datetime, state: str = "Scheduled") -> tuple[datetime, Chip]:
    made = Chip(
        key=key,
        minute=at.hour * 60 + at.minute,
        time=f"{at:%H:%M}",
        text=key,
        label=key,
        state=state,
        icon="schedule",
        colour="primary",
        faces=("faces/b.svg",),
        media="",
        repeats=False,
        fixed="",
    )
    return at, made


def grid(view: str, *chips, **contents):
    return build_grid(period(view, NOW.date(), 0), Contents(chips=chips, **contents), NOW, HERE)


def cells(found) -> dict:
    return {cell.at: cell for row in found.rows for cell in row.cells}


def test_each_post_is_in_the_cell_of_its_day_and_of_its_hour():
    posts = [
        chip("a", datetime.fromisoformat("2026-12-01T09:05")),
        chip("b", datetime.fromisoformat("2026-12-02T23:59")),
    ]
    assert [each.key for each in cells(grid("month", *posts))["2026-12-02"].chips] == ["b"]
    assert [each.key for each in cells(grid("week", *posts))["2026-12-02T23"].chips] == ["b"]
    assert [each.key for each in cells(grid("list", *posts))["2026-12-01"].chips] == ["a"]


@pytest.mark.parametrize(("view", "most", "at"), [("month", MONTH_CHIPS, ""), ("week", HOUR_CHIPS, "T09")])
def test_a_full_cell_sends_only_what_fits_and_counts_the_others(view, most, at):
    posts = [chip(str(number), NOW.replace(day=3, hour=9, minute=number)) for number in range(20)]
    cell = cells(grid(view, *posts))[f"2026-12-03{at}"]
    assert (len(cell.chips), cell.more) == (most, 20 - most)
    assert "20 posts" in cell.label


def test_the_first_day_of_a_list_sends_all_its_posts():
    posts = [chip(str(number), NOW.replace(hour=9, minute=number % 60)) for number in range(FIRST_DAY_CHIPS)]
    assert len(cells(grid("list", *posts))["2026-12-01"].chips) == FIRST_DAY_CHIPS


def test_a_day_counts_the_posts_that_were_not_read():
    cell = cells(grid("month", chip("a", NOW), others={NOW.date(): 7}))["2026-12-01"]
    assert (cell.more, "8 posts" in cell.label) == (7, True)


def test_a_day_is_past_when_it_has_ended_and_an_hour_when_it_has():
    month, week = cells(grid("month")), cells(grid("week"))
    assert (month["2026-11-30"].past, month["2026-12-01"].past) == (True, False)
    assert (week["2026-12-01T09"].past, week["2026-12-01T10"].past) == (True, False)
    assert [row.head for row in grid("week").rows if row.now] == ["10:00"]


def test_free_places_and_holidays_are_in_their_cells():
    free = FreePlace(instant="2026-12-25T08:07:00Z", minute=547, time="09:07", label="Free")
    found = grid(
        "month",
        free=[(datetime.fromisoformat("2026-12-25T09:07"), free)],
        holidays={date(2026, 12, 25): ["Christmas Day"]},
    )
    cell = cells(found)["2026-12-25"]
    assert (cell.free, cell.holidays) == ((free,), ("Christmas Day",))
    assert cell.label == "Fri 25 Dec 2026, Christmas Day, no posts, 1 free"


def test_the_legend_names_each_shown_state_once():
    posts = [chip(str(number), NOW.replace(day=3, hour=number)) for number in range(3)]
    found = grid("month", *posts, chip("late", datetime.fromisoformat("2026-12-04T09:00"), state="Missed"))
    assert [label for label, _, _ in found.legend] == ["Scheduled", "Missed"]


def test_a_week_opens_at_its_first_post_or_so_that_the_present_hour_is_visible():
    assert grid("week").first_hour == 8
    assert grid("week", chip("a", datetime.fromisoformat("2026-12-04T06:00"))).first_hour == 6
    evening = build_grid(period("week", NOW.date(), 0), Contents(chips=()), NOW.replace(hour=21), HERE)
    assert evening.first_hour == 17
