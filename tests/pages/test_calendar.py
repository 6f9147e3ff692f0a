from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import pytest
import streamlit as st

from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.posts.models import Repeat, new_post_id
from core.publishing.drafted_posts import drafted_post
from core.time.instants import epoch_ms, instant, utc_text
from core.timetable.timetable import suggested
from ui.calendar import component


@dataclass
class Browser:
    """The component without a browser: the data that it gets, and the action that a click on its button sends."""

    data: dict = field(default_factory=dict)
    action: dict = field(default_factory=dict)

    def __call__(self, *, key: str, data: dict, on_act_change: Callable[[], None]) -> None:
        def send() -> None:
            st.session_state[key] = {"act": self.action}
            on_act_change()
            del st.session_state[key]

        self.data = data
        st.button("Act", key="act", on_click=send)

    @property
    def message(self) -> str:
        return self.data["message"]["text"]

    def chips(self) -> dict[str, list[str]]:
        """Return the texts of the chips by the cells that have any."""
        cells = [cell for row in self.data["rows"] for cell in row["cells"]]
        return {cell["at"]: [chip["text"] for chip in cell["chips"]] for cell in cells if cell["chips"]}

    def chip(self, text: str) -> dict:
        cells = [cell for row in self.data["rows"] for cell in row["cells"]]
        return next(chip for cell in cells for chip in cell["chips"] if chip["text"] == text)


@pytest.fixture
def browser(monkeypatch) -> Browser:
    drawn = Browser()
    monkeypatch.setattr(component, "_component", drawn)
    return drawn


@pytest.fixture
def act(browser) -> Callable[..., None]:
    def act(page, name: str, **members: object) -> None:
        browser.action = {"name": name, **members}
        page.click("act")

    return act


@pytest.fixture
def daily(application, clock):
    """Schedule a post for each morning."""
    content = DraftContent(
        text="Every day",
        destinations=("outbox",),
        zone="Europe/Berlin",
        repeat=Repeat(expression="cron(0 9 * * ? *)"),
        wall="2026-11-03T09:00:00",
    )
    post = drafted_post(
        new_post_id(),
        content,
        accounts=application.accounts,
        networks=application.networks,
        late_after_minutes=60,
    )
    return application.schedules.schedule(post)


def test_the_calendar_opens_at_the_current_month(browse, plan, browser):
    plan("This afternoon", minutes=60)
    calendar = browse("calendar")
    assert calendar.headers == ["November 2026"]
    assert browser.chips() == {"2026-11-02": ["This afternoon"]}
    assert calendar.texts == []


def test_buttons_and_keys_lead_to_other_months(browse, act):
    calendar = browse("calendar")
    calendar.click("next")
    assert calendar.headers[0] == "December 2026"
    calendar.click("previous")
    calendar.click("previous")
    assert calendar.headers[0] == "October 2026"
    calendar.click("today")
    assert calendar.headers[0] == "November 2026"
    calendar.click("next")
    assert calendar.open("queue").open("calendar").headers[0] == "December 2026"
    act(calendar, "page", by=1)
    assert calendar.headers[0] == "January 2027"
    act(calendar, "page", at="2026-10-31")
    assert calendar.headers[0] == "October 2026"


def test_a_clicked_post_opens_beside_the_calendar_with_its_actions(browse, plan, browser, act, application):
    post = plan("In three weeks", minutes=22 * 24 * 60)
    calendar = browse("calendar")
    act(calendar, "open", key=browser.chip("In three weeks")["key"])
    assert calendar.texts == ["In three weeks"]
    assert calendar.query_params["post"] == post.post.post_id
    calendar.click("cancel", post)
    assert application.schedules.plan(post.post.post_id).desired == "cancelled"
    calendar.click("undo", post)
    assert application.schedules.plan(post.post.post_id).desired == "active"
    act(calendar, "close")
    assert calendar.texts == []


