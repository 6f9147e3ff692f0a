"""The publisher: results per destination, repeats, and errors that affect one destination only."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account, Accounts, UnknownDestination
from core.ledger.port import ClaimTerms, PlanChange
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.models import Repeat
from core.publishing.bulkheads import PATIENCE_SECONDS, Bulkheads
from core.publishing.destination_results import DestinationResult
from core.publishing.fence import LEASE
from core.publishing.http.client import DEADLINE_SECONDS
from core.publishing.network import Publication, Published, Refused, RetryLater, Unconfirmed
from core.publishing.publisher import BUSY_PAUSE, MAX_CONCURRENT_ACCOUNTS, Publisher
from core.publishing.result_classifier import retry_deduplicated
from core.storage.database import StorageError

BOTH = ("outbox", "blog:ada")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def outbox(new_network) -> Any:
    return new_network()


@pytest.fixture
def blog(new_network) -> Any:
    return new_network()


@pytest.fixture
def accounts(tmp_path) -> Accounts:
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="blog:ada", label="Ada's blog"))
    return accounts


@pytest.fixture
def disable(accounts) -> Any:
    """Disable Ada's blog."""
    return lambda: accounts.connect(accounts.get("blog:ada").model_copy(update={"enabled": False}))


@pytest.fixture
def publisher(fence, accounts, outbox, blog) -> Publisher:
    return Publisher(fence, accounts, {"outbox": outbox, "blog": blog})


@pytest.fixture
def payload(a_post, payload_for) -> Any:
    return payload_for(a_post(destinations=BOTH))


@pytest.fixture
def publish(publisher, a_post, payload_for) -> Any:
    """Publish the same occurrence, with the given members changed, and return the states."""

    def deliver(**changed: Any) -> dict[str, str]:
        occurrence = publisher.publish(payload_for(a_post(**{"destinations": BOTH, **changed})))
        return {result.destination: result.state for result in occurrence.results}

    return deliver


@pytest.fixture
def recorded(ledger) -> Any:
    """Return the ledger's outcome of each destination."""
    return lambda: outcome(ledger.occurrence("k3v9q2m4cx7a")).destinations


