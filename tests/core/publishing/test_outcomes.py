"""How a fault or a refusal decides what becomes of a post."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.publishing.http.client import RequestNotSent, Response, ResponseLost
from core.publishing.network import CannotConnect, Refused, RetryLater, Unconfirmed
from core.publishing.outcomes import ResultClassifier, error_text, mark_unconfirmed, require_success, retry_deduplicated

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def answered(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=b"", complete=True, message="some words.")


def sorting(unclear) -> ResultClassifier:
    return ResultClassifier(name="It", clock=lambda: NOW, unclear=unclear)


@pytest.mark.parametrize(
    ("answer", "doubtful", "kind"),
    [
        (answered(400), False, Refused),
        (answered(403), False, Refused),
        (answered(404), False, Refused),
        (answered(413), False, Refused),
        (answered(422), False, Refused),
        (answered(301), False, Refused),
        (answered(401), False, Refused),
        (answered(429), False, RetryLater),
        (answered(425), False, RetryLater),
        (answered(503, Retry_After="5"), True, None),
        (answered(503), True, None),
        (answered(500), True, None),
        (answered(502), True, None),
        (answered(504), True, None),
        (answered(408), True, None),
        (answered(599), True, None),
        (answered(103), True, None),
    ],
)
def test_only_a_doubt_depends_on_whether_the_network_knows_a_repeat(answer, doubtful, kind):
    careful, free = sorting(mark_unconfirmed).answer(answer), sorting(retry_deduplicated).answer(answer)
    assert isinstance(careful, Unconfirmed if doubtful else kind)
    assert isinstance(free, RetryLater if doubtful else kind)
    assert "some words" in careful.reason


def test_what_was_never_sent_is_tried_again_and_what_may_have_arrived_is_a_doubt():
    for unclear in (mark_unconfirmed, retry_deduplicated):
        assert isinstance(sorting(unclear).fault(RequestNotSent("It is away.")), RetryLater)
    assert isinstance(sorting(mark_unconfirmed).fault(ResponseLost("It hung up.")), Unconfirmed)
    assert isinstance(sorting(retry_deduplicated).fault(ResponseLost("It hung up.")), RetryLater)


@pytest.mark.parametrize("status", [425, 429, 500, 503])
def test_the_networks_pause_is_handed_on(status):
    assert sorting(retry_deduplicated).answer(answered(status, Retry_After="9")).retry_after == timedelta(seconds=9)


@pytest.mark.parametrize(("status", "pause"), [(429, timedelta(minutes=5)), (425, None), (503, None)])
def test_the_end_of_a_rate_limit_is_a_pause_only_once_the_limit_was_passed(status, pause):
    answer = answered(status, X_RateLimit_Reset="2026-11-24T08:05:00Z")
    assert sorting(retry_deduplicated).answer(answer).retry_after == pause


def test_a_redirect_says_that_it_is_elsewhere():
    assert "found elsewhere" in sorting(retry_deduplicated).answer(answered(308)).reason


def test_a_log_in_that_no_longer_holds_says_what_to_do():
    assert "Connect the account again" in sorting(retry_deduplicated).answer(answered(401)).reason


def test_whatever_keeps_an_account_from_being_connected_is_told_in_one_way():
    def unreachable() -> Response:
        raise RequestNotSent("It could not be reached.")

    asking = (
        (unreachable, "could not be reached"),
        (lambda: answered(403), "It answered 403: some words."),
        (lambda: replace(answered(200), complete=False), "It answered 200"),
    )
    for ask, words in asking:
        with pytest.raises(CannotConnect, match=words):
            require_success(ask, "It")
    assert error_text(unreachable) == "It could not be reached."
    assert error_text(lambda: None) is None
