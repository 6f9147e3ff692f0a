"""A post or a run that falls due while the post changes: it goes out once, as the newest revision says."""

from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.ledger.dynamodb import DynamoLedger
from core.ledger.history import run_of
from core.ledger.port import PlanChange, Receipt
from core.posts.models import Repeat
from core.posts.payload import ScheduleName, invocation_of
from core.publishing.fence import Fence
from core.publishing.network import Published, RetryLater
from core.publishing.publisher import Publisher

RUN = datetime(2026, 11, 3, 8, tzinfo=UTC)
BOTH = ("outbox", "blog:ada")


@pytest.fixture(params=["sqlite", "dynamodb"])
def ledger(request, ledger):
    """Return the empty ledger of one machine, or that of AWS."""
    return ledger if request.param == "sqlite" else DynamoLedger(request.getfixturevalue("table"))


@pytest.fixture
def network(new_network):
    return new_network()


@pytest.fixture
def publisher(ledger, media_store, clock, tmp_path, network):
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="blog:ada", label="Ada's blog"))
    return Publisher(Fence(ledger, media_store, clock), accounts, {"outbox": network, "blog": network})


@pytest.fixture
def series(ledger, a_series, clock):
    """Plan a post that repeats each morning at 9 in Berlin."""
    return ledger.plan(PlanChange(post=a_series(), schedule_name=str(ScheduleName.of(a_series()))), now=clock()).post


@pytest.fixture
def change(ledger, clock):
    """Write the next revision of a post, with the given members changed."""

    def write(post, desired="active", **changed):
        following = post.model_copy(update={"revision": post.revision + 1, **changed})
        name = str(ScheduleName.of(following))
        return ledger.change(PlanChange(post=following, desired=desired, schedule_name=name), now=clock()).post

    return write


@pytest.fixture
def fire(publisher, clock):
    """Publish a run as the schedule of a revision fires it; return the states."""

    def publish(post, run=RUN):
        clock.now = max(clock.now, run)
        return {each.destination: each.state for each in publisher.publish(invocation_of(post, run)).results}

    return publish


@pytest.fixture
def second_is_not_ready(network):
    """Let the preparation of the second publication fail once."""

    def fail():
        if len(network.prepared) == 2:
            raise RuntimeError("not ready")

    network.on_prepare = fail


def test_a_run_fired_by_the_schedule_of_the_old_revision_goes_out_with_the_new_text(
    series, change, fire, network, ledger, clock
):
    clock.now = RUN - timedelta(seconds=1)
    changed = change(series, text="Changed")
    assert fire(series) == {"outbox": "published"}
    assert fire(changed) == fire(series) == {"outbox": "published"}  # both schedules fire
    assert [each.text for each in network.published] == ["Changed"]
    (found,) = ledger.history(after=None, limit=10)
    assert (run_of(found).state, found.payload.revision) == ("published", 2)


def test_the_new_destinations_get_the_run(series, change, fire, network):
    change(series, destinations=("blog:ada",))
    assert fire(series) == {"blog:ada": "published"}
    assert [each.account.destination for each in network.published] == ["blog:ada"]


@pytest.mark.parametrize("desired", ["paused", "cancelled", "moved"])
def test_a_run_of_a_series_that_is_not_active_any_more_does_not_go_out(series, change, fire, network, desired):
    change(series, desired=desired, text="Changed")
    assert fire(series) == {"outbox": "superseded"}
    assert network.published == []


@pytest.mark.parametrize(
    "rule",
    [
        Repeat(expression="cron(0 9 * * ? *)", skipped=(RUN,)),
        Repeat(expression="cron(30 17 * * ? *)"),
        Repeat(expression="cron(0 9 * * ? *)", starts_at=RUN + timedelta(hours=1)),
        Repeat(expression="cron(0 9 * * ? *)", ends_at=RUN - timedelta(hours=1)),
    ],
)
def test_a_run_that_the_new_rule_excludes_does_not_go_out(series, change, fire, network, rule):
    change(series, repeat=rule)
    assert fire(series) == {"outbox": "superseded"}
    assert network.published == []