def test_a_post_that_is_dragged_to_another_day_keeps_its_wall_time_and_comes_back_by_undo(
    browse, plan, browser, act, application
):
    post = plan("Move me", minutes=60).post
    calendar = browse("calendar")
    act(calendar, "move", key=post.post_id, at="2026-11-05")
    moved = application.schedules.plan(post.post_id).post
    assert (moved.wall[:10], moved.wall[11:]) == ("2026-11-05", post.wall[11:])
    assert browser.chips() == {"2026-11-05": ["Move me"]}
    assert "Moved to Thu 5 Nov 2026" in browser.message
    act(calendar, "undo")
    assert application.schedules.plan(post.post_id).post.due_at == post.due_at
    assert browser.chips() == {"2026-11-02": ["Move me"]}
    act(calendar, "undo")
    assert "nothing to undo" in browser.message


def test_the_open_post_moves_to_a_chosen_date_and_time(browse, plan, browser, act, application):
    post = plan("Move me", minutes=60, zone="America/New_York").post
    calendar = browse("calendar")
    act(calendar, "open", key=post.post_id)
    owner = f"{post.post_id}-{epoch_ms(post.due_at)}"
    calendar.date_input(key=f"move-day-{owner}").set_value(date(2026, 12, 24)).run()
    calendar.time_input(key=f"move-time-{owner}").set_value(time(18, 35)).run()
    calendar.click("move", owner)
    moved = application.schedules.plan(post.post_id).post
    assert (moved.wall, moved.zone) == ("2026-12-24T12:35:00", "America/New_York")
    assert "Moved to Thu 24 Dec 2026" in browser.message
    act(calendar, "undo")
    assert application.schedules.plan(post.post_id).post.due_at == post.due_at


def test_an_open_draft_moves_to_a_chosen_date_and_time_and_a_past_one_is_refused_for_a_post(
    browse, plan, browser, act, application, clock
):
    post = plan("Stay", minutes=60).post
    content = DraftContent(text="Half", destinations=("outbox",), wall="2026-11-03T09:30:00", zone="Europe/Berlin")
    draft = application.drafts.save("k3v9q2m4cx7a", content, base=0, now=clock())
    calendar = browse("calendar")
    proposed = instant(draft.content.proposed_wall, "Europe/Berlin")
    for key, due_at in (("draft-k3v9q2m4cx7a", proposed), (post.post_id, post.due_at)):
        act(calendar, "open", key=key)
        owner = f"{key}-{epoch_ms(due_at)}"
        calendar.date_input(key=f"move-day-{owner}").set_value(date(2026, 11, 1)).run()
        calendar.click("move", owner)
    assert application.drafts.get("k3v9q2m4cx7a").content.wall == "2026-11-01T09:30:00"
    assert "has passed" in browser.message
    assert application.schedules.plan(post.post_id).post.due_at == post.due_at


def test_the_face_of_the_account_is_shown_only_if_posts_differ_in_it(browse, plan, browser, application):
    plan("One", minutes=60)
    browse("calendar")
    assert browser.chip("One")["faces"] == ()
    application.accounts.connect(Account(destination="webhook:sales", label="Sales", address="https://sales.example"))
    plan("Other", minutes=70, destinations=["webhook:sales"])
    browse("calendar")
    (one,), (other,) = browser.chip("One")["faces"], browser.chip("Other")["faces"]
    assert one.startswith("faces/accounts/outbox.svg?")
    assert other.startswith("faces/accounts/webhook%3Asales.svg?")


def test_a_move_that_cannot_be_is_refused_in_words(browse, plan, browser, act, application, fire, clock):
    post, gone = plan("Stay", minutes=60).post, plan("Gone", minutes=1)
    clock.move(seconds=60.04)
    application.publisher.publish(fire(gone))
    calendar = browse("calendar")
    act(calendar, "move", key=post.post_id, at="2026-11-01")
    assert "has passed" in browser.message
    act(calendar, "move", key=gone.post.post_id, at="2026-11-05")
    assert "It is published" in browser.message
    assert browser.chip("Gone")["fixed"]
    assert application.schedules.plan(post.post_id).post == post


def test_a_post_is_dropped_at_a_free_place_and_at_another_hour(browse, plan, browser, act, application):
    post = plan("Move me", minutes=60).post
    calendar = browse("calendar")
    calendar.query_params["view"] = "week"
    calendar.run()
    act(calendar, "move", key=post.post_id, at="2026-11-04T17")
    assert application.schedules.plan(post.post_id).post.wall == f"2026-11-04T17:{post.wall[14:]}"
    free = datetime(2026, 11, 6, 8, 7, tzinfo=UTC)
    act(calendar, "move", key=post.post_id, at="2026-11-06T09", instant=utc_text(free))
    assert application.schedules.plan(post.post_id).post.due_at == free


