"""Bluesky, and an account on a fake or real server, or on a stub."""

from collections.abc import Callable

import pytest

from core.accounts.port import Account
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.time.instants import real_clock


@pytest.fixture
def pds_session() -> dict[str, str]:
    """Return the response to a login of `ada.test`."""
    return {"did": "did:plc:ada", "accessJwt": "jwt", "handle": "ada.test"}


@pytest.fixture
def network() -> BlueskyNetwork:
    return BlueskyNetwork(real_clock)


@pytest.fixture
def connect(network, pds_user) -> Callable[..., Account]:
    """Connect the user's account, at the address of a proxy if one is given."""
    return lambda proxy_url=None: network.connect(pds_user.form | {"server": proxy_url or pds_user.server})


@pytest.fixture
def connect_to_stub(network, stub, pds_session) -> Callable[[], Account]:
    """Connect an account on the stub server."""

    def connect() -> Account:
        stub.respond("POST /xrpc/com.atproto.server.createSession", 200, pds_session)
        return network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url})

    return connect
