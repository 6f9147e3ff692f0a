"""The command `drafts` lists what the dashboard has saved."""

import json

import pytest

from core.application import Application
from core.drafts.draft import DraftContent
from core.settings import Settings


@pytest.fixture
def save(tmp_path, clock):
    """Save a draft as the dashboard does."""

    def save(draft_id, *, template=False, deleted=False, **content):
        application = Application(Settings(home=tmp_path), clock)
        now = clock.move(seconds=1)
        application.drafts.save(draft_id, DraftContent(**content), base=0, template=template, now=now)
        if deleted:
            application.drafts.delete(draft_id, now=now)
        application.close()

    return save


def test_drafts_are_listed_latest_first_with_their_proposed_time(command, save):
    save("k3v9q2m4cx7a", text="Some\nday", destinations=(), zone="UTC")
    save("k3v9q2m4cx7b", text="At nine", destinations=("outbox",), wall="2026-12-24T09:00:00", zone="Europe/Berlin")
    _, out, _ = command("drafts")
    assert out.splitlines() == [
        "2026-12-24T08:00:00Z      draft         k3v9q2m4cx7b  outbox  At nine",
        "no time                   draft         k3v9q2m4cx7a    Some day",
    ]
    _, out, _ = command("drafts", "--json", "--limit", "1")
    [row] = json.loads(out)
    assert (row["due_at"], row["wall"], row["zone"], row["state"]) == (
        "2026-12-24T08:00:00Z",
        "2026-12-24T09:00:00",
        "Europe/Berlin",
        "draft",
    )


def test_a_proposed_time_that_the_clocks_skip_is_listed_as_its_wall_time(command, save):
    save("k3v9q2m4cx7a", text="Skipped", wall="2027-03-28T02:30:00", zone="Europe/Berlin")
    assert command("drafts")[1].startswith("2027-03-28T02:30:00 ")


def test_templates_and_deleted_drafts_are_listed_on_request(command, save):
    save("k3v9q2m4cx7a", text="Every Friday", zone="UTC", template=True)
    save("k3v9q2m4cx7b", text="Away", zone="UTC", deleted=True)
    assert command("drafts")[1] == "There are no drafts.\n"
    assert "template      k3v9q2m4cx7a" in command("drafts", "--templates")[1]
    assert "deleted       k3v9q2m4cx7b" in command("drafts", "--deleted")[1]


def test_empty_lists_are_sentences(command):
    assert command("drafts", "--templates")[1] == "There are no templates.\n"
    assert command("drafts", "--deleted")[1] == "No draft was deleted in the last 30 days.\n"