def raise_error(error: Exception) -> Any:
    """Return a function that raises an error, whatever its arguments."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_each_destination_gets_its_own_text(publish, outbox, blog):
    assert publish(variants={"blog:ada": "for the blog"}) == {"outbox": "published", "blog:ada": "published"}
    assert [each.text for each in outbox.published] == ["Grüße aus Köln 🎉"]
    assert [each.text for each in blog.published] == ["for the blog"]
    assert blog.published[0].account.label == "Ada's blog"


def test_a_repeated_request_gets_the_stored_results(publisher, publish, blog, payload):
    publish()
    again = publisher.publish(payload)
    assert again.final
    assert [result.url for result in again.results] == ["https://example.org/k3v9q2m4cx7a"] * 2
    assert len(blog.published) == 1


@pytest.mark.parametrize("first_result", [Refused(reason="no"), Unconfirmed(reason="reset")])
def test_a_final_result_is_stored(publish, blog, first_result):
    blog.results = [first_result]
    state = type(first_result).__name__.lower()
    assert publish()["blog:ada"] == state
    assert publish()["blog:ada"] == state
    assert len(blog.published) == 1


def test_only_waiting_destinations_are_tried_again(publish, outbox, blog):
    blog.results = [RetryLater(reason="busy")]
    assert publish() == {"outbox": "published", "blog:ada": "waiting"}
    assert publish() == {"outbox": "published", "blog:ada": "published"}
    assert (len(outbox.published), len(blog.published)) == (1, 2)


def test_a_repeat_uses_the_first_prepared_data_only_where_the_account_deduplicates(publish, outbox, blog):
    outbox.results, blog.results = [RetryLater(reason="busy")], [RetryLater(reason="busy")]
    publish()
    publish()
    assert [(each.attempt, each.prepared) for each in outbox.published] == [(1, {"number": 1}), (2, {"number": 1})]
    assert [(each.attempt, each.prepared) for each in blog.published] == [(1, {"number": 1}), (2, {"number": 2})]


@pytest.mark.parametrize(("first", "second", "wait"), [(5, 50, 5), (50, 5, 5), (None, 50, None)])
def test_a_destination_that_asks_for_a_long_wait_delays_no_other(publisher, outbox, blog, payload, first, second, wait):
    for network, seconds in ((outbox, first), (blog, second)):
        pause = None if seconds is None else timedelta(seconds=seconds)
        network.results = [RetryLater(reason="busy", retry_after=pause)]
    occurrence = publisher.publish(payload)
    assert (occurrence.final, occurrence.retry_after) == (False, None if wait is None else timedelta(seconds=wait))


def test_a_final_destination_shortens_no_wait(publisher, outbox, blog, payload):
    blog.results = [RetryLater(reason="busy", retry_after=timedelta(seconds=50))]
    assert publisher.publish(payload).retry_after == timedelta(seconds=50)


def test_a_slow_destination_does_not_delay_another(publish, outbox, blog, clock):
    outbox_is_done = threading.Event()

    def wait_for_the_outbox(_: Publication) -> Any:
        assert outbox_is_done.wait(5)
        return Published(at=clock())

    def publish_at_once(_: Publication) -> Any:
        outbox_is_done.set()
        return Published(at=clock())

    outbox.respond, blog.respond = publish_at_once, wait_for_the_outbox
    assert publish(destinations=("blog:ada", "outbox")) == {"outbox": "published", "blog:ada": "published"}


class Hang:
    """Publications that hang until `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self._begun = threading.Semaphore(0)

    def __call__(self, publication: Publication) -> Any:
        self._begun.release()
        assert self.release.wait(30)
        return Published(at=publication.due_at)

    def wait_for(self, count: int) -> None:
        """Wait until so many publications have begun."""
        assert all(self._begun.acquire(timeout=20) for _ in range(count))


@pytest.fixture
def hanging(blog) -> Any:
    """Let every publication to the blog hang until the test ends."""
    blog.respond = Hang()
    yield blog.respond
    blog.respond.release.set()


@pytest.fixture
def bounded(fence, accounts, outbox, blog, monotonic) -> Any:
    """Return a publisher with eight threads for shares. A publication is slow only after the test moves `monotonic`."""
    publisher = Publisher(fence, accounts, {"outbox": outbox, "blog": blog}, Bulkheads(8, monotonic=monotonic))
    yield publisher
    publisher.close(within_seconds=10)


def occurrence_of(number: int) -> str:
    return f"k3v9q2m4cx{number:02}"


def test_posts_to_a_hanging_and_a_fast_destination_reach_the_fast_one(
    bounded, monotonic, hanging, outbox, blog, a_post, payload_for, ledger
):
    """The hanging destination runs two publications, its share. All others wait for another attempt, unclaimed."""
    alone = payload_for(a_post(destinations=("blog:ada",), post_id=occurrence_of(0)))
    payloads = [payload_for(a_post(destinations=BOTH, post_id=occurrence_of(number))) for number in range(1, 30)]
    with ThreadPoolExecutor(3) as requests:
        running = [requests.submit(bounded.publish, payload) for payload in (alone, payloads[0])]
        hanging.wait_for(2)
        monotonic.now += PATIENCE_SECONDS + 1
        results = [running[1].result(20), *requests.map(bounded.publish, payloads[1:])]
        assert len(outbox.published) == 29
        assert len(blog.published) == 2
        assert {result.results[0].state for result in results} == {"published"}
        assert {result.results[1].state for result in results} == {"waiting"}
        assert all(result.retry_after for result in results)
        hanging.release.set()
        assert running[0].result(20).final
    bounded.close(within_seconds=10)
    states = [outcome(ledger.occurrence(each.occurrence_key)).destinations[1].state for each in payloads]
    assert states == ["published"] + ["going out"] * 28


def test_a_destination_without_a_free_share_makes_only_its_own_posts_wait(
    bounded, monotonic, hanging, a_post, payload_for
):
    alone = [payload_for(a_post(destinations=("blog:ada",), post_id=occurrence_of(number))) for number in range(3)]
    with ThreadPoolExecutor(2) as requests:
        running = [requests.submit(bounded.publish, payload) for payload in alone[:2]]
        hanging.wait_for(2)
        monotonic.now += PATIENCE_SECONDS + 1
        [refused] = bounded.publish(alone[2]).results
        assert (refused.state, refused.retry_after) == ("waiting", BUSY_PAUSE)
        assert bounded.publish(payload_for(a_post())).final
        hanging.release.set()
        assert [each.result(20).final for each in running] == [True, True]
    assert bounded.publish(alone[2]).final


def test_a_single_slow_destination_is_waited_for(bounded, monotonic, hanging, blog, payload):
    with ThreadPoolExecutor(1) as requests:
        running = requests.submit(bounded.publish, payload)
        hanging.wait_for(1)
        monotonic.now += 60
        assert wait([running], timeout=0.2).not_done
        hanging.release.set()
        assert running.result(20).final


def test_an_occurrence_for_thousands_of_accounts_publishes_to_few_at_a_time(
    publisher, a_post, payload_for, monkeypatch
):
    lock, running, counts = threading.Lock(), 0, []
    all_started = threading.Barrier(MAX_CONCURRENT_ACCOUNTS)

    def refuse(payload: Any, destination: Destination, reason: str) -> DestinationResult:
        nonlocal running
        with lock:
            running += 1
            counts.append(running)
            is_early = len(counts) <= MAX_CONCURRENT_ACCOUNTS
        if is_early:
            all_started.wait(20)
        with lock:
            running -= 1
        return DestinationResult(destination=destination, state="refused")

    monkeypatch.setattr(publisher._fence, "refuse", refuse)
    destinations = tuple(f"blog:{number}" for number in range(9000))
    payload = payload_for(a_post()).model_copy(update={"destinations": tuple(map(Destination, destinations))})
    assert len(publisher.publish(payload).results) == 9000
    assert max(counts) == MAX_CONCURRENT_ACCOUNTS


def test_a_concurrent_attempt_waits_for_the_lease(publisher, outbox, clock, a_post, payload_for):
    payload = payload_for(a_post())
    concurrent = []

    def publish_concurrently(_: Publication) -> Any:
        concurrent.append(publisher.publish(payload))
        return Published(at=clock())

    outbox.respond = publish_concurrently
    assert publisher.publish(payload).results[0].state == "published"
    [attempt] = concurrent
    assert (attempt.final, attempt.retry_after) == (False, LEASE)
    assert len(outbox.published) == 1


def test_a_changed_or_cancelled_post_is_not_published(publish, ledger, a_post, blog, clock):
    post = ledger.plan(PlanChange(post=a_post(), schedule_name="x"), now=clock()).post
    ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name=None), now=clock()
    )
    assert publish() == {"outbox": "superseded", "blog:ada": "superseded"}
    assert blog.published == []


def test_a_destination_without_an_account_is_refused_and_the_others_are_published(publish, recorded, blog):
    states = publish(destinations=("outbox", "blog:bob", "carrierpigeon:x"))
    assert states == {"outbox": "published", "blog:bob": "refused", "carrierpigeon:x": "refused"}
    assert recorded()[1].reason == "No account blog:bob is connected. Connect it under Accounts, then retry."


def test_a_disabled_account_is_refused_and_the_others_are_published(publish, recorded, disable, blog):
    disable()
    assert publish() == {"outbox": "published", "blog:ada": "refused"}
    assert recorded()[1].reason == "Ada's blog is disabled. Enable it under Accounts, then retry."
    assert blog.published == []


@pytest.mark.parametrize("gone", ["removed", "disabled"])
def test_an_account_that_disappears_after_publishing_keeps_its_result(publish, accounts, disable, gone):
    publish()
    accounts.remove("blog:ada") if gone == "removed" else disable()
    assert publish()["blog:ada"] == "published"


def test_unreadable_accounts_are_retried_and_the_outbox_is_published(publish, tmp_path):
    (tmp_path / "accounts.json").write_text("{")
    assert publish() == {"outbox": "published", "blog:ada": "waiting"}


def test_an_unexpected_error_of_a_network_is_unconfirmed_once_its_account_is_gone(publish, accounts, blog):
    accounts.connect(Account(destination="blog:ada", label="Ada's blog", deduplicates=True))
    blog.respond = raise_error(KeyError("secret"))
    assert publish()["blog:ada"] == "waiting"
    accounts.remove("blog:ada")
    assert publish()["blog:ada"] == "unconfirmed"


@pytest.mark.parametrize(("deduplicates", "state"), [(True, "waiting"), (False, "unconfirmed")])
def test_an_unexpected_error_of_a_network_is_ambiguous_and_affects_no_other(
    publish, accounts, blog, deduplicates, state
):
    accounts.connect(Account(destination="blog:ada", label="Ada's blog", deduplicates=deduplicates))
    blog.respond = raise_error(KeyError("secret"))
    assert publish() == {"outbox": "published", "blog:ada": state}
    blog.respond = lambda publication: Published(at=publication.due_at)
    assert publish()["blog:ada"] == ("published" if deduplicates else "unconfirmed")


def test_an_unexpected_error_in_prepare_claims_nothing_and_affects_no_other(publish, blog):
    blog.failures = [ValueError("a bug")]
    assert publish() == {"outbox": "published", "blog:ada": "waiting"}
    assert publish()["blog:ada"] == "published"


def test_history_has_the_reason_of_an_error_before_the_claim(publish, recorded, blog):
    blog.failures = [UnknownDestination("@eve@example.org", [])]
    assert publish()["blog:ada"] == "waiting"
    [_, ada] = recorded()
    assert (ada.state, ada.reason) == ("retrying", "No account '@eve@example.org' is connected.")
    assert publish()["blog:ada"] == "published"


@pytest.mark.parametrize("error", [StorageError(Path("punctual.db"), "disk is full"), ValueError("a bug")])
def test_a_failing_ledger_makes_every_destination_wait(publish, ledger, monkeypatch, error):
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "claim", raise_error(error))
        patch.setattr(ledger, "record", raise_error(error))
        assert publish() == {"outbox": "waiting", "blog:ada": "waiting"}
    assert publish() == {"outbox": "published", "blog:ada": "published"}


def test_a_full_disk_makes_the_outbox_wait(publish, outbox, tmp_path):
    outbox.respond = raise_error(StorageError(tmp_path / "punctual.db", "database or disk is full"))
    assert publish()["outbox"] == "waiting"
    outbox.respond = lambda publication: Published(at=publication.due_at)
    assert publish()["outbox"] == "published"


def test_the_ledger_has_the_result_of_each_destination(publish, recorded, blog):
    blog.results = [Refused(reason="no such blog")]
    publish()
    assert [(each.destination, each.state, each.reason) for each in recorded()] == [
        ("outbox", "published", None),
        ("blog:ada", "refused", "no such blog"),
    ]


def test_the_recorded_time_of_a_publication_is_the_networks(publish, recorded, blog, clock):
    at = clock() - timedelta(seconds=3)
    blog.results = [Published(at=at)]
    publish()
    assert recorded()[1].at == at


def test_a_lease_is_longer_than_the_deadline_of_a_call():
    assert LEASE.total_seconds() > DEADLINE_SECONDS


@pytest.mark.parametrize("deduplicates", [True, False])
def test_an_attempt_without_a_result_is_unconfirmed_once_its_account_is_gone(
    publish, ledger, accounts, clock, payload, deduplicates
):
    ledger.claim(
        payload,
        Destination("blog:ada"),
        ClaimTerms(deduplicates=deduplicates, lease_until=clock() + LEASE, now=clock()),
    )
    accounts.remove("blog:ada")
    assert publish()["blog:ada"] == "waiting"
    clock.move(minutes=1)
    assert publish()["blog:ada"] == "unconfirmed"


@pytest.mark.parametrize(
    "first_result", [Refused(reason="no"), Unconfirmed(reason="reset"), Published(at=NOON, url="/1")]
)
def test_a_finished_destination_keeps_its_result_though_it_can_no_longer_be_prepared(
    publish, recorded, blog, first_result
):
    blog.results = [first_result]
    before = publish()
    blog.failures = [UnknownDestination("@eve@example.org", [])]
    assert publish() == before
    assert recorded()[1].state == before["blog:ada"]


def test_a_reopened_destination_waits_while_it_cannot_be_prepared(publish, ledger, blog, clock, payload):
    blog.results = [Refused(reason="no")]
    publish()
    ledger.reopen(payload, ("blog:ada",), now=clock.move(seconds=1))
    blog.failures = [UnknownDestination("@eve@example.org", [])]
    assert publish()["blog:ada"] == "waiting"


@pytest.mark.parametrize(
    ("first_result", "state"),
    [(retry_deduplicated("It hung up."), "unconfirmed"), (RetryLater(reason="too many requests"), "refused")],
)
@pytest.mark.parametrize("gone", ["removed", "disabled"])
def test_an_account_that_disappears_is_unconfirmed_if_an_earlier_attempt_may_have_arrived(
    publish, recorded, accounts, disable, blog, first_result, state, gone
):
    blog.results = [first_result]
    assert publish()["blog:ada"] == "waiting"
    accounts.remove("blog:ada") if gone == "removed" else disable()
    assert publish()["blog:ada"] == state
    reason = recorded()[1].reason
    assert "under Accounts, then retry." in reason
    assert ("may have arrived" in reason) == (state == "unconfirmed")


def test_a_run_that_a_relay_of_before_sends_although_it_is_skipped_is_not_published(
    publisher, a_series, payload_for, outbox, ledger
):
    repeat = Repeat(expression="cron(0 9 * * ? *)", skipped=(NOON,))
    payload = payload_for(a_series(repeat=repeat, destinations=BOTH), occurrence=NOON)
    for _ in range(2):
        result = publisher.publish(payload)
        assert result.final
        assert [each.state for each in result.results] == ["superseded", "superseded"]
    assert outbox.published == []
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "superseded"


def test_a_skipped_run_is_not_published_when_the_ledger_fails(publisher, a_series, payload_for, ledger, monkeypatch):
    monkeypatch.setattr(ledger, "record", raise_error(StorageError(Path("punctual.db"), "full")))
    repeat = Repeat(expression="cron(0 9 * * ? *)", skipped=(NOON,))
    result = publisher.publish(payload_for(a_series(repeat=repeat), occurrence=NOON))
    assert [each.state for each in result.results] == ["superseded"]
