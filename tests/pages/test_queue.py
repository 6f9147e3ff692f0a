from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.accounts.port import Account
from core.ledger.port import PlanChange, Receipt
from core.ledger.post_state import post_state
from core.posts.models import Media, Post, new_post_id
from core.posts.payload import ScheduleName, invocation_of
from core.posts.repeat_rules import EveryWeekday
from core.posts.series import build_series, runs_of
from core.publishing.composing import compose
from core.time.instants import wall_time
from core.transfer.exporting import export_posts

ZONE = "Europe/Berlin"


def search(session, text):
    session.text_input(key="search").set_value(text).run()


def set_window(session, window):
    session.segmented_control(key="window").set_value(window).run()


def date_field(session, plan):
    return session.date_input(key=f"edit-when-{plan.post.post_id}-date")


def time_field(session, plan):
    return session.time_input(key=f"edit-when-{plan.post.post_id}-time")


def repeat_field(session, plan):
    return session.selectbox(key=f"edit-when-{plan.post.post_id}-repeats")


def text_field(session, plan):
    return session.text_area(key=f"edit-text-{plan.post.post_id}")


@pytest.fixture
def state(application, clock):
    """Return the state of a post."""
    return lambda plan: post_state(application.ledger, plan.post.post_id, clock()).state


@pytest.fixture
def newest(application):
    """Return the newest version of a post."""
    return lambda plan: application.schedules.plan(plan.post.post_id).post


def test_an_empty_queue_has_a_hint(browse):
    assert "No scheduled posts" in browse("queue").shown


def test_posts_are_listed_by_day_in_the_viewers_zone(browse, plan):
    plan("Late tonight", minutes=11 * 60 + 30)
    plan("Soon", minutes=10)
    plan("The day after", minutes=3 * 24 * 60, zone="America/New_York")
    queue = browse("queue")
    assert queue.headers == ["Today, Mon 2 Nov 2026", "Tomorrow, Tue 3 Nov 2026", "Thu 5 Nov 2026"]
    assert queue.texts == ["Soon", "Late tonight", "The day after"]
    assert queue.button(key="viewer-zone").label == "Times in Europe/Berlin (UTC+01:00)"
    assert "Thu 5 Nov 2026, 07:00 America/New_York" in queue.shown
    assert "in 10 minutes" in queue.shown


def test_a_cancelled_card_keeps_its_place_and_undo_restores_the_post(browse, plan, state):
    first, second = plan("First", minutes=10), plan("Second", minutes=20)
    queue = browse("queue")
    queue.click("cancel", first)
    assert state(first) == "cancelled"
    assert queue.texts == ["First", "Second"]
    assert "Cancelled" in queue.shown
    queue.click("undo", first)
    assert state(first) == "scheduled"
    assert queue.texts == ["First", "Second"]
    assert state(second) == "scheduled"


def test_a_card_shows_lines_and_right_to_left_paragraphs_as_they_are_written(browse, plan):
    written = "Grand opening:\n\nשלום לכולם\nSee you there"
    plan(written, minutes=10)
    assert browse("queue").texts == [written]


def test_undo_asks_for_a_new_time_once_the_time_has_passed(browse, plan, state, clock, newest):
    cancelled = plan("Too late", minutes=10)
    queue = browse("queue")
    queue.click("cancel", cancelled)
    clock.move(hours=1)
    queue.click("undo", cancelled)
    assert time_field(queue, cancelled).value == time(14, 15)
    queue.click("save-time", cancelled)
    assert state(cancelled) == "scheduled"
    assert newest(cancelled).wall == "2026-11-02T14:15:00"


