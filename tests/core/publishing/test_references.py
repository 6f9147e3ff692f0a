"""References of published posts, by which a network tells this post from another one."""

from typing import Any

import pytest

from core.accounts.port import Account
from core.posts.destinations import Destination
from core.posts.models import new_post_id
from core.publishing.network import Published

ADA, EVE = Destination("net:ada"), Destination("net:eve")


@pytest.fixture
def is_anothers(fence, new_network, a_post, payload_for) -> Any:
    """Publish posts with a reference each, then return the answer for one reference, as a network gets it."""

    def ask(reference: str, *published: tuple[str, Destination, str], part: int = 1) -> bool:
        """Each of `published` is a post, a destination and a reference; the asking post is `post` to ADA."""
        ids = {name: new_post_id() for name in ("post", "other")}
        for name, destination, each in published:
            network = new_network()
            network.results = [Published(at=a_post().due_at, reference={"id": each})]
            publish(network, ids[name], destination)
        network = new_network()
        publish(network, ids["post"], Destination(ADA, part))
        return network.published[0].belongs_to_another({"id": reference})

    def publish(network: Any, post_id: str, destination: Destination) -> None:
        destinations = tuple(Destination(destination.account, number) for number in range(1, destination.part + 1))
        payload = payload_for(a_post(post_id=post_id, destinations=destinations))
        account = Account(destination=destination.account, label="Ada", deduplicates=True)
        fence.publish_once(payload, account, network, part=destination.part)

    return ask


def test_a_reference_of_another_post_to_the_account_is_anothers(is_anothers):
    assert is_anothers("7", ("other", ADA, "7"))


def test_a_reference_of_another_part_of_the_thread_is_anothers(is_anothers):
    assert is_anothers("7", ("post", ADA, "7"), part=2)


def test_a_reference_of_another_account_or_an_unknown_one_is_not_anothers(is_anothers):
    assert not is_anothers("7", ("other", EVE, "7"), ("other", ADA, "8"))
