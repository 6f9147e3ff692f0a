"""Posts move from one deployment to another: each goes out once, from where it is, and none is lost on the way."""

import io
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest

from core.application import Application
from core.cli.main import main
from core.errors import PunctualError
from core.ledger.post_state import post_state
from core.ledger.table import TableUnavailable
from core.outbox.port import OutboxPost
from core.posts.models import Media, Post, Repeat, new_post_id
from core.posts.payload import Payload, invocation_of, read_scheduled
from core.scheduling.refusals import PostMoved
from core.scheduling.upsert import WaitPolicy
from core.settings import Settings
from core.transfer.exporting import AlreadyComplete, OtherSource, export_posts
from core.transfer.importing import ImportedElsewhere, IncompleteExport, import_posts
from core.transfer.journal import ExportStarted, UnreadableJournal


@pytest.fixture
def machine(tmp_path, clock) -> Iterator[Callable[[str], Application]]:
    """Open one machine after another, by name."""
    with ExitStack() as closing:

        def open_machine(name: str) -> Application:
            settings = Settings.read({"PUNCTUAL_HOME": str(tmp_path / name)})
            application = Application(settings, clock, WaitPolicy(pause=lambda _: None))
            closing.callback(application.close)
            return application

        yield open_machine


@pytest.fixture(params=["machine to machine", "machine to AWS", "AWS to machine"])
def both(request, machine) -> tuple[Application, Application]:
    """Where posts are, and where they go."""
    if request.param == "machine to machine":
        return machine("old"), machine("new")
    aws = request.getfixturevalue("opened")()
    return (machine("old"), aws) if request.param == "machine to AWS" else (aws, machine("new"))


@pytest.fixture
def source(both) -> Application:
    return both[0]


@pytest.fixture
def destination(both) -> Application:
    return both[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "posts.jsonl"


@pytest.fixture
def write(a_post, clock) -> Callable[..., Post]:
    """A new post, due in so many hours."""

    def write(hours: float = 24, **changed) -> Post:
        return a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=hours), **changed)

    return write


def held(application: Application) -> dict[str, tuple[str, str]]:
    """What the scheduler holds: state and text by post id."""
    scheduler, group = application.backend.scheduler_client, application.backend.target.group
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    found = [scheduler.get_schedule(Name=each["Name"], GroupName=group) for p in pages for each in p["Schedules"]]
    posts = [(each["State"], read_scheduled(each)) for each in found]
    return {post.post_id: (state, post.text) for state, post in posts}


def published(application: Application) -> list[OutboxPost]:
    return application.outbox.feed(limit=100)


def due(application: Application, post_id: str, occurrence=None) -> Payload:
    """What the relay is handed, as the post is planned there."""
    post = application.schedules.plan(post_id).post
    return invocation_of(post, occurrence or post.due_at)


def test_every_post_is_disabled_where_it_was_and_armed_where_it_goes(source, destination, path, write, a_series):
    active, paused, series = write(text="Active"), write(text="Paused"), a_series(post_id=new_post_id())
    for post in (active, paused, series):
        source.schedules.schedule(post)
    source.schedules.pause(source.schedules.plan(paused.post_id))

    left = export_posts(source, path)
    assert (left.moved, left.remarks, left.unfinished) == (3, (), ())
    assert {state for state, _ in held(source).values()} == {"DISABLED"}
    states = {post_state(source.ledger, post.post_id, source.clock()).state for post in (active, paused, series)}
    assert states == {"moved"}

    come = import_posts(destination, path)
    assert (come.moved, come.remarks, come.unfinished) == (3, (), ())
    assert held(destination) == {
        active.post_id: ("ENABLED", "Active"),
        paused.post_id: ("DISABLED", "Paused"),
        series.post_id: ("ENABLED", series.text),
    }
    plan = destination.schedules.plan(active.post_id)
    assert plan.settled
    assert plan.post.model_copy(update={"revision": 1}) == active


def test_a_moved_post_goes_out_from_where_it_went_alone(source, destination, path, write):
    post = write()
    source.schedules.schedule(post)
    before = due(source, post.post_id)
    export_posts(source, path)
    import_posts(destination, path)
    for payload in (before, due(source, post.post_id)):
        [verdict] = source.publisher.publish(payload).verdicts
        assert verdict.state == "superseded"
    [verdict] = destination.publisher.publish(due(destination, post.post_id)).verdicts
    assert verdict.state == "published"
    assert (len(published(source)), len(published(destination))) == (0, 1)


