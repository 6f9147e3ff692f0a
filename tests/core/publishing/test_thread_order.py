"""Publishing threads: the order of parts, interruptions, and continuation."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.accounts.port import Account
from core.ledger.port import PlanChange
from core.ledger.states import outcome
from core.media.intake import ingest
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.publisher import Publisher
from core.storage.database import StorageError

PARTS = ("net:ada", "net:ada#2", "net:ada#3")


class AnyAccounts:
    """Accounts that contain every destination."""

    def get(self, destination):
        return Account(destination=destination, label=destination, deduplicates=True)


@pytest.fixture
def network(new_network):
    """Return a network that numbers its posts. `next_results` maps a text to the result of its next attempt."""
    network = new_network()
    network.sent, network.next_results = [], {}

    def respond(publication):
        if publication.text in network.next_results:
            return network.next_results.pop(publication.text)
        network.sent.append(publication)
        number = len(network.sent)
        return Published(at=publication.due_at, url=f"/{number}", reference={"id": number})

    network.respond = respond
    return network


@pytest.fixture
def publisher(fence, network):
    return Publisher(fence, AnyAccounts(), {"net": network})


@pytest.fixture
def payload(a_post, payload_for):
    texts = {"net:ada": "one", "net:ada#2": "two", "net:ada#3": "three"}
    return payload_for(a_post(destinations=(*PARTS, "net:bob"), variants=texts, text="whole"))


def states(occurrence):
    return {result.destination: result.state for result in occurrence.results}


def all_published(occurrence):
    return set(states(occurrence).values()) == {"published"}


def thread(network):
    """Return the publications of Ada's thread."""
    return [publication for publication in network.sent if publication.account.destination == "net:ada"]


def test_parts_are_published_in_order_with_the_references_of_earlier_parts(publisher, network, payload):
    occurrence = publisher.publish(payload)
    assert all_published(occurrence)
    assert [result.destination for result in occurrence.results] == [*PARTS, "net:bob"]
    assert [publication.text for publication in thread(network)] == ["one", "two", "three"]
    first, second, third = (publication.earlier_references for publication in thread(network))
    assert first == ()
    assert (len(second), len(third)) == (1, 2)
    assert third[0] == second[0] != third[1]


def test_each_part_has_its_own_key_and_the_same_account(publisher, network, payload):
    publisher.publish(payload)
    key = payload.occurrence_key
    assert [publication.occurrence_key for publication in thread(network)] == [key, f"{key}#2", f"{key}#3"]
    assert {publication.account.destination for publication in thread(network)} == {"net:ada"}


def test_an_interrupted_thread_continues_at_the_interrupted_part(publisher, network, payload):
    network.next_results["two"] = RetryLater(reason="busy")
    occurrence = publisher.publish(payload)
    assert states(occurrence) == {
        "net:ada": "published",
        "net:ada#2": "waiting",
        "net:ada#3": "waiting",
        "net:bob": "published",
    }
    assert occurrence.results[2].reason == "It waits for part 2."
    assert not occurrence.final
    assert all_published(publisher.publish(payload))
    first, second, _ = thread(network)
    assert [publication.text for publication in thread(network)] == ["one", "two", "three"]
    assert second.earlier_references == ({"id": network.sent.index(first) + 1},)


@pytest.mark.parametrize("first_result", [Refused(reason="no"), Unconfirmed(reason="who knows")])
def test_parts_after_a_failed_part_are_refused_until_a_person_retries(
    publisher, network, payload, ledger, clock, first_result
):
    network.next_results["two"] = first_result
    occurrence = publisher.publish(payload)
    assert occurrence.final
    assert states(occurrence)["net:ada#3"] == "refused"
    assert "Part 2 is not confirmed as published" in occurrence.results[2].reason
    assert states(publisher.publish(payload)) == states(occurrence)
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#2", "net:ada#3"), now=clock())
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(network)] == ["one", "two", "three"]
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "published"


