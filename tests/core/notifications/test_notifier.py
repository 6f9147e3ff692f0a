"""Troubles are told once on every channel, however often it has to be tried."""

from datetime import timedelta

import pytest
from filelock import FileLock
from pydantic import SecretStr

from core.ledger.port import Receipt
from core.maintenance.account_checks import Checked
from core.notifications import notifier as notifying
from core.notifications.channels import Channels, Digest, SignedWebhook, Slack
from core.notifications.deliveries import MIGRATIONS, Memory
from core.notifications.message import NotSent
from core.notifications.notifier import Notifier
from core.notifications.sender import Sender
from core.notifications.troubles import LOOKED_AT
from core.posts.payload import invocation_of
from core.scheduling.listing import Queue
from core.storage.database import Database

SECRET = SecretStr("whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==")


@pytest.fixture
def memory(tmp_path):
    database = Database(tmp_path / "notices.db", MIGRATIONS)
    yield Memory(database)
    database.close()


@pytest.fixture
def channels(tmp_path, hook):
    channels = Channels(tmp_path / "channels.json")
    channels.keep(SignedWebhook(name="mine", address=hook.address, secret=SECRET))
    return channels


@pytest.fixture
def checks():
    """What is known of the accounts."""
    return []


@pytest.fixture
def notifier(ledger, scheduler, checks, channels, memory, tmp_path, clock):
    return Notifier(
        ledger=ledger,
        queue=Queue(scheduler, "punctual"),
        checks=lambda: checks,
        channels=channels,
        memory=memory,
        sender=Sender(clock),
        late_after=timedelta(hours=1),
        lock=tmp_path / "notices.lock",
        clock=clock,
    )


@pytest.fixture
def befalls(ledger, clock, a_post):
    """Let something befall a post that was due now."""

    def record(kind, number=1, destination="outbox", *, reason="The server said no.", due_at=None):
        post = a_post(post_id=f"{number:012d}", destinations=("outbox", "webhook:sales"), due_at=due_at or clock())
        if ledger.get(post.post_id) is None:
            ledger.plan(post, schedule_name=f"post-{number}", now=clock())
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
def begun(notifier, clock):
    """The channel was there before anything happened."""
    notifier.tell()
    clock.move(minutes=1)


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        ("refused", 1, "was refused. The server said no. Correct what the reason says"),
        ("unconfirmed", 1, "may be out or not. The server said no. Look there"),
        ("missed", 2, "was missed. The server said no. Schedule it again"),
        ("failed", 2, "failed. The server said no. Retry it"),
    ],
)
def test_a_trouble_is_told_once(notifier, befalls, hook, kind, count, words):
    befalls(kind)
    for _ in range(3):
        notifier.tell()
    [content] = hook.contents
    assert content["count"] == len(content["lines"]) == count
    assert "“Grüße aus Köln 🎉” to outbox, due Mon 2 Nov 2026, 13:01 Europe/Berlin" in content["lines"][0]
    assert words in content["lines"][0]
    assert content["troubles"][0]["state"] == kind


@pytest.mark.usefixtures("begun")
def test_what_went_well_is_not_told(notifier, befalls, hook):
    befalls("published")
    befalls("published", destination="webhook:sales")
    befalls("waiting", number=2)
    notifier.tell()
    assert hook.taken == []


@pytest.mark.usefixtures("begun")
def test_what_was_mended_before_anyone_was_told_is_not_told(notifier, befalls, hook, clock):
    befalls("unconfirmed")
    befalls("published")
    befalls("published", destination="webhook:sales")
    notifier.tell()
    assert hook.taken == []


@pytest.mark.usefixtures("begun")
def test_a_post_that_never_started_is_told(notifier, ledger, a_post, hook, clock):
    ledger.plan(a_post(due_at=clock() + timedelta(minutes=1)), schedule_name="post-it", now=clock())
    clock.move(minutes=2)
    notifier.tell()
    assert hook.taken == []
    clock.move(minutes=2)
    notifier.tell()
    notifier.tell()
    [content] = hook.contents
    assert "never started. Give it another time" in content["lines"][0]


@pytest.mark.usefixtures("begun")
def test_a_post_that_got_another_time_is_no_trouble(notifier, befalls, ledger, hook, clock):
    post = befalls("missed")
    following = post.model_copy(update={"revision": 2, "due_at": clock() + timedelta(hours=1)})
    ledger.change(following, wish="active", schedule_name="post-again", now=clock())
    notifier.tell()
    assert hook.taken == []