def test_a_card_keeps_its_place_from_scheduled_to_published(browse, plan, fire, clock, application):
    post, later = plan("Watch me", minutes=1), plan("Later", minutes=60)
    queue = browse("queue")
    clock.move(minutes=1)
    queue.run()
    assert "Publishing" in queue.shown
    clock.move(seconds=0.038)
    application.publisher.publish(fire(post))
    queue.run()
    assert "Published" in queue.shown
    assert "38 ms late" in queue.shown
    assert queue.texts == ["Watch me", "Later"]
    assert [link.proto.query_string for link in queue.page_link if link.label.startswith("Open")] == [
        f"post={post.post.post_id}"
    ]
    assert browse("queue").texts == ["Later"]
    assert later.settled


def test_an_open_queue_drops_published_posts_on_the_next_day(browse, plan, fire, clock, application):
    post = plan("Tonight", minutes=60)
    plan("The day after", minutes=2 * 24 * 60)
    queue = browse("queue")
    clock.move(minutes=61)
    application.publisher.publish(fire(post))
    queue.run()
    assert queue.texts == ["Tonight", "The day after"]
    clock.move(minutes=11 * 60)
    queue.run()
    assert queue.texts == ["The day after"]


def test_a_new_post_between_the_cards_is_announced_and_moves_none(browse, plan):
    plan("First", minutes=10)
    plan("Third", minutes=30)
    queue = browse("queue")
    plan("Second", minutes=20)
    plan("Fourth", minutes=40)
    queue.run()
    assert queue.texts == ["First", "Third", "Fourth"]
    assert "Show 1 new post" in [button.label for button in queue.button]
    queue.click("show-new")
    assert queue.texts == ["First", "Second", "Third", "Fourth"]


def test_a_post_is_paused_and_resumed(browse, plan, state):
    post = plan("Wait")
    queue = browse("queue")
    queue.choose("Pause", post)
    assert state(post) == "paused"
    assert "Paused" in queue.shown
    queue.choose("Resume", post)
    assert state(post) == "scheduled"


def test_undo_leaves_a_paused_post_paused_in_another_browser_session(browse, view, plan, state, application):
    post = plan("Not yet", minutes=10)
    application.schedules.pause(post)
    browse("queue").click("cancel", post)
    view("Cancelled").click("undo-cancelled", post)
    assert state(post) == "paused"


def test_undo_restores_a_post_that_two_tabs_cancelled(browse, plan, state, application):
    post = plan("Twice", minutes=10)
    queue = browse("queue")
    application.schedules.cancel(post)
    queue.click("cancel", post)
    queue.click("undo", post)
    assert state(post) == "scheduled"


def test_a_paused_post_past_due_is_rescheduled(browse, plan, state, clock, application):
    post = plan("Forgotten", minutes=10)
    application.schedules.pause(post)
    clock.move(hours=3)
    queue = browse("queue")
    assert "1 post passed while paused." in queue.shown
    queue.choose("Change time", post)
    queue.click("save-time", post)
    assert state(post) == "scheduled"


def test_the_text_is_edited_in_a_dialog(browse, plan, newest):
    post = plan("Tpyo")
    queue = browse("queue")
    queue.click("edit", post)
    assert text_field(queue, post).value == "Tpyo"
    text_field(queue, post).set_value("Typo")
    queue.click("save-post", post)
    assert newest(post).text == "Typo"
    assert queue.texts == ["Typo"]


def test_an_edit_without_text_is_refused(browse, plan, newest):
    post = plan("Something")
    queue = browse("queue")
    queue.click("edit", post)
    text_field(queue, post).set_value("  ")
    queue.click("save-post", post)
    assert "The post has no text." in queue.shown
    assert newest(post).text == "Something"


def test_the_pictures_of_a_queued_post_are_edited_in_the_dialog(browse, plan, picture, newest):
    post = plan("The sea")
    queue = browse("queue")
    queue.click("edit", post)
    queue.file_uploader[0].set_value([("sea.png", picture("teal"), "image/png")])
    text_field(queue, post).set_value("")
    queue.click("save-post", post)
    [media] = newest(post).media
    assert (newest(post).text, media.alt) == ("", "")
    queue.click("edit", post)
    queue.text_area(key=f"alt-{media.reference}-edit-{post.post.post_id}").set_value("A teal sea")
    queue.click("save-post", post)
    assert [each.alt for each in newest(post).media] == ["A teal sea"]


