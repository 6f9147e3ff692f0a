"""The command `schedule`: its refusals, its cautions, and its repetition under one id."""

import io
import json

import pytest

from core.cli.main import main

AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "outbox")
ID = ("--id", "k3v9q2m4cx7a")


@pytest.fixture
def aws_command(open_application):
    """Return a function that runs a command on a deployment in moto."""

    def run(*arguments):
        out, err = io.StringIO(), io.StringIO()
        return main(arguments, open_application, out, err), out.getvalue(), err.getvalue()

    return run


def test_a_post_that_the_scheduler_refuses_is_noted_with_exit_3_and_its_name(aws_command, inject_fault):
    inject_fault("CreateSchedule", "AccessDeniedException", "not authorized to perform scheduler:CreateSchedule")
    status, out, err = aws_command("schedule", "--text", "Noted", *AT, *ID, "--json")
    assert status == 3
    assert (json.loads(out)["name"], json.loads(out)["state"]) == ("post-20261124T080000Z-k3v9q2m4cx7a", "not armed")
    assert err.startswith("Noted, not armed yet: ")
    assert "Do not schedule the post again, unless with --id k3v9q2m4cx7a" in err
    assert [row["post_id"] for row in json.loads(aws_command("queue", "--json")[1])] == ["k3v9q2m4cx7a"]


def test_the_same_post_under_its_id_is_armed_once_the_scheduler_accepts_it(aws_command, inject_fault, deployed):
    inject_fault("CreateSchedule", "AccessDeniedException")
    assert aws_command("schedule", "--text", "Noted", *AT, *ID)[0] == 3
    assert aws_command("schedule", "--text", "Noted", *AT, *ID)[0] == 3
    inject_fault.clear()
    status, out, err = aws_command("schedule", "--text", "Noted", *AT, *ID, "--json")
    assert (status, json.loads(out)["state"], err) == (0, "armed", "")
    assert len(deployed["scheduler"].list_schedules()["Schedules"]) == 1


def test_queue_shows_a_post_on_aws_between_the_firing_of_its_schedule_and_its_start(aws_command, deployed, clock):
    row = json.loads(aws_command("schedule", "--text", "Soon", "--in", "10m", "--to", "outbox", "--json")[1])
    clock.move(minutes=9)
    deployed["scheduler"].delete_schedule(Name=row["name"], GroupName=deployed.outputs["GroupName"])
    for _ in range(3):
        [listed] = json.loads(aws_command("queue", "--json")[1])
        assert (listed["name"], listed["state"]) == (row["name"], "going out")
        clock.move(seconds=55)
    clock.move(minutes=2)
    assert [each["state"] for each in json.loads(aws_command("queue", "--json")[1])] == ["missing"]
    assert aws_command("status")[0] == 1


def test_a_refusal_before_anything_was_noted_exits_with_1(aws_command):
    status, out, _ = aws_command("schedule", "--text", "Late", "--at", "2020-01-01T09:00", "--to", "outbox", *ID)
    assert (status, out) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [
        AT,
        (*AT, "--repeat", "mon,fri", "--until", "2027-01-31"),
        (*AT, "--repeat", "every-2-weeks:mon,fri", "--runs", "3", "--label", "Launch", "--label", "sales"),
        (*AT, "--repeat", "yearly:12-24", "--label", "SALES", "--label", "sales"),
        ("--in", "2h", "--to", "outbox"),
        ("--at", "2027-10-31T02:30", "--zone", "Europe/Berlin", "--which", "2", "--to", "outbox"),
    ],
)
def test_the_same_post_again_under_its_id_is_scheduled_once(command, clock, arguments):
    first, out, _ = command("schedule", "--text", "Once", *arguments, *ID, "--json")
    clock.move(minutes=10)
    again, repeated, _ = command("schedule", "--text", "Once", *arguments, *ID, "--json")
    assert (first, again, json.loads(out)) == (0, 0, json.loads(repeated))
    assert len(json.loads(command("queue", "--json")[1])) == 1


