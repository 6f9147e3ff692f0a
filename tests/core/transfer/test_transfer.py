"""Posts move from one deployment to another; each is published once and none is lost."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest

from core.application import Application
from core.ledger.dynamodb_reader import TableUnavailable
from core.ledger.port import ClaimTerms, PlanChange
from core.ledger.post_state import post_state
from core.ledger.refusals import RunReplaced
from core.outbox.port import OutboxPost
from core.posts.destinations import Destination
from core.posts.models import LinkCard, Media, Post, Repeat, new_post_id
from core.posts.payload import Payload, invocation_of, read_scheduled
from core.posts.series import runs_of
from core.scheduling.refusals import PostMoved
from core.scheduling.schedule_writer import WaitPolicy
from core.settings import Settings
from core.transfer.exporting import AlreadyComplete, OtherSource, export_posts
from core.transfer.importing import ImportedElsewhere, IncompleteExport, import_posts
from core.transfer.journal import ExportStarted, UnreadableJournal


@pytest.fixture
def machine(tmp_path, clock) -> Iterator[Callable[[str], Application]]:
    """Return a function that opens a machine by name."""
    with ExitStack() as closing:

        def open_machine(name: str) -> Application:
            settings = Settings.read({"PUNCTUAL_HOME": str(tmp_path / name)})
            application = Application(settings, clock, WaitPolicy(pause=lambda _: None))
            closing.callback(application.close)
            return application

        yield open_machine


@pytest.fixture(params=["machine to machine", "machine to AWS", "AWS to machine"])
def deployments(request, machine) -> tuple[Application, Application]:
    """Return the source and the destination of a transfer."""
    if request.param == "machine to machine":
        return machine("old"), machine("new")
    aws = request.getfixturevalue("open_application")()
    return (machine("old"), aws) if request.param == "machine to AWS" else (aws, machine("new"))


@pytest.fixture
def source(deployments) -> Application:
    return deployments[0]


@pytest.fixture
def destination(deployments) -> Application:
    return deployments[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "posts.jsonl"


@pytest.fixture
def make_post(a_post, clock) -> Callable[..., Post]:
    """Return a function that makes a new post, due in some hours."""

    def make_post(hours: float = 24, **changed) -> Post:
        return a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=hours), **changed)

    return make_post


def schedules_of(application: Application) -> dict[str, tuple[str, str]]:
    """Return the state and text of every schedule, by post id."""
    scheduler, group = application.backend.scheduler_client, application.backend.target.group
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    found = [scheduler.get_schedule(Name=each["Name"], GroupName=group) for p in pages for each in p["Schedules"]]
    posts = [(each["State"], read_scheduled(each)) for each in found]
    return {post.post_id: (state, post.text) for state, post in posts}


def published(application: Application) -> list[OutboxPost]:
    return application.outbox.feed(limit=100)


def invocation(application: Application, post_id: str, occurrence=None) -> Payload:
    """Return the payload that the relay receives for a planned post."""
    post = application.schedules.plan(post_id).post
    return invocation_of(post, occurrence or post.due_at)


def test_posts_are_disabled_at_the_source_and_scheduled_at_the_destination(
    source, destination, path, make_post, a_series
):
    active, paused, series = make_post(text="Active"), make_post(text="Paused"), a_series(post_id=new_post_id())
    for post in (active, paused, series):
        source.schedules.schedule(post)
    source.schedules.pause(source.schedules.plan(paused.post_id))

    report = export_posts(source, path)
    assert (report.moved, report.remarks, report.unfinished) == (3, (), ())
    assert {state for state, _ in schedules_of(source).values()} == {"DISABLED"}
    states = {post_state(source.ledger, post.post_id, source.clock()).state for post in (active, paused, series)}
    assert states == {"moved"}

    imported = import_posts(destination, path)
    assert (imported.moved, imported.remarks, imported.unfinished) == (3, (), ())
    assert schedules_of(destination) == {
        active.post_id: ("ENABLED", "Active"),
        paused.post_id: ("DISABLED", "Paused"),
        series.post_id: ("ENABLED", series.text),
    }
    plan = destination.schedules.plan(active.post_id)
    assert plan.settled
    assert plan.post.model_copy(update={"revision": 1}) == active


def test_a_moved_post_is_published_by_the_destination_only(source, destination, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    before = invocation(source, post.post_id)
    export_posts(source, path)
    import_posts(destination, path)
    for payload in (before, invocation(source, post.post_id)):
        [result] = source.publisher.publish(payload).results
        assert result.state == "superseded"
    [result] = destination.publisher.publish(invocation(destination, post.post_id)).results
    assert result.state == "published"
    assert (len(published(source)), len(published(destination))) == (0, 1)


def test_the_destination_publishes_once_if_invocations_of_the_source_reach_it(source, destination, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    before = invocation(source, post.post_id)
    export_posts(source, path)
    import_posts(destination, path)
    for payload in (before, invocation(source, post.post_id), invocation(destination, post.post_id)):
        [result] = destination.publisher.publish(payload).results
        assert result.state == "published"
    assert len(published(destination)) == 1


def test_the_destination_rejects_invocations_of_the_source_at_another_time(source, destination, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    before = invocation(source, post.post_id)
    export_posts(source, path)
    import_posts(destination, path)
    later = post.due_at + timedelta(hours=1)
    destination.schedules.reschedule(
        destination.schedules.plan(post.post_id), due_at=later, wall=post.wall, zone=post.zone
    )
    [result] = destination.publisher.publish(before).results
    assert result.state == "superseded"


def test_a_moved_series_does_not_get_a_run_back_that_a_moved_post_replaces(
    source, destination, path, make_post, a_series, clock
):
    series = a_series(post_id=new_post_id())
    plan = source.schedules.schedule(series)
    run = next(iter(runs_of(plan.post, after=clock(), count=1)))
    post = make_post(replaces=(series.post_id, run))
    source.schedules.schedule(post)
    export_posts(source, path)
    assert import_posts(destination, path).unfinished == ()
    assert destination.ledger.replaced_runs(series.post_id) == {post.post_id: run}
    with pytest.raises(RunReplaced):
        destination.schedules.unskip_run(destination.schedules.plan(series.post_id), run)


def test_a_published_run_is_not_published_again(source, destination, path, a_series, clock):
    series = a_series(post_id=new_post_id())
    source.schedules.schedule(series)
    run = clock.move(days=1)
    source.publisher.publish(invocation(source, series.post_id, run))
    export_posts(source, path)
    import_posts(destination, path)
    [result] = destination.publisher.publish(invocation(destination, series.post_id, run)).results
    assert result.state == "published"
    assert (len(published(source)), len(published(destination))) == (1, 0)
    [result] = destination.publisher.publish(invocation(destination, series.post_id, run + timedelta(days=1))).results
    assert len(published(destination)) == 1


def test_a_moved_post_can_be_edited_and_moved_back(source, destination, path, make_post, tmp_path):
    post = make_post()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    plan = destination.schedules.plan(post.post_id)
    destination.schedules.edit(plan, plan.post.model_copy(update={"text": "Changed there"}))
    export_posts(destination, tmp_path / "back.jsonl")
    assert import_posts(source, tmp_path / "back.jsonl").moved == 1
    assert schedules_of(source) == {post.post_id: ("ENABLED", "Changed there")}
    assert schedules_of(destination) == {post.post_id: ("DISABLED", "Changed there")}
    [result] = destination.publisher.publish(invocation(destination, post.post_id)).results
    assert result.state == "superseded"


def test_an_import_at_the_source_undoes_the_export(source, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    export_posts(source, path)
    assert import_posts(source, path).moved == 1
    assert schedules_of(source) == {post.post_id: ("ENABLED", post.text)}
    assert source.publisher.publish(invocation(source, post.post_id)).final


def test_a_moved_post_cannot_be_changed_at_the_source(source, path, make_post):
    plan = source.schedules.schedule(make_post())
    export_posts(source, path)
    plan = source.schedules.plan(plan.post.post_id)
    for change in (source.schedules.resume, source.schedules.pause, source.schedules.send_now):
        with pytest.raises(PostMoved):
            change(plan)


def test_a_moved_post_can_be_cancelled_at_the_source_but_not_restored(source, destination, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    cancelled = source.schedules.cancel(source.schedules.plan(post.post_id))
    assert (cancelled.desired, cancelled.settled, schedules_of(source)) == ("moved", True, {})
    assert source.schedules.cancel(cancelled) == cancelled
    for bring_back in (source.schedules.undo_cancel, lambda plan: source.schedules.schedule(plan.post)):
        with pytest.raises(PostMoved):
            bring_back(cancelled)
    [result] = source.publisher.publish(invocation(source, post.post_id)).results
    assert result.state == "superseded"


def test_a_post_cancelled_during_the_export_is_not_imported(machine, path, make_post, monkeypatch):
    old, new = machine("old"), machine("new")
    plan = old.schedules.schedule(make_post())
    with monkeypatch.context() as patched, suppress(Crash):
        crash_at_write(old, patched, 1, "after")
        export_posts(old, path)
    old.schedules.cancel(old.schedules.plan(plan.post.post_id))
    assert export_posts(old, path).moved == 0
    import_posts(new, path)
    assert (schedules_of(old), schedules_of(new)) == ({}, {})


def test_an_overdue_post_stays_with_a_remark(source, destination, path, make_post, clock):
    plan = source.schedules.schedule(make_post(hours=1, text="Too late"))
    source.schedules.pause(plan)
    source.schedules.schedule(make_post(hours=48, text="In time"))
    clock.move(hours=2)
    report = export_posts(source, path)
    assert report.moved == 1
    [remark] = report.remarks
    assert (remark.post.text, "Its time has passed" in remark.reason) == ("Too late", True)
    assert [post.text for post in exported(path)] == ["In time"]


def test_a_post_that_became_overdue_during_the_transfer_is_imported_paused(source, destination, path, make_post, clock):
    post = make_post(hours=1)
    source.schedules.schedule(post)
    export_posts(source, path)
    clock.move(hours=3)
    imported = import_posts(destination, path)
    [remark] = imported.remarks
    assert "it is paused here" in remark.reason
    assert post_state(destination.ledger, post.post_id, clock()).state == "time has passed"
    [result] = destination.publisher.publish(invocation(destination, post.post_id)).results
    assert result.state == "superseded"


def test_a_post_with_a_control_character_is_imported_paused(source, destination, path, make_post, clock):
    post = make_post(hours=1, text="a\x00b")
    source.schedules.schedule(post)
    export_posts(source, path)
    [remark] = import_posts(destination, path).remarks
    assert "U+0000 at position 2. It is paused: edit its text" in remark.reason
    assert post_state(destination.ledger, post.post_id, clock()).state == "paused"


def test_a_post_that_is_due_soon_stays_with_a_remark(source, path, make_post):
    source.schedules.schedule(make_post(hours=1))
    soon = source.backend.minimum_notice / timedelta(hours=1)
    source.schedules.schedule(make_post(hours=soon, text="In a moment"))
    source.clock.move(seconds=1)
    report = export_posts(source, path)
    assert report.moved == 1
    [remark] = report.remarks
    assert (remark.post.text, "in a moment" in remark.reason) == ("In a moment", True)


def test_a_post_in_the_file_that_became_due_soon_is_withdrawn(machine, path, make_post, monkeypatch, clock):
    old, new = machine("old"), machine("new")
    plan = old.schedules.schedule(make_post(hours=1))

    def fail(*_, **__):
        raise TableUnavailable("No response.")

    with monkeypatch.context() as patched:
        patched.setattr(old.ledger, "change", fail)
        assert len(export_posts(old, path).unfinished) == 1
    clock.move(minutes=59, seconds=59)
    [remark] = export_posts(old, path).remarks
    assert "in a moment" in remark.reason
    clock.move(seconds=-5)  # the destination's clock is five seconds behind
    import_posts(new, path)
    assert (schedules_of(old)[plan.post.post_id][0], schedules_of(new)) == ("ENABLED", {})


def test_a_post_that_is_being_published_stays_with_a_remark(source, path, make_post, clock):
    post = make_post(hours=1)
    source.schedules.schedule(post)
    payload = invocation(source, post.post_id)
    now = clock()
    source.ledger.claim(
        payload, Destination("outbox"), ClaimTerms(deduplicates=True, lease_until=now + timedelta(minutes=1), now=now)
    )
    report = export_posts(source, path)
    assert (report.moved, "It is being published" in report.remarks[0].reason) == (0, True)
    assert exported(path) == []


def test_a_series_moves_after_its_current_run_is_published(source, destination, path, a_series, clock):
    series = a_series(post_id=new_post_id())
    source.schedules.schedule(series)
    run, now = invocation(source, series.post_id, clock()), clock()
    source.ledger.claim(
        run, Destination("outbox"), ClaimTerms(deduplicates=True, lease_until=now + timedelta(seconds=35), now=now)
    )
    [unfinished] = export_posts(source, path).unfinished
    assert unfinished.post_id == series.post_id
    assert not complete(path)
    clock.move(minutes=1)
    source.publisher.publish(run)
    assert export_posts(source, path).moved == 1
    assert import_posts(destination, path).moved == 1


def test_a_post_without_a_schedule_moves(source, destination, path, make_post, clock):
    post = make_post()
    source.ledger.plan(PlanChange(post=post, schedule_name="post-x"), now=clock())
    export_posts(source, path)
    import_posts(destination, path)
    assert schedules_of(destination) == {post.post_id: ("ENABLED", post.text)}


def test_a_series_without_a_schedule_moves_and_an_ended_one_stays(source, destination, path, a_series, clock):
    series = source.schedules.schedule(a_series(post_id=new_post_id()))
    scheduler, group = source.backend.scheduler_client, source.backend.target.group
    ended = a_series(post_id=new_post_id())
    ended = ended.model_copy(update={"repeat": Repeat(expression="cron(0 9 * * ? *)", ends_at=clock())})
    source.ledger.plan(PlanChange(post=ended, schedule_name="repeat-ended"), now=clock())
    source.ledger.settle(ended.post_id, 1, now=clock())
    scheduler.delete_schedule(Name=series.schedule_name, GroupName=group)
    export_posts(source, path)
    import_posts(destination, path)
    assert list(schedules_of(destination)) == [series.post.post_id]


def test_a_run_due_during_the_transfer_is_reported_as_missed(source, destination, path, a_series, clock):
    series, paused = a_series(post_id=new_post_id()), a_series(post_id=new_post_id())
    for post in (series, paused):
        source.schedules.schedule(post)
    source.schedules.pause(source.schedules.plan(paused.post_id))
    export_posts(source, path)
    clock.move(days=2)
    [remark] = import_posts(destination, path).remarks
    assert (remark.post_id, remark.reason) == (
        series.post_id,
        "These runs were due during the transfer and were missed: 2026-11-03T08:00:00Z and 2026-11-04T08:00:00Z.",
    )
    assert import_posts(destination, path).remarks == ()


def test_labels_options_and_skipped_runs_move_with_a_series(source, destination, path, a_series, clock):
    names = source.labels.add(["Launch"])
    series = source.schedules.schedule(a_series(labels=names, options={"outbox": {"language": "de"}}))
    run = clock().replace(day=3, hour=8)
    source.schedules.skip_run(series, run)
    export_posts(source, path)
    clock.now = run + timedelta(minutes=5)
    imported = import_posts(destination, path)
    assert imported.remarks == ()  # the skipped run is no missed one
    moved = destination.schedules.plan(series.post.post_id).post
    assert (moved.labels, moved.repeat.skipped) == (("Launch",), (run,))
    assert moved.options == {"outbox": {"language": "de"}}
    assert [label.name for label in destination.labels.all()] == ["Launch"]


def test_a_run_published_during_an_interrupted_export_is_not_reported(source, destination, path, a_series, clock):
    path.write_text(ExportStarted(source=source.backend.name, at=clock()).model_dump_json() + "\n")
    series = source.schedules.schedule(a_series(post_id=new_post_id())).post
    clock.move(days=1)
    run = invocation(source, series.post_id, occurrence=clock().replace(hour=8))
    assert source.publisher.publish(run).final
    export_posts(source, path)
    assert import_posts(destination, path).remarks == ()


def test_pictures_move_with_their_posts(source, destination, path, make_post):
    reference = source.media.put(b"a picture")
    picture = Media(reference=reference, kind="picture", content_type="image/png", size=9, width=1, height=1)
    card = LinkCard(url="https://example.com/", picture=source.media.put(b"of a card"))
    for _ in range(2):
        source.schedules.schedule(make_post(media=(picture,), card=card))
    export_posts(source, path)
    import_posts(destination, path)
    assert destination.media.get(reference) == b"a picture"
    assert destination.media.get(card.picture) == b"of a card"
    assert path.read_text().count('"kind":"picture","reference"') == 2


def test_a_picture_moves_although_its_first_post_stays(machine, path, make_post, monkeypatch):
    old, new = machine("old"), machine("new")
    reference = old.media.put(b"a picture")
    picture = Media(reference=reference, kind="picture", content_type="image/png", size=9, width=1, height=1)
    for _ in range(2):
        old.schedules.schedule(make_post(media=(picture,)))
    read, failures = old.media.get, [TableUnavailable("Not now.")]
    monkeypatch.setattr(old.media, "get", lambda wanted: read(wanted) if not failures else _raise(failures.pop()))
    [unfinished] = export_posts(old, path).unfinished
    old.schedules.cancel(old.schedules.plan(unfinished.post_id))
    assert export_posts(old, path).moved == 1
    assert import_posts(new, path).moved == 1
    assert new.media.get(reference) == b"a picture"


def test_a_missing_account_is_reported(source, destination, path, make_post):
    source.schedules.schedule(make_post(destinations=("outbox", "webhook:sales", "webhook:sales#2")))
    export_posts(source, path)
    [remark] = import_posts(destination, path).remarks
    assert remark.reason == "Connect webhook:sales under Accounts before it is due."


class Crash(BaseException):
    """Ends the command as a crash of the process would."""


def crash_at_write(application: Application, monkeypatch, number: int, when: str) -> None:
    """Raise Crash before or after the write of this number to ledger or scheduler."""
    calls = itertools.count(1)

    def crashing(write: Callable) -> Callable:
        def call(*arguments, **options):
            crashes = next(calls) == number
            if crashes and when == "before":
                raise Crash
            result = write(*arguments, **options)
            if crashes:
                raise Crash
            return result

        return call

    for part, name in ((application.ledger, "change"), (application.ledger, "plan"), (application.schedules, "settle")):
        monkeypatch.setattr(part, name, crashing(getattr(part, name)))


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_next_run_finishes_after_a_crash_at_any_write(machine, path, make_post, monkeypatch, number, when):
    old, new = machine("old"), machine("new")
    for count in range(3):
        plan = old.schedules.schedule(make_post(hours=24 + count, text=f"Post {count}"))
    old.schedules.pause(plan)
    for application, transfer in ((old, export_posts), (new, import_posts)):
        with monkeypatch.context() as patched, suppress(Crash):
            crash_at_write(application, patched, number, when)
            transfer(application, path)
        if not complete(path):
            with pytest.raises(IncompleteExport):
                import_posts(new, path)
        if application is new or not complete(path):
            assert transfer(application, path).unfinished == ()
        assert {state for state, _ in schedules_of(old).values()} == {"DISABLED"}
    assert {text: state for state, text in schedules_of(new).values()} == {
        "Post 0": "ENABLED",
        "Post 1": "ENABLED",
        "Post 2": "DISABLED",
    }


def test_a_repeated_import_changes_nothing(source, destination, path, make_post):
    post = make_post()
    source.schedules.schedule(post)
    export_posts(source, path)
    import_posts(destination, path)
    plan = destination.schedules.plan(post.post_id)
    edited = destination.schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert import_posts(destination, path).moved == 1
    assert destination.schedules.plan(post.post_id) == edited


def test_a_failed_post_is_unfinished_and_moves_in_the_next_run(
    open_application, machine, path, make_post, inject_fault
):
    aws, local = open_application(), machine("old")
    for number in range(3):
        local.schedules.schedule(make_post(text=f"Post {number}"))
    export_posts(local, path)
    inject_fault("CreateSchedule", "ThrottlingException")
    imported = import_posts(aws, path)
    assert (imported.moved, len(imported.unfinished)) == (0, 3)
    assert "ThrottlingException" in imported.unfinished[0].reason
    inject_fault.clear()
    assert import_posts(aws, path).moved == 3
    assert len(schedules_of(aws)) == 3


def test_a_file_is_imported_by_one_deployment_only(machine, path, make_post):
    old, new, third = machine("old"), machine("new"), machine("third")
    old.schedules.schedule(make_post())
    export_posts(old, path)
    import_posts(new, path)
    with pytest.raises(ImportedElsewhere):
        import_posts(third, path)
    with pytest.raises(ImportedElsewhere):
        import_posts(old, path)


def test_the_lines_of_a_file_keep_their_member_names(machine, path, make_post):
    old, new = machine("old"), machine("new")
    old.schedules.schedule(make_post())
    export_posts(old, path)
    import_posts(new, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["kind"], set(line) - {"kind"}) for line in lines] == [
        ("begun", {"version", "source", "at"}),
        ("leaving", {"post", "wish", "derivation"}),
        ("complete", {"posts"}),
        ("arriving", {"place"}),
    ]


def test_a_complete_export_is_not_repeated(machine, path, make_post, tmp_path):
    old = machine("old")
    old.schedules.schedule(make_post())
    export_posts(old, path)
    with pytest.raises(AlreadyComplete):
        export_posts(old, path)
    again = export_posts(old, tmp_path / "again.jsonl")
    assert again.moved == 0
    assert [remark.reason for remark in again.remarks] == ["It was exported before, into another file."]


def test_an_export_continues_at_its_source_only(machine, path, make_post, clock):
    old, other = machine("old"), machine("other")
    path.write_text(ExportStarted(source=old.backend.name, at=clock()).model_dump_json() + '\n{"kind":"leaving","po')
    with pytest.raises(OtherSource):
        export_posts(other, path)
    old.schedules.schedule(make_post())
    assert export_posts(old, path).moved == 1
    assert complete(path)


@pytest.mark.parametrize("content", ["", "no JSON\n", '{"kind":"complete","posts":1}\n', '{"kind":"begun"}\n'])
def test_a_file_of_another_kind_is_refused(machine, path, content):
    path.write_text(content)
    with pytest.raises((UnreadableJournal, IncompleteExport)):
        import_posts(machine("new"), path)


@pytest.mark.parametrize("transfer", [export_posts, import_posts])
@pytest.mark.parametrize(
    "content", ["the only copy, without a line end", "two lines\nand no end", '{"kind":"leaving",']
)
def test_a_file_of_another_kind_stays_unchanged(machine, path, transfer, content):
    path.write_text(content)
    with pytest.raises(UnreadableJournal):
        transfer(machine("old"), path)
    assert path.read_text() == content


def test_a_file_with_a_cut_first_line_is_started_again(machine, path, make_post):
    old = machine("old")
    old.schedules.schedule(make_post())
    path.write_text('{"kind":"beg')
    assert export_posts(old, path).moved == 1
    assert complete(path)


def test_an_import_of_a_missing_file_creates_none(machine, path):
    with pytest.raises(UnreadableJournal):
        import_posts(machine("new"), path)
    assert not path.exists()


def test_an_unusable_file_name_is_refused(machine, tmp_path):
    with pytest.raises(UnreadableJournal, match="File name too long"):
        import_posts(machine("new"), tmp_path / ("x" * 300))


def test_a_missing_folder_is_refused(machine, tmp_path):
    with pytest.raises(UnreadableJournal):
        export_posts(machine("old"), tmp_path / "nowhere" / "posts.jsonl")


def exported(path) -> list[Post]:
    """Return the posts of a file that an import schedules."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    staying = {line["post_id"] for line in lines if line["kind"] == "staying"}
    posts = [Post.model_validate(line["post"]) for line in lines if line["kind"] == "leaving"]
    return [post for post in posts if post.post_id not in staying]


def complete(path) -> bool:
    """Return whether the export into a file is complete."""
    return '"kind":"complete"' in path.read_text()


def _raise(error: Exception) -> bytes:
    raise error
