"""Who Punctual is to AWS, and the clock."""

from datetime import timedelta

import pytest

from core.health.aws import identity
from core.health.examination import examine
from core.health.findings import Visit


def test_the_identity_is_named_with_where_its_credentials_come_from(look):
    assert look("Identity").finding.startswith("arn:aws:iam::123456789012:user/ada, by ")


def test_an_identity_of_another_account_is_bad(opened, deployed, told, server, clock):
    arn = deployed.outputs["RelayFunctionArn"].replace("123456789012", "210987654321")
    application = opened(PUNCTUAL_FUNCTION_ARN=arn)
    [check] = [each for each in examine(application, clock()) if each.name == "Identity"]
    assert check.verdict == "bad"
    assert "account 123456789012, but the relay is in 210987654321" in check.finding


def test_an_expired_token_is_unknown_and_says_what_to_do(look, interfere):
    interfere("GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired")
    assert look("Identity").verdict == "unknown"
    assert "Sign in again" in look("Identity").remedy


@pytest.mark.parametrize(
    ("ahead", "verdict", "finding"),
    [
        ({}, "good", "agrees"),
        ({"seconds": 20}, "warning", "20 seconds behind"),
        ({"minutes": -3}, "bad", "3 minutes ahead of"),
    ],
)
def test_a_clock_that_is_off_is_told(look, told, ahead, verdict, finding):
    told["time"](**ahead)
    check = look("Clock")
    assert check.verdict == verdict
    assert finding in check.finding


@pytest.mark.parametrize("at_the_end_of_it", [0, 4, 8])
def test_an_answer_that_takes_long_is_no_clock_that_is_off(application, told, clock, monkeypatch, at_the_end_of_it):
    told["time"](seconds=at_the_end_of_it)
    readings = iter([clock(), clock() + timedelta(seconds=8)])
    monkeypatch.setattr(application, "clock", lambda: next(readings))
    visit = Visit(application=application, now=clock(), zone="UTC")
    assert identity.clock(application.aws, visit).verdict == "good"
