"""The search for a status that an earlier attempt published.

A status is new if its ID is above the newest one before the first attempt. Neither the clock of the server nor the text
alone identifies it: a clock may be wrong, and another status may have the same text.
"""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.publishing.http.client import Response
from core.publishing.network import NetworkResult, Publication, Refused
from core.publishing.networks.mastodon.api import (
    MastodonClient,
    created_at,
    id_order,
    media_count,
    published_status,
)
from core.publishing.networks.mastodon.options import stored_text
from core.publishing.result_classifier import ResultClassifier, unconfirmed_result
from core.time.instants import from_utc_text

MAX_SEARCHED = 200
"""The most new statuses that one search reads. An account with more since the first attempt is left to a person."""
_CLOCK_SKEW = timedelta(minutes=5)
"""The most that the two clocks may differ, for attempts of versions that noted a time and no status ID."""


class StatusSearch:
    """Searches the account's new statuses for a post."""

    def __init__(self, client: MastodonClient, classifier: ResultClassifier) -> None:
        self._client = client
        self._classifier = classifier

    def find(self, publication: Publication) -> NetworkResult | None:
        """Return the result of an earlier attempt, or None if no new status is this post. Raises RequestError.

        After an inconclusive search the result is Unconfirmed or RetryLater.
        """
        account_id, since_id = publication.account.identity or "", (publication.prepared or {}).get("newest", "")
        max_id, searched = "", 0
        while searched < MAX_SEARCHED:
            response = self._client.statuses(account_id, since_id=since_id, max_id=max_id)
            if not response.ok:
                return self._failed(response)
            page = _statuses(response)
            if page is None:
                return self._classifier.from_incomplete()
            new = [status for status in page if _is_new(status, publication)]
            result = self._first_match(new, publication)
            if result is not None or len(new) < len(page) or not page:
                return result
            lowest = min((str(status["id"]) for status in page), key=id_order)
            if max_id and id_order(lowest) >= id_order(max_id):
                return unconfirmed_result("Mastodon repeats a page of statuses instead of the next one.")
            max_id, searched = lowest, searched + len(page)
        return unconfirmed_result("The account has too many new statuses to search them all for this post.")

    def _first_match(self, statuses: list[dict[str, Any]], publication: Publication) -> NetworkResult | None:
        results = (self._result_if_match(status, publication) for status in statuses)
        return next((result for result in results if result is not None), None)

    def _result_if_match(self, status: Mapping[str, Any], publication: Publication) -> NetworkResult | None:
        """Return the result if a status matches the post, or may match it; None if it differs. Raises RequestError."""
        if media_count(status) != len(publication.media) or status.get("in_reply_to_id") != _parent_id(publication):
            return None
        source = self._client.status_source(status["id"])
        if not source.ok:
            return self._failed(source)
        if "text" not in source.json_object:
            return unconfirmed_result("Mastodon has a new status that cannot be compared with this post.")
        expected = stored_text(publication.text, publication.options)
        if _normalized(str(source.json_object["text"])) != _normalized(expected):
            return None
        found = published_status(status, created_at(status) or self._classifier.clock())
        if publication.belongs_to_another(found.reference or {}):
            return None
        if not expected.strip():
            return unconfirmed_result("Mastodon has a new status without a text, which may be this post.")
        return found

    def _failed(self, response: Response) -> NetworkResult:
        """Return the result of a failed search: Unconfirmed if the server refused it, since a retry does not help."""
        result = self._classifier.from_response(response)
        return unconfirmed_result(result.reason) if isinstance(result, Refused) else result


def newest_id(response: Response) -> str | None:
    """Return the ID in a response of `newest_status`, empty if there is no status; None if the response is invalid."""
    page = _statuses(response)
    return None if page is None else max((str(status["id"]) for status in page), key=id_order, default="")


def _statuses(response: Response) -> list[dict[str, Any]] | None:
    """Return the statuses of a list; None if the response is not a complete list of statuses."""
    page = response.json if response.complete else None
    if not isinstance(page, list) or not all(isinstance(status, dict) and status.get("id") for status in page):
        return None
    return page


def _is_new(status: Mapping[str, Any], publication: Publication) -> bool:
    prepared = publication.prepared or {}
    if "newest" in prepared:
        return id_order(str(status["id"])) > id_order(prepared["newest"])
    at = created_at(status)
    return at is None or at >= from_utc_text(prepared["since"]) - _CLOCK_SKEW


def _parent_id(publication: Publication) -> str | None:
    return publication.earlier_references[-1]["id"] if publication.earlier_references else None


def _normalized(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
