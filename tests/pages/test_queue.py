import io
from datetime import UTC, date, datetime, time, timedelta

import pytest
from PIL import Image

from core.accounts.port import Account
from core.ledger.post_state import post_state
from core.posts.models import Media, Post, new_post_id
from core.posts.payload import ScheduleName
from core.posts.repeat_rules import EveryWeekday
from core.posts.series import build_series
from core.publishing.composing import compose
from core.time.instants import wall_time
from core.transfer.exporting import export_posts


def picture() -> tuple[str, bytes, str]:
    """Return a file as a browser sends it."""
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(file, "PNG")
    return "sea.png", file.getvalue(), "image/png"


def click(session, name, plan):
    return session.button(key=f"{name}-{plan.post.post_id}").click().run()


def choose(session, choice, plan):
    return session.menu_button(key=f"menu-{plan.post.post_id}").click(choice).run()


def texts(session):
    return [found.value for found in session.text]


def said(session):
    """The words on the page, as they are shown."""
    return " ".join(
        found.value for found in [*session.markdown, *session.info, *session.caption, *session.toast]
    ).replace("\\", "")


@pytest.fixture
def state(application, clock):
    return lambda plan: post_state(application.ledger, plan.post.post_id, clock()).state


def test_an_empty_queue_says_how_to_begin(browse):
    assert "Nothing is scheduled" in said(browse("queue"))


def test_posts_stand_by_day_in_the_viewers_zone(browse, plan):
    plan("Late tonight", minutes=11 * 60 + 30)
    plan("Soon", minutes=10)
    plan("The day after", minutes=3 * 24 * 60, zone="America/New_York")
    queue = browse("queue")
    assert [found.value for found in queue.header] == [
        "Today, Mon 2 Nov 2026",
        "Tomorrow, Tue 3 Nov 2026",
        "Thu 5 Nov 2026",
    ]
    assert texts(queue) == ["Soon", "Late tonight", "The day after"]
    assert "Times in Europe/Berlin (UTC+01:00)" in said(queue)
    assert "Thu 5 Nov 2026, 07:00 America/New_York" in said(queue)
    assert "in 10 minutes" in said(queue)


def test_a_cancelled_card_stays_in_its_place_and_undo_arms_the_same_post_again(browse, plan, state):
    first, second = plan("First", minutes=10), plan("Second", minutes=20)
    queue = browse("queue")
    click(queue, "cancel", first)
    assert state(first) == "cancelled"
    assert texts(queue) == ["First", "Second"]
    assert "Cancelled" in said(queue)
    click(queue, "undo", first)
    assert state(first) == "scheduled"
    assert texts(queue) == ["First", "Second"]
    assert state(second) == "scheduled"


def test_once_its_time_has_passed_undo_offers_another_time(browse, plan, state, clock, application):
    cancelled = plan("Too late", minutes=10)
    queue = browse("queue")
    click(queue, "cancel", cancelled)
    clock.move(hours=1)
    click(queue, "undo", cancelled)
    key = f"edit-when-{cancelled.post.post_id}"
    assert queue.time_input(key=f"{key}-time").value == time(14, 15)
    click(queue, "save-time", cancelled)
    assert state(cancelled) == "scheduled"
    assert application.schedules.plan(cancelled.post.post_id).post.wall == "2026-11-02T14:15:00"


def test_a_card_goes_from_scheduled_to_going_out_to_published_in_its_place(browse, plan, begin, clock, application):
    post, later = plan("Watch me", minutes=1), plan("Later", minutes=60)
    queue = browse("queue")
    clock.move(minutes=1)
    queue.run()
    assert "Going out" in said(queue)
    clock.move(seconds=0.038)
    application.publisher.publish(begin(post))
    queue.run()
    assert "Published" in said(queue)
    assert "38 ms late" in said(queue)
    assert texts(queue) == ["Watch me", "Later"]
    assert [link.proto.query_string for link in queue.page_link if link.label.startswith("Open")] == [
        f"post={post.post.post_id}"
    ]
    assert texts(browse("queue")) == ["Later"]
    assert later.settled