def test_the_same_post_again_is_answered_after_its_time_and_after_it_was_cancelled(command, clock):
    command("schedule", "--text", "Once", *AT, *ID)
    command("cancel", ID[1])
    clock.move(days=60)
    status, out, _ = command("schedule", "--text", "Once", *AT, *ID, "--json")
    assert (status, json.loads(out)["state"]) == (0, "cancelled")


@pytest.mark.parametrize(
    "changed",
    [
        ("--text", "Other", *AT),
        ("--text", "Once", "--at", "2026-11-24T10:00", "--zone", "Europe/Berlin", "--to", "outbox"),
        ("--text", "Once", "--at", "2026-11-24T09:00", "--zone", "Europe/Paris", "--to", "outbox"),
        ("--text", "Once", *AT, "--repeat", "daily"),
        ("--text", "Once", *AT, "--label", "Launch"),
    ],
)
def test_another_post_under_an_id_that_is_taken_is_refused(command, changed):
    command("schedule", "--text", "Once", *AT, *ID)
    status, out, err = command("schedule", *changed, *ID)
    assert (status, out) == (1, "")
    assert "A post with other content has the id k3v9q2m4cx7a" in err
    assert [row["text"] for row in json.loads(command("queue", "--json")[1])] == ["Once"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--at", "2027-02-20", "--to", "outbox"), "has no time of day; give one, like 2027-02-20T09:00"),
        (("--in", "1h", "--which", "2", "--to", "outbox"), "--which"),
        ((*AT, "--runs", "3"), "--runs end a repeating post"),
        ((*AT, "--repeat", "daily", "--runs", "3", "--until", "2027-01-01"), "not allowed with"),
        ((*AT, "--repeat", "every-1-weeks:mon"), "A post cannot repeat every 1 weeks. Give daily"),
        ((*AT, "--repeat", "every-2-weeks"), "is not a repeat rule"),
        ((*AT, "--repeat", "yearly:02-30"), "No year has a day 30 in month 2."),
        ((*AT, "--id", "NOT-AN-ID"), "an id has 12 characters, each one of 0123456789"),
    ],
)
def test_options_that_would_be_guessed_or_ignored_are_wrong_usage(command, capsys, arguments, reason):
    with pytest.raises(SystemExit) as exit_:
        command("schedule", "--text", "x", *arguments)
    assert exit_.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (
            ("--text", "x", "--at", "2027-10-31T02:30"),
            "Give --which 1 for the first (UTC+02:00), --which 2 for the second (UTC+01:00).",
        ),
        (("--text", "a\x1bb", "--at", "2027-10-31T09:00"), "Remove it from --text."),
    ],
    ids=["doubled hour", "control character"],
)
def test_a_refusal_names_the_option_that_remedies_it(command, arguments, remedy):
    status, _, err = command("schedule", *arguments, "--zone", "Europe/Berlin", "--to", "outbox")
    assert (status, err.splitlines()[-1]) == (1, remedy)


def test_a_time_in_words_is_shown_as_it_was_understood(command):
    options = ("--at", "next fri 5:30pm", "--zone", "Europe/Berlin", "--to", "outbox")
    status, out, err = command("schedule", "--text", "x", *options, "--json")
    assert (status, json.loads(out)["due_at"]) == (0, "2026-11-06T16:30:00Z")
    assert "Understood: Fri 6 Nov 2026, 17:30 Europe/Berlin, in 4 days" in err


def test_a_zone_in_the_words_is_the_zone_of_the_post(command):
    _, out, _ = command("schedule", "--text", "x", "--at", "tomorrow 9am Tokyo", "--to", "outbox", "--json")
    row = json.loads(out)
    assert (row["zone"], row["due_at"]) == ("Asia/Tokyo", "2026-11-03T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "is not a time"),
        ("tomorrow", "has no time of day"),
        ("03/04 9am", "Write 3 Apr 9am or 4 Mar 9am"),
        ("tomorrow 24:00", "24:00 is not a time"),
        ("today 1am", "That has passed"),
        ("28 mar 2027 2:30 Berlin", "does not exist"),
        ("31 oct 2027 2:30 Berlin", "occurs twice"),
    ],
)
def test_words_without_one_meaning_schedule_nothing(command, text, reason):
    status, out, err = command("schedule", "--text", "x", "--at", text, "--to", "outbox")
    assert (status, out) == (1, "")
    assert reason in err
    assert command("queue")[1] == "The queue is empty.\n"