def test_an_empty_day_opens_compose_with_its_time(browse, act, browser):
    calendar = browse("calendar")
    act(calendar, "compose", at="2026-11-12")
    assert calendar.title[0].value == "Compose"
    assert calendar.session_state[f"when-{calendar.draft}-date"].isoformat() == "2026-11-12"
    assert calendar.session_state[f"when-{calendar.draft}-time"].isoformat() == "09:00:00"


def test_a_draft_with_a_time_is_shown_moved_and_opened(browse, browser, act, application, clock):
    content = DraftContent(text="Half", destinations=("outbox",), wall="2026-11-03T09:30:00", zone="Europe/Berlin")
    application.drafts.save("k3v9q2m4cx7a", content, base=0, now=clock())
    calendar = browse("calendar")
    assert browser.chip("Half")["state"] == "Draft"
    act(calendar, "move", key="draft-k3v9q2m4cx7a", at="2026-11-07")
    assert application.drafts.get("k3v9q2m4cx7a").content.wall == "2026-11-07T09:30:00"
    act(calendar, "undo")
    assert application.drafts.get("k3v9q2m4cx7a").content.wall == "2026-11-03T09:30:00"
    act(calendar, "open", key="draft-k3v9q2m4cx7a")
    assert calendar.texts == ["Half"]


def test_the_address_names_the_view_the_day_and_the_open_post(browse, plan, browser):
    post = plan("Next week", minutes=8 * 24 * 60).post
    calendar = browse("queue")
    calendar.query_params.update({"view": "week", "on": "2026-11-10", "post": post.post_id})
    calendar.open("calendar")
    assert calendar.headers[0] == "9 – 15 Nov 2026"
    assert calendar.texts == ["Next week"]
    assert browser.data["view"] == "week"


def test_the_locale_of_the_viewer_says_when_weeks_begin_and_how_times_are_written(
    new_session, application, plan, browser
):
    plan("Now", minutes=60)
    session = new_session()
    session.context["locale"] = "en-US"
    session.open("calendar")
    assert [column["name"] for column in browser.data["columns"]][0] == "Sun"
    assert browser.chip("Now")["time"].endswith("m")


def test_a_published_post_opens_with_its_result(browse, plan, fire, clock, application, act):
    post = plan("Published", minutes=1)
    clock.move(seconds=60.04)
    application.publisher.publish(fire(post))
    calendar = browse("calendar")
    act(calendar, "open", key=post.post.post_id)
    assert calendar.texts == ["Published"]
    assert "Published" in calendar.shown


