"""Every channel reports each problem once, with retries after failures."""

import threading
from datetime import timedelta

import pytest
from filelock import FileLock, Timeout
from pydantic import SecretStr

from core.ledger.port import PlanChange, Receipt
from core.maintenance.account_checks import AccountCheck
from core.maintenance.zone_changes import ChangedPost, ZoneChanges
from core.notifications.channels import Channels, Digest, SlackChannel, WebhookChannel
from core.notifications.deliveries import MIGRATIONS, Deliveries
from core.notifications.message import DeliveryFailed
from core.notifications.notifier import Notifier
from core.notifications.problems import MAX_RUNS
from core.notifications.sender import Sender
from core.posts.payload import invocation_of
from core.scheduling.listing import ScheduleListing
from core.scheduling.setting_aside import set_aside
from core.storage.database import Database

SECRET = SecretStr("whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==")


@pytest.fixture
def deliveries(tmp_path):
    database = Database(tmp_path / "notices.db", MIGRATIONS)
    yield Deliveries(database)
    database.close()


@pytest.fixture
def channels(tmp_path, hook):
    channels = Channels(tmp_path / "channels.json")
    channels.save(WebhookChannel(name="mine", address=hook.address, secret=SECRET))
    return channels


@pytest.fixture
def checks():
    """Return the list of account checks, empty at first."""
    return []


@pytest.fixture
def zone_changes(tmp_path):
    return ZoneChanges(tmp_path / "zone-changes.json")


@pytest.fixture
def notifier(ledger, scheduler, checks, zone_changes, channels, deliveries, tmp_path, clock):
    return Notifier(
        ledger=ledger,
        listing=ScheduleListing(scheduler, "punctual"),
        account_checks=lambda: checks,
        zone_changes=zone_changes.all,
        channels=channels,
        deliveries=deliveries,
        sender=Sender(clock),
        late_after=timedelta(hours=1),
        lock=tmp_path / "notices.lock",
        clock=clock,
    )


@pytest.fixture
def record_receipt(ledger, clock, a_post):
    """Return a function that records a receipt of a post, which is due now by default."""

    def record(kind, number=1, destination="outbox", *, reason="The server rejected it.", due_at=None):
        post = a_post(post_id=f"{number:012d}", destinations=("outbox", "webhook:sales"), due_at=due_at or clock())
        if ledger.get(post.post_id) is None:
            ledger.plan(PlanChange(post=post, schedule_name=f"post-{number}"), now=clock())
        payload = invocation_of(post, post.due_at)
        whole = kind in ("missed", "failed")
        receipt = Receipt(
            kind=kind,
            at=clock(),
            revision=1,
            destination=None if whole else destination,
            detail={"reason": reason} if reason else {},
        )
        ledger.record(payload, receipt)
        return post

    return record


@pytest.fixture
def known_channel(notifier, clock):
    """Create the channel's state before any problem."""
    notifier.notify()
    clock.move(minutes=1)


@pytest.mark.usefixtures("known_channel")
@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        ("refused", 1, "was refused. The server rejected it. Fix the reason"),
        ("unconfirmed", 1, "is unconfirmed: it may or may not be published. The server rejected it. Check the account"),
        ("missed", 2, "was missed. The server rejected it. Schedule it again"),
        ("failed", 2, "failed. The server rejected it. Retry it"),
    ],
)
def test_a_problem_is_reported_once(notifier, record_receipt, hook, kind, count, words):
    record_receipt(kind)
    for _ in range(3):
        notifier.notify()
    [content] = hook.contents
    assert content["count"] == len(content["lines"]) == count
    assert "“Grüße aus Köln 🎉” to outbox, due Mon 2 Nov 2026, 13:01 Europe/Berlin" in content["lines"][0]
    assert words in content["lines"][0]
    assert content["troubles"][0]["state"] == kind


@pytest.mark.usefixtures("known_channel")
def test_a_success_is_not_reported(notifier, record_receipt, hook):
    record_receipt("published")
    record_receipt("published", destination="webhook:sales")
    record_receipt("waiting", number=2)
    notifier.notify()
    assert hook.received == []


@pytest.mark.usefixtures("known_channel")
def test_a_problem_that_was_set_aside_before_the_scan_is_not_reported(notifier, ledger, record_receipt, hook, clock):
    post = record_receipt("failed")
    set_aside(ledger, invocation_of(post, post.due_at), now=clock())
    notifier.notify()
    assert hook.received == []


