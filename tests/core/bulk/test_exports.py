"""Files with the queue, the drafts and the history: complete, without formulas, and readable by an import."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from core.accounts.port import Account
from core.bulk.exporting import export_file
from core.bulk.loading import load
from core.drafts.draft import DraftContent
from core.posts.models import LinkCard, new_post_id
from core.posts.repeat_rules import Daily
from core.posts.series import build_series, runs_of
from core.publishing.composing import compose

TABLE = """text,date,zone,destinations,labels
"=1+1, or
two lines",2026-12-24 09:00,Europe/Berlin,outbox,"Xmas, News"
Twice,2027-10-31 02:30+01:00,Europe/Berlin,outbox,
"""


@pytest.fixture
def loaded(check, application):
    """Load two posts."""
    assert load(application, check(TABLE)).count("created") == 2


@pytest.fixture
def series(application, clock):
    """Schedule a post that repeats every day."""
    wall = clock().replace(tzinfo=None, hour=15)
    repeat = build_series(Daily(), wall.time(), "UTC", first=wall.date(), last=None, runs=None, now=clock())
    post = compose(
        post_id=new_post_id(),
        text="Every day",
        destinations=["outbox"],
        wall=wall,
        zone="UTC",
        which=None,
        late_after_minutes=60,
        accounts=application.accounts,
        networks=application.networks,
        repeat=repeat,
    )
    return application.schedules.schedule(post)


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.usefixtures("loaded")
def test_a_csv_of_the_queue_holds_no_formula(application):
    first, second = rows(export_file(application, "queue", "csv"))
    assert first["Text"] == "'=1+1, or\ntwo lines"
    assert (first["Date and time"], first["UTC"]) == ("2026-12-24 09:00", "2026-12-24T08:00:00Z")
    assert (first["Labels"], first["State"]) == ("Xmas, News", "scheduled")
    assert second["Date and time"] == "2027-10-31 02:30 +01:00"


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_import_reads_an_exported_queue_as_it_was(check, application, kind):
    content = export_file(application, "queue", kind)
    checked = check(content, duplicates=True)
    queued = [application.schedules.plan(each["post"]).post for each in _json(application)]
    same = ("text", "due_at", "wall", "zone", "destinations", "labels")
    for each, post in zip(checked.rows, queued, strict=True):
        assert [getattr(each.post, name) for name in same] == [getattr(post, name) for name in same]
    assert [each.verdict for each in check(content).rows] == ["there", "there"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_exported_series_is_read_again_as_a_series(check, application, clock, kind):
    table = (
        "text,date,zone,repeat,until,runs,skipped\n"
        "Daily,2026-12-24 09:00,UTC,daily,,5,2026-12-25 09:00; 2026-12-27 09:00\n"
        'Two weeks,2026-12-21 10:00,Europe/Berlin,"every-2-weeks:mon,fri",31.01.2027,,\n'
        'Often,2026-12-28 09:30,UTC,"cron:0,30 9 ? * 2 *",,,\n'
    )
    assert load(application, check(table)).count("created") == 3
    for plan in application.ledger.series(limit=9):
        if plan.post.text == "Daily":
            application.schedules.skip_run(plan, datetime(2026, 12, 24, 9, tzinfo=UTC))  # its first run
    content = export_file(application, "queue", kind)
    assert [each.verdict for each in check(content).rows] == ["there", "duplicate", "duplicate"]
    queued = {plan.post.text: plan.post for plan in application.ledger.series(limit=9)}
    for each in check(content, duplicates=True).rows:
        assert _coming_runs(each.post, clock()) == _coming_runs(queued[each.post.text], clock())
    assert [run.day for run in _coming_runs(queued["Daily"], clock())] == [26, 28]


def _coming_runs(post, now):
    return runs_of(post, after=now, count=20)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_texts_of_single_accounts_are_exported_and_read_again(check, application, kind):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    table = (
        'text,date,to,text:webhook:sales\nHello,2026-12-24 09:00,"outbox, Sales",Hello sellers\n'
        "All,2026-12-25 09:00,,\n"
    )
    load(application, check(table))
    checked = check(export_file(application, "queue", kind), duplicates=True)
    assert [each.post.variants for each in checked.rows] == [{"webhook:sales": "Hello sellers"}, {}]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_threads_by_hand_are_exported_as_they_were_written(check, application, kind):
    application.accounts.connect(Account(destination="x:ada", label="Ada"))
    table = (
        'text,date,to,text:x:ada\n"One\n---\nTwo",2026-12-24 09:00,"outbox, Ada",\n'
        'All,2026-12-25 09:00,"outbox, Ada","Mine\n---\nToo"\n'
    )
    load(application, check(table))
    checked = check(export_file(application, "queue", kind), duplicates=True)
    assert [each.post.variants for each in checked.rows] == [
        {"outbox": "One\n\nTwo", "x:ada": "One", "x:ada#2": "Two"},
        {"x:ada": "Mine", "x:ada#2": "Too"},
    ]
    assert checked.rows[0].post.text == "One\n---\nTwo"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_options_of_single_accounts_are_exported_and_read_again(check, application, kind):
    for destination in ("mastodon:ada", "slack:team"):
        application.accounts.connect(Account(destination=destination, label=destination))
    head = (
        "text,date,to,option:mastodon:ada:visibility,option:mastodon:ada:first_comment,option:slack:team:unfurl_links"
    )
    table = (
        f'{head}\nSoup,2026-12-24 09:00,"mastodon:ada, slack:team",followers,The recipe,no\nAll,2026-12-25 09:00,,,,\n'
    )
    load(application, check(table))
    checked = check(export_file(application, "queue", kind), duplicates=True)
    options = {
        "mastodon:ada": {"visibility": "private", "first_comment": "The recipe"},
        "slack:team": {"unfurl_links": False},
    }
    assert [each.post.options for each in checked.rows] == [options, {}]
    assert checked.rows[0].post.destinations == ("mastodon:ada", "mastodon:ada#2", "slack:team")


def _json(application):
    return [json.loads(line) for line in export_file(application, "queue", "jsonl").decode().split("\n") if line]


@pytest.mark.usefixtures("loaded", "series")
def test_a_calendar_of_the_queue_has_every_run_of_a_series(application, clock):
    calendar = Calendar.from_ical(export_file(application, "queue", "ics"))
    events = calendar.walk("VEVENT")
    daily = [each for each in events if str(each["summary"]).startswith("Every day")]
    assert len(events) == len(daily) + 2
    assert len(daily) > 300
    assert len({str(each["uid"]) for each in events}) == len(events)
    assert daily[0]["dtstart"].dt == clock().replace(hour=15)


def test_drafts_and_templates_are_exported_with_their_proposed_times(application, clock):
    content = DraftContent(text="Half", destinations=("outbox",), wall="2026-12-24T09:00:00", zone="Europe/Berlin")
    application.drafts.save(new_post_id(), content, base=0, now=clock())
    application.drafts.save(new_post_id(), DraftContent(text="Idea", zone="UTC"), base=0, template=True, now=clock())
    found = rows(export_file(application, "drafts", "csv"))
    assert [(each["Text"], each["Date and time"], each["State"]) for each in found] == [
        ("Half", "2026-12-24 09:00", "draft"),
        ("Idea", "", "template"),
    ]
    [event] = Calendar.from_ical(export_file(application, "drafts", "ics")).walk("VEVENT")
    assert str(event["summary"]) == "Half (draft)"


@pytest.mark.usefixtures("loaded")
def test_the_history_is_exported_with_its_results(application, clock):
    [first, _] = application.views.upcoming(clock() + timedelta(days=1000), limit=9).entries
    from core.posts.payload import invocation_of

    clock.now = first.due_at + timedelta(milliseconds=250)
    application.publisher.publish(invocation_of(first.post, first.due_at))
    [row] = rows(export_file(application, "history", "csv"))
    assert (row["State"], row["Late ms"], row["Published address"]) == (
        "published",
        "250",
        f"/outbox?post={first.post_id}",
    )


def test_the_link_card_of_a_draft_is_exported_as_json(application, clock):
    card = LinkCard(url="https://example.com/", title="A page")
    application.drafts.save("0123456789ab", DraftContent(card=card, text="x", zone="UTC"), base=0, now=clock())
    [line] = export_file(application, "drafts", "jsonl").decode().splitlines()
    assert json.loads(line)["link_card"] == card.model_dump()
