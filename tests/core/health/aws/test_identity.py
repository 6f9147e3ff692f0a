"""Who Punctual is to AWS, and the clock."""

from datetime import timedelta

import pytest

from core.health.aws import identity
from core.health.checks import run_checks
from core.health.findings import HealthContext


def test_the_identity_is_named_with_where_its_credentials_come_from(look):
    assert look("Identity").message.startswith("arn:aws:iam::123456789012:user/ada, by ")


def test_an_identity_of_another_account_is_bad(opened, deployed, told, server, clock):
    arn = deployed.outputs["RelayFunctionArn"].replace("123456789012", "210987654321")
    application = opened(PUNCTUAL_FUNCTION_ARN=arn)
    [check] = [each for each in run_checks(application, clock()) if each.name == "Identity"]
    assert check.status == "bad"
    assert "account 123456789012, but the relay is in 210987654321" in check.message


def test_an_expired_token_is_unknown_and_says_what_to_do(look, interfere):
    interfere("GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired")
    assert look("Identity").status == "unknown"
    assert "Sign in again" in look("Identity").remedy


@pytest.mark.parametrize(
    ("ahead", "verdict", "finding"),
    [
        ({}, "good", "agrees"),
        ({"seconds": 20}, "warning", "20 seconds behind"),
        ({"minutes": -3}, "bad", "3 minutes ahead of"),
    ],
)
def test_a_clock_that_is_off_is_told(look, told, ahead, status, message):
    told["time"](**ahead)
    check = look("Clock")
    assert check.status == status
    assert message in check.message


@pytest.mark.parametrize("at_the_end_of_it", [0, 4, 8])
def test_an_answer_that_takes_long_is_no_clock_that_is_off(application, told, clock, monkeypatch, at_the_end_of_it):
    told["time"](seconds=at_the_end_of_it)
    readings = iter([clock(), clock() + timedelta(seconds=8)])
    monkeypatch.setattr(application, "clock", lambda: next(readings))
    context = HealthContext(application=application, now=clock(), zone="UTC")
    assert identity.clock(application.aws, context).status == "good"
