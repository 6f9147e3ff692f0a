"""The option `--option` of the command `schedule`, and the options in the rows of other commands."""

import json

import pytest

from core.accounts.port import Account
from core.application import Application
from core.settings import Settings

AT = ("--at", "2026-11-24T09:00", "--zone", "Europe/Berlin", "--to", "mastodon:ada@example.org", "--text", "Soup")
OPTIONS = (
    "--option",
    "mastodon:ada@example.org:visibility=private",
    "--option",
    "mastodon:ada@example.org:sensitive=yes",
)
ID = ("--id", "k3v9q2m4cx7a")


@pytest.fixture(autouse=True)
def account(tmp_path, clock):
    application = Application(Settings(home=tmp_path), clock)
    application.accounts.connect(Account(destination="mastodon:ada@example.org", label="Ada"))
    application.close()


def test_a_post_has_the_options_of_its_command_and_its_repetition_schedules_nothing_twice(command):
    rows = [json.loads(command("schedule", *AT, *OPTIONS, *ID, "--json")[1]) for _ in range(2)]
    assert rows[0]["options"] == {"mastodon:ada@example.org": {"sensitive": True, "visibility": "private"}}
    assert rows[1]["options"] == rows[0]["options"]
    [queued] = json.loads(command("queue", "--json")[1])
    assert queued["options"] == rows[0]["options"]
    status, _, err = command("schedule", *AT, *ID)
    assert (status, "other content" in err) == (1, True)


def test_a_first_comment_is_part_of_the_post_that_its_id_names(command):
    comment = ("--option", "mastodon:ada@example.org:first_comment=See: a=b\nand c")
    rows = [json.loads(command("schedule", *AT, *comment, *ID, "--json")[1]) for _ in range(2)]
    assert rows[0]["destinations"] == ["mastodon:ada@example.org", "mastodon:ada@example.org#2"]
    assert rows[0]["options"] == {"mastodon:ada@example.org": {"first_comment": "See: a=b\nand c"}}
    assert rows[0] == rows[1]


def test_a_post_without_options_has_no_such_member(command):
    assert "options" not in json.loads(command("schedule", *AT, "--json")[1])


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("mastodon:ada@example.org:colour=red", "Ada has no option 'colour'."),
        ("mastodon:ada@example.org:visibility=foes", "Visibility for Ada cannot be 'foes'."),
        ("x:ada:replies=verified", "There is an option for x:ada, which is none of the destinations."),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_and_nothing_is_scheduled(command, option, problem):
    status, _, err = command("schedule", *AT, "--option", option)
    assert (status, problem in err) == (1, True)
    assert json.loads(command("queue", "--json")[1]) == []


def test_a_word_that_is_no_option_is_refused(command, capsys):
    with pytest.raises(SystemExit):
        command("schedule", *AT, "--option", "visibility")
    assert "'visibility' is not an option like bluesky:ada.example:replies=nobody" in capsys.readouterr().err
