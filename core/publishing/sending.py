"""Sends the request that publishes a post, and turns its response into a result."""

from collections.abc import Callable
from dataclasses import replace

from core.publishing.http.client import RequestError, Response
from core.publishing.network import NetworkResult, RetryLater
from core.publishing.outcomes import ResultClassifier


def send_post(
    classifier: ResultClassifier,
    send: Callable[[], Response],
    read: Callable[[Response], NetworkResult | None],
    *,
    upload_id: str | None = None,
) -> NetworkResult:
    """Send a post once and return the result. Errors of the network and the connection are results.

    `read` turns a 2xx response into a result, or returns None if the response lacks the expected content. `upload_id`
    is the network's ID of the post's uploaded video. RetryLater carries it, so that the next attempt does not upload
    the video again.
    """
    result = _result(classifier, send, read)
    return replace(result, upload_id=upload_id) if upload_id and isinstance(result, RetryLater) else result


def _result(
    classifier: ResultClassifier, send: Callable[[], Response], read: Callable[[Response], NetworkResult | None]
) -> NetworkResult:
    try:
        response = send()
    except RequestError as error:
        return classifier.from_error(error)
    if not response.ok:
        return classifier.from_response(response)
    return read(response) or classifier.from_incomplete()
