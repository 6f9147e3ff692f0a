"""Posting times: the editor, its undo, two tabs, and the list of the next times."""

from datetime import UTC, date, datetime

import pytest

from core.accounts.port import Account
from core.posts.destinations import Destination
from core.posts.repeat_rules import Weekday
from core.timetable.timetable import Timetable, suggested

BERLIN = suggested("Europe/Berlin")


@pytest.fixture
def stored(application):
    """Return the stored timetable of an account, or of all accounts."""

    def stored(account: str | None = None) -> Timetable | None:
        found = application.posting_times.all().get(account)
        return found.timetable if found else None

    return stored


@pytest.fixture
def page(application, browse):
    """Open the page with the suggested times."""
    application.posting_times.save(None, BERLIN, base=0)
    return browse("posting_times")


def set_times(page, day: Weekday, *times: str, owner: str = "all") -> None:
    page.multiselect(key=f"times-{day}-{owner}").set_value(list(times)).run()


def times_of(page, day: Weekday, owner: str = "all") -> list[str]:
    return page.multiselect(key=f"times-{day}-{owner}").value


def test_the_first_times_are_suggested_and_saved_with_one_click(browse, stored):
    page = browse("posting_times")
    assert "Mon to Fri: 09:07, 12:23, 17:41. Sat to Sun: 10:37, 19:13 (Europe/Berlin)" in page.shown
    page.click("use-suggestion")
    assert stored() == BERLIN
    assert times_of(page, Weekday.MONDAY) == ["09:07", "12:23", "17:41"]
    page.click("undo-times")
    assert stored() is None
    assert "No posting times yet" in page.shown


def test_times_are_typed_in_many_forms_and_kept_in_order(page, stored):
    set_times(page, Weekday.MONDAY, "09:07", "12:23", "17:41", "8.05", "5:10 pm")
    assert times_of(page, Weekday.MONDAY) == ["08:05", "09:07", "12:23", "17:10", "17:41"]
    assert [f"{each:%H:%M}" for each in stored().times(Weekday.MONDAY)] == times_of(page, Weekday.MONDAY)
    assert stored().times(Weekday.TUESDAY) == BERLIN.times(Weekday.TUESDAY)
    page.click("undo-times")
    assert stored() == BERLIN
    assert times_of(page, Weekday.MONDAY) == ["09:07", "12:23", "17:41"]


def test_a_text_that_is_no_time_is_refused_and_changes_nothing(page, stored):
    set_times(page, Weekday.MONDAY, "09:07", "soon")
    assert "'soon' is no time of day" in page.shown
    assert times_of(page, Weekday.MONDAY) == ["09:07", "12:23", "17:41"]
    assert stored() == BERLIN


def test_a_day_is_copied_to_others_and_cleared(page, stored):
    set_times(page, Weekday.MONDAY, "08:05")
    page.menu_button(key="copy-MON-all").click("Copy to Monday to Friday").run()
    assert [times_of(page, day) for day in Weekday][:6] == [["08:05"]] * 5 + [["10:37", "19:13"]]
    page.menu_button(key="copy-MON-all").click("Copy to every day").run()
    assert set(stored().week) == {stored().times(Weekday.MONDAY)}
    page.menu_button(key="copy-SUN-all").click("Remove all times").run()
    assert stored().times(Weekday.SUNDAY) == ()
    page.click("undo-times")
    assert times_of(page, Weekday.SUNDAY) == ["08:05"]


def test_the_zone_changes_and_the_wall_times_stay(page, stored):
    page.selectbox(key="times-zone-all").set_value("America/New_York").run()
    assert stored() == suggested("America/New_York")
    assert "Times in America/New_York" in page.shown


def test_days_off_are_added_and_removed(page, stored):
    page.date_input(key="new-days-off-all").set_value((date(2026, 12, 24), date(2026, 12, 26))).run()
    assert stored().days_off == (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26))
    page.multiselect(key="days-off-all").set_value([date(2026, 12, 25)]).run()
    assert stored().days_off == (date(2026, 12, 25),)
    page.click("undo-times")
    assert len(stored().days_off) == 3


def test_a_change_in_another_tab_is_not_overwritten(page, browse, stored):
    other = browse("posting_times")
    set_times(other, Weekday.MONDAY, "06:06")
    set_times(page, Weekday.TUESDAY, "07:07")
    assert "changed elsewhere" in page.shown
    assert times_of(page, Weekday.MONDAY) == ["06:06"]
    assert times_of(page, Weekday.TUESDAY) == ["09:07", "12:23", "17:41"]
    set_times(page, Weekday.TUESDAY, "07:07")
    assert (len(stored().times(Weekday.MONDAY)), len(stored().times(Weekday.TUESDAY))) == (1, 1)


def test_an_account_gets_times_of_its_own_and_gives_them_up(application, page, stored):
    account = Account(destination="webhook:sales", label="Sales", address="https://example.com/")
    application.accounts.connect(account)
    page.run()
    page.selectbox(key="times-account").set_value("webhook:sales").run()
    assert "has no times of its own" in page.shown
    page.click("own-times")
    set_times(page, Weekday.MONDAY, "06:06", owner="webhook:sales")
    assert times_of(page, Weekday.MONDAY, "webhook:sales") == ["06:06"]
    assert stored() == BERLIN
    assert application.free_times.timetable([Destination("webhook:sales")]) == stored("webhook:sales")
    page.click("remove-times")
    assert stored("webhook:sales") is None
    assert application.free_times.timetable([Destination("webhook:sales")]) == BERLIN
    page.click("undo-times")
    assert times_of(page, Weekday.MONDAY, "webhook:sales") == ["06:06"]


def test_all_times_are_removed_and_come_back(page, stored):
    page.click("remove-times")
    assert stored() is None
    page.click("undo-times")
    assert stored() == BERLIN


def test_the_next_ten_times_show_the_posts_that_occupy_them(application, page, plan, clock):
    first, second = datetime(2026, 11, 2, 16, 41, tzinfo=UTC), datetime(2026, 11, 3, 8, 7, tzinfo=UTC)
    plan("On time", minutes=(first - clock()).total_seconds() / 60)
    paused = plan("Paused", minutes=(second - clock()).total_seconds() / 60)
    application.schedules.pause(paused)
    page.run()
    shown = page.shown
    assert "Mon 2 Nov, **17:41** :material/schedule: On time" in shown
    assert "Tue 3 Nov, **09:07** :material/schedule: Paused" in shown
    assert shown.count("Free") == 8
