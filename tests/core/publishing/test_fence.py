"""A network that asks to be left alone is not called before, whoever attempts it, unless a person says so."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from core.accounts.port import Account
from core.ledger.dynamodb import DynamoLedger
from core.ledger.sqlite import SqliteLedger
from core.ledger.states import outcome
from core.ledger.table import Table
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.media.pictures import PictureLimits
from core.publishing.attachments import MediaLimits
from core.publishing.fence import DestinationResult, Fence
from core.publishing.network import PreparationFailed, Publication, Published, Refused, RetryLater, Unconfirmed
from core.publishing.outcomes import retry_deduplicated
from core.storage.processes import Presence

DESTINATION = "net:ada"
TEN_MINUTES = timedelta(minutes=10)
SLOW_DOWN = RetryLater(reason="Net answered 429: slow down.", retry_after=TEN_MINUTES)


class Net:
    """A network that notes whenever it is called, and answers what it is told to, else that the post is out."""

    label = "Net"

    def __init__(self) -> None:
        self.called: list[str] = []
        self.answers: list[Any] = []
        self.unprepared: list[PreparationFailed] = []
        self.meanwhile: Any = lambda: None

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits(pictures=PictureLimits(count=4, max_bytes=100_000))

    def prepare(self, publication: Publication) -> None:
        self.called.append("prepare")
        self.meanwhile()
        if self.unprepared:
            raise self.unprepared.pop(0)

    def publish(self, publication: Publication) -> Any:
        self.called.append("publish")
        return self.answers.pop(0) if self.answers else Published(at=publication.due_at, url="/here")


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def media(tmp_path) -> FolderMedia:
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def picture(media) -> Any:
    file = BytesIO()
    Image.new("RGB", (4, 4), "navy").save(file, "PNG")
    return ingest(media, file.getvalue(), alt="blue")


@pytest.fixture
def fence(ledger, media, clock) -> Fence:
    return Fence(ledger, media, clock)


@pytest.fixture
def neighbour(tmp_path, database, media, clock) -> Any:
    """The fence as another process has it."""
    presence = Presence(tmp_path / "processes")
    yield Fence(SqliteLedger(database, presence), media, clock)
    presence.leave()


@pytest.fixture(params=[True, False], ids=["deduplicates", "does not deduplicate"])
def account(request) -> Account:
    return Account(destination=DESTINATION, label="Ada", deduplicates=request.param)


@pytest.fixture(params=[True, False], ids=["with a picture", "text alone"])
def payload(request, picture, a_post, invoked) -> Any:
    return invoked(a_post(destinations=(DESTINATION,), media=(picture,) if request.param else ()))


@pytest.fixture
def publish(fence, payload, account, net) -> Any:
    """Attempt the publication, by another fence if one is given."""
    return lambda by=fence: by.publish_once(payload, account, net)


@pytest.fixture
def receipts(ledger, payload) -> Any:
    """Return what befell the post so far."""
    return lambda: [receipt.kind for receipt in ledger.occurrence(payload.occurrence_key).receipts]


def waiting(left: timedelta | None, reason: str = SLOW_DOWN.reason) -> DestinationResult:
    return DestinationResult(destination=DESTINATION, state="waiting", reason=reason, retry_after=left)


def test_a_network_that_asked_to_wait_is_called_again_then_and_not_before(publish, net, clock, neighbour, receipts):
    net.answers = [SLOW_DOWN]
    assert publish() == waiting(TEN_MINUTES)
    called = len(net.called)
    for passed, left in ((60, 540), (120, 420), (419, 1)):
        clock.move(seconds=passed)
        assert publish() == publish(neighbour) == waiting(timedelta(seconds=left))
    assert (len(net.called), receipts()) == (called, ["waiting"])
    clock.move(seconds=1)
    assert publish().state == "published"
    assert receipts() == ["waiting", "published"]


def test_a_network_that_asked_to_wait_while_it_was_prepared_for_is_not_prepared_for_before(
    publish, net, clock, receipts
):
    net.unprepared = [PreparationFailed(SLOW_DOWN)]
    assert publish() == publish() == waiting(TEN_MINUTES)
    assert (net.called, receipts()) == (["prepare"], ["waiting"])
    clock.move(minutes=10)
    assert publish().state == "published"


def test_a_process_that_is_preparing_when_another_is_asked_to_wait_waits_as_well(
    publish, net, neighbour, clock, receipts
):
    def be_asked_to_wait() -> None:
        net.meanwhile = lambda: None
        net.answers = [SLOW_DOWN]
        publish(neighbour)
        clock.move(minutes=1)

    net.meanwhile = be_asked_to_wait
    assert publish() == waiting(TEN_MINUTES - timedelta(minutes=1))
    assert (net.called.count("publish"), receipts()) == (1, ["waiting"])


@pytest.mark.parametrize("pause", [None, timedelta()])
def test_a_network_that_did_not_ask_for_it_is_called_at_the_next_attempt(publish, net, pause):
    net.answers = [RetryLater(reason="not reached", retry_after=pause)]
    assert publish() == waiting(pause, "not reached")
    assert publish().state == "published"


def test_what_a_network_asks_for_the_second_time_counts_from_then(publish, net, clock):
    net.answers = [SLOW_DOWN, RetryLater(reason="slower", retry_after=timedelta(hours=1))]
    publish()
    clock.move(minutes=10)
    publish()
    assert publish() == waiting(timedelta(hours=1), "slower")


def test_a_person_who_retries_does_not_wait(publish, net, ledger, payload, clock):
    net.answers = [SLOW_DOWN]
    publish()
    ledger.reopen(payload, (DESTINATION,), now=clock())
    assert publish().state == "published"


def test_a_person_who_retries_is_heard_though_the_clock_that_she_retries_by_is_slow(
    net, dynamodb, table, media, payload, account, clock
):
    by_slow_clock = Table(dynamodb, "punctual", lambda: clock() - TEN_MINUTES, pause=lambda seconds: None)
    fence = Fence(DynamoLedger(table), media, clock)
    net.answers = [Refused(reason="no")]
    assert fence.publish_once(payload, account, net).state == "refused"
    clock.move(minutes=1)
    DynamoLedger(by_slow_clock).reopen(payload, (DESTINATION,), now=clock() - TEN_MINUTES)
    assert fence.publish_once(payload, account, net).state == "published"


@pytest.mark.parametrize(
    ("asked", "ending"), [(SLOW_DOWN, Refused), (RetryLater(reason="?", retry_after=TEN_MINUTES, in_doubt=True), Unconfirmed)]
)
def test_an_account_that_is_gone_while_its_network_is_waited_for_is_told_at_once(
    publish, net, fence, ledger, payload, asked, ending
):
    net.answers = [asked]
    publish()
    state = ending.__name__.lower()
    assert fence.refuse(payload, DESTINATION, "The account is gone.").state == state
    assert publish().state == outcome(ledger.occurrence(payload.occurrence_key)).state == state
    assert net.called.count("publish") == 1


def test_a_wait_is_kept_though_something_else_kept_a_later_attempt_from_the_fence(publish, net, fence, payload):
    net.answers = [SLOW_DOWN]
    publish()
    assert fence.defer(payload, DESTINATION, "The accounts cannot be read.").state == "waiting"
    assert publish() == waiting(TEN_MINUTES)
    assert net.called.count("publish") == 1


def test_an_unclear_outcome_is_tried_again_as_ever_where_the_network_deduplicates(publish, net):
    net.answers = [retry_deduplicated("It hung up.")]
    assert [publish().state for _ in range(2)] == ["waiting", "published"]