def test_changes_that_were_not_saved_are_there_when_the_dialog_opens_again(browse, plan, picture, newest):
    post = plan("The sea")
    queue = browse("queue")
    queue.click("edit", post)
    queue.file_uploader[0].set_value([("sea.png", picture("teal"), "image/png")])
    text_field(queue, post).set_value("The blue sea").run()
    queue.run()  # a click beside the dialog closes it
    queue.click("edit", post)
    assert text_field(queue, post).value == "The blue sea"
    assert queue.session_state[f"media-edit-{post.post.post_id}"]
    assert "They are not saved yet." in queue.shown
    queue.click("save-post", post)
    assert newest(post).text == "The blue sea"


def test_changes_that_were_not_saved_can_be_discarded(browse, plan):
    post = plan("The sea")
    queue = browse("queue")
    queue.click("edit", post)
    text_field(queue, post).set_value("The blue sea").run()
    queue.run()
    queue.click("edit", post)
    queue.click("discard-edit", post)
    assert queue.session_state[f"edit-text-{post.post.post_id}"] == "The sea"


def test_a_dialog_that_was_closed_without_changes_shows_the_newest_text(browse, plan, application):
    post = plan("The sea")
    queue = browse("queue")
    queue.click("edit", post)
    queue.run()
    newest = application.schedules.plan(post.post.post_id)
    application.schedules.edit(newest, newest.post.model_copy(update={"text": "Changed elsewhere"}))
    queue.click("edit", post)
    assert text_field(queue, post).value == "Changed elsewhere"


def test_an_edit_does_not_replace_a_cancellation_in_another_tab(browse, plan, application, newest):
    post = plan("Mine")
    queue = browse("queue")
    queue.click("edit", post)
    application.schedules.cancel(post)
    text_field(queue, post).set_value("Yours")
    queue.click("save-post", post)
    assert "change was not saved." in queue.shown
    assert newest(post).text == "Mine"


def test_a_new_time_does_not_replace_a_change_in_another_tab(browse, plan, application):
    post = plan()
    queue = browse("queue")
    queue.choose("Change time", post)
    application.schedules.pause(post)
    queue.click("save-time", post)
    assert "newest version, which is shown now" in queue.shown


def test_the_time_is_changed_in_a_dialog(browse, plan, newest):
    post = plan("Move me")
    queue = browse("queue")
    queue.choose("Change time", post)
    date_field(queue, post).set_value(date(2026, 11, 24))
    time_field(queue, post).set_value(time(9))
    queue.click("save-time", post)
    assert newest(post).wall == "2026-11-24T09:00:00"


def test_a_rescheduled_card_keeps_its_place_and_names_its_new_day(browse, plan):
    post = plan("Move me")
    queue = browse("queue")
    assert "in 1 hour" in queue.shown
    queue.choose("Change time", post)
    date_field(queue, post).set_value(date(2026, 11, 24))
    queue.click("save-time", post)
    queue.run()
    assert queue.headers == ["Today, Mon 2 Nov 2026"]
    assert "Tue 24 Nov 2026" in [found.value for found in queue.caption]
    assert queue.open("outbox").open("queue").headers == ["Tue 24 Nov 2026"]


def test_seconds_are_kept_when_only_the_date_changes(browse, plan, newest):
    post = plan("To the second", minutes=60.7)
    queue = browse("queue")
    queue.choose("Change time", post)
    assert time_field(queue, post).value == time(14, 0, 42)
    assert "**Mon 2 Nov 2026, 14:00:42**" in queue.shown
    date_field(queue, post).set_value(date(2026, 11, 24))
    queue.click("save-time", post)
    assert newest(post).wall == "2026-11-24T14:00:42"


