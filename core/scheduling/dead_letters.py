"""Dead letters: invocations that failed for good and wait until a person retries or discards them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import PunctualError
from core.ledger.port import Ledger, Receipt
from core.ledger.states import outcome
from core.posts.payload import Payload, UnreadablePayload, read_payload
from core.scheduling.schedules import Schedules
from core.time.instants import Clock


class DeadLetterGone(PunctualError):
    """The dead letter no longer exists, or SQS hides it while another process reads it."""

    hint = "Reload the list. History shows the result of the post."

    def __init__(self) -> None:
        super().__init__("The dead letter was retried or discarded meanwhile, or another process is reading it now.")


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """An invocation that failed for good. `source` names its queue, `payload` is the input of the relay."""

    id: str
    source: str
    payload: str
    reason: str
    failed_at: datetime

    @property
    def occurrence(self) -> Payload | None:
        """The occurrence to publish; None if the payload is not one of Punctual's."""
        try:
            return read_payload(self.payload)
        except UnreadablePayload:
            return None


class DeadLetterStore(Protocol):
    """Storage of dead letters. Reading changes nothing; several processes may read at once."""

    def all(self) -> list[DeadLetter]:
        """Return the dead letters, newest first, or a part of them if there are very many."""
        ...

    def contains(self, letter_id: str) -> bool:
        """Return whether a dead letter still exists."""
        ...

    def remove(self, letter_id: str) -> bool:
        """Delete a dead letter; return False if it no longer exists."""
        ...


class DeadLetters:
    """The dead letters of a deployment, and a person's actions on them."""

    def __init__(self, store: DeadLetterStore, schedules: Schedules, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._schedules = schedules
        self._ledger = ledger
        self._clock = clock

    def read(self) -> list[DeadLetter]:
        """Return the dead letters, newest first, or a part of them if there are very many."""
        return self._store.all()

    def retry(self, letter: DeadLetter) -> None:
        """Invoke the relay again, however late the occurrence is, then delete the letter.

        Published, refused and unconfirmed destinations stay as they are. If a run of a series has not begun, it is
        published with the content of the letter, even if the series has changed. Raises UnreadablePayload,
        DeadLetterGone, or ChangedElsewhere if a one-time post was changed or cancelled; the letter then stays.
        """
        payload = read_payload(letter.payload)
        if not self._store.contains(letter.id):
            raise DeadLetterGone
        begun = payload.due_at is not None or self._ledger.occurrence(payload.occurrence_key) is not None
        self._schedules.retry(payload, () if begun else payload.destinations)
        self._store.remove(letter.id)

    def discard(self, letter: DeadLetter) -> None:
        """Delete a letter. An occurrence that is still in progress becomes failed. Raises DeadLetterGone."""
        if not self._store.remove(letter.id):
            raise DeadLetterGone
        payload = letter.occurrence
        occurrence = self._ledger.occurrence(payload.occurrence_key) if payload else None
        if payload and occurrence and outcome(occurrence).in_progress:
            detail = {"reason": f"Discarded by hand. {letter.reason}"}
            failed = Receipt(kind="failed", at=self._clock(), revision=payload.revision, detail=detail)
            self._ledger.record(payload, failed)