@pytest.mark.usefixtures("begun")
def test_a_channel_that_fails_is_tried_again_after_a_pause_and_loses_nothing(notifier, befalls, hook, clock):
    hook.status = 503
    befalls("refused")
    notifier.tell()
    assert "answered 503" in notifier.standings()["mine"].error
    hook.status = 200
    notifier.tell()
    assert hook.taken == []
    befalls("failed", number=2)
    clock.move(minutes=1)
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [3]
    assert notifier.standings()["mine"].error is None


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(("days", "count"), [(5, 1), (20, 0)])
def test_a_channel_that_fails_for_days_is_told_what_befell_meanwhile_for_up_to_two_weeks(
    notifier, befalls, hook, clock, days, count, monkeypatch
):
    monkeypatch.setattr(notifying, "RUNNING", timedelta(hours=6))  # so that it counts as running all the time
    hook.status = 503
    befalls("refused")
    for _ in range(days * 4):
        notifier.tell()
        clock.move(hours=6)
    hook.status = 200
    notifier.tell()
    assert len(hook.taken) == count


@pytest.mark.usefixtures("begun")
def test_the_pauses_of_a_channel_that_goes_on_failing_grow_up_to_an_hour(notifier, befalls, hook, clock):
    hook.status = 503
    befalls("refused")
    pauses = []
    for _ in range(5):
        notifier.tell()
        try_at = notifier.standings()["mine"].try_at
        pauses.append((try_at - clock()) // timedelta(minutes=1))
        clock.now = try_at
    assert pauses == [1, 5, 15, 60, 60]


@pytest.mark.usefixtures("begun")
def test_what_fails_again_after_a_persons_retry_is_told_again(notifier, befalls, hook, clock):
    befalls("refused")
    notifier.tell()
    clock.move(minutes=1)
    befalls("refused")
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [1, 1]


@pytest.mark.usefixtures("begun")
def test_what_failed_in_the_same_way_at_another_destination_is_told_as_well(notifier, befalls, hook):
    befalls("refused")
    notifier.tell()
    befalls("refused", destination="webhook:sales")
    notifier.tell()
    assert [content["troubles"][0]["destination"] for content in hook.contents] == ["outbox", "webhook:sales"]


@pytest.mark.usefixtures("begun")
def test_what_was_due_before_a_channel_was_set_up_and_failed_after_is_told(notifier, befalls, hook, clock):
    befalls("refused", due_at=clock() - timedelta(hours=1))
    notifier.tell()
    assert len(hook.taken) == 1


@pytest.mark.usefixtures("begun")
def test_a_paused_post_that_was_not_begun_is_no_trouble(notifier, ledger, a_post, hook, clock):
    ledger.plan(a_post(due_at=clock() + timedelta(minutes=1)), wish="paused", schedule_name="post-it", now=clock())
    clock.move(minutes=9)
    notifier.tell()
    assert hook.taken == []


def test_of_very_many_troubles_each_is_remembered(memory, clock):
    ids = [f"trouble {number}" for number in range(1200)]
    memory.sent("mine", ids[:1100], clock())
    assert memory.untold("mine", ids) == set(ids[1100:])


@pytest.mark.usefixtures("begun")
def test_a_test_that_gets_through_ends_the_pause_of_a_channel(notifier, befalls, channels, hook):
    hook.status = 503
    befalls("failed")
    notifier.tell()
    with pytest.raises(NotSent, match="answered 503"):
        notifier.test(channels.all()[0])
    assert notifier.standings()["mine"].error is not None
    hook.status = 200
    notifier.test(channels.all()[0])
    assert notifier.standings()["mine"].error is None
    notifier.tell()
    assert [content["kind"] for content in hook.contents] == ["test", "troubles"]


@pytest.mark.usefixtures("begun")
def test_one_channel_that_fails_holds_up_no_other(notifier, befalls, channels, hook, clock):
    channels.keep(Slack(name="dead", address=SecretStr("http://127.0.0.1:9/s3cret")))
    notifier.tell()
    clock.move(minutes=1)
    befalls("refused")
    for _ in range(3):
        notifier.tell()
        clock.move(minutes=10)
    assert len(hook.taken) == 1
    assert notifier.standings()["dead"].failures == 3
    assert "s3cret" not in notifier.standings()["dead"].error


def test_a_channel_is_told_only_of_what_became_so_after_it_was_set_up(notifier, befalls, hook, clock):
    befalls("refused")
    clock.move(minutes=1)
    notifier.tell()
    assert hook.taken == []
    befalls("failed", number=2)
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [2]


@pytest.mark.usefixtures("begun")
def test_what_was_told_is_known_after_a_restart(notifier, befalls, hook, tmp_path, memory):
    befalls("refused")
    notifier.tell()
    database = Database(tmp_path / "notices.db", MIGRATIONS)
    notifier._memory = Memory(database)
    notifier.tell()
    database.close()
    assert len(hook.taken) == 1


@pytest.mark.usefixtures("begun")
def test_posts_that_were_due_while_the_machine_was_off_are_told_though_they_are_decided_late(
    notifier, befalls, hook, clock
):
    due_at = clock() + timedelta(days=1)
    clock.move(days=12)
    notifier.tell()
    clock.move(minutes=20)
    befalls("missed", due_at=due_at)
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [2]


@pytest.mark.usefixtures("begun")
def test_a_look_does_not_go_through_all_of_history(notifier, ledger, befalls, clock, hook):
    befalls("refused", due_at=clock() - timedelta(days=10))
    pages = []
    history = ledger.history
    ledger.history = lambda **asked: pages.append(asked) or history(**asked)
    notifier.tell()
    assert hook.taken == []
    assert len(pages) == 1
    assert LOOKED_AT >= 1000


@pytest.mark.usefixtures("begun")
def test_many_troubles_make_one_message(notifier, befalls, hook):
    for number in range(30):
        befalls("refused", number=number)
    notifier.tell()
    [content] = hook.contents
    assert content["count"] == 30
    assert content["lines"][-1] == "... and 10 more: see History."


@pytest.mark.usefixtures("begun")
def test_an_account_that_stops_working_is_told_once_until_it_works_again(notifier, checks, hook, clock):
    revoked = Checked(
        destination="mastodon:ada@example.org", trouble="The token was revoked.", since=clock(), checked_at=clock()
    )
    checks.append(revoked)
    for _ in range(3):
        notifier.tell()
        checks[0] = revoked.model_copy(update={"checked_at": clock.move(minutes=30)})
    checks[0] = revoked.model_copy(update={"trouble": None, "since": None})
    notifier.tell()
    checks[0] = revoked.model_copy(update={"since": clock()})
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [1, 1]
    assert "mastodon:ada@example.org cannot be published to: The token was revoked." in hook.contents[0]["lines"][0]


def test_with_no_channel_nothing_is_looked_at(notifier, channels, ledger):
    channels.remove("mine")
    ledger.history = None
    notifier.tell()


@pytest.mark.usefixtures("begun")
def test_while_another_process_tells_this_one_does_not(notifier, befalls, hook, tmp_path):
    befalls("refused")
    with FileLock(tmp_path / "notices.lock"):
        notifier.tell()
    assert hook.taken == []


@pytest.mark.usefixtures("begun")
def test_a_channel_that_was_removed_and_set_up_again_begins_anew(notifier, befalls, channels, hook, clock):
    befalls("refused")
    notifier.tell()
    [channel] = channels.all()
    notifier.remove("mine")
    befalls("refused", number=2)
    clock.move(minutes=1)
    channels.keep(channel)
    notifier.tell()
    assert len(hook.taken) == 1


def test_a_digest_comes_once_a_day_at_its_hour_in_its_zone(notifier, channels, befalls, hook, clock, schedules, a_post):
    [channel] = channels.all()
    channels.keep(channel.model_copy(update={"digest": Digest(hour=9, zone="Europe/Berlin")}))
    notifier.tell()
    assert hook.taken == []
    befalls("published")
    befalls("published", destination="webhook:sales")
    clock.move(hours=19, minutes=59)
    notifier.tell()
    assert hook.taken == []
    clock.move(minutes=1)
    schedules.schedule(a_post(post_id="9" * 12, due_at=clock() + timedelta(hours=5)))
    for _ in range(3):
        notifier.tell()
    [content] = hook.contents
    assert content["title"] == "Punctual: Tue 3 Nov 2026"
    assert content["lines"] == ["In the last 24 hours: 1 went out.", "In the next 24 hours: 1 one-time post."]
    clock.move(days=3)
    notifier.tell()
    assert len([each for each in hook.contents if each["kind"] == "digest"]) == 2


def test_a_digest_that_did_not_get_through_is_tried_again(notifier, channels, hook, clock):
    [channel] = channels.all()
    channels.keep(channel.model_copy(update={"digest": Digest(hour=14, zone="UTC")}))
    notifier.tell()
    hook.status = 500
    clock.move(hours=2)
    notifier.tell()
    hook.status = 200
    clock.move(minutes=1)
    notifier.tell()
    assert [each["kind"] for each in hook.contents] == ["digest"]


@pytest.mark.usefixtures("begun")
def test_a_renamed_channel_is_told_nothing_twice_and_keeps_its_pause(notifier, befalls, channels, hook, clock):
    befalls("refused")
    notifier.tell()
    befalls("refused", number=2)
    hook.status = 503
    notifier.tell()
    [mine] = channels.all()
    notifier.change("mine", mine.model_copy(update={"name": "ours"}))
    assert "answered 503" in notifier.standings()["ours"].error
    clock.move(minutes=2)
    hook.status = 200
    notifier.tell()
    assert [content["count"] for content in hook.contents] == [1, 1]
    notifier.remove("ours")
    channels.add(mine)
    assert notifier.standings()["mine"].since == clock()
