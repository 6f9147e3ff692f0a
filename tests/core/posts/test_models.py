"""Models are valid once built."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from core.posts.models import ID_ALPHABET, Media, Repeat, graphemes, new_post_id
from core.time.instants import UnknownZone


def test_a_post_id_has_12_unambiguous_characters():
    ids = {new_post_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(each) == 12 and set(each) <= set(ID_ALPHABET) for each in ids)
    assert not set("ilou") & set(ID_ALPHABET)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("abc", 3), ("👩‍👩‍👧‍👦", 1), ("🇩🇪🇫🇷", 2), ("e\u0301", 1), ("\r\n", 1), ("👍🏽", 1)],
)
def test_a_grapheme_cluster_counts_as_one(text, count):
    assert graphemes(text) == count


def test_an_instant_is_kept_in_utc_and_to_the_millisecond(a_post):
    given = datetime(2026, 11, 24, 9, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))
    due_at = a_post(due_at=given).due_at
    assert due_at == datetime(2026, 11, 24, 8, 0, 0, 123_000, tzinfo=UTC)
    assert due_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "changed",
    [
        {"due_at": datetime(2026, 11, 24, 8, 0)},  # noqa: DTZ001 - the naive instant is the point
        {"due_at": None},
        {"repeat": Repeat(expression="cron(0 9 * * ? *)")},
        {"post_id": "short"},
        {"post_id": "IIIIIIIIIIII"},
        {"revision": 0},
        {"destinations": ()},
        {"destinations": ("outbox", "outbox")},
        {"destinations": ("Outbox",)},
        {"destinations": ("webhook:",)},
        {"destinations": ("webhook:a b",)},
        {"destinations": ("webhook:<aws.scheduler.execution-id>",)},
        {"variants": {"out box": "x"}},
        {"wall": "2026-11-24 09:00:00"},
        {"wall": "2026-11-24T09:00:00+01:00"},
        {"late_after_minutes": 0},
        {"text": "half of a pair: \ud83c"},
        {"variants": {"outbox": "\udc00"}},
        {"surprise": 1},
    ],
)
def test_an_invalid_post_is_refused(a_post, changed):
    with pytest.raises(ValidationError):
        a_post(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "../../etc/passwd"},
        {"reference": "A" * 64},
        {"reference": "0" * 63},
        {"kind": "executable"},
        {"size": 0},
        {"width": 0},
        {"alt": "x" * 5001},
        {"alt": "\ud83c"},
    ],
)
def test_invalid_media_are_refused(changed):
    whole = {"reference": "0" * 64, "kind": "picture", "content_type": "image/png", "size": 1, "width": 1, "height": 1}
    assert Media(**whole).alt == ""
    with pytest.raises(ValidationError):
        Media(**whole | changed)


def test_an_unknown_zone_is_named(a_post):
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        a_post(zone="Mars/Olympus")


def test_a_post_is_immutable(a_post):
    with pytest.raises(ValidationError):
        a_post().text = "other"


def test_a_destination_has_its_variant_or_else_the_text(a_post):
    post = a_post(destinations=("outbox", "webhook:sales"), variants={"webhook:sales": "for sales"})
    assert post.text_for("webhook:sales") == "for sales"
    assert post.text_for("outbox") == post.text
