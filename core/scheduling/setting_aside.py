"""Unsuccessful runs that a person sets aside: they wait no longer, and stay in History as they are."""

from datetime import datetime

from core.ledger.history import UNSUCCESSFUL
from core.ledger.port import Ledger, Occurrence, Receipt
from core.ledger.states import last_set_aside, outcome
from core.posts.payload import Payload


def set_aside(ledger: Ledger, payload: Payload, *, now: datetime) -> None:
    """Set the unsuccessful results of an occurrence aside. A later result waits for a person again.

    Unconfirmed results keep waiting: nobody knows yet whether they are published.
    """
    occurrence = ledger.occurrence(payload.occurrence_key)
    found = outcome(occurrence).destinations if occurrence else ()
    results = {str(each.destination): each.result_id for each in found if each.state in UNSUCCESSFUL - {"unconfirmed"}}
    ledger.record(payload, _receipt(occurrence, payload, results, now))


def undo_set_aside(ledger: Ledger, payload: Payload, *, now: datetime) -> None:
    """Let the unsuccessful results of an occurrence wait for a person again."""
    ledger.record(payload, _receipt(ledger.occurrence(payload.occurrence_key), payload, {}, now))


def _receipt(occurrence: Occurrence | None, payload: Payload, results: dict[str, str], now: datetime) -> Receipt:
    """Return the receipt that names the results that are set aside from now on."""
    last = last_set_aside(occurrence.receipts) if occurrence else None
    number = 1 + (last.detail["number"] if last else 0)
    detail = {"number": number, "results": results}
    return Receipt(kind="set_aside", at=now, revision=payload.revision, attempt=0, detail=detail)
