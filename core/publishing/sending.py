"""The request that publishes a post, and the mapping of its response to a result."""

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
    """Send a post once and return the result. Never raises for the network or the connection.

    `read` maps a successful response to a result, or to None where the response lacks what it must hold. `upload_id` is
    the ID of the post's video at the network; a result that may be retried keeps it, so that it is not sent again.
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