def test_a_time_with_seconds_stays_in_its_repeated_hour(browse, plan, newest, clock):
    clock.now = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    post = plan("The first one", minutes=60.7)
    queue = browse("queue")
    queue.choose("Change time", post)
    assert queue.radio(key=f"edit-when-{post.post.post_id}-which").value == 1
    queue.click("save-time", post)
    assert newest(post).due_at == post.post.due_at


def test_a_new_time_of_day_replaces_the_seconds(browse, plan, newest):
    post = plan("To the second", minutes=60.7)
    queue = browse("queue")
    queue.choose("Change time", post)
    time_field(queue, post).set_value(time(18))
    queue.click("save-time", post)
    assert newest(post).wall == "2026-11-02T18:00:00"


def test_post_now_asks_and_publishes_before_the_scheduled_time(browse, plan, application, state):
    post = plan("Now after all")
    queue = browse("queue")
    queue.choose("Post now", post)
    assert "This post goes out now to **Outbox" in queue.shown
    queue.click("send-now", post)
    assert state(post) == "going out"
    assert application.schedules.plan(post.post.post_id).schedule_name is None


def test_duplicate_starts_a_draft_with_the_same_text(browse, plan):
    post = plan("Once more")
    session = browse("queue")
    session.choose("Duplicate", post)
    assert session.title[0].value == "Compose"
    assert session.text_area(key=f"text-{session.draft}").value == "Once more"


def test_a_window_ends_at_midnight_after_a_clock_change_too(browse, plan, clock):
    clock.now = datetime(2027, 10, 30, 12, tzinfo=UTC)
    plan("At 23:30 on the seventh day", minutes=(7 * 24 + 10) * 60 + 30)
    plan("At 00:30 on the eighth", minutes=(7 * 24 + 11) * 60 + 30)
    queue = browse("queue")
    set_window(queue, "7 days")
    assert queue.texts == ["At 23:30 on the seventh day"]


def test_search_and_window_filter_the_cards(browse, plan):
    plan("Coffee at nine")
    plan("Tea at ten", minutes=10 * 24 * 60)
    queue = browse("queue")
    search(queue, "coffee")
    assert queue.texts == ["Coffee at nine"]
    search(queue, "")
    set_window(queue, "7 days")
    assert queue.texts == ["Coffee at nine"]
    set_window(queue, "All")
    assert queue.texts == ["Coffee at nine", "Tea at ten"]


def test_a_list_without_matches_keeps_its_controls_and_says_what_to_change(browse, plan):
    plan("In three days", minutes=3 * 24 * 60)
    queue = browse("queue")
    set_window(queue, "Today")
    assert "No matching posts. Choose a longer period." in queue.shown
    search(queue, "four")
    assert "No matching posts. Choose a longer period, or change the search." in queue.shown
    set_window(queue, "All")
    assert "No matching posts. Change the search." in queue.shown
    search(queue, "")
    assert queue.texts == ["In three days"]


def test_a_search_that_reaches_its_limit_has_a_note(browse, plan, monkeypatch):
    for text in ("Coffee", "Tea", "Water"):
        plan(text)
    monkeypatch.setattr("core.scheduling.post_views.SEARCHED", 2)
    queue = browse("queue")
    search(queue, "water")
    assert "Only the next 2 posts were searched." in queue.shown


@pytest.fixture
def short_pages(monkeypatch):
    """Show 20 cards on a page."""
    monkeypatch.setattr("ui.posts.queue_list.PAGE", 20)


def turn(session, number):
    """Turn to another page of the list, as its control does."""
    session.session_state["page"] = number
    del session.session_state["card-places"]
    session.run()


def test_a_long_queue_is_shown_page_by_page(browse, plan, short_pages):
    for minutes in range(10, 35):
        plan(f"Post {minutes}", minutes=minutes)
    queue = browse("queue")
    assert "25 posts" in queue.shown
    assert queue.texts == [f"Post {minutes}" for minutes in range(10, 30)]
    turn(queue, 2)
    assert queue.texts == [f"Post {minutes}" for minutes in range(30, 35)]


