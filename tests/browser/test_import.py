"""An import of 500 rows in a browser: errors are corrected in place, and a stopped load is resumed by the file."""

import re
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.application import Application
from core.bulk.loading import BATCH
from core.settings import Settings
from tests.browser.conftest import expect_first_visit

ROWS = 500
BAD = (3, 203)
"""The numbers of posts whose dates are in the past."""
DATE_COLUMN = 52 + 145 + 262 + 172 + 60
"""A place within the column of dates, in pixels from the left edge of the table."""
NOW, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Write a table with two errors and a warning."""
    lines = ["text,date,to"]
    for number in range(ROWS):
        year = 2020 if number in BAD else 2028
        day = f"{year}-{1 + number % 12:02}-{1 + number % 28:02}"
        lines.append(f"Post {number},{day} {9 + number // 60:02}:{number % 60:02},outbox")
    path = tmp_path_factory.mktemp("import") / "posts.csv"
    path.write_text("\n".join(lines))
    return path


def choose(page: Page, table) -> None:
    page.locator('input[type="file"]').first.set_input_files(table)


def schedule_button(page: Page, count: int):
    return page.get_by_role("button", name=re.compile(f"Schedule {count:,} posts?$"))


def correct_the_first_refused_row(page: Page, eventually) -> None:
    """Type another date into the table of the refused rows."""
    page.get_by_text("Refused (2)").click()
    grid = page.locator('[data-testid="stDataFrame"]')
    expect(grid.locator('[role="grid"]')).to_have_attribute("aria-rowcount", "3")
    grid.scroll_into_view_if_needed()
    cell = page.locator("textarea.gdg-input")

    def opened() -> bool:  # the table is drawn on a canvas, which may still be drawn again
        box = grid.bounding_box()
        page.mouse.dblclick(box["x"] + DATE_COLUMN, box["y"] + 52)
        return cell.is_visible()

    eventually(opened)
    cell.fill("2028-12-24 09:00")
    cell.press("Enter")


@contextmanager
def writers_waiting(application: Application):
    """Keep every writer of the ledger waiting, as a slow disk does."""
    connection = sqlite3.connect(application.home.database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
def application(fresh_server, fresh_port):
    """Start a server, because this test looks at every post of the home; open its home as another process."""
    fresh_server.start("--server.port", fresh_port)
    opened = Application(Settings(home=fresh_server.home))
    yield opened
    opened.close()


def test_500_rows_are_corrected_scheduled_stopped_and_resumed(
    fresh_server, application, page, table, tmp_path, eventually
):
    expect_first_visit(page, fresh_server, "Import and export")
    choose(page, table)
    expect(schedule_button(page, ROWS - 2)).to_be_enabled()
    expect(page.get_by_text("2 rows left out")).to_be_visible()
    expect(page.get_by_text("has passed").first).to_be_visible()
    correct_the_first_refused_row(page, eventually)
    expect(schedule_button(page, ROWS - 1)).to_be_enabled()

    with writers_waiting(application):
        schedule_button(page, ROWS - 1).click()
        page.get_by_role("button", name=re.compile("Stop$")).click()
        expect(page.get_by_text(re.compile("Stopping the posts of posts.csv"))).to_be_visible()
    left = ROWS - 1 - BATCH
    expect(page.get_by_text(f"{BATCH} posts scheduled from posts.csv, 1 left out, {left} not tried")).to_be_visible()
    assert application.ledger.open_count() == BATCH

    page.get_by_role("button", name="Import another file").click()
    saved_again = tmp_path / "posts.csv"
    saved_again.write_bytes(table.read_text().replace(",", ";").replace("\n", "\r\n").encode("utf-16"))
    choose(page, saved_again)
    expect(page.get_by_text(f"Already there ({BATCH})")).to_be_visible()
    correct_the_first_refused_row(page, eventually)
    schedule_button(page, left).click()
    expect(
        page.get_by_text(f"{left} posts scheduled from posts.csv, {BATCH} already there, 1 left out")
    ).to_be_visible()
    texts = [plan.post.text for plan in application.ledger.due(due_from=NOW, due_before=LATER, limit=2 * ROWS)]
    assert sorted(texts) == sorted(f"Post {number}" for number in range(ROWS) if number != BAD[1])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert [sum(f",{result}," in line for line in lines) for result in ("scheduled", "already there", "refused")] == [
        *(left, BATCH, 1),
    ]