def test_the_same_words_under_an_id_mean_the_same_post_again(command, clock):
    once = ("schedule", "--text", "x", "--at", "tomorrow 9am", "--to", "outbox", *ID, "--json")
    first = json.loads(command(*once)[1])
    clock.move(hours=20)
    assert json.loads(command(*once)[1])["due_at"] == first["due_at"]


def test_a_series_of_every_second_week_ends_after_its_runs(command):
    options = ("--repeat", "every-2-weeks:tue,thu", "--runs", "3")
    row = json.loads(command("schedule", "--text", "x", *AT, *options, "--json")[1])
    assert row["rule"] == "Every 2 weeks on Tuesday and Thursday at 09:00 Europe/Berlin"
    assert row["next"] == ["2026-11-24T08:00:00Z", "2026-11-26T08:00:00Z", "2026-12-08T08:00:00Z"]


def test_another_number_of_runs_or_weeks_is_another_post(command):
    series = ("--text", "x", *AT, *ID, "--repeat")
    command("schedule", *series, "every-2-weeks:tue", "--runs", "3")
    assert command("schedule", *series, "every-2-weeks:tue", "--runs", "4")[0] == 1
    assert command("schedule", *series, "every-3-weeks:tue", "--runs", "3")[0] == 1
    assert command("schedule", *series, "every-2-weeks:tue", "--runs", "3")[0] == 0


def test_labels_are_created_once_and_shown_by_queue(command):
    first = json.loads(command("schedule", "--text", "x", *AT, "--label", "Big  launch", "--json")[1])
    second = json.loads(
        command("schedule", "--text", "y", *AT, "--label", "BIG LAUNCH", "--label", "Sales", "--json")[1]
    )
    assert (first["labels"], second["labels"]) == (["Big launch"], ["Big launch", "Sales"])
    lines = command("queue")[1].splitlines()
    assert any(line.endswith("outbox  [Big launch]  [Sales]  y") for line in lines)


def test_a_name_that_no_label_can_have_is_refused(command):
    status, out, err = command("schedule", "--text", "x", *AT, "--label", "x" * 51)
    assert (status, out) == (1, "")
    assert "Give it a name of 1 to 50 characters." in err


def test_runs_that_a_series_skips_are_named(command):
    _, _, monthly = command("schedule", "--text", "x", *AT, "--repeat", "monthly:31")
    assert "Caution: Months without a 31st are skipped." in monthly
    midnight = ("--at", "2027-03-01T00:00", "--zone", "Africa/Cairo", "--to", "outbox")
    _, _, daily = command("schedule", "--text", "x", *midnight, "--repeat", "daily")
    assert "Caution: No post on 30 Apr 2027: the clocks go forward over 00:00." in daily


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x07", "\x9b"])
def test_a_control_character_is_refused_with_its_position(command, character):
    status, _, err = command("schedule", "--text", f"ab{character}c", *AT)
    assert status == 1
    assert f"U+{ord(character):04X} at position 3" in err


def test_line_breaks_and_tabs_are_accepted(command):
    assert command("schedule", "--text", "One\n\tTwo\r\nThree", *AT)[0] == 0


def test_the_second_look_warns_on_stderr_and_schedules_all_the_same(command):
    command("schedule", "--text", "Sale", *AT)
    status, out, err = command("schedule", "--text", "SALE", *AT, "--json")
    assert (status, json.loads(out)["state"]) == (0, "armed")
    assert "Caution: Outbox (built in) has another post at the same time, on Tue 24 Nov 2026, 09:00" in err
    assert (
        "Caution: Outbox (built in) gets the same text on Tue 24 Nov 2026, 09:00 Europe/Berlin. Change the text" in err
    )


def test_damaged_settings_of_the_warnings_do_not_fail_the_command(command, tmp_path):
    command("schedule", "--text", "Sale", *AT)
    (tmp_path / "cautions.json").write_text("{")
    status, _, err = command("schedule", "--text", "Other", *AT)
    assert status == 0
    assert "Delete the file" in err
