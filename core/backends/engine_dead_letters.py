"""The dead letters of one machine: invocations that the embedded engine gave up."""

from core.engine.store import Store
from core.scheduling.dead_letters import DeadLetter


class EngineDeadLetters:
    """The dead-letter store in engine.db."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[DeadLetter]:
        return [
            DeadLetter(
                id=letter.id,
                source="the engine",
                payload=letter.payload.decode(errors="replace"),
                reason=letter.error,
                failed_at=letter.failed_at,
            )
            for letter in self._store.dead_letters()
        ]

    def contains(self, letter_id: str) -> bool:
        return self._store.is_dead_letter(letter_id)

    def remove(self, letter_id: str) -> bool:
        return self._store.discard_dead_letter(letter_id)
