"""Dead letters: hand-overs that were given up, kept until a person retries or discards them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import PunctualError
from core.ledger.port import Ledger, Receipt
from core.ledger.states import outcome
from core.posts.payload import Payload, UnreadablePayload, read_payload
from core.scheduling.schedules import Schedules
from core.time.instants import Clock


class LetterGone(PunctualError):
    """The dead letter is not there any more, or SQS hides it while somebody else reads."""

    hint = "Look at the list again; History says what became of the post."

    def __init__(self) -> None:
        super().__init__("It was retried or discarded meanwhile, or somebody is reading it at this moment.")


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One invocation that was given up. `where` names what holds it, `payload` is what the relay was invoked with."""

    id: str
    where: str
    payload: str
    reason: str
    failed_at: datetime

    @property
    def occurrence(self) -> Payload | None:
        """The occurrence that was to go out; None where the payload is not one of ours."""
        try:
            return read_payload(self.payload)
        except UnreadablePayload:
            return None


class Shelf(Protocol):
    """What holds dead letters. Reading changes nothing; several windows and processes may do it at once."""

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters, newest first; of very many, some."""
        ...

    def holds(self, letter_id: str) -> bool:
        """Tell whether a dead letter is still there."""
        ...

    def remove(self, letter_id: str) -> bool:
        """Forget a dead letter; False if it is not there any more."""
        ...


class DeadLetters:
    """The dead letters of one deployment, wherever they lie."""

    def __init__(self, shelf: Shelf, schedules: Schedules, ledger: Ledger, clock: Clock) -> None:
        self._shelf = shelf
        self._schedules = schedules
        self._ledger = ledger
        self._clock = clock

    def read(self) -> list[DeadLetter]:
        """Return the dead letters, newest first; of very many, some."""
        return self._shelf.letters()

    def retry(self, letter: DeadLetter) -> None:
        """Hand the occurrence to the relay again, however late it is, then forget the letter.

        Destinations that were published, refused or left unconfirmed stay as they are. Raises UnreadablePayload,
        LetterGone, or ChangedElsewhere if a one-time post is no longer wanted as it was; the letter is then kept.
        """
        payload = read_payload(letter.payload)
        if not self._shelf.holds(letter.id):
            raise LetterGone
        self._schedules.hand_over_again(payload)
        self._shelf.remove(letter.id)

    def discard(self, letter: DeadLetter) -> None:
        """Forget a letter; an occurrence that had begun and not ended has failed by that. Raises LetterGone."""
        if not self._shelf.remove(letter.id):
            raise LetterGone
        payload = letter.occurrence
        begun = self._ledger.occurrence(payload.occurrence_key) if payload else None
        if payload and begun and outcome(begun).under_way:
            detail = {"reason": f"Discarded by hand. {letter.reason}"}
            failed = Receipt(kind="failed", at=self._clock(), revision=payload.revision, detail=detail)
            self._ledger.record(payload, failed)
