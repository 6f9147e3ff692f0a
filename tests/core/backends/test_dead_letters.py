"""The dead letters of both backends: reading, retrying and discarding them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from core.application import Application
from core.backends.sqs_dead_letters import MAX_LETTERS, SqsDeadLetters
from core.engine import invocations
from core.engine.invocations import Invocation
from core.ledger.history import runs
from core.ledger.port import Receipt
from core.ledger.refusals import ChangedElsewhere
from core.posts.payload import UnreadablePayload, invocation_of, read_payload, write_invocation, write_payload
from core.scheduling.dead_letters import DeadLetterGone, DeadLetters
from core.settings import Settings
from core.time.instants import epoch_ms


@dataclass(frozen=True)
class Setup:
    """An application, and functions that add a dead letter and read the payloads of the relay's invocations."""

    application: Application
    add_dead_letter: Callable[[str, str], None]
    invoked_payloads: Callable[[], list[str]]

    @property
    def dead_letters(self) -> DeadLetters:
        return self.application.dead_letters


@pytest.fixture(params=["engine", "sqs"])
def setup(request) -> Setup:
    return request.getfixturevalue(f"{request.param}_setup")


@pytest.fixture
def engine_setup(tmp_path, clock):
    application = Application(Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home")}), clock)
    store = application.one_machine.engine_store
    count = iter(range(100))

    def add_dead_letter(payload: str, reason: str) -> None:
        now = epoch_ms(clock.move(seconds=1))
        invocation = Invocation(
            id=f"letter-{next(count)}",
            function_arn="relay",
            payload=payload.encode(),
            attempt=3,
            scheduled_at=clock(),
            schedule_name=None,
            first_due=clock(),
        )
        store.write(lambda db: invocations.add_dead_letter(db, invocation, reason, now))

    def invoked_payloads() -> list[str]:
        rows = store.database.read("SELECT payload FROM invocation WHERE state = 'waiting'")
        return [row["payload"].decode() for row in rows]

    yield Setup(application, add_dead_letter, invoked_payloads)
    application.close()


@pytest.fixture
def sqs_setup(open_application, deployed, fault_injector, monkeypatch):
    application = open_application()
    monkeypatch.setattr(application.backend.dead_letters, "_wait_seconds", 0)
    payloads: list[str] = []
    application.backend.lambda_client.meta.events.register(
        "before-call.lambda.Invoke", lambda params, **_: payloads.append(params["body"].decode())
    )

    def add_dead_letter(payload: str, reason: str) -> None:
        record = {"requestPayload": json.loads(payload), "responsePayload": {"errorMessage": reason}}
        deployed["sqs"].send_message(QueueUrl=deployed.outputs["DeadLettersQueueUrl"], MessageBody=json.dumps(record))

    return Setup(application, add_dead_letter, lambda: payloads)


@pytest.fixture
def payload(a_post, clock) -> str:
    return write_invocation(invocation_of(a_post(), clock()))


def test_a_dead_letter_names_its_post_and_its_reason(setup, payload):
    setup.add_dead_letter(payload, "The table does not exist.")
    [letter] = setup.dead_letters.read()
    assert letter.reason == "The table does not exist."
    assert letter.occurrence.text == "Grüße aus Köln 🎉"


def test_reading_changes_nothing(setup, payload):
    setup.add_dead_letter(payload, "Gone.")
    first = setup.dead_letters.read()
    assert setup.dead_letters.read() == first


def test_a_retry_delivers_the_post_again_however_late_it_is(setup, payload, clock):
    setup.add_dead_letter(payload, "Gone.")
    clock.move(days=3)
    [letter] = setup.dead_letters.read()
    setup.dead_letters.retry(letter)
    [invoked] = setup.invoked_payloads()
    assert json.loads(invoked)["post_id"] == "k3v9q2m4cx7a"
    assert json.loads(invoked)["late_after_minutes"] > 3 * 24 * 60
    assert setup.dead_letters.read() == []


def test_a_dead_letter_that_another_window_discarded_is_not_retried(setup, payload):
    setup.add_dead_letter(payload, "Gone.")
    [letter] = setup.dead_letters.read()
    setup.dead_letters.discard(letter)
    with pytest.raises(DeadLetterGone):
        setup.dead_letters.retry(letter)
    with pytest.raises(DeadLetterGone):
        setup.dead_letters.discard(letter)
    assert setup.invoked_payloads() == []


def test_a_post_that_changed_since_is_not_retried_and_its_dead_letter_stays(setup, payload, a_post):
    schedules = setup.application.schedules
    plan = schedules.schedule(a_post())
    schedules.cancel(plan)
    setup.add_dead_letter(payload, "Gone.")
    [letter] = setup.dead_letters.read()
    with pytest.raises(ChangedElsewhere):
        setup.dead_letters.retry(letter)
    assert setup.dead_letters.read() == [letter]


@pytest.mark.parametrize("change", ["pause", "cancel"])
def test_a_retry_publishes_a_run_although_its_series_is_paused_or_cancelled(setup, a_series, clock, change):
    plan = setup.application.schedules.schedule(a_series())
    run = invocation_of(plan.post, clock())
    getattr(setup.application.schedules, change)(plan)
    setup.add_dead_letter(write_invocation(run), "Throttled.")
    [letter] = setup.dead_letters.read()
    setup.dead_letters.retry(letter)
    [invoked] = setup.invoked_payloads()
    published = setup.application.publisher.publish(read_payload(invoked))
    assert [result.state for result in published.results] == ["published"]


def test_an_unreadable_dead_letter_can_only_be_discarded(setup):
    setup.add_dead_letter('{"not": "ours"}', "It is not a payload.")
    [letter] = setup.dead_letters.read()
    assert letter.occurrence is None
    with pytest.raises(UnreadablePayload):
        setup.dead_letters.retry(letter)
    setup.dead_letters.discard(letter)
    assert setup.dead_letters.read() == []


def test_discarding_the_dead_letter_of_an_unfinished_run_fails_the_run(setup, payload, clock):
    ledger, post = setup.application.ledger, read_payload(payload)
    ledger.record(post, Receipt(kind="attempt_failed", at=clock(), revision=1))
    setup.add_dead_letter(payload, "Nothing listens there.")
    [letter] = setup.dead_letters.read()
    assert [run.state for run in runs(ledger, limit=2)] == ["retrying"]
    setup.dead_letters.discard(letter)
    [run] = runs(ledger, limit=2)
    assert (run.state, run.error) == ("failed", "Discarded by hand. Nothing listens there.")


@pytest.mark.parametrize("kind", ["missed", "handed_over", None])
def test_discarding_the_dead_letter_of_another_run_does_not_change_the_run(setup, payload, clock, kind):
    ledger, post = setup.application.ledger, read_payload(payload)
    if kind:
        ledger.record(post, Receipt(kind=kind, at=clock(), revision=1))
    before = runs(ledger, limit=2)
    setup.add_dead_letter(payload, "Gone.")
    [letter] = setup.dead_letters.read()
    setup.dead_letters.discard(letter)
    assert runs(ledger, limit=2) == before


def test_one_of_many_dead_letters_is_discarded(setup, payload):
    for number in range(25):
        setup.add_dead_letter(payload, f"Reason {number}")
    letters = setup.dead_letters.read()
    assert len(letters) == 25
    setup.dead_letters.discard(letters[17])
    assert {letter.id for letter in setup.dead_letters.read()} == {
        letter.id for letter in letters if letter is not letters[17]
    }


# SQS


def test_a_dead_letter_of_the_scheduler_has_its_reason_and_its_instant(sqs_setup, deployed, a_post, clock):
    due = (clock() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = {"ERROR_MESSAGE": "Function not found", "SCHEDULED_TIME": due}
    deployed["sqs"].send_message(
        QueueUrl=deployed.outputs["UndeliveredQueueUrl"],
        MessageBody=write_payload(a_post()),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
    [letter] = sqs_setup.dead_letters.read()
    assert (letter.source, letter.reason) == ("the scheduler", "Function not found")
    assert letter.occurrence.occurrence == clock() + timedelta(hours=1)


def test_the_error_for_a_hidden_message_says_that_another_reader_may_hold_it(sqs_setup, deployed, payload):
    sqs_setup.add_dead_letter(payload, "Gone.")
    [letter] = sqs_setup.dead_letters.read()
    deployed["sqs"].receive_message(QueueUrl=deployed.outputs["DeadLettersQueueUrl"], VisibilityTimeout=30)
    with pytest.raises(DeadLetterGone, match="another process is reading it"):
        sqs_setup.dead_letters.retry(letter)


def test_a_record_inside_a_record_is_unwrapped(sqs_setup, payload):
    inner = {"requestPayload": json.loads(payload), "responsePayload": {"errorMessage": "The first reason"}}
    sqs_setup.add_dead_letter(json.dumps({"Records": [{"body": json.dumps(inner)}]}), "The last reason")
    [letter] = sqs_setup.dead_letters.read()
    assert letter.reason == "The last reason"
    assert letter.occurrence.post_id == "k3v9q2m4cx7a"


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"requestPayload": {}, "requestContext": "none"}',
        '{"requestPayload": {}, "responsePayload": [1]}',
        "Another program's text",
    ],
)
def test_an_unknown_message_is_listed_and_can_be_discarded(sqs_setup, deployed, body):
    binary = {"ERROR_CODE": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    deployed["sqs"].send_message(
        QueueUrl=deployed.outputs["UndeliveredQueueUrl"], MessageBody=body, MessageAttributes=binary
    )
    [letter] = sqs_setup.dead_letters.read()
    assert (letter.reason, letter.occurrence) == ("No reason was given.", None)
    sqs_setup.dead_letters.discard(letter)
    assert sqs_setup.dead_letters.read() == []


class RepeatingQueue:
    """A queue that delivers each message again at once, as SQS does after the visibility timeout."""

    def __init__(self, *message_ids: str) -> None:
        self._ids = message_ids
        self.requests = 0

    def receive_message(self, **_: object) -> dict[str, object]:
        self.requests += 1
        attributes = {"SentTimestamp": "1780000000000"}
        return {
            "Messages": [
                {"MessageId": each, "ReceiptHandle": f"{each}-{self.requests}", "Body": "{}", "Attributes": attributes}
                for each in self._ids
            ]
        }

    def change_message_visibility_batch(self, **parameters: Any) -> None:
        self.visible_again = [entry["ReceiptHandle"] for entry in parameters["Entries"]]


def test_a_message_that_is_received_twice_is_one_dead_letter():
    sqs = RepeatingQueue("one", "two")
    assert [letter.id for letter in SqsDeadLetters(sqs, {"relay": "url"}).all()] == ["relay/one", "relay/two"]
    assert sqs.requests == MAX_LETTERS / 2
    assert sqs.visible_again == [f"one-{sqs.requests}", f"two-{sqs.requests}"]
