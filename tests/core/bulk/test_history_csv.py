import csv
import io
from datetime import UTC, datetime

import pytest

from core.bulk.history_csv import history_csv
from core.ledger.history import run_of
from core.ledger.port import Occurrence, Receipt
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.payload import invocation_of

DUE = datetime(2026, 11, 24, 8, tzinfo=UTC)
OUTBOX = Destination.parse("outbox")


def row_of(text, **detail):
    post = Post(
        post_id="k3v9q2m4cx7a", text=text, destinations=(OUTBOX,), zone="UTC", wall="2026-11-24T08:00:00", due_at=DUE
    )
    receipt = Receipt(kind="refused", at=DUE, revision=1, destination=OUTBOX, detail=detail)
    occurrence = Occurrence(key=post.post_id, payload=invocation_of(post, DUE), receipts=(receipt,))
    text_file = io.StringIO(history_csv([run_of(occurrence)]).decode("utf-8-sig"), newline="")
    [row] = csv.DictReader(text_file)
    return row


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_begins_like_a_formula_is_text(text):
    row = row_of(text, reason="=1+1", url="https://example.com/1")
    assert (row["text"], row["error"], row["url"]) == (f"'{text}", "'=1+1", "https://example.com/1")


def test_any_other_cell_is_as_written():
    row = row_of("Grüße = gut")
    assert (row["text"], row["attempts"], row["due_at"]) == ("Grüße = gut", "1", "2026-11-24T08:00:00Z")
