"""The posting times on the command line: `times`, and `schedule --next-free`."""

import io
import json

import pytest

from core.application import Application
from core.cli.main import main
from core.settings import Settings
from core.timetable.timetable import suggested

SCHEDULE = ("schedule", "--next-free", "--to", "outbox", "--text")


@pytest.fixture
def timetable(tmp_path, clock):
    """Store the suggested times."""
    application = Application(Settings(home=tmp_path), clock)
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    application.close()


def test_without_posting_times_both_commands_say_how_to_set_them(command):
    assert command("times") == (0, "There are no posting times. Set them on the page Posting times.\n", "")
    status, out, err = command(*SCHEDULE, "Hello")
    assert (status, out) == (1, "")
    assert err.startswith("There are no posting times for these destinations.\nSet them on the page Posting times")


def test_posts_go_to_the_next_free_times(command, timetable):
    found = [json.loads(command(*SCHEDULE, text, "--json")[1]) for text in ("First", "Second")]
    assert [(row["due_at"], row["zone"], row["state"]) for row in found] == [
        ("2026-11-02T16:41:00Z", "Europe/Berlin", "armed"),
        ("2026-11-03T08:07:00Z", "Europe/Berlin", "armed"),
    ]


def test_the_same_post_under_its_id_keeps_its_time(command, timetable):
    again = [json.loads(command(*SCHEDULE, "Once", "--id", "k3v9q2m4cx7a", "--json")[1]) for _ in range(2)]
    assert again[0] == again[1]
    assert command(*SCHEDULE, "Another", "--id", "k3v9q2m4cx7a")[0] == 1


def test_times_prints_the_timetable_and_what_is_due_at_the_next_times(command, timetable):
    command(*SCHEDULE, "First")
    _, out, _ = command("times", "--limit", "2")
    assert out == (
        "all accounts, Europe/Berlin\n"
        "  Mon to Fri: 09:07, 12:23, 17:41\n"
        "  Sat to Sun: 10:37, 19:13\n"
        "Next:\n"
        "  Mon 2 Nov 2026, 17:41 Europe/Berlin  First\n"
        "  Tue 3 Nov 2026, 09:07 Europe/Berlin  free\n"
    )


def test_times_prints_json(command, timetable):
    command(*SCHEDULE, "First", "--id", "k3v9q2m4cx7a")
    found = json.loads(command("times", "--limit", "2", "--json")[1])
    [table] = found["timetables"]
    assert (table["account"], table["zone"], table["week"]["SUN"]) == (None, "Europe/Berlin", ["10:37", "19:13"])
    assert found["next"] == [
        {"due_at": "2026-11-02T16:41:00Z", "free": False, "posts": ["k3v9q2m4cx7a"]},
        {"due_at": "2026-11-03T08:07:00Z", "free": True, "posts": []},
    ]
    others = json.loads(command("times", "--to", "webhook:sales", "--limit", "1", "--json")[1])
    assert others["next"][0]["free"]


def test_posts_on_a_deployment_go_to_the_next_free_times_of_its_table(open_application):
    application = open_application()
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    application.close()
    found = []
    for text in ("First", "Second"):
        out = io.StringIO()
        assert main([*SCHEDULE, text, "--json"], open_application, out, io.StringIO()) == 0
        found.append(json.loads(out.getvalue()))
    assert [row["due_at"] for row in found] == ["2026-11-02T16:41:00Z", "2026-11-03T08:07:00Z"]


@pytest.mark.parametrize("option", [("--zone", "UTC"), ("--repeat", "daily"), ("--in", "10s"), ("--which", "1")])
def test_next_free_has_no_other_time(command, option, capsys):
    with pytest.raises(SystemExit) as ended:
        command(*SCHEDULE, "Hello", *option)
    assert ended.value.code == 2
    assert capsys.readouterr().err