def test_a_change_while_the_run_is_published_is_followed_too(series, change, fire, network, ledger, monkeypatch):
    """The newest revision is superseded itself between the reading of the plan and the claim."""
    second = change(series, text="Second")
    read, changed = ledger.get, []

    def get(post_id):
        found = read(post_id)
        if not changed:
            changed.append(change(second, text="Third"))
        return found

    monkeypatch.setattr(ledger, "get", get)
    assert fire(series) == {"outbox": "published"}
    assert [each.text for each in network.published] == ["Third"]


def test_a_run_that_has_begun_keeps_its_revision_at_its_other_destinations(
    ledger, a_series, change, publisher, network, clock, second_is_not_ready
):
    """Ada's blog has no claim yet, because its share of the threads was taken or its media were not ready."""
    post = ledger.plan(PlanChange(post=a_series(destinations=BOTH), schedule_name="repeat"), now=clock()).post
    clock.now = RUN
    first = {each.destination: each.state for each in publisher.publish(invocation_of(post, RUN)).results}
    assert sorted(first.values()) == ["published", "waiting"]
    change(post, text="Changed")
    again = {each.destination: each.state for each in publisher.publish(invocation_of(post, RUN)).results}
    assert again == dict.fromkeys(BOTH, "published")
    assert [each.text for each in network.published] == [post.text, post.text]


@pytest.mark.parametrize("desired", ["paused", "cancelled"])
def test_a_run_that_has_begun_does_not_begin_elsewhere_once_its_series_ended(
    ledger, a_series, change, publisher, network, clock, second_is_not_ready, desired
):
    post = ledger.plan(PlanChange(post=a_series(destinations=BOTH), schedule_name="repeat"), now=clock()).post
    clock.now = RUN
    publisher.publish(invocation_of(post, RUN))
    change(post, desired=desired)
    again = [each.state for each in publisher.publish(invocation_of(post, RUN)).results]
    assert sorted(again) == ["published", "superseded"]


def test_a_failure_that_the_relay_of_the_old_revision_records_is_shown(series, change, fire, network, ledger, clock):
    """The relay knows the revision that it was invoked with; the run is the same."""
    clock.now = RUN - timedelta(seconds=1)
    change(series, text="Changed")
    network.results = [RetryLater(reason="busy")]
    assert fire(series) == {"outbox": "waiting"}
    clock.move(hours=2)
    ledger.record(invocation_of(series, RUN), Receipt(kind="failed", at=clock(), revision=1, attempt=3))
    (found,) = ledger.history(after=None, limit=10)
    assert run_of(found).state == "failed"


def test_a_post_fired_by_the_schedule_of_the_old_revision_goes_out_with_the_new_text(
    ledger, a_post, change, publisher, network, clock
):
    """The process that changed it was killed before it changed the schedule, and nothing has repaired that."""
    post = ledger.plan(PlanChange(post=a_post(due_at=RUN), schedule_name="post"), now=clock()).post
    change(post, text="Changed")
    clock.now = RUN
    for _ in range(2):
        assert [each.state for each in publisher.publish(invocation_of(post, RUN)).results] == ["published"]
    assert [each.text for each in network.published] == ["Changed"]
    assert ledger.due(due_from=RUN, due_before=RUN + timedelta(days=1), limit=10) == []
    (found,) = ledger.history(after=None, limit=10)
    assert run_of(found).state == "published"


@pytest.mark.parametrize(
    "changed", [{"desired": "cancelled"}, {"desired": "paused"}, {"due_at": RUN + timedelta(minutes=1)}]
)
def test_a_post_that_is_not_due_any_more_does_not_go_out(ledger, a_post, change, publisher, network, clock, changed):
    post = ledger.plan(PlanChange(post=a_post(due_at=RUN), schedule_name="post"), now=clock()).post
    change(post, **changed)
    clock.now = RUN
    assert [each.state for each in publisher.publish(invocation_of(post, RUN)).results] == ["superseded"]
    assert network.published == []


def test_a_persons_retry_of_an_earlier_run_publishes_what_the_run_was(series, change, fire, network, ledger, clock):
    network.results = [RetryLater(reason="busy")]
    fire(series)
    ledger.record(invocation_of(series, RUN), Receipt(kind="failed", at=clock(), revision=1, attempt=3))
    clock.move(hours=2)
    change(series, text="Changed")
    ledger.reopen(invocation_of(series, RUN), ("outbox",), now=clock())
    network.respond = lambda publication: Published(at=clock())
    assert fire(series) == {"outbox": "published"}
    assert [each.text for each in network.published] == [series.text, series.text]