def test_a_queue_that_is_left_open_begins_anew_with_the_day(browse, plan, begin, clock, application):
    post = plan("Tonight", minutes=60)
    plan("The day after", minutes=2 * 24 * 60)
    queue = browse("queue")
    clock.move(minutes=61)
    application.publisher.publish(begin(post))
    assert texts(queue.run()) == ["Tonight", "The day after"]
    clock.move(minutes=11 * 60)
    assert texts(queue.run()) == ["The day after"]


def test_a_post_that_comes_between_the_cards_is_announced_and_moves_none(browse, plan):
    plan("First", minutes=10)
    plan("Third", minutes=30)
    queue = browse("queue")
    plan("Second", minutes=20)
    plan("Fourth", minutes=40)
    queue.run()
    assert texts(queue) == ["First", "Third", "Fourth"]
    queue.button(key="show-new").click().run()
    assert texts(queue) == ["First", "Second", "Third", "Fourth"]


def test_a_paused_post_stays_and_is_resumed(browse, plan, state):
    post = plan("Wait")
    queue = browse("queue")
    choose(queue, "Pause", post)
    assert state(post) == "paused"
    assert "Paused" in said(queue)
    choose(queue, "Resume", post)
    assert state(post) == "scheduled"


def test_undo_leaves_a_paused_post_paused(browse, plan, state, application):
    post = plan("Not yet", minutes=10)
    application.schedules.pause(post)
    queue = browse("queue")
    click(queue, "cancel", post)
    click(queue, "undo", post)
    assert state(post) == "paused"


def test_undo_brings_back_what_was_cancelled_in_two_tabs(browse, plan, state, application):
    post = plan("Twice", minutes=10)
    queue = browse("queue")
    application.schedules.cancel(post)
    click(queue, "cancel", post)
    click(queue, "undo", post)
    assert state(post) == "scheduled"


def test_a_paused_post_whose_time_has_passed_asks_for_another(browse, plan, state, clock, application):
    post = plan("Forgotten", minutes=10)
    application.schedules.pause(post)
    clock.move(hours=3)
    queue = browse("queue")
    assert "Time has passed" in said(queue)
    click(queue, "new-time", post)
    click(queue, "save-time", post)
    assert state(post) == "scheduled"


def test_the_text_is_edited_in_a_dialog(browse, plan, application):
    post = plan("Tpyo")
    queue = browse("queue")
    choose(queue, "Edit", post)
    field = f"edit-text-{post.post.post_id}"
    assert queue.text_area(key=field).value == "Tpyo"
    queue.text_area(key=field).set_value("Typo")
    click(queue, "save-post", post)
    assert application.schedules.plan(post.post.post_id).post.text == "Typo"
    assert texts(queue) == ["Typo"]


def test_an_edit_that_leaves_no_text_is_refused(browse, plan, application):
    post = plan("Something")
    queue = browse("queue")
    choose(queue, "Edit", post)
    queue.text_area(key=f"edit-text-{post.post.post_id}").set_value("  ")
    click(queue, "save-post", post)
    assert "The post has no text." in said(queue)
    assert application.schedules.plan(post.post.post_id).post.text == "Something"


def test_the_pictures_of_a_queued_post_are_changed_in_the_same_dialog(browse, plan, application):
    post = plan("The sea")
    post_id = post.post.post_id
    queue = browse("queue")
    choose(queue, "Edit", post)
    queue.file_uploader[0].set_value([picture()])
    queue.text_area(key=f"edit-text-{post_id}").set_value("")
    click(queue, "save-post", post)
    changed = application.schedules.plan(post_id)
    [media] = changed.post.media
    assert (changed.post.text, media.alt) == ("", "")
    choose(queue, "Edit", changed)
    queue.text_area(key=f"alt-{media.reference}-edit-{post_id}").set_value("A teal sea")
    click(queue, "save-post", changed)
    assert [each.alt for each in application.schedules.plan(post_id).post.media] == ["A teal sea"]


def test_what_was_attached_and_not_saved_is_gone_when_the_dialog_opens_again(browse, plan):
    post = plan("The sea")
    queue = browse("queue")
    choose(queue, "Edit", post)
    queue.file_uploader[0].set_value([picture()]).run()
    assert queue.session_state[f"media-edit-{post.post.post_id}"]
    choose(queue, "Edit", post)
    assert not queue.session_state[f"media-edit-{post.post.post_id}"]