@pytest.fixture
def unsettled(application, clock):
    """Write a post to the ledger without a schedule, as the first step of scheduling does."""

    def plan(text, *, minutes):
        due = clock.now + timedelta(minutes=minutes)
        wall = wall_time(due, ZONE).strftime("%Y-%m-%dT%H:%M:%S")
        post = Post(post_id=new_post_id(), text=text, destinations=("outbox",), zone=ZONE, wall=wall, due_at=due)
        return application.ledger.plan(PlanChange(post=post, schedule_name=str(ScheduleName.of(post))), now=clock.now)

    return plan


def test_a_post_without_a_schedule_yet_is_shown_as_scheduling(browse, plan, unsettled, application):
    plan("Armed")
    planned = unsettled("Planned", minutes=30)
    queue = browse("queue")
    assert queue.texts == ["Planned", "Armed"]
    assert "Scheduling" in queue.shown
    application.schedules.settle(planned)
    queue.run()
    assert queue.texts == ["Planned", "Armed"]
    assert "Scheduling" not in queue.shown


def test_the_window_applies_to_a_post_without_a_schedule_yet(browse, unsettled):
    unsettled("In ten days", minutes=10 * 24 * 60)
    queue = browse("queue")
    assert queue.texts == ["In ten days"]
    set_window(queue, "7 days")
    assert queue.texts == []


def test_a_post_that_is_not_armed_hides_no_other_post(browse, plan, unsettled, clock, short_pages):
    unsettled("Not armed", minutes=24 * 60)
    clock.move(seconds=11)
    for number in range(25):
        plan(f"Post {number}", minutes=10 + number)
    queue = browse("queue")
    assert len(queue.texts) == 21
    turn(queue, 2)
    assert len(queue.texts) == 5
    assert "new post" not in " ".join(button.label for button in queue.button)


def test_a_late_cancel_is_refused_with_the_reason(browse, plan, fire, application, clock):
    post = plan("Too late to stop", minutes=1)
    queue = browse("queue")
    clock.move(minutes=1)
    application.publisher.publish(fire(post))
    queue.click("cancel", post)
    assert "already going out" in queue.shown


def test_each_button_names_its_post_for_screen_readers(browse, plan):
    first, second = plan("One"), plan("Two", minutes=90)
    queue = browse("queue")
    assert queue.button(key=f"cancel-{first.post.post_id}").label == "Cancel *14:00, One*"
    assert queue.button(key=f"cancel-{second.post.post_id}").label == "Cancel *14:30, Two*"
    assert [menu.proto.label for menu in queue.get("menu_button")] == ["More *14:00, One*", "More *14:30, Two*"]


def test_markdown_in_a_post_is_shown_unformatted(browse, plan):
    plan("**Not bold** <b>nor</b> :red[red]")
    assert browse("queue").texts == ["**Not bold** <b>nor</b> :red[red]"]


def test_a_foreign_schedule_is_shown_without_actions(browse, plan, application):
    post = plan("Ours")
    scheduler, group = application.backend.scheduler_client, application.settings.group
    found = scheduler.get_schedule(Name=post.schedule_name, GroupName=group)
    copied = {name: found[name] for name in ("FlexibleTimeWindow", "ScheduleExpression")}
    copied["Target"] = found["Target"] | {"Input": "{}"}
    due = post.post.due_at + timedelta(minutes=1)
    foreign = f"post-{due:%Y%m%dT%H%M%SZ}-aaaaaaaaaaaa"
    scheduler.create_schedule(Name=foreign, GroupName=group, **copied)
    queue = browse("queue")
    assert queue.texts[1] == "This schedule was not created by Punctual. Punctual does not change it."
    keys = [button.key for button in queue.button]
    assert [key for key in keys if key.startswith(("cancel", "edit"))] == [
        f"edit-{post.post.post_id}",
        f"cancel-{post.post.post_id}",
    ]
    scheduler.delete_schedule(Name=foreign, GroupName=group)
    queue.run()
    assert not queue.error
    assert len(queue.texts) == 1


