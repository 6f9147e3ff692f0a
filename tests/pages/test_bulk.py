"""Import and export: a table, its dry run, and the load."""

import pytest

from ui.bulk import running

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