def test_a_change_made_in_another_tab_meanwhile_is_not_overwritten(browse, plan, application):
    post = plan("Mine")
    queue = browse("queue")
    choose(queue, "Edit", post)
    application.schedules.cancel(post)
    queue.text_area(key=f"edit-text-{post.post.post_id}").set_value("Yours")
    click(queue, "save-post", post)
    assert "Your change was not made." in said(queue)
    assert application.schedules.plan(post.post.post_id).post.text == "Mine"


def test_a_time_for_a_post_that_was_changed_meanwhile_is_not_taken(browse, plan, application):
    post = plan()
    queue = browse("queue")
    choose(queue, "Change time", post)
    application.schedules.pause(post)
    click(queue, "save-time", post)
    assert "the newest version is shown now" in said(queue)


def test_the_time_is_changed_in_a_dialog(browse, plan, application):
    post = plan("Move me")
    queue = browse("queue")
    choose(queue, "Change time", post)
    key = f"edit-when-{post.post.post_id}"
    queue.date_input(key=f"{key}-date").set_value(date(2026, 11, 24))
    queue.time_input(key=f"{key}-time").set_value(time(9))
    click(queue, "save-time", post)
    assert application.schedules.plan(post.post.post_id).post.wall == "2026-11-24T09:00:00"


def test_a_card_that_stays_under_another_day_than_its_own_names_that_day(browse, plan):
    post = plan("Move me")
    queue = browse("queue")
    assert "in 1 hour" in said(queue)
    choose(queue, "Change time", post)
    queue.date_input(key=f"edit-when-{post.post.post_id}-date").set_value(date(2026, 11, 24))
    click(queue, "save-time", post)
    queue.run()
    assert [found.value for found in queue.header] == ["Today, Mon 2 Nov 2026"]
    assert "Tue 24 Nov 2026" in [found.value for found in queue.caption]
    assert [found.value for found in browse("queue", browse("outbox", queue)).header] == ["Tue 24 Nov 2026"]


def test_a_time_with_seconds_keeps_and_shows_them_when_only_the_date_is_changed(browse, plan, application):
    post = plan("To the second", minutes=60.7)
    queue = browse("queue")
    choose(queue, "Change time", post)
    key = f"edit-when-{post.post.post_id}"
    assert queue.time_input(key=f"{key}-time").value == time(14, 0, 42)
    assert "**Mon 2 Nov 2026, 14:00:42**" in said(queue)
    queue.date_input(key=f"{key}-date").set_value(date(2026, 11, 24))
    click(queue, "save-time", post)
    assert application.schedules.plan(post.post.post_id).post.wall == "2026-11-24T14:00:42"


def test_a_time_with_seconds_in_an_hour_that_comes_twice_stays_in_the_same_one(browse, plan, application, clock):
    clock.now = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    post = plan("The first one", minutes=60.7)
    queue = browse("queue")
    choose(queue, "Change time", post)
    assert queue.radio(key=f"edit-when-{post.post.post_id}-which").value == 1
    click(queue, "save-time", post)
    assert application.schedules.plan(post.post.post_id).post.due_at == post.post.due_at


def test_another_time_of_day_has_the_seconds_that_were_picked(browse, plan, application):
    post = plan("To the second", minutes=60.7)
    queue = browse("queue")
    choose(queue, "Change time", post)
    queue.time_input(key=f"edit-when-{post.post.post_id}-time").set_value(time(18))
    click(queue, "save-time", post)
    assert application.schedules.plan(post.post.post_id).post.wall == "2026-11-02T18:00:00"


def test_post_now_asks_and_then_sends_it_instead_of_at_its_time(browse, plan, application, state):
    post = plan("Now after all")
    queue = browse("queue")
    choose(queue, "Post now", post)
    assert "goes out at once to **Outbox" in said(queue)
    click(queue, "send-now", post)
    assert state(post) == "going out"
    assert application.schedules.plan(post.post.post_id).schedule_name is None


