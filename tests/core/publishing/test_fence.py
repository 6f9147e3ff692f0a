"""The fence: pauses that a network asks for, retries by a person, and results without a call."""

from datetime import timedelta
from typing import Any

import pytest

from core.accounts.port import Account
from core.ledger.claim_rules import STOPPED_BEFORE_SENDING
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import ClaimTerms
from core.ledger.sqlite import SqliteLedger
from core.ledger.states import outcome
from core.media.intake import ingest
from core.posts.destinations import Destination
from core.publishing.destination_results import DestinationResult
from core.publishing.fence import LEASE, Fence
from core.publishing.network import PreparationFailed, Refused, RetryLater, Unconfirmed
from core.publishing.result_classifier import retry_deduplicated
from core.storage.processes import Presence

DESTINATION = Destination("net:ada")
TEN_MINUTES = timedelta(minutes=10)
SLOW_DOWN = RetryLater(reason="Net answered 429: slow down.", retry_after=TEN_MINUTES)


@pytest.fixture
def network(new_network) -> Any:
    return new_network()


@pytest.fixture
def other_fence(tmp_path, database, media_store, clock) -> Any:
    """Return the fence of another process."""
    presence = Presence(tmp_path / "processes")
    yield Fence(SqliteLedger(database, presence), media_store, clock)
    presence.leave()


@pytest.fixture(params=[True, False], ids=["deduplicates", "does not deduplicate"])
def account(request) -> Account:
    return Account(destination=DESTINATION, label="Ada", deduplicates=request.param)


@pytest.fixture(params=[True, False], ids=["with a picture", "text alone"])
def payload(request, media_store, encoded_picture, a_post, payload_for) -> Any:
    media = (ingest(media_store, encoded_picture(size=(4, 4)), alt="blue"),) if request.param else ()
    return payload_for(a_post(destinations=(DESTINATION,), media=media))


@pytest.fixture
def publish(fence, payload, account, network) -> Any:
    """Attempt the publication, with this process's fence or another one."""
    return lambda by=fence: by.publish_once(payload, account, network)


@pytest.fixture
def receipts(ledger, payload) -> Any:
    """Return the kinds of the post's receipts."""
    return lambda: [receipt.kind for receipt in ledger.occurrence(payload.occurrence_key).receipts]


def waiting(retry_after: timedelta | None, reason: str = SLOW_DOWN.reason) -> DestinationResult:
    return DestinationResult(destination=DESTINATION, state="waiting", reason=reason, retry_after=retry_after)


def test_a_paused_network_is_called_at_the_end_of_its_pause_and_not_earlier(
    publish, network, clock, other_fence, receipts
):
    network.results = [SLOW_DOWN]
    assert publish() == waiting(TEN_MINUTES)
    for passed, left in ((60, 540), (120, 420), (419, 1)):
        clock.move(seconds=passed)
        assert publish() == publish(other_fence) == waiting(timedelta(seconds=left))
    assert (len(network.prepared), len(network.published), receipts()) == (1, 1, ["waiting"])
    clock.move(seconds=1)
    assert publish().state == "published"
    assert receipts() == ["waiting", "published"]


def test_a_network_that_asks_for_a_pause_in_prepare_is_not_prepared_for_earlier(publish, network, clock, receipts):
    network.failures = [PreparationFailed(SLOW_DOWN)]
    assert publish() == publish() == waiting(TEN_MINUTES)
    assert (len(network.prepared), network.published, receipts()) == (1, [], ["waiting"])
    clock.move(minutes=10)
    assert publish().state == "published"


def test_a_pause_that_another_process_gets_during_prepare_holds_for_this_one(
    publish, network, other_fence, clock, receipts
):
    def get_a_pause() -> None:
        network.on_prepare = lambda: None
        network.results = [SLOW_DOWN]
        publish(other_fence)
        clock.move(minutes=1)

    network.on_prepare = get_a_pause
    assert publish() == waiting(TEN_MINUTES - timedelta(minutes=1))
    assert (len(network.published), receipts()) == (1, ["waiting"])


@pytest.mark.parametrize("pause", [None, timedelta()])
def test_without_a_pause_the_next_attempt_calls_the_network(publish, network, pause):
    network.results = [RetryLater(reason="not reached", retry_after=pause)]
    assert publish() == waiting(pause, "not reached")
    assert publish().state == "published"


def test_a_second_pause_counts_from_the_second_attempt(publish, network, clock):
    network.results = [SLOW_DOWN, RetryLater(reason="slower", retry_after=timedelta(hours=1))]
    publish()
    clock.move(minutes=10)
    publish()
    assert publish() == waiting(timedelta(hours=1), "slower")


def test_a_retry_by_a_person_ignores_the_pause(publish, network, ledger, payload, clock):
    network.results = [SLOW_DOWN]
    publish()
    ledger.reopen(payload, (DESTINATION,), now=clock())
    assert publish().state == "published"


