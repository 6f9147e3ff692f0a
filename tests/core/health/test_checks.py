"""All checks run, and none stops another."""

import threading

import pytest

from core.errors import PunctualError
from core.health import one_machine
from core.health.checks import run_checks
from core.health.findings import good


@pytest.fixture
def results(application, clock):
    """Return a function that runs all checks and returns their results by name."""
    return lambda **options: {each.name: each for each in run_checks(application, clock(), **options)}


def test_every_check_has_a_name_a_status_and_a_sentence(application, clock):
    checks = run_checks(application, clock())
    assert len({check.name for check in checks}) == len(checks) == 18
    assert all(check.message.endswith(".") for check in checks)
    assert all(check.remedy for check in checks if check.status in ("warning", "bad"))


def test_a_failed_check_is_unknown_with_the_error_and_the_others_run(results, monkeypatch):
    class CheckFailed(PunctualError):
        hint = "Try again."

    def fail(*_):
        raise CheckFailed("No response.")

    monkeypatch.setitem(one_machine.CHECKS, "Engine", fail)
    engine, mode = results()["Engine"], results()["Mode"]
    assert engine.status == "unknown"
    assert (engine.message, engine.remedy) == ("Could not be checked: No response.", "Try again.")
    assert mode.status == "good"


def test_a_bug_in_a_check_does_not_stop_the_others(results, monkeypatch, caplog):
    monkeypatch.setitem(one_machine.CHECKS, "Engine", lambda *_: 1 / 0)
    found = results()
    assert (found["Engine"].status, found["Mode"].status) == ("unknown", "good")
    assert "ZeroDivisionError" in caplog.text


def test_a_check_that_hangs_is_unknown_after_the_timeout(results, monkeypatch):
    release = threading.Event()
    monkeypatch.setitem(one_machine.CHECKS, "Engine", lambda *_: release.wait(10) and good("At last."))
    found = results(timeout=0.2)
    release.set()
    assert (found["Engine"].status, found["Mode"].status) == ("unknown", "good")
    assert "No result" in found["Engine"].message