def test_duplicate_begins_a_draft_with_the_same_words(browse, plan):
    post = plan("Once more")
    queue = browse("queue")
    choose(queue, "Duplicate", post)
    assert queue.title[0].value == "Compose"
    assert queue.text_area(key=f"text-{queue.session_state['draft']}").value == "Once more"


def test_a_window_ends_at_midnight_also_behind_a_clock_change(browse, plan, clock):
    clock.now = datetime(2027, 10, 30, 12, tzinfo=UTC)
    plan("At 23:30 on the seventh day", minutes=(7 * 24 + 10) * 60 + 30)
    plan("At 00:30 on the eighth", minutes=(7 * 24 + 11) * 60 + 30)
    queue = browse("queue")
    queue.segmented_control(key="window").set_value("7 days").run()
    assert texts(queue) == ["At 23:30 on the seventh day"]


def test_search_and_window_narrow_the_cards(browse, plan):
    plan("Coffee at nine")
    plan("Tea at ten", minutes=10 * 24 * 60)
    queue = browse("queue")
    queue.text_input(key="search").set_value("coffee").run()
    assert texts(queue) == ["Coffee at nine"]
    queue.text_input(key="search").set_value("").run()
    queue.segmented_control(key="window").set_value("7 days").run()
    assert texts(queue) == ["Coffee at nine"]
    queue.segmented_control(key="window").set_value("All").run()
    assert texts(queue) == ["Coffee at nine", "Tea at ten"]


def test_a_window_without_posts_can_be_left_again(browse, plan):
    plan("In three days", minutes=3 * 24 * 60)
    queue = browse("queue")
    queue.segmented_control(key="window").set_value("Today").run()
    assert "Nothing here. Look further ahead." in said(queue)
    queue.text_input(key="search").set_value("four").run()
    assert "Nothing here. Look further ahead, or search for something else." in said(queue)
    queue.segmented_control(key="window").set_value("All").run()
    assert "Nothing here. Search for something else." in said(queue)
    queue.text_input(key="search").set_value("").run()
    assert texts(queue) == ["In three days"]


def test_a_search_that_did_not_see_all_says_so(browse, plan, monkeypatch):
    for words in ("Coffee", "Tea", "Water"):
        plan(words)
    monkeypatch.setattr("ui.posts.search.LOOKED_THROUGH", 2)
    queue = browse("queue")
    queue.text_input(key="search").set_value("water").run()
    assert "Only the next 2 posts were searched." in said(queue)
    assert not any(button.key == "more" for button in queue.button)


def test_a_long_queue_is_shown_page_by_page(browse, plan):
    for minutes in range(10, 35):
        plan(f"Post {minutes}", minutes=minutes)
    queue = browse("queue")
    assert len(texts(queue)) == 20
    queue.button(key="more").click().run()
    assert len(texts(queue)) == 25


@pytest.fixture
def note(application, clock):
    """Note a post as the first step of scheduling does, so many minutes ahead; nothing is armed yet."""

    def plan(text, *, minutes):
        due = clock.now + timedelta(minutes=minutes)
        wall = wall_time(due, "Europe/Berlin").strftime("%Y-%m-%dT%H:%M:%S")
        zone, where = "Europe/Berlin", ("outbox",)
        post = Post(post_id=new_post_id(), text=text, destinations=where, zone=zone, wall=wall, due_at=due)
        return application.ledger.plan(post, schedule_name=str(ScheduleName.of(post)), now=clock.now)

    return plan


def test_a_post_that_is_noted_and_not_armed_yet_is_being_scheduled(browse, plan, note, application, clock):
    plan("Armed")
    noted = note("Noted", minutes=30)
    queue = browse("queue")
    assert texts(queue) == ["Noted", "Armed"]
    assert "Being scheduled" in said(queue)
    application.schedules.settle(noted)
    queue.run()
    assert texts(queue) == ["Noted", "Armed"]
    assert "Being scheduled" not in said(queue)


def test_a_post_that_is_being_scheduled_stands_in_no_window_that_it_is_not_in(browse, note):
    note("In ten days", minutes=10 * 24 * 60)
    queue = browse("queue")
    assert texts(queue) == ["In ten days"]
    queue.segmented_control(key="window").set_value("7 days").run()
    assert texts(queue) == []


