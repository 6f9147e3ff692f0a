"""What a dry run says of a row is what happens to it, and a stopped or repeated load makes no duplicates."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.accounts.port import OUTBOX, Account
from core.application import Application
from core.bulk.columns import Column
from core.bulk.loading import load
from core.bulk.pictures import Pictures
from core.bulk.report import dry_run_rows, report_csv, report_rows
from core.settings import Settings
from core.storage.database import StorageError
from core.timetable.timetable import suggested

ROWS = """text,date,time,zone,destinations,labels
Good morning,2026-12-24,09:00,,,
Good evening,2026-12-24,19:00,America/New_York,outbox,"Xmas, News"
"""
NEXT_YEARS = datetime(2029, 1, 1, tzinfo=UTC)


def verdicts(checked):
    return [each.verdict for each in checked.rows]


def reasons(checked):
    return [each.reason for each in checked.rows]


def queued(application):
    entries = application.views.upcoming(application.clock() + timedelta(days=1000), limit=10_000).entries
    return [(each.text, each.due_at) for each in entries]


@pytest.fixture
def posting_times(application):
    """Set posting times."""
    timetable = suggested("Europe/Berlin")
    application.posting_times.save(None, timetable, base=0)


@pytest.fixture(params=["machine", "AWS"])
def deployment(request, application):
    """Return one machine, or AWS."""
    return application if request.param == "machine" else request.getfixturevalue("open_application")()


def test_a_dry_run_writes_nothing_and_the_load_schedules_its_posts(check, deployment):
    checked = check(ROWS, on=deployment)
    assert verdicts(checked) == ["create", "create"]
    assert (queued(deployment), deployment.labels.all()) == ([], ())
    report = load(deployment, checked)
    assert report.count("created") == 2
    assert queued(deployment) == [
        ("Good morning", datetime(2026, 12, 24, 8, tzinfo=UTC)),
        ("Good evening", datetime(2026, 12, 25, 0, tzinfo=UTC)),
    ]
    assert [label.name for label in deployment.labels.all()] == ["News", "Xmas"]
    again = check(ROWS, on=deployment)
    assert verdicts(again) == ["there", "there"]
    assert load(deployment, again).count("created") == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Late,2020-01-01,09:00,,,", "has passed"),
        (",2026-12-24,09:00,,,", "The post has no text."),
        ("Where,2026-12-24,09:00,,mastodon:nobody,", "No account 'mastodon:nobody' is connected."),
        ("When,2026-12-24,09:00,Europe/Atlantis,,", "There is no time zone called 'Europe/Atlantis'."),
        ("Skipped,2027-03-28,02:30,,,", "does not exist in Europe/Berlin"),
        ("Twice,2027-10-31,02:30,,,", "occurs twice in Europe/Berlin"),
        ("Far,2036-01-01,09:00,,,", "is too far ahead"),
        ("Bell\a,2026-12-24,09:00,,,", "control character U+0007"),
        ("Half,2026-12-24,,,,", "has no time of day"),
        ("Cells,2026-12-24,09:00,,,,surplus", "The row has 7 cells"),
        ("Free,,,,,", "There are no posting times"),
        ("Label,2026-12-24,09:00,,," + "x" * 51, "cannot be the name of a label"),
    ],
)
def test_a_row_is_refused_with_the_reason_of_compose_and_the_others_are_scheduled(check, application, row, reason):
    checked = check(ROWS + row + "\n")
    assert verdicts(checked) == ["create", "create", "refused"]
    assert reason in checked.rows[2].reason
    assert load(application, checked).count("created") == 2


def test_corrections_change_a_row_and_not_its_id(check):
    before = check(ROWS + "Late,2020-01-01,09:00,,,\n").rows[2]
    after = check(ROWS + "Late,2020-01-01,09:00,,,\n", corrections={4: {Column.WHEN: "2026-12-25 09:00"}}).rows[2]
    assert (before.verdict, after.verdict) == ("refused", "create")
    assert before.post_id == after.post_id


def test_the_same_file_for_other_destinations_makes_other_posts(check, application):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    load(application, check(ROWS))
    checked = check(ROWS, destinations=("webhook:sales",))
    assert verdicts(checked)[0] == "create"


def test_accounts_are_found_by_destination_name_and_network(check, application):
    for name in ("ada", "bob"):
        application.accounts.connect(Account(destination=f"mastodon:{name}", label=f"@{name}"))
    application.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    checked = check('text,date,to\nA,2026-12-24 09:00,"@ada, WEBHOOK"\nB,2026-12-24 10:00,Mastodon\n')
    assert checked.rows[0].post.destinations == ("mastodon:ada", "webhook:sales")
    assert checked.rows[1].reason == "'Mastodon' can be several accounts."


def test_duplicates_of_the_queue_and_of_rows_are_not_scheduled_unless_asked_for(check, application):
    load(application, check(ROWS, duplicates=True))
    table = (
        "text,date\nGood morning,2026-12-24 09:00\nGood morning,2026-12-24 09:01\nGood morning,24.12.2026 9:01\n"
        "Other,2026-12-24 09:00\n"
    )
    checked = check(table)
    assert verdicts(checked) == ["duplicate", "create", "duplicate", "create"]
    assert reasons(checked)[:3] == [
        "The queue has a post with this text at this time.",
        "",
        "Row 3 has the same text and time.",
    ]
    assert verdicts(check(table, duplicates=True)) == ["create"] * 4


@pytest.mark.usefixtures("posting_times")
def test_duplicate_rows_stay_duplicates_when_their_file_is_loaded_again(check, application):
    table = "text,date\nSame,\nSame,\nThen,2026-12-24 09:00\nThen,2026-12-24 09:00\n"
    for expected in ("create", "there"):
        checked = check(table)
        assert verdicts(checked) == [expected, "duplicate"] * 2
        load(application, checked)


@pytest.mark.usefixtures("posting_times")
def test_rows_without_a_time_get_the_free_times_that_the_queue_and_the_other_rows_leave(check, application):
    free = application.free_times.next([OUTBOX.destination], count=4)
    load(application, check(f"text,date\nQueued,{free[0]:%Y-%m-%dT%H:%MZ}\n"))
    checked = check(f"text,date\nFirst,\nFixed,{free[2]:%Y-%m-%dT%H:%MZ}\nSecond,\n")
    assert [each.post.due_at for each in checked.rows] == [free[1], free[2], free[3]]
    report = load(application, checked)
    assert [each.post.due_at for each in report.rows] == [free[1], free[2], free[3]]


def test_a_corrected_file_schedules_no_row_without_a_time_twice(check, deployment):
    deployment.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    load(deployment, check("text\nOne\nTwoo\n", on=deployment))
    again = check("text\nOne\nTwo\n", on=deployment)
    assert verdicts(again) == ["there", "create"]
    load(deployment, again)
    assert sorted(text for text, _ in queued(deployment)) == ["One", "Two", "Twoo"]
    asked_for = check("text\nOne\nThree\n", on=deployment, duplicates=True)
    assert verdicts(asked_for) == ["create", "create"]
    load(deployment, asked_for)
    assert verdicts(check("text\nOne\nThree\n", on=deployment, duplicates=True)) == ["there", "there"]


@pytest.mark.usefixtures("posting_times")
def test_a_free_time_that_is_taken_meanwhile_is_replaced_by_the_next_one(check, application):
    free = application.free_times.next([OUTBOX.destination], count=2)
    checked = check("text\nWaits\n")
    load(application, check(f"text,date\nQuicker,{free[0]:%Y-%m-%dT%H:%MZ}\n"))
    assert load(application, checked).rows[0].post.due_at == free[1]


def test_a_stopped_load_is_resumed_without_duplicates(check, application):
    table = "text,date\n" + "".join(f"Post {n},2026-12-{1 + n % 28:02} 09:{n:02}\n" for n in range(40))
    done = []
    report = load(application, check(table), on_progress=done.append, stopped=lambda: bool(done), batch=15)
    assert report.stopped
    assert report.count("created") == 15
    again = check(table)
    assert again.count("there") == report.count("created")
    load(application, again)
    assert len(queued(application)) == 40


@pytest.mark.parametrize(("step", "result"), [("plan_all", "refused"), ("create", "noted")])
def test_an_outage_ends_the_load_and_the_report_says_what_was_not_tried(check, application, monkeypatch, step, result):
    checked = check(ROWS)
    owner = application.ledger if step == "plan_all" else application.one_machine.engine_api

    def fail(*_, **__):
        raise StorageError(application.home.database, "it is down")

    with monkeypatch.context() as broken:
        broken.setattr(owner, "plan_all" if step == "plan_all" else "create_schedules", fail)
        report = load(application, checked, batch=1)
    assert [each.result for each in report.rows] == [result, "not tried"]
    assert "it is down" in report.rows[1].reason
    assert load(application, check(ROWS)).count("created", "there") == 2
    assert {each.state for each in application.views.upcoming(NEXT_YEARS, limit=9).entries} == {"scheduled"}


def test_a_cancelled_post_of_an_earlier_load_stays_cancelled(check, application):
    report = load(application, check(ROWS))
    application.schedules.cancel(application.schedules.plan(report.rows[0].post.post_id))
    checked = check(ROWS)
    assert verdicts(checked) == ["there", "there"]
    assert "cancelled" in checked.rows[0].reason
    load(application, checked)
    assert len(queued(application)) == 1


def test_a_post_that_was_edited_after_a_dry_run_of_its_file_stays_edited(check, application):
    checked = check(ROWS)
    load(application, checked)
    plan = application.schedules.plan(checked.rows[0].post_id)
    application.schedules.edit(plan, plan.post.model_copy(update={"text": "Edited"}))
    assert load(application, checked).count("there") == 2
    assert queued(application)[0][0] == "Edited"


def test_500_rows_with_errors_are_scheduled_but_for_these(check, application):
    lines = [
        f"Post {n},{'2020' if n % 10 == 3 else '2027'}-{1 + n % 12:02}-{1 + n % 28:02} 09:{n % 60:02},"
        f"{'nobody' if n % 10 == 7 else 'outbox'}"
        for n in range(500)
    ]
    checked = check("\n".join(["text,date,to", *lines]))
    assert (checked.count("create"), checked.count("refused")) == (400, 100)
    report = load(application, checked)
    assert (report.count("created"), report.count("refused"), len(queued(application))) == (400, 100, 400)
    content = report_csv(report_rows(report)).decode("utf-8-sig").splitlines()
    assert len(content) == 501
    assert content[1].startswith("2,scheduled,2027-01-01T08:00:00Z")


def test_reports_hold_no_formula(check):
    checked = check('text,date\n"\'=cmd|calc",2026-12-24 09:00\n')
    assert checked.rows[0].post.text == "=cmd|calc"
    assert ",'=cmd|calc," in report_csv(dry_run_rows(checked.rows)).decode()


def png(colour="red"):
    content = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(content, "PNG")
    return content.getvalue()


def test_pictures_are_read_in_the_dry_run_and_stored_by_the_load(check, application):
    fetched = []

    def get(address):
        fetched.append(address)
        return png("blue")

    pictures = Pictures({"Cat.PNG": png}, get)
    table = (
        "text,date,pictures,alt text\n"
        'Two,2026-12-24 09:00,"cat.png, https://example.com/dog.png",A cat | A dog\n'
        "Same,2026-12-24 10:00,https://example.com/dog.png,\n"
        "None,2026-12-24 11:00,mouse.png,\n"
    )
    checked = check(table, pictures=pictures)
    assert verdicts(checked) == ["create", "create", "refused"]
    assert reasons(checked)[2] == "There is no file 'mouse.png'."
    assert fetched == ["https://example.com/dog.png"]
    media = checked.rows[0].post.media
    assert [each.alt for each in media] == ["A cat", "A dog"]
    assert not any(application.media.exists(each.reference) for each in media)
    load(application, checked)
    assert all(application.media.exists(each.reference) for each in media)


def test_a_picture_that_may_not_be_read_is_named_with_the_reason(check):
    def refuse():
        raise PermissionError(13, "Permission denied")

    checked = check("text,date,pictures\nOne,2026-12-24 09:00,cat.png\n", pictures=Pictures({"cat.png": refuse}))
    assert reasons(checked) == ["The file 'cat.png' cannot be read: Permission denied."]


CELLS = st.sampled_from(
    [
        "",
        "Hello",
        "=1+1",
        "x" * 600,
        "2027-03-28 02:30",
        "2026-12-24 09:00",
        "24.12.2026 7pm",
        "2020-01-01 09:00",
        "outbox",
    ]
)
ROWS_OF_CELLS = st.tuples(
    CELLS,
    CELLS,
    st.sampled_from(["", "outbox", "nobody", "Outbox (built in)"]),
    st.sampled_from(["", "", "weekdays", "monthly:32"]),
    st.sampled_from(["", "", "A text of its own"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS_OF_CELLS, max_size=8), batch=st.integers(1, 4), batches_before_a_stop=st.integers(0, 3))
def test_what_a_dry_run_says_of_any_row_is_what_happens_to_it(
    rows, batch, batches_before_a_stop, check, tmp_path_factory, clock
):
    """Also if the load is stopped and the same table goes on with it: then the second dry run says it of the rest."""
    application = Application(Settings(home=tmp_path_factory.mktemp("home")), clock)
    try:
        timetable = suggested("Europe/Berlin")
        application.posting_times.save(None, timetable, base=0)
        lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
        table = "\n".join(["text,date,to,repeat,text:outbox", *lines, "Last,,outbox,,"])
        said = check(table, on=application, destinations=())
        done = []
        stopped = load(
            application,
            said,
            batch=batch,
            on_progress=done.append,
            stopped=lambda: len(done) >= batches_before_a_stop,
        )
        again = check(table, on=application, destinations=())
        report = load(application, again, batch=batch)
        for before, first, after, last in zip(said.rows, stopped.rows, again.rows, report.rows, strict=True):
            assert first.result in ({"create": "created"}.get(before.verdict, before.verdict), "not tried")
            assert after.verdict == ("there" if first.result == "created" else before.verdict)
            assert last.result == ("created" if after.verdict == "create" else after.verdict)
            assert last.post == after.post
            if before.verdict == "create":
                assert (first.post or last.post) == before.post
        ids = [each.post_id for each in said.rows if each.verdict == "create"]
        assert {plan.settled for plan in application.ledger.pending(ids).values()} <= {True}
        assert application.ledger.open_count() == len(ids)
        assert check(table, on=application, destinations=()).count("create") == 0
    finally:
        application.close()
