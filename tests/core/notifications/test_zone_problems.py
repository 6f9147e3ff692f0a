"""One problem reports the posts of a zone whose rules changed."""

from datetime import UTC, datetime

import pytest

from core.maintenance.zone_changes import ChangedPost, ZoneChanges
from core.notifications.problems import problems_message
from core.notifications.zone_problems import zone_problems

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def changes(tmp_path) -> ZoneChanges:
    """Return changes of two zones: three moved posts, and one that needs a time."""
    changes = ZoneChanges(tmp_path / "zone-changes.json")
    posts = [("1" * 12, False), ("2" * 12, False), ("3" * 12, False), ("4" * 12, True)]
    changes.add(
        [ChangedPost(post_id=each, zone="Africa/Casablanca", needs_time=needs) for each, needs in posts], "2026f", NOW
    )
    changes.add([ChangedPost(post_id="5" * 12, zone="America/Vancouver", needs_time=False)], "2026f", NOW)
    return changes


def test_nothing_is_reported_before_all_posts_are_derived_again(changes):
    assert zone_problems(changes.all()) == []


def test_one_message_reports_every_zone(changes):
    changes.complete("2026f")
    message = problems_message(zone_problems(changes.all()))
    assert message.lines == (
        "3 posts moved when the rules of Africa/Casablanca changed (release 2026f): the local time stays as planned."
        " 1 post in Africa/Casablanca needs a time: by the rules of release 2026f, the clocks skip or repeat the"
        " planned one. See the Queue.",
        "1 post moved when the rules of America/Vancouver changed (release 2026f): the local time stays as planned."
        " See Health.",
    )


def test_a_problem_keeps_its_id_so_that_it_is_reported_once(changes):
    changes.complete("2026f")
    before = [each.id for each in zone_problems(changes.all())]
    changes.add([ChangedPost(post_id="1" * 12, zone="Africa/Casablanca", needs_time=False)], "2026f", NOW)
    assert [each.id for each in zone_problems(changes.all())] == before
    assert len(changes.all()[0].moved) == 3


def test_an_unreadable_file_has_no_changes(tmp_path):
    path = tmp_path / "zone-changes.json"
    path.write_text("{")
    assert ZoneChanges(path).all() == []
