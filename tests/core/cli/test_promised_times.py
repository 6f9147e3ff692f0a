"""The times that commands promise on AWS: to the second, or within a minute where a rule has no lead."""

import io
import json

import pytest

from core.cli.main import main


@pytest.fixture
def command(open_application):
    """Run a command on the deployment and return its output."""

    def run(*arguments: str) -> str:
        out = io.StringIO()
        assert main(arguments, open_application, out, io.StringIO()) == 0
        return out.getvalue()

    return run


def test_only_a_rule_without_a_lead_is_promised_within_a_minute(command):
    options = ("--to", "outbox", "--zone", "Europe/Berlin", "--text")
    at_six = command("schedule", "--at", "2026-11-02T18:00", "--repeat", "daily", *options, "At six")
    assert "Every day at 18:00 Europe/Berlin" in at_six
    at_three = command("schedule", "--at", "2026-11-02T03:00", "--repeat", "daily", *options, "At three")
    assert "Every day within a minute of 03:00 Europe/Berlin" in at_three
    command("schedule", "--at", "2026-11-03T03:00", *options, "Once")
    within = {row["text"]: row.get("within_seconds") for row in json.loads(command("queue", "--json"))}
    assert within == {"At six": None, "At three": 60, "Once": None}