def test_what_was_armed_where_it_was_is_turned_away_where_it_went(source, destination, path, write):
    post = write()
    source.schedules.schedule(post)
    before = due(source, post.post_id)
    export_posts(source, path)
    import_posts(destination, path)
    for late in (before, due(source, post.post_id)):
        [verdict] = destination.publisher.publish(late).verdicts
        assert verdict.state == "superseded"


def test_a_run_that_went_out_before_does_not_go_out_once_more(source, destination, path, a_series, clock):
    series = a_series(post_id=new_post_id())
    source.schedules.schedule(series)
    run = clock.move(days=1)
    source.publisher.publish(due(source, series.post_id, run))
    export_posts(source, path)
    import_posts(destination, path)
    [verdict] = destination.publisher.publish(due(destination, series.post_id, run)).verdicts
    assert verdict.state == "published"
    assert (len(published(source)), len(published(destination))) == (1, 0)
    [verdict] = destination.publisher.publish(due(destination, series.post_id, run + timedelta(days=1))).verdicts
    assert len(published(destination)) == 1


def test_posts_that_were_moved_can_be_moved_back(source, destination, path, write, tmp_path):
    post = write()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    plan = destination.schedules.plan(post.post_id)
    destination.schedules.edit(plan, plan.post.model_copy(update={"text": "Changed there"}))
    export_posts(destination, tmp_path / "back.jsonl")
    assert import_posts(source, tmp_path / "back.jsonl").moved == 1
    assert held(source) == {post.post_id: ("ENABLED", "Changed there")}
    assert held(destination) == {post.post_id: ("DISABLED", "Changed there")}
    [verdict] = destination.publisher.publish(due(destination, post.post_id)).verdicts
    assert verdict.state == "superseded"


def test_a_move_that_is_given_up_is_taken_back_by_importing_where_it_began(source, path, write):
    post = write()
    source.schedules.schedule(post)
    export_posts(source, path)
    assert import_posts(source, path).moved == 1
    assert held(source) == {post.post_id: ("ENABLED", post.text)}
    assert source.publisher.publish(due(source, post.post_id)).final


def test_a_moved_post_is_not_changed_where_it_was(source, path, write):
    plan = source.schedules.schedule(write())
    export_posts(source, path)
    plan = source.schedules.plan(plan.post.post_id)
    for change in (source.schedules.resume, source.schedules.pause, source.schedules.send_now):
        with pytest.raises(PostMoved):
            change(plan)


def test_what_is_left_of_a_moved_post_is_taken_away_and_cannot_be_brought_back(source, destination, path, write):
    post = write()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    cancelled = source.schedules.cancel(source.schedules.plan(post.post_id))
    assert (cancelled.desired, cancelled.settled, held(source)) == ("moved", True, {})
    assert source.schedules.cancel(cancelled) == cancelled
    for bring_back in (source.schedules.undo_cancel, lambda plan: source.schedules.schedule(plan.post)):
        with pytest.raises(PostMoved):
            bring_back(cancelled)
    [verdict] = source.publisher.publish(due(source, post.post_id)).verdicts
    assert verdict.state == "superseded"


def test_a_post_that_is_cancelled_before_the_export_is_whole_does_not_travel(machine, path, write, monkeypatch):
    old, new = machine("old"), machine("new")
    plan = old.schedules.schedule(write())
    with monkeypatch.context() as patched, suppress(Crash):
        crashing(old, patched, 1, "after")
        export_posts(old, path)
    old.schedules.cancel(old.schedules.plan(plan.post.post_id))
    assert export_posts(old, path).moved == 0
    import_posts(new, path)
    assert (held(old), held(new)) == ({}, {})


def test_a_post_whose_time_has_passed_stays_and_is_told(source, destination, path, write, clock):
    plan = source.schedules.schedule(write(hours=1, text="Too late"))
    source.schedules.pause(plan)
    source.schedules.schedule(write(hours=48, text="In time"))
    clock.move(hours=2)
    left = export_posts(source, path)
    assert left.moved == 1
    [remark] = left.remarks
    assert (remark.post.text, "Its time has passed" in remark.reason) == ("Too late", True)
    assert [post.text for post in travelling(path)] == ["In time"]


def test_a_post_whose_time_passes_on_the_way_is_there_but_paused(source, destination, path, write, clock):
    post = write(hours=1)
    source.schedules.schedule(post)
    export_posts(source, path)
    clock.move(hours=3)
    come = import_posts(destination, path)
    [remark] = come.remarks
    assert "lies here, paused" in remark.reason
    assert post_state(destination.ledger, post.post_id, clock()).state == "time has passed"
    [verdict] = destination.publisher.publish(due(destination, post.post_id)).verdicts
    assert verdict.state == "superseded"


