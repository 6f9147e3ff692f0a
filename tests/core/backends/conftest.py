"""Hosts of the relay, and invocations of the relay."""

import pytest

from core.backends.relay_host import RelayHost
from core.engine.invocations import Invocation
from core.posts.payload import write_invocation
from core.storage.home import new_signing_secret


@pytest.fixture
def secret():
    return new_signing_secret()


class RecordedHost:
    """A relay host whose receipts are in the ledger after each call, as the engine stores them."""

    def __init__(self, host, ledger):
        self._host = host
        self._ledger = ledger
        self.close_connection = host.close_connection

    def __call__(self, invocation):
        self._store_receipts(self._host, invocation)

    def give_up(self, invocation, reason):
        self._store_receipts(self._host.give_up, invocation, reason)

    def _store_receipts(self, function, *arguments):
        receipts = []
        try:
            function(*arguments, receipts.append)
        finally:
            self._ledger.record_all(receipts)


@pytest.fixture
def make_host(ledger, secret, clock):
    """Make hosts that deliver to a URL, or to the URL that a function returns."""
    hosts = []

    def build(url, fence_lost_at=None, clock=clock, **options):
        posting_url = url if callable(url) else lambda: url
        whole = {"secrets": lambda: [secret], "clock": clock, "fence_lost_at": fence_lost_at, **options}
        host = RecordedHost(RelayHost(ledger, posting_url=posting_url, **whole), ledger)
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
