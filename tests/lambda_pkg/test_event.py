"""The payloads that the relay reads and rejects."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lambda_pkg.event import UnreadableEvent, read_event

REQUIRED = [
    *("version", "post_id", "revision", "occurrence", "due_at", "zone", "wall"),
    *("text", "variants", "destinations", "media", "late_after_minutes"),
]
"""All members except `url`, which is optional."""


def test_a_valid_payload_is_read(payload):
    event = read_event(payload)
    assert event.due == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert event.late_after == timedelta(hours=1)
    assert json.loads(event.body) == payload


@pytest.mark.parametrize(("card", "has_media"), [({"picture": "0" * 64}, True), ({"picture": None}, False)])
def test_the_picture_of_a_link_card_counts_as_media(payload, card, has_media):
    assert read_event({**payload, "media": [], "card": {"url": "https://example.com/", **card}}).has_media is has_media


def test_a_run_is_due_its_lead_after_its_invocation_and_the_signed_body_is_that_of_the_run(payload):
    run = {**payload, "due_at": None, "occurrence": "2026-11-24T09:00:00Z"}
    ahead = {"lead": 60, "expression": "cron(0 9 * * ? *)", **run, "occurrence": "2026-11-24T08:59:00Z"}
    assert read_event(ahead) == read_event(run)
    assert read_event(ahead).due == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_a_skipped_run_with_a_lead_does_not_count(payload):
    skipped = {**payload, "due_at": None, "exceptions": {"skipped": ["2026-11-24T09:00:00Z"]}}
    assert read_event({**skipped, "lead": 60, "occurrence": "2026-11-24T08:59:00Z"}).excluded
    assert not read_event({**skipped, "lead": 60, "occurrence": "2026-11-24T09:00:00Z"}).excluded


def test_a_lead_beyond_the_calendar_is_refused(payload):
    with pytest.raises(UnreadableEvent, match="occurrence"):
        read_event({**payload, "lead": 60, "occurrence": "9999-12-31T23:59:59Z"})


@pytest.mark.parametrize("member", REQUIRED)
def test_the_error_names_a_missing_member(payload, member):
    del payload[member]
    with pytest.raises(UnreadableEvent, match=f"{member} is missing") as raised:
        read_event(payload)
    assert raised.value.member == member


def test_the_url_is_optional(payload):
    del payload["url"]
    assert read_event(payload).url is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("version", 2),
        ("version", "1"),
        ("version", True),
        ("post_id", ""),
        ("post_id", "a/b"),
        ("post_id", "a\r\nX-Injected: 1"),
        ("revision", "1"),
        ("revision", None),
        ("occurrence", 7),
        ("due_at", "2026-11-24T08:00:00"),
        ("due_at", "2026-02-30T08:00:00Z"),
        ("due_at", "0001-01-01T00:00:00+23:59"),
        ("due_at", 1795507200),
        ("text", None),
        ("destinations", "outbox"),
        ("late_after_minutes", "60"),
        ("late_after_minutes", -1),
        ("late_after_minutes", float("nan")),
        ("url", 7),
    ],
)
def test_the_error_names_an_invalid_member(payload, member, value):
    payload[member] = value
    with pytest.raises(UnreadableEvent, match=f"The event's {member} "):
        read_event(payload)


def test_the_occurrence_of_a_repeating_post_must_be_an_instant(payload):
    payload |= {"due_at": None, "occurrence": "<aws.scheduler.scheduled-time>"}
    with pytest.raises(UnreadableEvent, match="occurrence"):
        read_event(payload)


def test_the_occurrence_of_a_one_time_post_may_be_any_text(payload):
    payload["occurrence"] = "now"
    assert read_event(payload).occurrence_key == payload["post_id"]


@pytest.mark.parametrize("text", ["half a pair \ud83c", "\udfff"])
def test_a_text_with_a_lone_surrogate_is_rejected_without_repeating_it(payload, text):
    payload["text"] = text
    with pytest.raises(UnreadableEvent, match="cannot be written") as raised:
        read_event(payload)
    assert "half" not in str(raised.value)
