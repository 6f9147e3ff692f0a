"""The request that publishes a post, and the mapping of its response to a result."""

from collections.abc import Callable
from dataclasses import replace

from core.publishing.http.client import RequestError, Response
from core.publishing.network import NetworkResult, Refused, RetryLater
from core.publishing.result_classifier import ResultClassifier


def send_post(
    classifier: ResultClassifier,
    send: Callable[[], Response],
    read: Callable[[Response], NetworkResult | None],
    *,
    duplicate_status: int | None = None,
    upload_id: str | None = None,
) -> NetworkResult:
    """Send a post once and return the result, also for an error of the network or the connection.

    `read` returns the result of a 2xx response, or None if the response lacks the expected content.
    `duplicate_status` is the status by which the network refuses a text that it has already published. `upload_id` is
    the network's ID of the post's video. A RetryLater keeps it, so that the video is not sent again.
    """
    try:
        response = send()
    except RequestError as error:
        result = classifier.from_error(error)
    else:
        if response.ok:
            result = read(response) or classifier.from_incomplete()
        elif response.status == duplicate_status and "duplicate" in response.message.lower():
            reason = f"{classifier.name} has already published this text, from an earlier attempt or another post."
            result = Refused(reason=reason)
        else:
            result = classifier.from_response(response)
    return replace(result, upload_id=upload_id) if upload_id and isinstance(result, RetryLater) else result