def test_a_retry_by_a_person_works_from_a_machine_with_a_slow_clock(
    network, dynamodb, table, media_store, payload, account, clock
):
    slow_table = Table(dynamodb, "punctual", lambda: clock() - TEN_MINUTES, pause=lambda seconds: None)
    fence = Fence(DynamoLedger(table), media_store, clock)
    network.results = [Refused(reason="no")]
    assert fence.publish_once(payload, account, network).state == "refused"
    clock.move(minutes=1)
    DynamoLedger(slow_table).reopen(payload, (DESTINATION,), now=clock() - TEN_MINUTES)
    assert fence.publish_once(payload, account, network).state == "published"


@pytest.mark.parametrize(
    ("pause", "expected"),
    [(SLOW_DOWN, Refused), (RetryLater(reason="?", retry_after=TEN_MINUTES, in_doubt=True), Unconfirmed)],
)
def test_an_account_that_disappears_during_a_pause_has_its_result_at_once(
    publish, network, fence, ledger, payload, pause, expected
):
    network.results = [pause]
    publish()
    state = expected.__name__.lower()
    assert fence.refuse(payload, DESTINATION, "The account is gone.").state == state
    assert publish().state == outcome(ledger.occurrence(payload.occurrence_key)).state == state
    assert len(network.published) == 1


def test_a_pause_outlasts_an_error_before_the_next_claim(publish, network, fence, payload):
    network.results = [SLOW_DOWN]
    publish()
    assert fence.defer(payload, DESTINATION, "The accounts cannot be read.").state == "waiting"
    assert publish() == waiting(TEN_MINUTES)
    assert len(network.published) == 1


@pytest.fixture
def killed(ledger, payload, account, clock) -> None:
    """Claim as a process does that is killed while it calls the network, and let the lease end."""
    terms = ClaimTerms(deduplicates=account.deduplicates, lease_until=clock() + LEASE, now=clock())
    assert ledger.claim(payload, DESTINATION, terms).verdict == "granted"
    clock.move(seconds=LEASE.total_seconds() + 1)


def test_a_failed_upload_after_a_killed_attempt_is_final_only_where_a_repeat_could_publish_twice(
    publish, network, account, killed
):
    network.failures = [PreparationFailed(RetryLater(reason="The upload broke."))]
    assert publish().state == ("waiting" if account.deduplicates else "unconfirmed")
    assert publish().state == ("published" if account.deduplicates else "unconfirmed")


def test_a_kill_between_a_claim_without_a_call_and_its_result_leaves_no_doubt(
    publish, network, ledger, clock, monkeypatch
):
    network.failures = [PreparationFailed(RetryLater(reason="The upload broke."))]
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish()
    clock.move(seconds=LEASE.total_seconds() + 1)
    assert (publish().state, len(network.published)) == ("published", 1)


@pytest.mark.parametrize("step", ["prepare", "publish"])
def test_a_refusal_after_an_attempt_that_may_have_arrived_is_unconfirmed(publish, network, ledger, payload, step):
    refused = Refused(reason="Net answered 401: no.")
    network.results = [retry_deduplicated("It hung up.")]
    publish()
    network.failures = [PreparationFailed(refused)] if step == "prepare" else []
    network.results = [refused]
    result = publish()
    assert (result.state, "401" in result.reason, "check the network" in result.reason) == ("unconfirmed", True, True)
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "unconfirmed"


def test_a_refusal_after_a_killed_attempt_is_unconfirmed(publish, network, killed):
    network.results = [Refused(reason="Net answered 401: no.")]
    assert publish().state == "unconfirmed"


def test_a_refusal_after_an_attempt_that_was_not_sent_is_a_refusal(publish, network):
    network.results = [RetryLater(reason="It could not be reached."), Refused(reason="Net answered 401: no.")]
    assert [publish().state for _ in range(2)] == ["waiting", "refused"]


def test_an_ambiguous_attempt_is_repeated_where_the_network_detects_a_repeat(publish, network):
    network.results = [retry_deduplicated("It hung up.")]
    assert [publish().state for _ in range(2)] == ["waiting", "published"]


def test_a_process_that_was_stopped_after_its_claim_calls_nothing_and_the_next_attempt_publishes(
    publish, network, ledger, clock, monkeypatch
):
    claim = ledger.claim
    with monkeypatch.context() as stopping:
        stopping.setattr(ledger, "claim", lambda *terms: (claim(*terms), clock.move(seconds=11))[0])
        assert publish() == waiting(None, STOPPED_BEFORE_SENDING)
    assert network.published == []
    assert publish().state == "published"
    assert len(network.published) == 1


def test_each_part_of_a_thread_is_published_with_its_own_media(
    fence, network, account, media_store, encoded_picture, a_post, payload_for
):
    first, second = (ingest(media_store, encoded_picture(colour)) for colour in ("teal", "red"))
    post = a_post(
        destinations=(DESTINATION, Destination(DESTINATION, 2)),
        media=(second.model_copy(update={"part": 2}), first),
    )
    for part in (1, 2):
        fence.publish_once(payload_for(post), account, network, part=part)
    shown = [[each.media.reference for each in publication.media] for publication in network.published]
    assert shown == [[first.reference], [second.reference]]
