"""Import and export: a table, its dry run, and the load."""

import io
import time

import pillow_heif
import pytest
from PIL import Image

from core.accounts.port import Account
from core.bulk.exporting import FORMATS, export_file
from core.bulk.feed import FeedToken
from core.bulk.loading import load
from core.posts.series import runs_of
from core.publishing.http.public_web import CannotFetch
from ui.bulk import running
from ui.bulk.exports import SOURCES

TABLE = """text,date,time,zone,destinations
Good morning,2026-12-24,09:00,Europe/Berlin,outbox
Too late,2020-01-01,09:00,,outbox
Good evening,2026-12-24,19:00,,outbox
"""


@pytest.fixture
def upload():
    """Choose a table on the page."""

    def upload(page, content=TABLE, name="posts.csv"):
        page.file_uploader(key="import-table-0").set_value((name, content.encode(), "text/csv")).run()

    return upload


@pytest.fixture(autouse=True)
def no_running_load():
    """Let no test see the load of another."""
    yield
    running.stop_all(within_seconds=10)
    while load := running.current():
        running.dismiss(load)


def finish(page):
    running.current().wait(20)
    page.run()


def queued(application):
    entries = application.views.upcoming(application.clock().replace(year=2028), limit=100).entries
    return [(each.text, each.due_at.hour) for each in entries]


def test_a_dry_run_writes_nothing_and_the_load_schedules_what_it_said(browse, upload, application):
    page = browse("bulk")
    upload(page)
    assert page.button(key="load").label == "Schedule 2 posts"
    assert queued(application) == []
    page.click("load")
    finish(page)
    assert queued(application) == [("Good morning", 8), ("Good evening", 18)]
    assert "2 posts scheduled from posts.csv, 1 left out" in page.shown


def test_a_heic_picture_that_a_table_names_is_attached(browse, upload, application):
    page = browse("bulk")
    upload(page, "text,date,time,zone,destinations,pictures\nLook,2026-12-24,09:00,Europe/Berlin,outbox,tree.heic\n")
    picture = io.BytesIO()
    pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 64)).save(picture, "HEIF")
    page.file_uploader(key="import-pictures-0").set_value(("tree.heic", picture.getvalue(), "image/heic")).run()
    page.click("load")
    finish(page)
    [entry] = application.views.upcoming(application.clock().replace(year=2028), limit=100).entries
    assert entry.post.media


def test_a_table_that_cannot_be_read_says_why_and_offers_the_encoding(browse, upload):
    page = browse("bulk")
    upload(page, 'text\n"never closed\n')
    assert "The quotation marks of the row that begins on line 2 do not match." in page.shown
    assert page.selectbox(key="import-encoding-0").value == "Detected"


def test_a_column_whose_name_is_unknown_is_chosen(browse, upload):
    page = browse("bulk")
    upload(page, "what,date,to\nGood morning,2026-12-24 09:00,outbox\n")
    assert "Choose the column with the texts" in page.shown
    page.selectbox(key="import-column-what-0").set_value("Text").run()
    assert page.button(key="load").label == "Schedule 1 post"


def test_the_zone_and_the_destinations_of_the_page_apply_to_rows_that_name_none(browse, upload, application):
    page = browse("bulk")
    upload(page, "text,date\nGood morning,2026-12-24 09:00\n")
    page.pills(key="import-destinations-0").set_value([]).run()
    assert page.button(key="load").disabled
    page.selectbox(key="import-zone-0").set_value("Asia/Tokyo").run()
    page.pills(key="import-destinations-0").set_value(["outbox"]).run()
    page.click("load")
    finish(page)
    assert queued(application) == [("Good morning", 0)]


def test_the_only_account_takes_the_rows_that_name_none_and_of_several_none_does(browse, upload, application):
    table = "text,date,time\nGood morning,2026-12-24,09:00\n"
    page = browse("bulk")
    upload(page, table)
    assert page.pills(key="import-destinations-0").value == ["outbox"]
    assert page.button(key="load").label == "Schedule 1 post"
    application.accounts.connect(Account(destination="webhook:sales", label="Sales", address="https://sales.example"))
    page = browse("bulk")
    upload(page, table)
    assert page.pills(key="import-destinations-0").value == []