def test_after_a_person_confirms_a_part_the_next_one_replies_to_the_last_known_part(
    schedules, publisher, network, payload, ledger, clock
):
    network.next_results["two"] = Unconfirmed(reason="who knows")
    publisher.publish(payload)
    schedules.confirm(payload, payload.destinations[1])
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#3",), now=clock())
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(network)] == ["one", "three"]
    assert len(thread(network)[1].earlier_references) == 1


def test_after_a_person_confirms_the_first_part_by_its_link_the_next_one_replies_to_it(
    schedules, publisher, network, payload, ledger, clock
):
    network.next_results["one"] = Unconfirmed(reason="who knows")
    publisher.publish(payload)
    schedules.confirm(payload, payload.destinations[0], url="https://net.example/7", reference={"id": 7})
    assert outcome(ledger.occurrence(payload.occurrence_key)).destinations[0].url == "https://net.example/7"
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#2", "net:ada#3"), now=clock())
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(network)] == ["two", "three"]
    assert thread(network)[0].earlier_references == ({"id": 7},)


@pytest.mark.parametrize(("form", "state"), [("replies", "refused"), ("messages", "published")])
def test_a_part_never_goes_out_without_its_reply(
    schedules, publisher, network, payload, ledger, clock, form, state, monkeypatch
):
    monkeypatch.setattr(network, "threads", form)
    network.next_results["one"] = Unconfirmed(reason="who knows")
    publisher.publish(payload)
    schedules.confirm(payload, payload.destinations[0])
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#2", "net:ada#3"), now=clock())
    assert states(publisher.publish(payload))["net:ada#2"] == state


def test_the_first_part_carries_the_pictures_and_later_parts_reply_to_it(
    publisher, network, payload, media_store, encoded_picture
):
    network.next_results["two"] = RetryLater(reason="busy")
    with_picture = payload.model_copy(update={"media": (ingest(media_store, encoded_picture(), alt="blue"),)})
    publisher.publish(with_picture)
    assert all_published(publisher.publish(with_picture))
    first, second, third = thread(network)
    assert [len(publication.media) for publication in (first, second, third)] == [1, 0, 0]
    assert second.earlier_references == ({"id": network.sent.index(first) + 1},)


def test_every_part_of_a_cancelled_thread_is_superseded(publisher, network, payload, ledger, clock, a_post):
    post = ledger.plan(PlanChange(post=a_post(), schedule_name="x"), now=clock()).post
    ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name=None), now=clock()
    )
    occurrence = publisher.publish(payload)
    assert occurrence.final
    assert set(states(occurrence).values()) == {"superseded"}
    assert network.sent == []


def test_the_wait_of_a_part_is_the_wait_of_the_occurrence(publisher, network, payload):
    network.next_results["two"] = RetryLater(reason="busy", retry_after=timedelta(seconds=40))
    assert publisher.publish(payload).retry_after == timedelta(seconds=40)


def test_a_repeated_request_publishes_no_part_again(publisher, network, payload):
    publisher.publish(payload)
    assert all_published(publisher.publish(payload))
    assert len(network.sent) == 4


def test_every_part_for_a_missing_account_is_refused(fence, payload):
    occurrence = Publisher(fence, AnyAccounts(), {}).publish(payload)
    assert set(states(occurrence).values()) == {"refused"}
    assert occurrence.results[0].reason.startswith("No account net:ada is connected")


def test_a_failing_ledger_makes_the_later_parts_wait(publisher, network, payload, ledger):
    network.next_results["two"] = Refused(reason="no")
    claim = ledger.claim

    def fail(payload, destination, terms):
        if destination == "net:ada#3":
            raise StorageError(Path("punctual.db"), "disk is full")
        return claim(payload, destination, terms)

    ledger.claim = fail
    assert states(publisher.publish(payload))["net:ada#3"] == "waiting"
