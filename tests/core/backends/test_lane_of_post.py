"""The lane of a post in the engine."""

import pytest

from core.backends.lane_of_post import lane_of
from core.posts.payload import write_invocation


@pytest.fixture
def lane(a_post, payload_for):
    """Return the lane of a post to the given destinations."""

    def build(*destinations, **changed):
        return lane_of(write_invocation(payload_for(a_post(destinations=destinations, **changed))).encode())

    return build


def test_posts_to_the_same_accounts_share_a_lane(lane):
    assert lane("outbox") == "outbox"
    assert lane("webhook:a", "outbox") == lane("outbox", "webhook:a", "webhook:a#2") == "outbox webhook:a"
    assert lane("webhook:a") != lane("webhook:b")


def test_a_posting_server_of_its_own_makes_another_lane(lane):
    assert lane("outbox", url="https://example.org/publish") != lane("outbox")


def test_the_lane_of_many_accounts_has_a_short_name_of_its_own(lane):
    many = [f"webhook:{number}" for number in range(40)]
    assert len(lane(*many)) == 64
    assert lane(*many) != lane(*many[1:])
