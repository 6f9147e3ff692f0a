"""The calls of Mastodon's API that Punctual makes, and the statuses that they return."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.publishing.account_form import is_allowed_url
from core.publishing.attachments import Attachment
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient, Response, bearer
from core.publishing.network import Published
from core.time.instants import from_utc_text

PAGE_STATUSES = 40
"""The most statuses that Mastodon lists in one response (doc). Other servers list fewer."""


class MastodonClient:
    """Calls one server with one access token. All calls share one deadline; each may raise RequestError."""

    def __init__(self, label: str, server: str, token: str, seconds: float = DEADLINE_SECONDS) -> None:
        self._http = HttpClient(label, secrets=[token], seconds=seconds)
        self._server = server
        self._headers = bearer(token)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline of all calls."""
        return self._http.seconds_left

    def verify_credentials(self) -> Response:
        """Get the account of the token."""
        return self._get("/api/v1/accounts/verify_credentials")

    def instance(self) -> Response:
        """Get the configuration of the instance."""
        return self._get("/api/v2/instance")

    def newest_status(self, account_id: str) -> Response:
        """Get the newest status of an account, boosts included, in a list."""
        return self._get(f"/api/v1/accounts/{account_id}/statuses", {"limit": "1"})

    def statuses(self, account_id: str, *, since_id: str = "", max_id: str = "") -> Response:
        """Get a page of an account's statuses without its boosts, newest first, older than `max_id`.

        The page may include statuses up to `since_id`: GoToSocial ignores that parameter.
        """
        limits = {"since_id": since_id, "max_id": max_id}
        params = {"limit": str(PAGE_STATUSES), "exclude_reblogs": "true"}
        return self._get(
            f"/api/v1/accounts/{account_id}/statuses", params | {name: each for name, each in limits.items() if each}
        )

    def status_source(self, status_id: object) -> Response:
        """Get the plain text of a status."""
        return self._get(f"/api/v1/statuses/{status_id}/source")

    def edit_no_status(self) -> Response:
        """Edit a status that does not exist. It needs the permission to post and changes nothing: 404 if permitted."""
        return self._edit("/api/v1/statuses/0", b'{"status": "-"}')

    def edit_no_media(self) -> Response:
        """Describe a picture that does not exist. It needs the permission to upload: 404 if permitted."""
        return self._edit("/api/v1/media/0", b'{"description": "-"}')

    def post_status(self, content: Mapping[str, Any], idempotency_key: str) -> Response:
        """Publish a status."""
        headers = {**self._headers, "Idempotency-Key": idempotency_key}
        return self._http.post_json(f"{self._server}/api/v1/statuses", content, headers=headers)

    def upload_media(self, attachment: Attachment) -> Response:
        """Upload a picture or video with its description and its focal point.

        The point is from -1 to 1, from the left and from the bottom (doc: Media, POST /api/v2/media).
        """
        fields = {"description": attachment.alt} if attachment.alt else {}
        if attachment.media.focus is not None:
            left, top = attachment.media.focus
            fields["focus"] = f"{2 * left - 1:.3f},{1 - 2 * top:.3f}"
        files = {"file": attachment.file}
        return self._http.post_form(f"{self._server}/api/v2/media", fields, files, headers=self._headers)

    def media(self, media_id: str) -> Response:
        """Get the state of an uploaded picture or video."""
        return self._get(f"/api/v1/media/{media_id}")

    def _edit(self, path: str, body: bytes) -> Response:
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._http.send("PUT", f"{self._server}{path}", body=body, headers=headers)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        return self._http.get(f"{self._server}{path}", params=params, headers=self._headers)


def published_status(status: Mapping[str, Any], at: datetime) -> Published:
    """Return the result for a status that was published at `at`."""
    url = status.get("url") or status.get("uri")
    permalink = url if isinstance(url, str) and is_allowed_url(url) else None
    return Published(at=at, url=permalink, reference={"id": str(status.get("id"))})


def created_at(status: Mapping[str, Any]) -> datetime | None:
    """Return the creation time of a status, or None if the status has no valid one."""
    try:
        return from_utc_text(str(status.get("created_at")))
    except (ValueError, OverflowError):
        return None


def id_order(status_id: str) -> tuple[int, str]:
    """Return the sort key of a status ID. Later statuses have higher IDs on every server with this API.

    Mastodon's IDs are numbers, which grow longer; those of GoToSocial and Akkoma sort as texts of one length.
    """
    return len(status_id), status_id


def media_count(status: Mapping[str, Any]) -> int:
    """Return the number of pictures and videos of a status."""
    media = status.get("media_attachments")
    return len(media) if isinstance(media, list) else 0