@pytest.mark.usefixtures("known_channel")
def test_a_problem_that_was_resolved_before_the_scan_is_not_reported(notifier, record_receipt, hook, clock):
    record_receipt("unconfirmed")
    record_receipt("published")
    record_receipt("published", destination="webhook:sales")
    notifier.notify()
    assert hook.received == []


@pytest.mark.usefixtures("known_channel")
def test_a_post_that_did_not_start_is_reported(notifier, ledger, a_post, hook, clock):
    ledger.plan(PlanChange(post=a_post(due_at=clock() + timedelta(minutes=1)), schedule_name="post-it"), now=clock())
    clock.move(minutes=2)
    notifier.notify()
    assert hook.received == []
    clock.move(minutes=2)
    notifier.notify()
    notifier.notify()
    [content] = hook.contents
    assert "did not start. Choose a new time" in content["lines"][0]


@pytest.mark.usefixtures("known_channel")
def test_a_rescheduled_post_is_no_problem(notifier, record_receipt, ledger, hook, clock):
    post = record_receipt("missed")
    following = post.model_copy(update={"revision": 2, "due_at": clock() + timedelta(hours=1)})
    ledger.change(PlanChange(post=following, desired="active", schedule_name="post-again"), now=clock())
    notifier.notify()
    assert hook.received == []


@pytest.mark.usefixtures("known_channel")
def test_a_failing_channel_is_retried_after_a_pause_and_loses_nothing(notifier, record_receipt, hook, clock):
    hook.status = 503
    record_receipt("refused")
    notifier.notify()
    assert "answered 503" in notifier.channel_states()["mine"].error
    hook.status = 200
    notifier.notify()
    assert hook.received == []
    record_receipt("failed", number=2)
    clock.move(minutes=1)
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [3]
    assert notifier.channel_states()["mine"].error is None


@pytest.mark.usefixtures("known_channel")
@pytest.mark.parametrize(("days", "count"), [(5, 1), (20, 0)])
def test_a_failing_channel_reports_a_backlog_of_up_to_two_weeks(
    notifier, record_receipt, hook, clock, days, count, monkeypatch
):
    monkeypatch.setattr("core.notifications.notifier.MAX_SCAN_GAP", timedelta(hours=6))  # no gap counts as a pause
    hook.status = 503
    record_receipt("refused")
    for _ in range(days * 4):
        notifier.notify()
        clock.move(hours=6)
    hook.status = 200
    notifier.notify()
    assert len(hook.received) == count


