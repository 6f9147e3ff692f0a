"""What commands say on AWS when the ledger has a change and the scheduler refuses it."""

import io
import json

import pytest

from core.cli.main import main

NOTED = "2 posts: noted, not armed yet. Punctual tries again every minute while it runs."


@pytest.fixture
def command(open_application):
    """Run a command on the deployment and return its exit status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        return main(arguments, open_application, out, err), out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def table(tmp_path) -> str:
    path = tmp_path / "posts.csv"
    path.write_text("text,date,time,destinations\nOne,2026-12-05,09:00,outbox\nTwo,2026-12-05,10:00,outbox\n")
    return str(path)


def test_a_table_whose_posts_are_noted_is_not_reported_as_done(command, table, inject_fault):
    inject_fault("CreateSchedule", "AccessDeniedException")
    status, out, err = command("load", table)
    assert status == 3
    assert out.count("scheduled, not armed yet") == 2
    assert NOTED in err
    inject_fault.clear()
    assert [row["state"] for row in json.loads(command("queue", "--json")[1])] == ["being scheduled"] * 2


def test_a_pause_that_the_scheduler_refuses_is_noted_and_ends_with_the_others(command, table, inject_fault):
    command("load", table)
    inject_fault("UpdateSchedule", "AccessDeniedException")
    status, out, err = command("pause-all")
    assert (status, out.split(".")[0], err) == (3, "2 posts paused", f"{NOTED}\n")
    inject_fault.clear()
    assert command("resume-all")[1] == "The pause of 2 posts has ended.\n"
    assert [row["state"] for row in json.loads(command("queue", "--json")[1])] == ["being scheduled"] * 2


def test_an_older_change_that_is_not_armed_hides_no_post_of_a_pause(command, table, inject_fault):
    command("load", table)
    first, _ = json.loads(command("queue", "--json")[1])
    inject_fault("DeleteSchedule", "AccessDeniedException")
    command("cancel", first["post_id"])
    inject_fault("UpdateSchedule", "AccessDeniedException")
    status, out, err = command("pause-all")
    assert (status, out.split(".")[0], err.split(":")[0]) == (3, "1 post paused", "1 post")


def test_a_cancellation_that_the_scheduler_refuses_is_noted(command, table, inject_fault):
    command("load", table)
    first, _ = json.loads(command("queue", "--json")[1])
    inject_fault("DeleteSchedule", "AccessDeniedException", "Access Denied")
    status, out, err = command("cancel", first["post_id"])
    assert (status, out) == (3, "")
    assert err.startswith("DeleteSchedule: Access Denied. The permission scheduler:DeleteSchedule is missing.\n")
    assert "The change is noted and will be armed" in err
    inject_fault.clear()
    assert len(json.loads(command("queue", "--json")[1])) == 1


def test_a_request_that_changes_nothing_fails_without_a_note(command, inject_fault):
    inject_fault("ListSchedules", "AccessDeniedException", "Access Denied")
    status, _, err = command("queue")
    assert (status, "noted" in err) == (1, False)


def test_a_backup_of_a_small_deployment_lacks_the_schedules_alone(open_small, tmp_path):
    out, err = io.StringIO(), io.StringIO()
    assert main(["backup", str(tmp_path / "backup")], open_small, out, err) == 0
    assert err.getvalue() == "Schedules on AWS are not in it (docs/backups.md).\n"
    assert (tmp_path / "backup" / "punctual.db").exists()


def test_a_backup_names_what_is_on_aws(command, tmp_path):
    status, _, err = command("backup", str(tmp_path / "backup"))
    assert (status, err) == (0, "Posts, results, accounts and media on AWS are not in it (docs/backups.md).\n")