def test_a_search_has_shorter_pages(browse, plan, monkeypatch):
    monkeypatch.setattr("ui.posts.queue_list.SEARCH_PAGE", 2)
    for number in range(3):
        plan(f"Same {number}", minutes=60 + number)
    queue = browse("queue")
    assert len(queue.texts) == 3
    queue.text_input(key="search").set_value("same").run()
    assert queue.texts == ["Same 0", "Same 1"]
    assert "3 posts" in queue.shown


def test_the_first_page_is_back_after_a_search(browse, plan, short_pages):
    for minutes in range(60, 85):
        plan(minutes=minutes)
    queue = browse("queue")
    turn(queue, 2)
    assert len(queue.texts) == 5
    search(queue, "good")
    assert len(queue.texts) == 10


def test_a_post_is_found_by_its_account(browse, plan, application):
    application.accounts.connect(Account(destination="webhook:s", label="Sales", address="https://sales.example"))
    plan("To sales", destinations=["webhook:s"])
    plan("To the feed")
    queue = browse("queue")
    search(queue, "sales")
    assert queue.texts == ["To sales"]


def test_a_card_counts_the_pictures(browse, plan):
    picture = {"kind": "picture", "content_type": "image/png", "size": 1, "width": 1, "height": 1}
    plan("Look", media=[Media(reference=f"{number:064x}", **picture) for number in (1, 2)])
    assert "2 pictures" in browse("queue").shown


@pytest.fixture
def repeat(application, clock):
    """Schedule a post for every weekday at nine in Berlin, from a first date."""

    def schedule(first: date):
        post = compose(
            post_id=new_post_id(),
            text="Every morning",
            destinations=["outbox"],
            wall=datetime.combine(first, time(9)),
            zone=ZONE,
            which=None,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
            repeat=build_series(EveryWeekday(), time(9), ZONE, first=first, last=None, now=clock.now),
        )
        return application.schedules.schedule(post)

    return schedule


@pytest.fixture
def repeating(repeat, clock):
    return repeat(clock.now.date())


def test_a_repeating_post_is_listed_at_its_next_run_with_its_rule(browse, plan, repeating):
    plan("Once", minutes=10)
    queue = browse("queue")
    assert queue.texts == ["Once", "Every morning"]
    assert "Every weekday at 09:00 Europe/Berlin" in queue.shown
    assert queue.headers[1] == "Tomorrow, Tue 3 Nov 2026"


def test_a_series_has_end_series_for_cancel(browse, repeating, state, application, clock):
    queue = browse("queue")
    assert queue.button(key=f"cancel-{repeating.post.post_id}").label.startswith("End series ")
    queue.click("cancel", repeating)
    assert state(repeating) == "cancelled"
    assert not application.listing.window(clock(), clock() + timedelta(days=30), limit=10)


def test_the_rule_of_a_repeating_post_is_changed(browse, repeating, newest):
    queue = browse("queue")
    queue.choose("Change time", repeating)
    assert repeat_field(queue, repeating).value == "Every weekday (Monday to Friday)"
    repeat_field(queue, repeating).set_value("Every day")
    time_field(queue, repeating).set_value(time(18))
    queue.click("save-time", repeating)
    assert newest(repeating).repeat.expression == "cron(0 18 * * ? *)"


def test_a_series_cannot_become_a_one_time_post(browse, plan, repeating):
    post = plan("Once", minutes=10)
    queue = browse("queue")
    queue.choose("Change time", repeating)
    assert "Does not repeat" not in repeat_field(queue, repeating).options
    queue.choose("Change time", post)
    assert "Does not repeat" in repeat_field(queue, post).options


