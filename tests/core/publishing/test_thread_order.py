"""A thread goes out part by part, and goes on where it stopped."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.accounts.port import Account
from core.ledger.states import outcome
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.media.pictures import PictureLimits
from core.publishing.attachments import MediaLimits
from core.publishing.fence import Fence
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.publisher import Publisher
from core.storage.database import StorageError

PARTS = ("net:ada", "net:ada#2", "net:ada#3")


class Net:
    """A network that gives each post a number, unless a test says otherwise."""

    label = "Net"

    def __init__(self, clock):
        self.clock = clock
        self.sent = []
        self.instead = {}

    def media_limits(self, account):
        return MediaLimits(pictures=PictureLimits(count=4, max_bytes=100_000))

    def prepare(self, publication):
        return None

    def publish(self, publication):
        if publication.text in self.instead:
            return self.instead.pop(publication.text)
        self.sent.append(publication)
        number = len(self.sent)
        return Published(at=self.clock(), url=f"/{number}", reference={"id": number})


class Known:
    """The accounts there are."""

    def get(self, destination):
        return Account(destination=destination, label=destination, deduplicates=True)


@pytest.fixture
def net(clock):
    return Net(clock)


@pytest.fixture
def publisher(ledger, net, tmp_path, clock):
    return Publisher(Fence(ledger, FolderMedia(tmp_path / "media"), clock), Known(), {"net": net})


@pytest.fixture
def picture(tmp_path):
    file = BytesIO()
    Image.new("RGB", (4, 4), "navy").save(file, "PNG")
    return ingest(FolderMedia(tmp_path / "media"), file.getvalue(), alt="blue")


@pytest.fixture
def payload(a_post, invoked):
    texts = {"net:ada": "one", "net:ada#2": "two", "net:ada#3": "three"}
    return invoked(a_post(destinations=(*PARTS, "net:bob"), variants=texts, text="whole"))


def states(answer):
    return {verdict.destination: verdict.state for verdict in answer.results}


def all_published(answer):
    return set(states(answer).values()) == {"published"}


def thread(net):
    return [publication for publication in net.sent if publication.account.destination == "net:ada"]


def test_the_parts_go_out_in_order_each_knowing_those_before_it(publisher, net, payload):
    answer = publisher.publish(payload)
    assert all_published(answer)
    assert [verdict.destination for verdict in answer.results] == [*PARTS, "net:bob"]
    assert [publication.text for publication in thread(net)] == ["one", "two", "three"]
    first, second, third = thread(net)
    assert first.earlier_references == ()
    assert [len(publication.earlier_references) for publication in (second, third)] == [1, 2]
    assert third.earlier_references[0] == second.earlier_references[0] != third.earlier_references[1]


def test_each_part_has_a_key_and_an_account_of_its_own(publisher, net, payload):
    publisher.publish(payload)
    key = payload.occurrence_key
    assert [publication.occurrence_key for publication in thread(net)] == [key, f"{key}#2", f"{key}#3"]
    assert {publication.account.destination for publication in thread(net)} == {"net:ada"}


def test_a_thread_that_stopped_goes_on_where_it_stopped(publisher, net, payload):
    net.instead["two"] = RetryLater(reason="busy")
    answer = publisher.publish(payload)
    assert states(answer) == {
        "net:ada": "published",
        "net:ada#2": "waiting",
        "net:ada#3": "waiting",
        "net:bob": "published",
    }
    assert answer.results[2].reason == "It goes out after part 2."
    assert not answer.final
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(net)] == ["one", "two", "three"]
    assert thread(net)[1].earlier_references == ({"id": net.sent.index(thread(net)[0]) + 1},)


@pytest.mark.parametrize("ending", [Refused(reason="no"), Unconfirmed(reason="who knows")])
def test_what_comes_after_a_part_that_is_not_out_is_held_back_until_a_person_has_seen_to_it(
    publisher, net, payload, ledger, clock, ending
):
    net.instead["two"] = ending
    answer = publisher.publish(payload)
    assert answer.final
    assert states(answer)["net:ada#3"] == "refused"
    assert "Part 2 is not known to be out" in answer.results[2].reason
    assert states(publisher.publish(payload)) == states(answer)
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#2", "net:ada#3"), now=clock())
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(net)] == ["one", "two", "three"]
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "published"


def test_once_a_person_says_that_a_part_is_out_the_rest_follows_what_is_known(
    schedules, publisher, net, payload, ledger, clock
):
    net.instead["two"] = Unconfirmed(reason="who knows")
    publisher.publish(payload)
    schedules.confirm(payload, "net:ada#2")
    clock.move(minutes=1)
    ledger.reopen(payload, ("net:ada#3",), now=clock())
    assert all_published(publisher.publish(payload))
    assert [publication.text for publication in thread(net)] == ["one", "three"]
    assert len(thread(net)[1].earlier_references) == 1


def test_pictures_are_on_the_first_part_and_the_others_find_it_though_it_went_out_before(
    publisher, net, payload, picture
):
    net.instead["two"] = RetryLater(reason="busy")
    with_picture = payload.model_copy(update={"media": (picture,)})
    publisher.publish(with_picture)
    assert all_published(publisher.publish(with_picture))
    first, second, third = thread(net)
    assert [len(publication.media) for publication in (first, second, third)] == [1, 0, 0]
    assert second.earlier_references == ({"id": net.sent.index(first) + 1},)


def test_a_thread_that_was_cancelled_is_superseded_whole(publisher, net, payload, ledger, clock, a_post):
    post = ledger.plan(a_post(), schedule_name="x", now=clock()).post
    ledger.change(post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name=None, now=clock())
    answer = publisher.publish(payload)
    assert answer.final
    assert set(states(answer).values()) == {"superseded"}
    assert net.sent == []


def test_the_pause_that_a_part_asked_for_is_passed_on(publisher, net, payload):
    net.instead["two"] = RetryLater(reason="busy", retry_after=timedelta(seconds=40))
    assert publisher.publish(payload).retry_after == timedelta(seconds=40)


def test_a_repeated_request_publishes_nothing_again(publisher, net, payload):
    publisher.publish(payload)
    again = publisher.publish(payload)
    assert all_published(again)
    assert len(net.sent) == 4


def test_a_thread_whose_account_is_gone_is_refused_whole(ledger, tmp_path, clock, payload):
    publisher = Publisher(Fence(ledger, FolderMedia(tmp_path / "media"), clock), Known(), {})
    answer = publisher.publish(payload)
    assert set(states(answer).values()) == {"refused"}
    assert answer.results[0].reason.startswith("No account net:ada is connected")


def test_a_ledger_that_fails_for_the_moment_leaves_the_rest_to_be_tried_again(publisher, net, payload, ledger):
    net.instead["two"] = Refused(reason="no")
    claim = ledger.claim

    def fail(payload, destination, **asked):
        if destination == "net:ada#3":
            raise StorageError(Path("punctual.db"), "disk is full")
        return claim(payload, destination, **asked)

    ledger.claim = fail
    assert states(publisher.publish(payload))["net:ada#3"] == "waiting"
