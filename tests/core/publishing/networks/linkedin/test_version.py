"""The version of LinkedIn's API that a request names."""

from datetime import UTC, datetime, timedelta

import pytest

from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.linkedin.version import api_version, months_left


def day(year, month):
    return datetime(year, month, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "version", "left"),
    [
        (day(2026, 9), "202609", 12),
        (day(2026, 12), "202609", 9),
        (day(2027, 6), "202609", 3),
        (day(2027, 7), "202701", 2),
        (day(2027, 9), "202703", 0),
        (day(2029, 3), "202809", -18),
    ],
)
def test_the_tested_version_is_used_until_its_end_is_near(now, version, left):
    assert (api_version(now), months_left(now)) == (version, left)


def test_a_version_is_always_released_and_supported():
    now = day(2026, 11)
    for _ in range(400):
        now += timedelta(days=10)
        version = api_version(now)
        age = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
        assert 1 <= age <= 10


def test_a_request_names_the_version_of_its_time(stub, publication, clock):
    clock.now = day(2029, 3)
    stub.respond("GET /v2/userinfo", 200, {"sub": "abc", "name": "Ada"})
    stub.respond("POST /rest/images", 200, {"value": {}})
    network = LinkedInNetwork(clock, api=stub.url)
    network.publish(publication(network.connect({"token": "token"})))
    versions = {request.headers.get("linkedin-version") for request in stub.requests}
    assert versions == {None, "202809"}