def test_a_new_time_keeps_the_first_date_of_a_later_series(browse, repeat, newest):
    plan = repeat(date(2026, 12, 1))
    queue = browse("queue")
    queue.choose("Change time", plan)
    assert date_field(queue, plan).value == date(2026, 12, 1)
    time_field(queue, plan).set_value(time(18))
    queue.click("save-time", plan)
    changed = newest(plan).repeat
    assert (changed.expression, changed.starts_at) == ("cron(0 18 ? * MON-FRI *)", plan.post.repeat.starts_at)


def test_an_unsaved_rule_is_gone_when_the_dialog_opens_again(browse, plan):
    post = plan()
    queue, key = browse("queue"), f"edit-when-{post.post.post_id}"
    queue.choose("Change time", post)
    queue.session_state[f"{key}-last"] = date(2026, 12, 24)
    queue.session_state[f"{key}-days"] = []
    queue.choose("Change time", post)
    assert f"{key}-last" not in queue.session_state
    assert f"{key}-days" not in queue.session_state


def test_an_exported_post_is_shown_without_actions(browse, plan, application, tmp_path):
    exported = plan("Goes elsewhere")
    export_posts(application, tmp_path / "posts.jsonl")
    queue = browse("queue")
    assert "Exported" in queue.shown
    keys = {found.key for found in [*queue.button, *queue.menu_button]}
    assert not any(key and key.endswith(exported.post.post_id) for key in keys)


@pytest.fixture
def view(browse):
    """Open the Queue on one of its lists."""

    def show(name):
        session = browse("queue")
        session.segmented_control(key="queue-view").set_value(name).run()
        return session

    return show


def test_a_cancelled_post_is_listed_under_cancelled_and_undo_restores_it(browse, view, plan, state):
    planned = plan("Second thoughts")
    browse("queue").click("cancel", planned)
    session = view("Cancelled")
    assert session.texts == ["Second thoughts"]
    session.click("undo-cancelled", planned)
    assert state(planned) == "scheduled"
    assert (session.texts, "Restored" in session.shown) == ([], True)
    session.segmented_control(key="queue-view").set_value("Upcoming").run()
    assert session.texts == ["Second thoughts"]


def test_undo_under_cancelled_names_the_time_of_the_post_not_of_its_cancellation(view, plan, application, clock):
    planned = plan("Second thoughts", minutes=90)
    due = wall_time(planned.post.due_at, "Europe/Berlin")
    application.schedules.cancel(planned)
    clock.move(minutes=20)
    [button] = [each for each in view("Cancelled").button if (each.key or "").startswith("undo-cancelled")]
    assert f"{due:%H:%M}, Second thoughts" in button.label


def test_undo_under_cancelled_asks_for_a_new_time_once_the_time_has_passed(view, plan, application, clock, state):
    planned = plan(minutes=10)
    application.schedules.cancel(planned)
    clock.move(minutes=20)
    session = view("Cancelled")
    session.click("undo-cancelled", planned)
    assert "Restored" not in session.shown
    session.click("save-time", planned)
    assert state(planned) == "scheduled"


def test_an_ended_series_is_listed_under_cancelled(view, repeating, application, clock):
    planned = repeating
    rule = planned.post.repeat.model_copy(update={"ends_at": clock() + timedelta(days=3)})
    application.schedules.change_rule(planned, repeat=rule, wall=planned.post.wall, zone=planned.post.zone)
    *_, last_run = runs_of(application.ledger.get(planned.post.post_id).post, after=clock())
    clock.move(days=4)
    assert "Missing: not published" in view("Upcoming").shown  # nothing has fired the last run
    payload = invocation_of(planned.post, last_run)
    application.ledger.record(payload, Receipt(kind="missed", at=clock(), revision=planned.post.revision))
    session = view("Cancelled")
    assert session.texts == [planned.post.text]
    assert "Ended" in session.shown


def test_no_cancelled_posts_have_a_hint(view):
    assert "No cancelled posts" in view("Cancelled").shown
