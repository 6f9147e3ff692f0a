"""Dead letters, wherever they lie: read, retried, discarded."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.application import Application
from core.backends.sqs_dead_letters import MOST, SqsDeadLetters
from core.engine import invocations
from core.engine.invocations import Invocation
from core.engine.timing import milliseconds
from core.ledger.history import runs
from core.ledger.port import ChangedElsewhere, Receipt
from core.posts.payload import UnreadablePayload, invocation_of, read_payload, write_invocation, write_payload
from core.scheduling.dead_letters import DeadLetterGone
from core.settings import Settings

Bury = Callable[[str, str], None]


class Grave:
    """An application, and a way to give an invocation of its relay up; `handed` is what the relay was given since."""

    def __init__(self, application: Application, bury: Bury, handed: Callable[[], list[str]]) -> None:
        self.application = application
        self.bury = bury
        self.handed = handed


@pytest.fixture(params=["engine", "queues"])
def grave(request) -> Grave:
    return request.getfixturevalue(f"{request.param}_grave")


@pytest.fixture
def engine_grave(tmp_path, clock):
    application = Application(Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home")}), clock)
    store = application.one_machine.store
    count = iter(range(100))

    def bury(payload: str, reason: str) -> None:
        now = milliseconds(clock.move(seconds=1))
        letter = Invocation(
            id=f"letter-{next(count)}",
            function_arn="relay",
            payload=payload.encode(),
            attempt=3,
            scheduled_at=clock(),
            schedule_name=None,
            first_due=clock(),
        )
        store.write(lambda db: invocations.bury(db, letter, reason, now))

    def handed() -> list[str]:
        rows = store.database.read("SELECT payload FROM invocation WHERE state = 'waiting'")
        return [row["payload"].decode() for row in rows]

    yield Grave(application, bury, handed)
    application.close()


@pytest.fixture
def queues_grave(opened, deployed, interference, monkeypatch):
    application = opened()
    monkeypatch.setattr(application.backend.dead_letters, "_wait_seconds", 0)
    handed: list[str] = []
    application.backend.lambda_client.meta.events.register(
        "before-call.lambda.Invoke", lambda params, **_: handed.append(params["body"].decode())
    )

    def bury(payload: str, reason: str) -> None:
        record = {"requestPayload": json.loads(payload), "responsePayload": {"errorMessage": reason}}
        deployed["sqs"].send_message(QueueUrl=deployed.outputs["DeadLettersQueueUrl"], MessageBody=json.dumps(record))

    return Grave(application, bury, lambda: handed)


@pytest.fixture
def payload(a_post, clock) -> str:
    return write_invocation(invocation_of(a_post(), clock()))


def test_a_letter_says_what_was_to_go_out_and_why_it_did_not(grave, payload):
    grave.bury(payload, "The table is not there.")
    [letter] = grave.application.dead_letters.read()
    assert letter.reason == "The table is not there."
    assert letter.occurrence.text == "Grüße aus Köln 🎉"


def test_reading_changes_nothing(grave, payload):
    grave.bury(payload, "Gone.")
    first = grave.application.dead_letters.read()
    assert grave.application.dead_letters.read() == first


def test_what_is_retried_is_handed_over_again_however_late_it_is(grave, payload, clock):
    grave.bury(payload, "Gone.")
    clock.move(days=3)
    [letter] = grave.application.dead_letters.read()
    grave.application.dead_letters.retry(letter)
    [handed] = grave.handed()
    assert json.loads(handed)["post_id"] == "k3v9q2m4cx7a"
    assert json.loads(handed)["late_after_minutes"] > 3 * 24 * 60
    assert grave.application.dead_letters.read() == []


def test_what_another_window_dealt_with_is_not_retried(grave, payload):
    grave.bury(payload, "Gone.")
    [letter] = grave.application.dead_letters.read()
    grave.application.dead_letters.discard(letter)
    with pytest.raises(DeadLetterGone):
        grave.application.dead_letters.retry(letter)
    with pytest.raises(DeadLetterGone):
        grave.application.dead_letters.discard(letter)
    assert grave.handed() == []


def test_a_post_that_was_changed_since_is_not_retried_and_its_letter_stays(grave, payload, a_post):
    schedules = grave.application.schedules
    plan = schedules.schedule(a_post())
    schedules.cancel(plan)
    grave.bury(payload, "Gone.")
    [letter] = grave.application.dead_letters.read()
    with pytest.raises(ChangedElsewhere):
        grave.application.dead_letters.retry(letter)
    assert grave.application.dead_letters.read() == [letter]


@pytest.mark.parametrize("meanwhile", ["pause", "cancel"])
def test_a_run_of_which_nothing_began_goes_out_as_it_was_whatever_became_of_its_series(
    grave, a_series, clock, meanwhile
):
    plan = grave.application.schedules.schedule(a_series())
    run = invocation_of(plan.post, clock())
    getattr(grave.application.schedules, meanwhile)(plan)
    grave.bury(write_invocation(run), "Throttled.")
    [letter] = grave.application.dead_letters.read()
    grave.application.dead_letters.retry(letter)
    [handed] = grave.handed()
    answer = grave.application.publisher.publish(read_payload(handed))
    assert [verdict.state for verdict in answer.verdicts] == ["published"]


def test_what_cannot_be_read_can_only_be_discarded(grave):
    grave.bury('{"not": "ours"}', "It is no payload.")
    [letter] = grave.application.dead_letters.read()
    assert letter.occurrence is None
    with pytest.raises(UnreadablePayload):
        grave.application.dead_letters.retry(letter)
    grave.application.dead_letters.discard(letter)
    assert grave.application.dead_letters.read() == []


def test_what_is_discarded_is_not_called_tried_again_any_more(grave, payload, clock):
    ledger, post = grave.application.ledger, read_payload(payload)
    ledger.record(post, Receipt(kind="attempt_failed", at=clock(), revision=1))
    grave.bury(payload, "Nothing listens there.")
    [letter] = grave.application.dead_letters.read()
    assert [run.state for run in runs(ledger, limit=2)] == ["retrying"]
    grave.application.dead_letters.discard(letter)
    [run] = runs(ledger, limit=2)
    assert (run.state, run.error) == ("failed", "Discarded by hand. Nothing listens there.")


@pytest.mark.parametrize("kind", ["missed", "handed_over", None])
def test_what_had_ended_or_never_begun_stays_as_it_is_when_its_letter_is_discarded(grave, payload, clock, kind):
    ledger, post = grave.application.ledger, read_payload(payload)
    if kind:
        ledger.record(post, Receipt(kind=kind, at=clock(), revision=1))
    before = runs(ledger, limit=2)
    grave.bury(payload, "Gone.")
    [letter] = grave.application.dead_letters.read()
    grave.application.dead_letters.discard(letter)
    assert runs(ledger, limit=2) == before


def test_one_of_many_is_discarded(grave, payload):
    for number in range(25):
        grave.bury(payload, f"Reason {number}")
    letters = grave.application.dead_letters.read()
    assert len(letters) == 25
    grave.application.dead_letters.discard(letters[17])
    assert {letter.id for letter in grave.application.dead_letters.read()} == {
        letter.id for letter in letters if letter is not letters[17]
    }


def test_what_the_scheduler_could_not_hand_over_is_read_with_its_reason(queues_grave, deployed, a_post, clock):
    due = (clock() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"ERROR_MESSAGE": "Function not found", "SCHEDULED_TIME": due}
    deployed["sqs"].send_message(
        QueueUrl=deployed.outputs["UndeliveredQueueUrl"],
        MessageBody=write_payload(a_post()),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in told.items()},
    )
    [letter] = queues_grave.application.dead_letters.read()
    assert (letter.source, letter.reason) == ("the scheduler", "Function not found")
    assert letter.occurrence.occurrence == clock() + timedelta(hours=1)


def test_a_letter_that_somebody_else_is_reading_is_not_called_dealt_with(queues_grave, deployed, payload):
    queues_grave.bury(payload, "Gone.")
    [letter] = queues_grave.application.dead_letters.read()
    deployed["sqs"].receive_message(QueueUrl=deployed.outputs["DeadLettersQueueUrl"], VisibilityTimeout=30)
    with pytest.raises(DeadLetterGone, match="or somebody is reading it at this moment"):
        queues_grave.application.dead_letters.retry(letter)


def test_a_record_within_a_record_is_unwrapped(queues_grave, payload):
    inner = {"requestPayload": json.loads(payload), "responsePayload": {"errorMessage": "The first reason"}}
    queues_grave.bury(json.dumps({"Records": [{"body": json.dumps(inner)}]}), "The last reason")
    [letter] = queues_grave.application.dead_letters.read()
    assert letter.reason == "The last reason"
    assert letter.occurrence.post_id == "k3v9q2m4cx7a"


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"requestPayload": {}, "requestContext": "none"}',
        '{"requestPayload": {}, "responsePayload": [1]}',
        "Somebody's text",
    ],
)
def test_whatever_lies_in_a_queue_is_shown_and_can_be_discarded(queues_grave, deployed, body):
    strange = {"ERROR_CODE": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    deployed["sqs"].send_message(
        QueueUrl=deployed.outputs["UndeliveredQueueUrl"], MessageBody=body, MessageAttributes=strange
    )
    [letter] = queues_grave.application.dead_letters.read()
    assert (letter.reason, letter.occurrence) == ("No reason was given.", None)
    queues_grave.application.dead_letters.discard(letter)
    assert queues_grave.application.dead_letters.read() == []


class Repeating:
    """A queue that hands out every message again at once, as SQS does when reading takes longer than hiding."""

    def __init__(self, *message_ids: str) -> None:
        self._ids = message_ids
        self.received = 0

    def receive_message(self, **_: object) -> dict[str, object]:
        self.received += 1
        attributes = {"SentTimestamp": "1780000000000"}
        return {
            "Messages": [
                {"MessageId": each, "ReceiptHandle": f"{each}-{self.received}", "Body": "{}", "Attributes": attributes}
                for each in self._ids
            ]
        }

    def change_message_visibility_batch(self, **shown: Any) -> None:
        self.shown = [entry["ReceiptHandle"] for entry in shown["Entries"]]


def test_a_letter_that_is_received_more_than_once_is_one():
    sqs = Repeating("one", "two")
    assert [letter.id for letter in SqsDeadLetters(sqs, {"relay": "url"}).all()] == ["relay/one", "relay/two"]
    assert sqs.received == MOST / 2
    assert sqs.shown == [f"one-{sqs.received}", f"two-{sqs.received}"]