@pytest.mark.usefixtures("known_channel")
def test_the_pauses_of_a_channel_that_goes_on_failing_grow_up_to_an_hour(notifier, record_receipt, hook, clock):
    hook.status = 503
    record_receipt("refused")
    pauses = []
    for _ in range(5):
        notifier.notify()
        retry_at = notifier.channel_states()["mine"].retry_at
        pauses.append((retry_at - clock()) // timedelta(minutes=1))
        clock.now = retry_at
    assert pauses == [1, 5, 15, 60, 60]


@pytest.mark.usefixtures("known_channel")
def test_a_second_failure_after_a_retry_is_reported_again(notifier, record_receipt, hook, clock):
    record_receipt("refused")
    notifier.notify()
    clock.move(minutes=1)
    record_receipt("refused")
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [1, 1]


@pytest.mark.usefixtures("known_channel")
def test_the_same_failure_at_another_destination_is_reported_too(notifier, record_receipt, hook):
    record_receipt("refused")
    notifier.notify()
    record_receipt("refused", destination="webhook:sales")
    notifier.notify()
    assert [content["troubles"][0]["destination"] for content in hook.contents] == ["outbox", "webhook:sales"]


@pytest.mark.usefixtures("known_channel")
def test_a_post_due_before_the_channel_existed_that_fails_later_is_reported(notifier, record_receipt, hook, clock):
    record_receipt("refused", due_at=clock() - timedelta(hours=1))
    notifier.notify()
    assert len(hook.received) == 1


@pytest.mark.usefixtures("known_channel")
def test_an_overdue_paused_post_is_no_problem(notifier, ledger, a_post, hook, clock):
    ledger.plan(
        PlanChange(post=a_post(due_at=clock() + timedelta(minutes=1)), desired="paused", schedule_name="post-it"),
        now=clock(),
    )
    clock.move(minutes=9)
    notifier.notify()
    assert hook.received == []


def test_more_reported_problems_than_one_statement_takes_are_found(deliveries, clock):
    ids = [f"problem {number}" for number in range(1200)]
    deliveries.record_success("mine", ids[:1100], clock())
    assert deliveries.unreported("mine", ids) == set(ids[1100:])


@pytest.mark.usefixtures("known_channel")
def test_a_successful_test_message_ends_the_retry_pause(notifier, record_receipt, channels, hook):
    hook.status = 503
    record_receipt("failed")
    notifier.notify()
    with pytest.raises(DeliveryFailed, match="answered 503"):
        notifier.send_test(channels.all()[0])
    assert notifier.channel_states()["mine"].error is not None
    hook.status = 200
    notifier.send_test(channels.all()[0])
    assert notifier.channel_states()["mine"].error is None
    notifier.notify()
    assert [content["kind"] for content in hook.contents] == ["test", "troubles"]


@pytest.mark.usefixtures("known_channel")
def test_a_failing_channel_delays_no_other(notifier, record_receipt, channels, hook, clock):
    channels.save(SlackChannel(name="dead", address=SecretStr("http://127.0.0.1:9/s3cret")))
    notifier.notify()
    clock.move(minutes=1)
    record_receipt("refused")
    for _ in range(3):
        notifier.notify()
        clock.move(minutes=10)
    assert len(hook.received) == 1
    assert notifier.channel_states()["dead"].failures == 3
    assert "s3cret" not in notifier.channel_states()["dead"].error


@pytest.mark.usefixtures("known_channel")
def test_a_channel_that_answers_late_holds_no_other_back(notifier, record_receipt, channels, hook, start_server_with):
    other_reported, in_time = threading.Event(), []
    respond = hook.respond
    hook.respond = lambda handler: (respond(handler), other_reported.set())

    def answer_late(handler):
        in_time.append(other_reported.wait(5))
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    late = start_server_with(answer_late)
    channels.remove("mine")
    channels.add(WebhookChannel(name="late", address=late.url, secret=SECRET))
    channels.add(WebhookChannel(name="mine", address=hook.address, secret=SECRET))
    notifier.notify()
    record_receipt("refused")
    notifier.notify()
    assert (in_time, len(hook.received), len(late.requests)) == ([True], 1, 1)


def test_a_new_channel_reports_new_problems_only(notifier, record_receipt, hook, clock):
    record_receipt("refused")
    clock.move(minutes=1)
    notifier.notify()
    assert hook.received == []
    record_receipt("failed", number=2)
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [2]


@pytest.mark.usefixtures("known_channel")
def test_reports_are_known_after_a_restart(notifier, record_receipt, hook, tmp_path, deliveries):
    record_receipt("refused")
    notifier.notify()
    database = Database(tmp_path / "notices.db", MIGRATIONS)
    notifier._deliveries = Deliveries(database)
    notifier.notify()
    database.close()
    assert len(hook.received) == 1


@pytest.mark.usefixtures("known_channel")
def test_posts_that_were_due_while_punctual_was_off_are_reported(notifier, record_receipt, hook, clock):
    due_at = clock() + timedelta(days=1)
    clock.move(days=12)
    notifier.notify()
    clock.move(minutes=20)
    record_receipt("missed", due_at=due_at)
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [2]


@pytest.mark.usefixtures("known_channel")
def test_a_scan_does_not_read_the_whole_history(notifier, ledger, record_receipt, clock, hook):
    record_receipt("refused", due_at=clock() - timedelta(days=10))
    pages = []
    history = ledger.history
    ledger.history = lambda **options: pages.append(options) or history(**options)
    notifier.notify()
    assert hook.received == []
    assert len(pages) == 1
    assert MAX_RUNS >= 1000


@pytest.mark.usefixtures("known_channel")
def test_many_problems_make_one_message(notifier, record_receipt, hook):
    for number in range(30):
        record_receipt("refused", number=number)
    notifier.notify()
    [content] = hook.contents
    assert content["count"] == 30
    assert content["lines"][-1] == "... and 10 more: see History."


@pytest.mark.usefixtures("known_channel")
def test_a_failing_account_is_reported_once_until_it_works_again(notifier, checks, hook, clock):
    revoked = AccountCheck(
        destination="mastodon:ada@example.org", problem="The token was revoked.", since=clock(), checked_at=clock()
    )
    checks.append(revoked)
    for _ in range(3):
        notifier.notify()
        checks[0] = revoked.model_copy(update={"checked_at": clock.move(minutes=30)})
    checks[0] = revoked.model_copy(update={"problem": None, "since": None})
    notifier.notify()
    checks[0] = revoked.model_copy(update={"since": clock()})
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [1, 1]
    assert (
        "Cannot publish to the account mastodon:ada@example.org: The token was revoked." in hook.contents[0]["lines"][0]
    )


def test_posts_that_new_zone_rules_moved_are_reported_in_one_message(notifier, zone_changes, hook, clock):
    for number, zone in enumerate(("Africa/Casablanca", "America/Vancouver", "Africa/Casablanca")):
        changed = ChangedPost(post_id=f"{number:012d}", zone=zone, needs_time=False)
        zone_changes.add([changed], "2026f", clock())
        notifier.notify()  # before all posts are derived again, nothing is reported
    zone_changes.complete("2026f")
    for _ in range(3):
        notifier.notify()
        clock.move(minutes=30)
    [content] = hook.contents
    assert [line.split(" (")[0] for line in content["lines"]] == [
        "2 posts moved when the rules of Africa/Casablanca changed",
        "1 post moved when the rules of America/Vancouver changed",
    ]


def test_without_channels_the_ledger_is_not_read(notifier, channels, ledger):
    channels.remove("mine")
    ledger.history = None  # a call would fail
    notifier.notify()


@pytest.mark.usefixtures("known_channel")
def test_only_one_process_reports_at_a_time(notifier, record_receipt, hook, tmp_path):
    record_receipt("refused")
    with FileLock(tmp_path / "notices.lock"):
        notifier.notify()
    assert hook.received == []


@pytest.mark.usefixtures("known_channel")
def test_a_channel_that_was_removed_and_added_again_starts_anew(notifier, record_receipt, channels, hook, clock):
    record_receipt("refused")
    notifier.notify()
    [channel] = channels.all()
    notifier.remove_channel("mine")
    record_receipt("refused", number=2)
    clock.move(minutes=1)
    channels.save(channel)
    notifier.notify()
    assert len(hook.received) == 1


def test_a_digest_is_sent_once_a_day_at_its_hour_in_its_zone(
    notifier, channels, record_receipt, hook, clock, schedules, a_post
):
    [channel] = channels.all()
    channels.save(channel.model_copy(update={"digest": Digest(hour=9, zone="Europe/Berlin")}))
    notifier.notify()
    assert hook.received == []
    record_receipt("published")
    record_receipt("published", destination="webhook:sales")
    clock.move(hours=19, minutes=59)
    notifier.notify()
    assert hook.received == []
    clock.move(minutes=1)
    schedules.schedule(a_post(post_id="9" * 12, due_at=clock() + timedelta(hours=5)))
    for _ in range(3):
        notifier.notify()
    [content] = hook.contents
    assert content["title"] == "Punctual: Tue 3 Nov 2026"
    assert content["lines"] == ["Last 24 hours: 1 published.", "Next 24 hours: 1 one-time post."]
    clock.move(days=3)
    notifier.notify()
    assert len([each for each in hook.contents if each["kind"] == "digest"]) == 2


def test_a_failed_digest_is_retried(notifier, channels, hook, clock):
    [channel] = channels.all()
    channels.save(channel.model_copy(update={"digest": Digest(hour=14, zone="UTC")}))
    notifier.notify()
    hook.status = 500
    clock.move(hours=2)
    notifier.notify()
    hook.status = 200
    clock.move(minutes=1)
    notifier.notify()
    assert [each["kind"] for each in hook.contents] == ["digest"]


@pytest.mark.usefixtures("known_channel")
def test_a_renamed_channel_repeats_no_report_and_keeps_its_pause(notifier, record_receipt, channels, hook, clock):
    record_receipt("refused")
    notifier.notify()
    record_receipt("refused", number=2)
    hook.status = 503
    notifier.notify()
    [mine] = channels.all()
    notifier.change_channel("mine", mine.model_copy(update={"name": "ours"}))
    assert "answered 503" in notifier.channel_states()["ours"].error
    clock.move(minutes=2)
    hook.status = 200
    notifier.notify()
    assert [content["count"] for content in hook.contents] == [1, 1]
    notifier.remove_channel("ours")
    channels.add(mine)
    assert notifier.channel_states()["mine"].since == clock()


@pytest.mark.usefixtures("known_channel")
def test_no_message_is_in_flight_while_a_channel_is_removed(notifier, channels, tmp_path, monkeypatch):
    """Else the message would be recorded again for the removed channel."""
    remove = channels.remove

    def remove_alone(name):
        with pytest.raises(Timeout):
            FileLock(tmp_path / "notices.lock").acquire(timeout=0)
        remove(name)

    monkeypatch.setattr(channels, "remove", remove_alone)
    notifier.remove_channel("mine")
    assert channels.all() == []