def test_a_post_that_is_not_armed_keeps_no_others_from_being_shown(browse, plan, note, clock):
    note("Not armed", minutes=24 * 60)
    clock.move(seconds=11)
    for number in range(25):
        plan(f"Post {number}", minutes=10 + number)
    queue = browse("queue")
    assert len(texts(queue)) == 21
    queue.button(key="more").click().run()
    assert len(texts(queue)) == 26
    assert "new post" not in " ".join(button.label for button in queue.button)


def test_an_action_that_comes_too_late_is_refused_in_words(browse, plan, begin, application, clock):
    post = plan("Too late to stop", minutes=1)
    queue = browse("queue")
    clock.move(minutes=1)
    application.publisher.publish(begin(post))
    click(queue, "cancel", post)
    assert "already going out" in said(queue)


def test_each_button_says_which_post_it_is_about(browse, plan):
    first, second = plan("One"), plan("Two", minutes=90)
    queue = browse("queue")
    assert queue.button(key=f"cancel-{first.post.post_id}").label == "Cancel *14:00, One*"
    assert queue.button(key=f"cancel-{second.post.post_id}").label == "Cancel *14:30, Two*"
    assert [menu.proto.label for menu in queue.get("menu_button")] == ["More *14:00, One*", "More *14:30, Two*"]


def test_words_are_shown_as_they_were_written(browse, plan):
    plan("**Not bold** <b>nor</b> :red[red]")
    assert texts(browse("queue")) == ["**Not bold** <b>nor</b> :red[red]"]


def test_a_schedule_of_somebody_elses_making_is_shown_and_left_alone(browse, plan, application):
    post = plan("Ours")
    scheduler, group = application.backend.scheduler_client, application.settings.group
    found = scheduler.get_schedule(Name=post.schedule_name, GroupName=group)
    copied = {name: found[name] for name in ("FlexibleTimeWindow", "ScheduleExpression")}
    copied["Target"] = found["Target"] | {"Input": "{}"}
    due = post.post.due_at + timedelta(minutes=1)
    scheduler.create_schedule(Name=f"post-{due:%Y%m%dT%H%M%SZ}-aaaaaaaaaaaa", GroupName=group, **copied)
    queue = browse("queue")
    assert texts(queue)[1] == "This schedule was not written by Punctual. It is left as it is."
    assert [button.key for button in queue.button] == [f"cancel-{post.post.post_id}"]
    scheduler.delete_schedule(Name=f"post-{due:%Y%m%dT%H%M%SZ}-aaaaaaaaaaaa", GroupName=group)
    queue.run()
    assert not queue.error
    assert len(texts(queue)) == 1


def test_a_search_that_is_over_leaves_no_more_cards_than_there_were_before(browse, plan):
    for minutes in range(60, 85):
        plan(minutes=minutes)
    queue = browse("queue")
    queue.text_input(key="search").set_value("good").run()
    assert len(texts(queue)) == 25
    queue.text_input(key="search").set_value("").run()
    assert len(texts(queue)) == 20


def test_a_post_is_found_by_the_name_of_its_account(browse, plan, application):
    application.accounts.connect(Account(destination="webhook:s", label="Sales", address="https://sales.example"))
    plan("To sales", destinations=["webhook:s"])
    plan("To the feed")
    queue = browse("queue")
    queue.text_input(key="search").set_value("sales").run()
    assert texts(queue) == ["To sales"]


def test_a_post_tells_how_many_pictures_it_carries(browse, application, clock):
    picture = {"kind": "picture", "content_type": "image/png", "size": 1, "width": 1, "height": 1}
    post = Post(
        post_id=new_post_id(),
        text="Look",
        destinations=("outbox",),
        zone="UTC",
        wall="2026-11-02T13:00:00",
        due_at=clock.now + timedelta(hours=1),
        media=tuple(Media(reference=f"{number:064x}", **picture) for number in (1, 2)),
    )
    application.schedules.schedule(post)
    assert "2 pictures" in said(browse("queue"))


