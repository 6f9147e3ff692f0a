"""The search for a status that an earlier attempt published."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.publishing.http.client import Response
from core.publishing.network import NetworkResult, Publication, Refused
from core.publishing.networks.mastodon.api import (
    MAX_STATUSES,
    MastodonClient,
    created_at,
    media_count,
    published_status,
)
from core.publishing.outcomes import ResultClassifier, mark_unconfirmed
from core.time.instants import from_utc_text

CLOCK_SKEW = timedelta(minutes=5)
"""The most that the two clocks may differ. A status dated this long before the first attempt may be from it."""


class StatusSearch:
    """Searches the account's latest statuses for a post."""

    def __init__(self, client: MastodonClient, classifier: ResultClassifier) -> None:
        self._client = client
        self._classifier = classifier

    def find(self, publication: Publication) -> NetworkResult | None:
        """Return the result of an earlier attempt, or None if no status matches the post. Raises RequestError.

        After an inconclusive search the result is Unconfirmed or RetryLater.
        """
        response = self._client.latest_statuses(publication.account.identity or "")
        if not response.ok:
            return self._failed(response)
        if not response.complete or not isinstance(response.json, list):
            return self._classifier.from_incomplete()
        since = from_utc_text((publication.prepared or {})["since"]) - CLOCK_SKEW
        new = [status for status in response.json if isinstance(status, dict) and _is_new(status, since)]
        for status in new:
            result = self._result_if_match(status, publication)
            if result is not None:
                return result
        if len(new) >= MAX_STATUSES:
            return mark_unconfirmed("The account has too many new statuses to search them all for this post.")
        return None

    def _result_if_match(self, status: Mapping[str, Any], publication: Publication) -> NetworkResult | None:
        """Return the result if a status matches the post, or may match it; None if it differs. Raises RequestError."""
        source = self._client.status_source(status.get("id"))
        if not source.ok:
            return self._failed(source)
        if "text" not in source.json_object:
            return mark_unconfirmed("Mastodon has a new status that cannot be compared with this post.")
        same_text = _normalized(str(source.json_object["text"])) == _normalized(publication.text)
        if not same_text or media_count(status) != len(publication.media):
            return None
        if not publication.text.strip():
            return mark_unconfirmed("Mastodon has a new status without a text, which may be this post.")
        return published_status(status, created_at(status) or self._classifier.clock())

    def _failed(self, response: Response) -> NetworkResult:
        """Return the result of a failed search: Unconfirmed if the server refused it, since a retry does not help."""
        result = self._classifier.from_response(response)
        return mark_unconfirmed(result.reason) if isinstance(result, Refused) else result


def _is_new(status: Mapping[str, Any], since: datetime) -> bool:
    at = created_at(status)
    return at is None or at >= since


def _normalized(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