def test_an_import_that_was_stopped_is_resumed_by_the_same_file(browse, upload, application, monkeypatch):
    page = browse("bulk")
    upload(page)
    plan_all = application.ledger.plan_all

    def slow(posts, *, now):
        while (current := running.current()) is None:
            time.sleep(0.001)  # the thread may be quicker than the page that shows it
        current.stop()
        return plan_all(posts, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(application.ledger, "plan_all", slow)
        patch.setattr("core.bulk.background.load", lambda *args, **options: load(*args, batch=1, **options))
        page.click("load")
        finish(page)
    assert "1 post scheduled from posts.csv, 1 left out, 1 not tried" in page.shown
    page.click("dismiss-load")
    page.file_uploader(key="import-table-1").set_value(("posts.csv", TABLE.encode(), "text/csv")).run()
    assert page.button(key="load").label == "Schedule 1 post"
    page.click("load")
    finish(page)
    assert len(queued(application)) == 2


def test_reasons_and_warnings_are_listed_with_their_rows_and_remedies(browse, upload):
    page = browse("bulk")
    upload(page, TABLE + "Never,2020-01-02,09:00,,outbox\nAt night,2026-12-22,23:30,Europe/Berlin,outbox\n")
    assert [each.label for each in page.expander if "row" in each.label] == [
        "2 rows left out",
        "1 row scheduled with a warning",
    ]
    assert "**Row 6:** 23:30 Europe/Berlin is in the quiet hours, 23:00 to 06:00." in page.shown
    assert "has passed" in page.shown


def test_an_import_goes_on_and_is_shown_to_a_page_that_is_opened_again(browse, upload):
    page = browse("bulk")
    upload(page)
    page.click("load")
    running.current().wait(20)
    other = browse("bulk")
    assert "2 posts scheduled from posts.csv" in other.shown
    other.click("dismiss-load")
    assert other.file_uploader(key="import-table-0").value is None


def test_the_table_is_kept_when_another_page_is_visited(browse, upload):
    page = browse("bulk")
    upload(page)
    page.open("queue").open("bulk")
    assert page.button(key="load").label == "Schedule 2 posts"


def test_the_feed_is_switched_on_renewed_and_off(browse, application):
    page = browse("bulk")
    page.segmented_control(key="bulk-view").set_value("Calendar feed").run()
    page.click("feed-on")
    first = page.code[0].value
    assert FeedToken(application.home).get() in first
    page.click("feed-renew")
    assert page.code[0].value != first
    page.click("feed-off")
    assert FeedToken(application.home).get() is None
    assert not page.code


def test_every_list_is_offered_in_every_format(browse, plan):
    plan()
    page = browse("bulk")
    page.segmented_control(key="bulk-view").set_value("Export").run()
    names = {each.key for each in page.get("download_button")}
    assert {f"export-{source}-{kind}" for source in SOURCES for kind in FORMATS} <= names


def test_a_series_written_in_compose_is_made_again_from_the_exported_queue(browse, upload, application, clock):
    page = browse("compose")
    key = f"when-{page.draft}"
    page.write("Office hours")
    page.selectbox(key=f"{key}-repeats").set_value("Every 2 weeks or more").run()
    page.pills(key=f"{key}-days").set_value(["MON", "FRI"]).run()
    page.segmented_control(key=f"{key}-ends").set_value("After some runs").run()
    page.number_input(key=f"{key}-runs").set_value(7).run()
    page.schedule()
    [plan] = application.ledger.series(limit=2)
    plan = application.schedules.skip_run(plan, runs_of(plan.post, after=clock(), count=3)[2])
    before = runs_of(plan.post, after=clock(), count=10)
    exported = export_file(application, "queue", "csv").decode()
    application.schedules.cancel(plan)

    page.open("bulk")
    upload(page, exported)
    assert page.button(key="load").label == "Schedule 1 post"
    page.click("load")
    finish(page)
    [again] = application.ledger.series(limit=2)
    assert (len(before), runs_of(again.post, after=clock(), count=10)) == (6, before)


def test_a_row_whose_page_cannot_be_read_is_scheduled_and_named(browse, upload, application, monkeypatch):
    fetched = []

    def fetch(url, store):
        fetched.append(url)
        raise CannotFetch(url, "could not be reached")

    monkeypatch.setattr("core.bulk.pictures._fetch", fetch)
    application.accounts.connect(Account(destination="bluesky:ada", label="Ada", credentials={"password": "p"}))
    page = browse("bulk")
    upload(page, "text,datetime,destinations\nSee https://example.com/,2026-12-24 09:00,bluesky:ada\n")
    assert page.button(key="load").label == "Schedule 1 post"
    assert "1 row scheduled without a link card" in [each.label for each in page.expander]
    page.toggle(key="import-cards-0").set_value(False).run()
    assert "1 row scheduled without a link card" not in [each.label for each in page.expander]
    assert fetched == ["https://example.com/"]
