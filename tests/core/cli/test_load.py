"""`load` schedules a table, `dump` writes the queue; both are what the page does."""

import json

import pytest

TABLE = "Message,When,Profile\nGood morning,2026-12-24 09:00,outbox\nLate,2020-01-01 09:00,outbox\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text(TABLE)
    return str(path)


def queue(command):
    _, out, _ = command("queue", "--json")
    return [(row["text"], row["due_at"]) for row in json.loads(out)]


def test_a_dry_run_prints_what_would_happen_and_writes_nothing(command, table):
    status, out, _ = command("load", table, "--dry-run", "--zone", "Europe/Berlin")
    assert status == 3
    assert out.splitlines()[0].split() == ["2", "will", "be", "scheduled", "2026-12-24T08:00:00Z", "Good", "morning"]
    assert out.splitlines()[-1] == "1 post would be scheduled, 1 not. Nothing was written."
    assert queue(command) == []


def test_a_load_schedules_and_a_second_one_finds_everything_there(command, table, tmp_path):
    report = tmp_path / "report.csv"
    status, out, _ = command("load", table, "--report", str(report))
    assert (status, out.splitlines()[-1]) == (3, "1 post scheduled, 1 not.")
    assert queue(command) == [("Good morning", "2026-12-24T09:00:00Z")]
    assert "2,scheduled,2026-12-24T09:00:00Z" in report.read_text(encoding="utf-8-sig")
    _, out, _ = command("load", table, "--json")
    assert [row["result"] for row in json.loads(out)] == ["already there", "refused"]
    assert len(queue(command)) == 1


def test_a_row_that_repeats_is_printed_with_its_rule(command, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,date,repeat,runs\nStand-up,2026-12-24 09:00,weekdays,3\n")
    _, out, _ = command("load", str(path), "--to", "outbox", "--zone", "UTC")
    assert out.splitlines()[0].endswith("  Every weekday at 09:00 UTC  Stand-up")


def test_columns_that_are_not_found_by_name_are_given(command, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("what,on\nGood morning,24/12/2026 09:00\n")
    status, _, err = command("load", str(path), "--to", "outbox")
    assert (status, err.splitlines()) == (
        1,
        [
            "No column of the file is named like a text.",
            "Give it with --column NAME=text. The columns are: what, on.",
        ],
    )
    named = ("--column", "what=text", "--column", "on=datetime")
    assert command("load", str(path), "--to", "outbox", *named)[0] == 0
    assert queue(command) == [("Good morning", "2026-12-24T09:00:00Z")]
    status, _, err = command("load", str(path), "--column", "where=text")
    assert (status, err.splitlines()[0]) == (1, "The file has no column 'where'.")


def test_ambiguous_dates_are_asked_for(command, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,date\nGood morning,04/12/2026 09:00\n")
    status, out, _ = command("load", str(path), "--to", "outbox")
    assert (status, "can be read in two ways" in out) == (3, True)
    assert command("load", str(path), "--to", "outbox", "--dates", "day-first")[0] == 0
    assert queue(command) == [("Good morning", "2026-12-04T09:00:00Z")]


def test_a_file_that_cannot_be_read_is_an_error(command, tmp_path):
    status, _, err = command("load", str(tmp_path / "nothing.csv"))
    assert (status, "cannot be read" in err) == (1, True)


def test_what_was_dumped_is_loaded_again(command, command_in, table, tmp_path):
    command("load", table)
    path = tmp_path / "queue.csv"
    status, out, _ = command("dump", "queue", str(path))
    assert (status, out) == (0, f"Wrote {path}.\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert command_in(tmp_path / "other", "load", str(path))[0] == 0
    _, out, _ = command_in(tmp_path / "other", "queue", "--json")
    assert [row["text"] for row in json.loads(out)] == ["Good morning"]


def test_a_name_without_a_format_is_refused(command, tmp_path):
    status, _, err = command("dump", "queue", str(tmp_path / "queue"))
    assert (status, "does not name a format" in err) == (1, True)
    assert command("dump", "queue", str(tmp_path / "queue"), "--format", "ics")[0] == 0


def test_warnings_are_printed_below_their_rows(command, tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,date,to\nNight,2026-12-22 23:30,outbox\n")
    status, out, _ = command("load", str(path), "--dry-run", "--zone", "Europe/Berlin")
    assert (status, out.splitlines()[1].strip()) == (
        0,
        "Caution: 23:30 Europe/Berlin is in the quiet hours, 23:00 to 06:00. Choose a time from 06:00 on if people"
        " should see it at once.",
    )
