"""The lag of publications: one log line for each, and counters and a histogram for Prometheus."""

import logging
import threading
from bisect import bisect_left
from collections import Counter
from datetime import datetime, timedelta

from core.ledger.port import Receipt
from core.posts.payload import Payload
from core.time.instants import utc_text

log = logging.getLogger(__name__)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""The upper bounds of the histogram in seconds."""
MAX_KINDS = 50
"""The most kinds of destinations that are counted by name. A signed request may name any kind."""


class LagMetrics:
    """The publications of this process, from its start. Any thread may record them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: set[str] = set()
        self._results: Counter[tuple[str, str]] = Counter()
        self._lags = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def record(self, payload: Payload, receipt: Receipt, started: datetime) -> None:
        """Log and count the result of one attempt, which began at `started`.

        The lag is the time from the due instant to the publication, or to the result if nothing was published. The line
        holds neither text nor secrets.
        """
        kind = (receipt.destination or "").partition(":")[0]
        lag = (receipt.at - payload.due) / timedelta(seconds=1)
        with self._lock:
            if kind not in self._kinds:
                if len(self._kinds) < MAX_KINDS:
                    self._kinds.add(kind)
                else:
                    kind = "other"
            self._results[kind, receipt.kind] += 1
            if receipt.kind == "published":
                self._lags[bisect_left(BUCKETS, lag)] += 1
                self._seconds += lag
        log.info(
            "post=%s due=%s started=%s published=%s lag_ms=%d attempt=%d destination=%s state=%s",
            payload.occurrence_key,
            utc_text(payload.due),
            utc_text(started),
            utc_text(receipt.at) if receipt.kind == "published" else "-",
            lag * 1000,
            receipt.attempt,
            kind,
            receipt.kind,
        )

    def render(self) -> str:
        """Return the figures in the text format of Prometheus."""
        with self._lock:
            results, lags, seconds = sorted(self._results.items()), list(self._lags), self._seconds
        lines = [
            "# HELP punctual_publications_total Results of attempts, by kind of destination and state.",
            "# TYPE punctual_publications_total counter",
        ]
        lines += [
            f'punctual_publications_total{{destination="{kind}",state="{state}"}} {count}'
            for (kind, state), count in results
        ]
        lines += [
            "# HELP punctual_publication_lag_seconds The time from the due instant to the publication.",
            "# TYPE punctual_publication_lag_seconds histogram",
        ]
        count = 0
        for bound, lag in zip((*map(str, BUCKETS), "+Inf"), lags, strict=True):
            count += lag
            lines.append(f'punctual_publication_lag_seconds_bucket{{le="{bound}"}} {count}')
        lines += [
            f"punctual_publication_lag_seconds_sum {seconds:.3f}",
            f"punctual_publication_lag_seconds_count {count}",
        ]
        return "\n".join(lines) + "\n"


def show_publications() -> None:
    """Write the line of each publication to the standard error output of this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
