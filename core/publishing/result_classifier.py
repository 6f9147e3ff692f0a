"""Maps failed requests and error responses of a network to results: Refused, RetryLater or Unconfirmed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.errors import PunctualError
from core.publishing.http.client import RequestError, RequestNotSent, Response
from core.publishing.network import (
    CannotConnect,
    NetworkResult,
    PostingPermission,
    Refused,
    RetryLater,
    Unconfirmed,
)
from core.time.instants import Clock

RECONNECT = "Connect the account again under Accounts, then retry."


def unconfirmed_result(reason: str) -> NetworkResult:
    """Return the result of an ambiguous attempt where a repeat would make a second post."""
    return Unconfirmed(reason=f"{reason} The post may have been published. Check the network, then decide.")


def retry_deduplicated(reason: str) -> NetworkResult:
    """Return the result of an ambiguous attempt where the network, or a search on it, detects a repeat."""
    return RetryLater(
        reason=f"{reason} The post may have been published; the next attempt detects that.", in_doubt=True
    )


def retry_harmless(reason: str) -> NetworkResult:
    """Return the result of an ambiguous attempt whose repeat does no harm, such as an upload without a post."""
    return RetryLater(reason=reason)


def failure_text(name: str, response: Response) -> str:
    """Return a sentence with the status of an error response and the server's message."""
    return f"{name} answered {response.status}: {response.message.rstrip('.')}."


@dataclass(frozen=True, kw_only=True)
class ResultClassifier:
    """Maps one network's request errors and error responses to results.

    `ambiguous` takes a reason and returns the result of an attempt that may have arrived.
    """

    name: str
    clock: Clock
    ambiguous: Callable[[str], NetworkResult]

    def from_error(self, error: RequestError) -> NetworkResult:
        """Return the result of a request without a response."""
        if isinstance(error, RequestNotSent):
            return RetryLater(reason=str(error))
        return self.ambiguous(str(error))

    def from_incomplete(self) -> NetworkResult:
        """Return the result of a 2xx response without the expected content, such as the page of a proxy."""
        return self.ambiguous(f"{self.name} sent an incomplete response.")

    def from_response(self, response: Response) -> NetworkResult:
        """Return the result of an error response.

        A 5xx is ambiguous: the server may have stored the post before it failed. A 503 with a Retry-After is ambiguous
        too: Varnish adds that header to its own 503s, even if its backend accepted the request and then closed the
        connection (source: its built-in VCL). A retry still waits as long as the header asks, because GoToSocial sends
        the header under load (doc: Request Throttling & Rate Limiting). Neither is ambiguous if the server responded
        before it had the whole request, as a proxy does whose client sends too slowly.
        """
        reason = failure_text(self.name, response)
        retry_after = response.retry_after(self.clock())
        if response.status in (425, 429):
            return RetryLater(reason=reason, retry_after=retry_after)
        if response.status < 200 or response.status == 408 or response.status >= 500:  # 1xx: not a final response
            result = self.ambiguous(reason) if response.request_sent else RetryLater(reason=reason)
            return replace(result, retry_after=retry_after) if isinstance(result, RetryLater) else result
        if response.status == 401:
            return Refused(reason=f"{reason} {RECONNECT}")
        if 300 <= response.status < 400:
            return Refused(reason=f"{reason} Its address has changed. {RECONNECT}")
        return Refused(reason=reason)


def require_response(send: Callable[[], Response]) -> Response:
    """Return the response to a request that connects or checks an account. Raises CannotConnect if there is none."""
    try:
        return send()
    except RequestError as error:
        raise CannotConnect(str(error), error.hint) from None


def require_success(send: Callable[[], Response], name: str) -> Response:
    """Return the complete 2xx response to such a request. Raises CannotConnect for any other response, or none."""
    response = require_response(send)
    if response.ok and response.complete:
        return response
    temporary = response.status in (408, 425, 429) or not 300 <= response.status < 500
    hint = "Try again in a few minutes." if temporary else "Check your entries."
    raise CannotConnect(failure_text(name, response), hint)


def posting_permission(ask: Callable[[], object]) -> PostingPermission:
    """Return the permission after a check: `ask` raises a PunctualError if the account may not publish.

    If `ask` returns a text, it says what the check could not verify.
    """
    try:
        found = ask()
    except PunctualError as error:
        return PostingPermission(problem=str(error))
    return PostingPermission(unchecked=found if isinstance(found, str) else None)