def test_a_crowded_month_shows_posts_on_each_day_and_all_posts_of_a_chosen_one(browse, plan, monkeypatch, browser, act):
    for name, limit in (("POSTS_LIMIT", 40), ("PROBED_POSTS", 5), ("DAY_POSTS", 4), ("FULL_DAYS", 1)):
        monkeypatch.setattr(f"core.scheduling.calendar_view.{name}", limit)
    for number in range(75):
        plan(f"Post {number}", minutes=60 + number + 24 * 60 * (number // 25))
    calendar = browse("calendar")
    assert [len(texts) for texts in browser.chips().values()] == [5, 5, 5]
    act(calendar, "day", at="2026-11-04")
    assert browser.chips()["2026-11-04"][0] == "Post 50"
    assert len(browser.chips()["2026-11-04"]) == 25


def test_a_post_whose_time_has_passed_stays_on_its_day_and_can_be_moved_ahead(
    browse, plan, browser, act, application, clock
):
    post = plan("Paused", minutes=60)
    application.schedules.pause(post)
    clock.move(hours=30)
    calendar = browse("calendar")
    assert browser.chip("Paused")["state"] == "Past due"
    act(calendar, "move", key=post.post.post_id, at="2026-11-05")
    assert browser.chip("Paused")["state"] == "Scheduled"
    act(calendar, "undo")
    assert browser.chip("Paused")["state"] == "Past due"
    calendar.open("queue").open("calendar")
    assert browser.message == ""


def test_a_filter_of_the_address_applies_to_posts_and_drafts(browse, plan, browser, application, clock):
    plan("Cider", minutes=60)
    plan("Tea", minutes=120)
    content = DraftContent(
        text="More cider", destinations=("outbox",), wall="2026-11-03T09:30:00", zone="Europe/Berlin"
    )
    application.drafts.save("k3v9q2m4cx7a", content, base=0, now=clock())
    calendar = browse("calendar")
    assert sum(map(len, browser.chips().values())) == 3
    calendar.text_input(key="search").set_value("cider").run()
    assert browser.chips() == {"2026-11-02": ["Cider"], "2026-11-03": ["More cider"]}


def test_free_posting_times_are_empty_places_and_a_click_on_one_writes_for_it(browse, browser, act, application):
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    calendar = browse("calendar")
    cell = next(cell for row in browser.data["rows"] for cell in row["cells"] if cell["at"] == "2026-11-04")
    assert [place["time"] for place in cell["free"]] == ["09:07", "12:23", "17:41"]
    act(calendar, "compose", at="2026-11-04", instant=cell["free"][1]["instant"])
    assert calendar.session_state[f"when-{calendar.draft}-time"].isoformat() == "12:23:00"


def test_free_posting_times_can_be_hidden_and_stay_hidden(browse, browser, application):
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    calendar = browse("calendar")
    assert free_times(browser)
    calendar.toggle(key="calendar-free").set_value(False).run()
    assert not free_times(browser)
    calendar.open("queue").open("calendar")
    assert not free_times(browser)
    calendar.toggle(key="calendar-free").set_value(True).run()
    assert free_times(browser)
    assert "free" not in calendar.query_params


def free_times(browser):
    return [place for row in browser.data["rows"] for cell in row["cells"] for place in cell["free"]]


def test_holidays_of_the_chosen_countries_are_shown_and_kept(browse, browser):
    calendar = browse("calendar")
    assert calendar.multiselect(key="calendar-holidays").value == ["DE"]
    calendar.multiselect(key="calendar-holidays").set_value(["DE", "US"]).run()
    cells = {cell["at"]: cell["holidays"] for row in browser.data["rows"] for cell in row["cells"]}
    assert cells["2026-11-26"] == ("US: Thanksgiving Day",)
    assert calendar.query_params["holidays"] == "DE,US"
    calendar.open("queue").open("calendar")
    assert calendar.multiselect(key="calendar-holidays").value == ["DE", "US"]


def test_an_action_that_the_page_does_not_know_changes_nothing(browse, act):
    calendar = browse("calendar")
    act(calendar, "delete", key="x")
    act(calendar, "page", at="never")
    act(calendar, "page", at="2026-13-01")
    act(calendar, "move", key="nothing", at="2026-11-05")
    act(calendar, "open", key="draft-nothing")
    assert calendar.headers[0] == "November 2026"


def test_a_run_of_a_series_keeps_its_time_and_offers_to_be_changed(browse, browser, act, application, clock, daily):
    calendar = browse("calendar")
    key = f"{daily.post.post_id}/2026-11-05T08:00:00Z"
    act(calendar, "move", key=key, at="2026-11-07")
    assert "It is one run of a series" in browser.message
    act(calendar, "answer")
    assert calendar.title[0].value == "Compose"
    assert calendar.session_state[f"when-{calendar.draft}-date"].isoformat() == "2026-11-07"
    calendar.schedule()
    calendar.open("calendar")
    assert len(browser.chips()["2026-11-07"]) == 2
    assert "2026-11-05" not in browser.chips()


def test_a_run_is_skipped_beside_the_calendar_and_brought_back(browse, browser, act, daily):
    calendar = browse("calendar")
    act(calendar, "open", key=f"{daily.post.post_id}/2026-11-05T08:00:00Z")
    assert calendar.texts == ["Every day"]
    calendar.click("skip-run")
    assert "2026-11-05" not in browser.chips()
    assert calendar.texts == []
    act(calendar, "undo")
    assert browser.chips()["2026-11-05"] == ["Every day"]