def test_what_goes_out_in_a_moment_goes_out_from_where_it_is(source, path, write):
    source.schedules.schedule(write(hours=1))
    soon = source.backend.minimum_notice / timedelta(hours=1)
    source.schedules.schedule(write(hours=soon, text="In a moment"))
    source.clock.move(seconds=1)
    left = export_posts(source, path)
    assert left.moved == 1
    [remark] = left.remarks
    assert (remark.post.text, "in a moment" in remark.reason) == ("In a moment", True)


def test_what_is_in_the_file_already_and_goes_out_in_a_moment_does_not_travel(machine, path, write, monkeypatch, clock):
    old, new = machine("old"), machine("new")
    plan = old.schedules.schedule(write(hours=1))

    def fail(*_, **__):
        raise TableUnavailable("Nobody answers.")

    with monkeypatch.context() as patched:
        patched.setattr(old.ledger, "change", fail)
        assert len(export_posts(old, path).unfinished) == 1
    clock.move(minutes=59, seconds=59)
    [remark] = export_posts(old, path).remarks
    assert "in a moment" in remark.reason
    clock.move(seconds=-5)  # there, clocks are a little behind
    import_posts(new, path)
    assert (held(old)[plan.post.post_id][0], held(new)) == ("ENABLED", {})


def test_what_is_going_out_goes_out_from_where_it_is(source, path, write, clock):
    post = write(hours=1)
    source.schedules.schedule(post)
    payload = due(source, post.post_id)
    now = clock()
    source.ledger.claim(
        payload, "outbox", deduplicates=True, prepared=None, lease_until=now + timedelta(minutes=1), now=now
    )
    left = export_posts(source, path)
    assert (left.moved, "It is going out" in left.remarks[0].reason) == (0, True)
    assert travelling(path) == []


def test_a_series_that_is_going_out_moves_once_that_run_is_out(source, destination, path, a_series, clock):
    series = a_series(post_id=new_post_id())
    source.schedules.schedule(series)
    run, now = due(source, series.post_id, clock()), clock()
    source.ledger.claim(
        run, "outbox", deduplicates=True, prepared=None, lease_until=now + timedelta(seconds=35), now=now
    )
    [unfinished] = export_posts(source, path).unfinished
    assert unfinished.post_id == series.post_id
    assert not complete(path)
    clock.move(minutes=1)
    source.publisher.publish(run)
    assert export_posts(source, path).moved == 1
    assert import_posts(destination, path).moved == 1


def test_a_post_that_was_not_armed_yet_moves_all_the_same(source, destination, path, write, clock):
    post = write()
    source.ledger.plan(post, schedule_name="post-x", now=clock())
    export_posts(source, path)
    import_posts(destination, path)
    assert held(destination) == {post.post_id: ("ENABLED", post.text)}


def test_a_series_whose_schedule_somebody_deleted_moves_and_one_that_is_over_stays(
    source, destination, path, a_series, clock
):
    series = source.schedules.schedule(a_series(post_id=new_post_id()))
    scheduler, group = source.backend.scheduler_client, source.backend.target.group
    over = a_series(post_id=new_post_id())
    over = over.model_copy(update={"repeat": Repeat(expression="cron(0 9 * * ? *)", ends_at=clock())})
    source.ledger.plan(over, schedule_name="repeat-over", now=clock())
    source.ledger.settle(over.post_id, 1, now=clock())
    scheduler.delete_schedule(Name=series.schedule_name, GroupName=group)
    export_posts(source, path)
    import_posts(destination, path)
    assert list(held(destination)) == [series.post.post_id]


def test_a_run_that_falls_into_the_move_is_told(source, destination, path, a_series, clock):
    series, paused = a_series(post_id=new_post_id()), a_series(post_id=new_post_id())
    for post in (series, paused):
        source.schedules.schedule(post)
    source.schedules.pause(source.schedules.plan(paused.post_id))
    export_posts(source, path)
    clock.move(days=2)
    [remark] = import_posts(destination, path).remarks
    assert (remark.post_id, remark.reason) == (
        series.post_id,
        "What fell into the move did not go out: 2026-11-03T08:00:00Z and 2026-11-04T08:00:00Z.",
    )
    assert import_posts(destination, path).remarks == ()


def test_a_run_that_went_out_while_the_export_was_interrupted_did_not_fall_into_the_move(
    source, destination, path, a_series, clock
):
    path.write_text(ExportStarted(source=source.backend.name, at=clock()).model_dump_json() + "\n")
    series = source.schedules.schedule(a_series(post_id=new_post_id())).post
    clock.move(days=1)
    run = due(source, series.post_id, occurrence=clock().replace(hour=8))
    assert source.publisher.publish(run).final
    export_posts(source, path)
    assert import_posts(destination, path).remarks == ()


