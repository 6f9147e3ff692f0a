"""Hosts of the relay, and invocations of the relay."""

import pytest

from core.backends.relay_host import RelayHost
from core.engine.invocations import Invocation
from core.posts.payload import write_invocation
from core.storage.home import new_signing_secret


@pytest.fixture
def secret():
    return new_signing_secret()


@pytest.fixture
def make_host(ledger, secret, clock):
    """Make hosts that deliver to a URL, or to the URL that a function returns."""
    hosts = []

    def build(url, fence_lost_at=None, clock=clock, **options):
        posting_url = url if callable(url) else lambda: url
        whole = {"secrets": lambda: [secret], "clock": clock, "fence_lost_at": fence_lost_at, **options}
        host = RelayHost(ledger, posting_url=posting_url, **whole)
        hosts.append(host)
        return host

    yield build
    for host in hosts:
        host.close_connection()


@pytest.fixture
def invocation(clock):
    """Build an invocation of the relay."""

    def build(body, *, attempt=1, schedule_name=None):
        return Invocation(
            id="0e0e",
            function_arn="arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
            payload=body if isinstance(body, bytes) else write_invocation(body).encode(),
            attempt=attempt,
            scheduled_at=clock(),
            schedule_name=schedule_name,
            first_due=clock(),
        )

    return build
