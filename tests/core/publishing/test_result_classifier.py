"""Request errors and responses of a network, classified as results."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.publishing.http.client import RequestNotSent, Response, ResponseLost
from core.publishing.network import CannotConnect, PostingPermission, Refused, RetryLater, Unconfirmed
from core.publishing.result_classifier import (
    ResultClassifier,
    posting_permission,
    require_success,
    retry_deduplicated,
    unconfirmed_result,
)

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def response(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=b"", complete=True, message="some words.")


def classifier(ambiguous) -> ResultClassifier:
    return ResultClassifier(name="It", clock=lambda: NOW, ambiguous=ambiguous)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (403, Refused),
        (404, Refused),
        (413, Refused),
        (422, Refused),
        (301, Refused),
        (401, Refused),
        (429, RetryLater),
        (425, RetryLater),
    ],
)
def test_a_clear_response_has_the_same_result_on_every_network(status, kind):
    for ambiguous in (unconfirmed_result, retry_deduplicated):
        result = classifier(ambiguous).from_response(response(status))
        assert isinstance(result, kind)
        assert "some words" in result.reason


@pytest.mark.parametrize(
    "unclear",
    [*(response(status) for status in (103, 408, 500, 502, 503, 504, 599)), response(503, Retry_After="5")],
    ids=lambda unclear: f"{unclear.status}{' with Retry-After' if unclear.headers else ''}",
)
def test_an_ambiguous_response_is_retried_only_where_a_repeat_is_detected(unclear):
    unconfirmed = classifier(unconfirmed_result).from_response(unclear)
    assert isinstance(unconfirmed, Unconfirmed)
    assert "some words" in unconfirmed.reason
    retried = classifier(retry_deduplicated).from_response(unclear)
    assert isinstance(retried, RetryLater)
    assert retried.in_doubt


def test_an_unsent_request_is_retried_and_a_lost_response_is_ambiguous():
    for ambiguous in (unconfirmed_result, retry_deduplicated):
        result = classifier(ambiguous).from_error(RequestNotSent("It is away."))
        assert isinstance(result, RetryLater)
        assert not result.in_doubt
    assert isinstance(classifier(unconfirmed_result).from_error(ResponseLost("It hung up.")), Unconfirmed)
    assert isinstance(classifier(retry_deduplicated).from_error(ResponseLost("It hung up.")), RetryLater)


@pytest.mark.parametrize("status", [425, 429, 500, 503])
def test_the_result_keeps_the_networks_retry_after(status):
    result = classifier(retry_deduplicated).from_response(response(status, Retry_After="9"))
    assert result.retry_after == timedelta(seconds=9)


@pytest.mark.parametrize(("status", "wait"), [(429, timedelta(minutes=5)), (425, None), (503, None)])
def test_the_end_of_a_rate_limit_counts_only_for_a_429(status, wait):
    limited = response(status, X_RateLimit_Reset="2026-11-24T08:05:00Z")
    assert classifier(retry_deduplicated).from_response(limited).retry_after == wait


@pytest.mark.parametrize("status", [408, 500, 502, 503])
@pytest.mark.parametrize("ambiguous", [unconfirmed_result, retry_deduplicated])
def test_an_error_before_the_whole_request_was_sent_leaves_no_doubt(status, ambiguous):
    result = classifier(ambiguous).from_response(replace(response(status), request_sent=False))
    assert isinstance(result, RetryLater)
    assert not result.in_doubt


def test_the_reason_of_a_redirect_is_a_changed_address():
    assert "address has changed" in classifier(retry_deduplicated).from_response(response(308)).reason


def test_the_reason_of_a_401_asks_to_connect_the_account_again():
    assert "Connect the account again" in classifier(retry_deduplicated).from_response(response(401)).reason


def unreachable() -> Response:
    raise RequestNotSent("It could not be reached.")


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (unreachable, "could not be reached"),
        (lambda: response(403), "It answered 403: some words."),
        (lambda: replace(response(200), complete=False), "It answered 200"),
    ],
)
def test_connecting_fails_on_errors_and_on_incomplete_or_unsuccessful_responses(send, message):
    with pytest.raises(CannotConnect, match=message):
        require_success(send, "It")


def test_a_check_gives_the_problem_or_what_it_did_not_verify_or_neither():
    assert posting_permission(unreachable) == PostingPermission(problem="It could not be reached.")
    assert posting_permission(lambda: "not asked") == PostingPermission(unchecked="not asked")
    assert posting_permission(dict) == PostingPermission()


@pytest.mark.parametrize(
    ("status", "hint"),
    [(408, "Try again"), (425, "Try again"), (429, "Try again"), (500, "Try again"), (403, "Check your entries")],
)
def test_a_temporary_refusal_while_connecting_blames_no_entry(status, hint):
    with pytest.raises(CannotConnect) as caught:
        require_success(lambda: response(status), "It")
    assert hint in caught.value.hint
