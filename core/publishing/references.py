"""References of published posts: they show that a post on a network belongs to another publication."""

from collections.abc import Mapping
from typing import Any

from core.ledger.cursor import Cursor
from core.ledger.port import Ledger
from core.posts.destinations import Destination
from core.posts.payload import Payload

SEARCHED_OCCURRENCES = 500
"""The latest occurrences whose results are compared. A search happens only after an ambiguous attempt."""
_PAGE = 100


def belongs_to_another(
    ledger: Ledger, payload: Payload, destination: Destination, reference: Mapping[str, Any]
) -> bool:
    """Return whether a reference is that of another publication to the account: of another post, run or part."""
    after: Cursor | None = None
    for _ in range(SEARCHED_OCCURRENCES // _PAGE):
        page = ledger.history(after=after, limit=_PAGE)
        for occurrence in page:
            for receipt in occurrence.receipts:
                same_account = receipt.destination is not None and receipt.destination.account == destination.account
                itself = (occurrence.key, receipt.destination) == (payload.occurrence_key, destination)
                if same_account and not itself and receipt.detail.get("reference") == reference:
                    return True
        if len(page) < _PAGE:
            return False
        after = Cursor(due_at=page[-1].due_at, key=page[-1].key)
    return False