@pytest.fixture
def repeating(application, clock):
    """A post for every weekday at nine in Berlin."""
    at, zone = time(9), "Europe/Berlin"
    rule = build_series(EveryWeekday(), at, zone, first=clock.now.date(), last=None, now=clock.now)
    post = compose(
        post_id=new_post_id(),
        text="Every morning",
        destinations=["outbox"],
        wall=datetime.combine(clock.now.date(), at),
        zone=zone,
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
        repeat=rule,
    )
    return application.schedules.schedule(post)


def test_a_repeating_post_stands_at_its_next_run_with_its_rule_in_words(browse, plan, repeating):
    plan("Once", minutes=10)
    queue = browse("queue")
    assert texts(queue) == ["Once", "Every morning"]
    assert "Every weekday at 09:00 Europe/Berlin" in said(queue)
    assert [found.value for found in queue.header][1] == "Tomorrow, Tue 3 Nov 2026"


def test_cancelling_a_repeating_post_ends_the_series_and_says_so_before(browse, repeating, state, application, clock):
    queue = browse("queue")
    assert queue.button(key=f"cancel-{repeating.post.post_id}").label.startswith("End series ")
    click(queue, "cancel", repeating)
    assert state(repeating) == "cancelled"
    assert not application.listing.window(clock(), clock() + timedelta(days=30), limit=10)


def test_a_repeating_post_is_given_another_rule(browse, repeating, application):
    queue = browse("queue")
    choose(queue, "Change time", repeating)
    key = f"edit-when-{repeating.post.post_id}"
    assert queue.selectbox(key=f"{key}-repeats").value == "Every weekday, Monday to Friday"
    queue.selectbox(key=f"{key}-repeats").set_value("Every day")
    queue.time_input(key=f"{key}-time").set_value(time(18))
    click(queue, "save-time", repeating)
    assert application.schedules.plan(repeating.post.post_id).post.repeat.expression == "cron(0 18 * * ? *)"


def test_a_series_is_not_offered_what_it_cannot_become(browse, plan, repeating):
    post = plan("Once", minutes=10)
    queue = browse("queue")
    choose(queue, "Change time", repeating)
    assert "Does not repeat" not in queue.selectbox(key=f"edit-when-{repeating.post.post_id}-repeats").options
    choose(queue, "Change time", post)
    assert "Does not repeat" in queue.selectbox(key=f"edit-when-{post.post.post_id}-repeats").options


def test_a_series_that_begins_later_keeps_its_first_date_when_its_time_is_changed(browse, application, clock):
    first, zone = date(2026, 12, 1), "Europe/Berlin"
    post = compose(
        post_id=new_post_id(),
        text="Another door",
        destinations=["outbox"],
        wall=datetime.combine(first, time(9)),
        zone=zone,
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
        repeat=build_series(EveryWeekday(), time(9), zone, first=first, last=None, now=clock.now),
    )
    plan = application.schedules.schedule(post)
    queue = browse("queue")
    choose(queue, "Change time", plan)
    key = f"edit-when-{post.post_id}"
    assert queue.date_input(key=f"{key}-date").value == first
    queue.time_input(key=f"{key}-time").set_value(time(18))
    click(queue, "save-time", plan)
    changed = application.schedules.plan(post.post_id).post.repeat
    assert (changed.expression, changed.starts_at) == ("cron(0 18 ? * MON-FRI *)", post.repeat.starts_at)


def test_a_rule_that_was_chosen_and_not_saved_is_gone_when_the_dialog_opens_again(browse, plan):
    post = plan()
    queue, key = browse("queue"), f"edit-when-{post.post.post_id}"
    choose(queue, "Change time", post)
    queue.session_state[f"{key}-last"] = date(2026, 12, 24)
    queue.session_state[f"{key}-days"] = []
    choose(queue, "Change time", post)
    assert f"{key}-last" not in queue.session_state
    assert f"{key}-days" not in queue.session_state


def test_a_post_that_was_exported_is_shown_as_moved_and_offers_no_change(browse, plan, application, tmp_path):
    moved = plan("Goes elsewhere")
    export_posts(application, tmp_path / "posts.jsonl")
    queue = browse("queue")
    assert "Moved elsewhere" in said(queue)
    keys = {found.key for found in [*queue.button, *queue.menu_button]}
    assert not any(key and key.endswith(moved.post.post_id) for key in keys)
