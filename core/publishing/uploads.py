"""Uploads that precede a post: the check of a response, and the upload of a video."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import timedelta

from core.publishing.attachments import Attachment
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import NetworkResult, PreparationFailed, Refused, RetryLater
from core.publishing.result_classifier import ResultClassifier
from core.publishing.sent_parts import SentParts


def require_accepted(response: Response, classifier: ResultClassifier) -> Response:
    """Return the 2xx response to a step of an upload. Raises PreparationFailed for any other response."""
    if not response.ok:
        raise PreparationFailed(classifier.from_response(response))
    return response


class VideoUpload(ABC):
    """The upload of one video: send it, then poll until the network has processed it. A later attempt can resume it.

    An upload publishes nothing, so its failure leaves no doubt about the post. Each subclass uses the API of one
    network.
    """

    EXPIRED_STATUSES: Container[int]
    """Statuses of the response to a poll for a video that the network no longer has."""
    FAILED_STATE: str
    """The processing state of a video that the network cannot process."""
    FAILED_HINT: str
    """The remedy for a video that the network cannot process."""
    NETWORK_SETS_PAUSE = False
    """Whether the network's response sets the pause before the next poll."""

    def __init__(
        self,
        client: HttpClient,
        classifier: ResultClassifier,
        sent_parts: SentParts,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`sent_parts` are those of earlier attempts; the upload continues after them."""
        self._client = client
        self._sent_parts = sent_parts
        self._classifier = classifier
        self._sleep = sleep
        self._video_id = ""

    def run(
        self, video: Attachment, previous_id: str | None, on_sent: Callable[[str], None] = lambda video_id: None
    ) -> str:
        """Upload a video and return its ID once a post can show it. Raises PreparationFailed.

        `previous_id` is the ID from an earlier attempt, whose upload is resumed. The video is sent again only if the
        network no longer has it. `on_sent` gets the ID of a video that was sent, before the network has processed it.
        """
        self._video_id = previous_id or ""
        try:
            response = self._poll() if self._video_id else None
            if response is None or response.status in self.EXPIRED_STATUSES:
                self._video_id = ""
                response = self._send_rest(video)
                on_sent(self._video_id)
            while (pause := self._pause(response)) is not None:
                if pause >= self._client.seconds_left:
                    raise PreparationFailed(self._still_processing_result(pause))
                self._sleep(pause)
                response = self._poll()
        except RequestError as error:
            result = self._classifier.from_error(error)
        else:
            if self._is_ready(response):
                return self._video_id
            result = self._failed_result(response)
        raise PreparationFailed(
            replace(result, upload_id=self._video_id or None) if isinstance(result, RetryLater) else result
        )

    def _send_rest(self, video: Attachment) -> Response:
        """Send what an earlier attempt did not. If the network refuses that upload, as after a day, begin a new one."""
        resumed = self._sent_parts.current is not None
        try:
            response = self._send(video)
        except PreparationFailed as error:
            if not (resumed and isinstance(error.result, Refused)):
                raise
            self._sent_parts.clear()
            response = self._send(video)
        self._sent_parts.clear()
        return response

    @abstractmethod
    def _send(self, video: Attachment) -> Response:
        """Send the video, set `_video_id`, and return the response with its processing state.

        It keeps each part that the network confirmed in `_sent_parts`, and sends none again. Raises RequestError or
        PreparationFailed.
        """

    @abstractmethod
    def _poll(self) -> Response:
        """Query the processing state of the video `_video_id`. Raises RequestError."""

    @abstractmethod
    def _state(self, response: Response) -> str | None:
        """Return the processing state in a response, or None if it contains none."""

    @abstractmethod
    def _pause(self, response: Response) -> float | None:
        """Return the seconds until the next poll, or None when the network is not processing the video."""

    @abstractmethod
    def _is_ready(self, response: Response) -> bool:
        """Return whether a post can show the video."""

    @abstractmethod
    def _failure_reason(self, response: Response) -> str | None:
        """Return the network's reason for the state FAILED_STATE, or None if it gives none."""

    def _still_processing_result(self, pause: float) -> RetryLater:
        reason = f"{self._classifier.name} is still processing the video."
        retry_after = timedelta(seconds=pause) if self.NETWORK_SETS_PAUSE else None
        return RetryLater(reason=reason, retry_after=retry_after, upload_id=self._video_id)

    def _failed_result(self, response: Response) -> NetworkResult:
        if not response.ok:
            return self._classifier.from_response(response)
        if self._state(response) != self.FAILED_STATE:
            return self._classifier.from_incomplete()
        reason = self._client.redact(self._failure_reason(response) or "no reason given").rstrip(".")
        return Refused(reason=f"{self._classifier.name} could not process the video: {reason}. {self.FAILED_HINT}")
