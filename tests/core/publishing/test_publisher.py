"""What is published, where, and how often, whatever goes wrong in between."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account, Accounts, UnknownDestination
from core.ledger.states import outcome
from core.media.folder import FolderMedia
from core.publishing.fence import LEASE, Fence
from core.publishing.http.client import DEADLINE_SECONDS
from core.publishing.network import Publication, Published, Refused, RetryLater, Unconfirmed
from core.publishing.outcomes import retry_deduplicated
from core.publishing.publisher import Publisher
from core.storage.database import StorageError

BOTH = ("outbox", "blog:ada")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Notebook:
    """A network that notes what it publishes; `ending` says how the next publications end."""

    def __init__(self, clock: Any) -> None:
        self.published: list[Publication] = []
        self.ending: Any = lambda publication: Published(at=clock(), url=f"https://example.org/{publication.post_id}")

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return {"number": len(self.published)}

    def media_limits(self, account: Account) -> None:
        return None

    def publish(self, publication: Publication) -> Any:
        self.published.append(publication)
        return self.ending(publication)


@pytest.fixture
def outbox(clock) -> Notebook:
    return Notebook(clock)


@pytest.fixture
def blog(clock) -> Notebook:
    return Notebook(clock)


@pytest.fixture
def accounts(tmp_path) -> Accounts:
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="blog:ada", label="Ada's blog"))
    return accounts


@pytest.fixture
def publisher(tmp_path, ledger, accounts, clock, outbox, blog) -> Publisher:
    fence = Fence(ledger, FolderMedia(tmp_path / "media"), clock)
    return Publisher(fence, accounts, {"outbox": outbox, "blog": blog})


@pytest.fixture
def publish(publisher, a_post, invoked) -> Any:
    """Publish the same occurrence, with the given members changed, and return the states."""

    def deliver(**changed: Any) -> dict[str, str]:
        answer = publisher.publish(invoked(a_post(**{"destinations": BOTH, **changed})))
        return {verdict.destination: verdict.state for verdict in answer.results}

    return deliver


def test_each_destination_gets_the_post_with_its_own_words(publish, outbox, blog):
    assert publish(variants={"blog:ada": "for the blog"}) == {"outbox": "published", "blog:ada": "published"}
    assert [each.text for each in outbox.published] == ["Grüße aus Köln 🎉"]
    assert [each.text for each in blog.published] == ["for the blog"]
    assert blog.published[0].account.label == "Ada's blog"


def test_what_is_repeated_is_answered_from_what_is_stored(publisher, publish, blog, a_post, invoked):
    publish()
    again = publisher.publish(invoked(a_post(destinations=BOTH)))
    assert again.final
    assert [verdict.url for verdict in again.results] == ["https://example.org/k3v9q2m4cx7a"] * 2
    assert len(blog.published) == 1


@pytest.mark.parametrize("ending", [Refused(reason="no"), Unconfirmed(reason="reset")])
def test_a_final_answer_is_stored_with_its_reason(publish, blog, ending):
    blog.ending = lambda _: ending
    state = type(ending).__name__.lower()
    assert publish()["blog:ada"] == state
    assert publish()["blog:ada"] == state
    assert len(blog.published) == 1


def test_only_what_waits_is_tried_again(publish, outbox, blog, clock):
    blog.ending = lambda _: RetryLater(reason="busy")
    assert publish() == {"outbox": "published", "blog:ada": "waiting"}
    blog.ending = lambda _: Published(at=clock())
    assert publish() == {"outbox": "published", "blog:ada": "published"}
    assert (len(outbox.published), len(blog.published)) == (1, 2)


def test_a_repeat_carries_its_number_and_what_was_prepared_first_where_that_tells_it_for_a_repeat(
    publish, outbox, blog
):
    outbox.ending = blog.ending = lambda _: RetryLater(reason="busy")
    publish()
    publish()
    assert [(each.attempt, each.prepared) for each in outbox.published] == [(1, {"number": 0}), (2, {"number": 0})]
    assert [(each.attempt, each.prepared) for each in blog.published] == [(1, {"number": 0}), (2, {"number": 1})]


def test_the_longest_pause_that_a_destination_asked_for_is_passed_on(publisher, outbox, blog, a_post, invoked):
    outbox.ending = lambda _: RetryLater(reason="busy", retry_after=timedelta(seconds=5))
    blog.ending = lambda _: RetryLater(reason="busy", retry_after=timedelta(seconds=50))
    answer = publisher.publish(invoked(a_post(destinations=BOTH)))
    assert (answer.final, answer.retry_after) == (False, timedelta(seconds=50))


def test_a_slow_destination_holds_up_no_other(publish, outbox, blog, clock):
    outbox_is_done = threading.Event()

    def wait_for_the_outbox(_: Publication) -> Any:
        assert outbox_is_done.wait(5)
        return Published(at=clock())

    def publish_at_once(_: Publication) -> Any:
        outbox_is_done.set()
        return Published(at=clock())

    outbox.ending, blog.ending = publish_at_once, wait_for_the_outbox
    assert publish(destinations=("blog:ada", "outbox")) == {"outbox": "published", "blog:ada": "published"}


def test_while_one_attempt_is_under_way_another_is_told_to_come_back(publisher, outbox, clock, a_post, invoked):
    payload = invoked(a_post())
    inner = []

    def publish_meanwhile(_: Publication) -> Any:
        inner.append(publisher.publish(payload))
        return Published(at=clock())

    outbox.ending = publish_meanwhile
    assert publisher.publish(payload).results[0].state == "published"
    [meanwhile] = inner
    assert (meanwhile.final, meanwhile.retry_after) == (False, LEASE)
    assert len(outbox.published) == 1


def test_what_was_changed_or_cancelled_is_not_published(publish, ledger, a_post, blog, clock):
    post = ledger.plan(a_post(), schedule_name="x", now=clock()).post
    ledger.change(post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name=None, now=clock())
    assert publish() == {"outbox": "superseded", "blog:ada": "superseded"}
    assert blog.published == []


def test_an_account_that_is_not_connected_is_refused_and_the_others_are_served(publish, ledger, blog):
    states = publish(destinations=("outbox", "blog:bob", "carrier-pigeon:x".replace("-", "")))
    assert states == {"outbox": "published", "blog:bob": "refused", "carrierpigeon:x": "refused"}
    reason = outcome(ledger.occurrence("k3v9q2m4cx7a")).reason
    assert reason == "No account blog:bob is connected. Connect it under Accounts, then retry."


def test_an_account_that_is_disabled_is_refused_and_the_others_are_served(publish, ledger, accounts, blog):
    ada = accounts.get("blog:ada")
    accounts.connect(ada.model_copy(update={"enabled": False}))
    assert publish() == {"outbox": "published", "blog:ada": "refused"}
    reason = outcome(ledger.occurrence("k3v9q2m4cx7a")).reason
    assert reason == "Ada's blog is disabled. Enable it under Accounts, then retry."
    assert blog.published == []


def test_an_account_that_is_disabled_after_its_post_went_out_changes_nothing(publish, accounts):
    publish()
    accounts.connect(accounts.get("blog:ada").model_copy(update={"enabled": False}))
    assert publish()["blog:ada"] == "published"


def test_an_account_that_was_removed_after_its_post_went_out_changes_nothing(publish, accounts):
    publish()
    accounts.remove("blog:ada")
    assert publish()["blog:ada"] == "published"


def test_accounts_that_cannot_be_read_are_waited_for_and_the_outbox_goes_out(publish, tmp_path):
    (tmp_path / "accounts.json").write_text("{")
    assert publish() == {"outbox": "published", "blog:ada": "waiting"}


def test_a_network_that_failed_of_itself_leaves_a_doubt_once_its_account_is_gone(publish, accounts, blog):
    accounts.connect(Account(destination="blog:ada", label="Ada's blog", deduplicates=True))

    def fail(_: Publication) -> Any:
        raise KeyError("secret")

    blog.ending = fail
    assert publish()["blog:ada"] == "waiting"
    accounts.remove("blog:ada")
    assert publish()["blog:ada"] == "unconfirmed"


@pytest.mark.parametrize(("deduplicates", "state"), [(True, "waiting"), (False, "unconfirmed")])
def test_a_network_that_fails_of_itself_leaves_it_open_and_takes_no_other_along(
    publish, accounts, blog, deduplicates, state
):
    accounts.connect(Account(destination="blog:ada", label="Ada's blog", deduplicates=deduplicates))

    def fail(_: Publication) -> Any:
        raise KeyError("secret")

    blog.ending = fail
    assert publish() == {"outbox": "published", "blog:ada": state}
    blog.ending = lambda publication: Published(at=publication.due_at)
    assert publish()["blog:ada"] == ("published" if deduplicates else "unconfirmed")


def test_a_network_that_cannot_prepare_claims_nothing_and_takes_no_other_along(publish, ledger, blog, monkeypatch):
    def fail(_: Publication) -> Any:
        raise ValueError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(blog, "prepare", fail)
        assert publish() == {"outbox": "published", "blog:ada": "waiting"}
    assert publish()["blog:ada"] == "published"


def test_why_a_post_could_not_even_be_begun_is_told_in_history(publish, ledger, blog, monkeypatch):
    def fail(_: Publication) -> Any:
        raise UnknownDestination("@eve@example.org", [])

    monkeypatch.setattr(blog, "prepare", fail)
    assert publish()["blog:ada"] == "waiting"
    [_, ada] = outcome(ledger.occurrence("k3v9q2m4cx7a")).destinations
    assert (ada.state, ada.reason) == ("retrying", "No account '@eve@example.org' is connected.")
    monkeypatch.undo()
    assert publish()["blog:ada"] == "published"


@pytest.mark.parametrize("fault", [StorageError(Path("punctual.db"), "disk is full"), ValueError("a bug")])
def test_a_ledger_that_records_nothing_for_the_moment_is_waited_for(publish, ledger, monkeypatch, fault):
    def fail(*_: Any, **__: Any) -> Any:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "claim", fail)
        patch.setattr(ledger, "record", fail)
        assert publish() == {"outbox": "waiting", "blog:ada": "waiting"}
    assert publish() == {"outbox": "published", "blog:ada": "published"}


def test_a_full_disk_is_waited_for(publish, outbox, tmp_path):
    def fail(_: Publication) -> Any:
        raise StorageError(tmp_path / "punctual.db", "database or disk is full")

    outbox.ending = fail
    assert publish()["outbox"] == "waiting"
    outbox.ending = lambda publication: Published(at=publication.due_at)
    assert publish()["outbox"] == "published"


def test_what_became_of_each_destination_is_in_the_ledger(publish, ledger, blog):
    blog.ending = lambda _: Refused(reason="no such blog")
    publish()
    found = outcome(ledger.occurrence("k3v9q2m4cx7a"))
    assert [(each.destination, each.state, each.reason) for each in found.destinations] == [
        ("outbox", "published", None),
        ("blog:ada", "refused", "no such blog"),
    ]


def test_the_time_at_which_it_was_published_is_the_networks(publish, ledger, blog, clock):
    at = clock() - timedelta(seconds=3)
    blog.ending = lambda _: Published(at=at)
    publish()
    assert outcome(ledger.occurrence("k3v9q2m4cx7a")).destinations[1].at == at


def test_a_claim_outlives_the_call_that_it_was_made_for():
    assert LEASE.total_seconds() > DEADLINE_SECONDS


@pytest.mark.parametrize("deduplicates", [True, False])
def test_an_attempt_that_never_ended_is_a_doubt_once_its_account_is_gone(
    publish, ledger, accounts, clock, a_post, invoked, deduplicates
):
    ledger.claim(
        invoked(a_post(destinations=BOTH)),
        "blog:ada",
        deduplicates=deduplicates,
        prepared=None,
        lease_until=clock() + LEASE,
        now=clock(),
    )
    accounts.remove("blog:ada")
    assert publish()["blog:ada"] == "waiting"
    clock.move(minutes=1)
    assert publish()["blog:ada"] == "unconfirmed"


@pytest.mark.parametrize("ending", [Refused(reason="no"), Unconfirmed(reason="reset"), Published(at=NOON, url="/1")])
def test_what_has_ended_is_answered_as_it_ended_though_it_could_not_be_prepared_any_more(
    publish, ledger, blog, monkeypatch, ending
):
    blog.ending = lambda _: ending
    before = publish()

    def fail(_: Publication) -> Any:
        raise UnknownDestination("@eve@example.org", [])

    monkeypatch.setattr(blog, "prepare", fail)
    assert publish() == before
    assert outcome(ledger.occurrence("k3v9q2m4cx7a")).destinations[1].state == before["blog:ada"]


def test_what_was_reopened_waits_while_it_cannot_be_prepared(
    publish, ledger, blog, monkeypatch, clock, a_post, invoked
):
    blog.ending = lambda _: Refused(reason="no")
    publish()
    ledger.reopen(invoked(a_post(destinations=BOTH)), ("blog:ada",), now=clock.move(seconds=1))

    def fail(_: Publication) -> Any:
        raise UnknownDestination("@eve@example.org", [])

    monkeypatch.setattr(blog, "prepare", fail)
    assert publish()["blog:ada"] == "waiting"


@pytest.mark.parametrize(
    ("ending", "state"), [(retry_deduplicated("It hung up."), "unconfirmed"), (RetryLater(reason="too many requests"), "refused")]
)
@pytest.mark.parametrize("gone", ["removed", "disabled"])
def test_an_account_that_is_gone_leaves_a_doubt_where_an_earlier_attempt_may_have_arrived(
    publish, ledger, accounts, blog, ending, state, gone
):
    blog.ending = lambda _: ending
    assert publish()["blog:ada"] == "waiting"
    if gone == "removed":
        accounts.remove("blog:ada")
    else:
        accounts.connect(accounts.get("blog:ada").model_copy(update={"enabled": False}))
    assert publish()["blog:ada"] == state
    reason = outcome(ledger.occurrence("k3v9q2m4cx7a")).destinations[1].reason
    assert "under Accounts, then retry." in reason
    assert ("may have arrived" in reason) == (state == "unconfirmed")
