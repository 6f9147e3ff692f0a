"""The health checks of credentials and clock."""

from datetime import timedelta

import pytest

from core.health.aws.identity import check_clock
from core.health.findings import HealthContext


def test_the_identity_and_the_origin_of_its_credentials_are_shown(check):
    assert check("Identity").message.startswith("arn:aws:iam::123456789012:user/ada, found by ")


def test_an_identity_of_another_account_is_bad(open_application, deployed, replies, server, check_of):
    arn = deployed.outputs["RelayFunctionArn"].replace("123456789012", "210987654321")
    result = check_of(open_application(PUNCTUAL_FUNCTION_ARN=arn), "Identity")
    assert result.status == "bad"
    assert "account 123456789012, but the relay is in 210987654321" in result.message


def test_an_expired_token_is_unknown_with_a_remedy(check, inject_fault):
    inject_fault("GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired")
    assert check("Identity").status == "unknown"
    assert "Sign in again" in check("Identity").remedy


@pytest.mark.parametrize(
    ("ahead", "status", "message"),
    [
        ({}, "good", "agrees"),
        ({"seconds": 20}, "warning", "20 seconds behind"),
        ({"minutes": -3}, "bad", "3 minutes ahead of"),
    ],
)
def test_a_clock_skew_is_reported(check, replies, ahead, status, message):
    replies["time"](**ahead)
    result = check("Clock")
    assert result.status == status
    assert message in result.message


@pytest.mark.parametrize("seconds_after_request", [0, 4, 8])
def test_a_slow_response_is_not_a_clock_skew(application, replies, clock, monkeypatch, seconds_after_request):
    replies["time"](seconds=seconds_after_request)
    readings = iter([clock(), clock() + timedelta(seconds=8)])
    monkeypatch.setattr(application, "clock", lambda: next(readings))
    context = HealthContext(application=application, now=clock(), zone="UTC")
    assert check_clock(application.aws, context).status == "good"
