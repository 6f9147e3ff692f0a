"""Uploads that precede a post: their time limit, and the upload of a video that the network has to process."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import timedelta

from core.publishing.attachments import Attachment
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import NetworkResult, PreparationFailed, Refused, RetryLater
from core.publishing.outcomes import ResultClassifier

UPLOAD_SECONDS = 15.0
"""Time limit for all uploads of a post. They run before the claim and its lease, but the relay waits for them."""


def require_accepted(response: Response, classifier: ResultClassifier) -> Response:
    """Return the 2xx response to a step of an upload. Raises PreparationFailed for any other response."""
    if not response.ok:
        raise PreparationFailed(classifier.from_response(response))
    return response


class VideoUpload(ABC):
    """One upload of a video: send it, wait until the network has processed it, resume it in a later attempt.

    An upload publishes nothing, so its failure leaves no doubt about the post. Each subclass uses the API of one
    network.
    """

    EXPIRED_STATUSES: Container[int]
    """Statuses of the response for an upload that the network no longer has."""
    FAILED_STATE: str
    """The processing state of a video that the network cannot process."""
    FAILED_HINT: str
    """The remedy for such a video."""
    NETWORK_SETS_PAUSE = False
    """Whether the network sets the time of the next poll."""

    def __init__(
        self, client: HttpClient, classifier: ResultClassifier, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._classifier = classifier
        self._sleep = sleep
        self._id = ""

    def run(self, video: Attachment, previous_id: str | None) -> str:
        """Upload a video and return its ID once a post can show it. Raises PreparationFailed.

        `previous_id` is the ID from an earlier attempt. That video is sent again only if the network no longer has it.
        """
        self._id = previous_id or ""
        try:
            response = self._status() if self._id else None
            if response is None or response.status in self.EXPIRED_STATUSES:
                self._id = ""
                response = self._send(video)
            while (pause := self._pause(response)) is not None:
                if pause >= self._client.seconds_left:
                    raise PreparationFailed(self._still_processing(pause))
                self._sleep(pause)
                response = self._status()
        except RequestError as error:
            result = self._classifier.from_error(error)
        else:
            if self._is_ready(response):
                return self._id
            result = self._failure(response)
        raise PreparationFailed(
            replace(result, upload_id=self._id or None) if isinstance(result, RetryLater) else result
        )

    @abstractmethod
    def _send(self, video: Attachment) -> Response:
        """Send the video, set `_id`, and return the response that contains its state.

        Raises RequestError or PreparationFailed.
        """

    @abstractmethod
    def _status(self) -> Response:
        """Ask for the state of the video `_id`. Raises RequestError."""

    @abstractmethod
    def _state(self, response: Response) -> str | None:
        """Return the processing state in a response, or None."""

    @abstractmethod
    def _pause(self, response: Response) -> float | None:
        """Return the seconds until the next poll, or None when the network is not processing the video."""

    @abstractmethod
    def _is_ready(self, response: Response) -> bool:
        """Return whether a post can show the video."""

    @abstractmethod
    def _reason(self, response: Response) -> str | None:
        """Return the network's reason for a failed video, or None."""

    def _still_processing(self, pause: float) -> RetryLater:
        reason = f"{self._classifier.name} is still processing the video."
        retry_after = timedelta(seconds=pause) if self.NETWORK_SETS_PAUSE else None
        return RetryLater(reason=reason, retry_after=retry_after, upload_id=self._id)

    def _failure(self, response: Response) -> NetworkResult:
        if not response.ok:
            return self._classifier.from_response(response)
        if self._state(response) != self.FAILED_STATE:
            return self._classifier.from_incomplete()
        reason = self._client.redact(self._reason(response) or "no reason given").rstrip(".")
        return Refused(reason=f"{self._classifier.name} could not process the video: {reason}. {self.FAILED_HINT}")