def test_pictures_travel_along(source, destination, path, write):
    reference = source.media.put(b"a picture")
    picture = Media(reference=reference, kind="picture", content_type="image/png", size=9, width=1, height=1)
    for _ in range(2):
        source.schedules.schedule(write(media=(picture,)))
    export_posts(source, path)
    import_posts(destination, path)
    assert destination.media.get(reference) == b"a picture"
    assert path.read_text().count('"kind":"picture","reference"') == 1


def test_a_picture_travels_though_the_first_post_that_shows_it_stays(machine, path, write, monkeypatch):
    old, new = machine("old"), machine("new")
    reference = old.media.put(b"a picture")
    picture = Media(reference=reference, kind="picture", content_type="image/png", size=9, width=1, height=1)
    for _ in range(2):
        old.schedules.schedule(write(media=(picture,)))
    read, failures = old.media.get, [TableUnavailable("Not now.")]
    monkeypatch.setattr(old.media, "get", lambda wanted: read(wanted) if not failures else _raise(failures.pop()))
    [unfinished] = export_posts(old, path).unfinished
    old.schedules.cancel(old.schedules.plan(unfinished.post_id))
    assert export_posts(old, path).moved == 1
    assert import_posts(new, path).moved == 1
    assert new.media.get(reference) == b"a picture"


def test_an_account_that_is_not_connected_there_is_told(source, destination, path, write):
    source.schedules.schedule(write(destinations=("outbox", "webhook:sales", "webhook:sales#2")))
    export_posts(source, path)
    [remark] = import_posts(destination, path).remarks
    assert remark.reason == "Connect webhook:sales under Accounts before it is due."


class Crash(BaseException):
    """The process is gone."""


def crashing(application: Application, monkeypatch, number: int, when: str) -> None:
    """Let the process die before or after one of its writes to the ledger or the scheduler."""
    calls = itertools.count(1)

    def dying(work: Callable) -> Callable:
        def call(*given, **named):
            now = next(calls) == number
            if now and when == "before":
                raise Crash
            answer = work(*given, **named)
            if now:
                raise Crash
            return answer

        return call

    for part, name in ((application.ledger, "change"), (application.ledger, "plan"), (application.schedules, "settle")):
        monkeypatch.setattr(part, name, dying(getattr(part, name)))


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_was_done_before_a_crash_is_finished_by_the_next_run(machine, path, write, monkeypatch, number, when):
    old, new = machine("old"), machine("new")
    for count in range(3):
        plan = old.schedules.schedule(write(hours=24 + count, text=f"Post {count}"))
    old.schedules.pause(plan)
    for application, move in ((old, export_posts), (new, import_posts)):
        with monkeypatch.context() as patched, suppress(Crash):
            crashing(application, patched, number, when)
            move(application, path)
        if not complete(path):
            with pytest.raises(IncompleteExport):
                import_posts(new, path)
        if application is new or not complete(path):
            assert move(application, path).unfinished == ()
        assert {state for state, _ in held(old).values()} == {"DISABLED"}
    assert {text: state for state, text in held(new).values()} == {
        "Post 0": "ENABLED",
        "Post 1": "ENABLED",
        "Post 2": "DISABLED",
    }


def test_an_import_that_is_repeated_changes_nothing(source, destination, path, write):
    post = write()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    plan = destination.schedules.plan(post.post_id)
    edited = destination.schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert import_posts(destination, path).moved == 1
    assert destination.schedules.plan(post.post_id) == edited


def test_what_fails_is_unfinished_and_done_by_the_next_run(opened, machine, path, write, interfere):
    aws, local = opened(), machine("old")
    for number in range(3):
        local.schedules.schedule(write(text=f"Post {number}"))
    export_posts(local, path)
    interfere("CreateSchedule", "ThrottlingException")
    come = import_posts(aws, path)
    assert (come.moved, len(come.unfinished)) == (0, 3)
    assert "ThrottlingException" in come.unfinished[0].reason
    interfere.clear()
    assert import_posts(aws, path).moved == 3
    assert len(held(aws)) == 3


def test_a_file_goes_to_one_place_only(machine, path, write):
    old, new, third = machine("old"), machine("new"), machine("third")
    old.schedules.schedule(write())
    export_posts(old, path)
    import_posts(new, path)
    with pytest.raises(ImportedElsewhere):
        import_posts(third, path)
    with pytest.raises(ImportedElsewhere):
        import_posts(old, path)


def test_posts_are_exported_once(machine, path, write, tmp_path):
    old = machine("old")
    old.schedules.schedule(write())
    export_posts(old, path)
    with pytest.raises(AlreadyComplete):
        export_posts(old, path)
    again = export_posts(old, tmp_path / "again.jsonl")
    assert again.moved == 0
    assert [remark.reason for remark in again.remarks] == ["It was exported before, into another file."]


def test_an_export_is_gone_on_with_where_it_began(machine, path, write, clock):
    old, other = machine("old"), machine("other")
    path.write_text(ExportStarted(source=old.backend.name, at=clock()).model_dump_json() + '\n{"kind":"leaving","po')
    with pytest.raises(OtherSource):
        export_posts(other, path)
    old.schedules.schedule(write())
    assert export_posts(old, path).moved == 1
    assert complete(path)


@pytest.mark.parametrize("content", ["", "no JSON\n", '{"kind":"complete","posts":1}\n', '{"kind":"begun"}\n'])
def test_a_file_that_export_did_not_write_is_refused(machine, path, content):
    path.write_text(content)
    with pytest.raises((UnreadableJournal, IncompleteExport)):
        import_posts(machine("new"), path)


@pytest.mark.parametrize("move", [export_posts, import_posts])
@pytest.mark.parametrize(
    "content", ["the only copy, without a line end", "two lines\nand no end", '{"kind":"leaving",']
)
def test_a_file_of_somebody_else_is_left_as_it_is(machine, path, move, content):
    path.write_text(content)
    with pytest.raises(UnreadableJournal):
        move(machine("old"), path)
    assert path.read_text() == content


def test_a_file_whose_very_first_line_was_cut_short_is_begun_anew(machine, path, write):
    old = machine("old")
    old.schedules.schedule(write())
    path.write_text('{"kind":"beg')
    assert export_posts(old, path).moved == 1
    assert complete(path)


def test_an_import_of_a_file_that_is_not_there_makes_none(machine, path):
    with pytest.raises(UnreadableJournal):
        import_posts(machine("new"), path)
    assert not path.exists()


def test_a_file_that_cannot_be_looked_at_is_refused(machine, tmp_path):
    with pytest.raises(UnreadableJournal, match="File name too long"):
        import_posts(machine("new"), tmp_path / ("x" * 300))


def test_a_folder_that_may_not_be_written_is_refused(machine, tmp_path):
    with pytest.raises(UnreadableJournal):
        export_posts(machine("old"), tmp_path / "nowhere" / "posts.jsonl")


def test_both_commands_tell_what_they_did(machine, path, write, clock):
    old, new = machine("old"), machine("new")
    old.schedules.schedule(write(hours=1, destinations=("webhook:sales",)))
    out, err = io.StringIO(), io.StringIO()
    assert main(["export", str(path)], lambda: _kept_open(old), out, err) == 0
    assert "1 posts left" in out.getvalue()
    out = io.StringIO()
    assert main(["queue", "--json"], lambda: _kept_open(old), out, err) == 0
    assert [row["state"] for row in json.loads(out.getvalue())] == ["moved"]
    out = io.StringIO()
    assert main(["import", str(path), "--json"], lambda: _kept_open(new), out, err) == 0
    told = json.loads(out.getvalue())
    assert told["moved"] == 1
    assert told["unfinished"] == []
    assert told["remarks"][0]["reason"].startswith("Connect webhook:sales")


def test_a_command_that_leaves_something_unfinished_says_so(machine, path, write, monkeypatch):
    class Away(PunctualError):
        hint = "Wait."

    def fail(*_):
        raise Away("Nobody answers.")

    old = machine("old")
    old.schedules.schedule(write())
    monkeypatch.setattr(old.schedules, "settle", fail)
    out, err = io.StringIO(), io.StringIO()
    assert main(["export", str(path)], lambda: _kept_open(old), out, err) == 1
    assert "Nobody answers. Wait." in out.getvalue()
    assert "Run the same command again" in err.getvalue()
    assert not complete(path)


def _kept_open(application: Application) -> Application:
    """The command closes what it was given; the fixture closes it later."""
    application.close = lambda: None
    return application


def travelling(path) -> list[Post]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    staying = {line["post_id"] for line in lines if line["kind"] == "staying"}
    posts = [Post.model_validate(line["post"]) for line in lines if line["kind"] == "leaving"]
    return [post for post in posts if post.post_id not in staying]


def complete(path) -> bool:
    return '"kind":"complete"' in path.read_text()


def _raise(error: Exception) -> bytes:
    raise error
