"""An examination: every check side by side, none that stops another."""

import threading

from core.errors import PunctualError
from core.health import local
from core.health.checks import run_checks
from core.health.findings import good


def test_every_check_has_a_name_a_verdict_and_a_sentence(application, clock):
    checks = run_checks(application, clock())
    assert len({check.name for check in checks}) == len(checks) == 13
    assert all(check.message.endswith(".") for check in checks)
    assert all(check.remedy for check in checks if check.status in ("warning", "bad"))


def test_a_check_that_fails_is_unknown_with_its_reason_and_the_others_are_made(application, clock, monkeypatch):
    class NoAnswer(PunctualError):
        hint = "Ask again."

    def fail(*_):
        raise NoAnswer("Nobody answers.")

    monkeypatch.setitem(local.CHECKS, "Engine", fail)
    checks = {check.name: check for check in run_checks(application, clock())}
    assert checks["Engine"].status == "unknown"
    assert (checks["Engine"].message, checks["Engine"].remedy) == (
        "Could not be checked: Nobody answers.",
        "Ask again.",
    )
    assert checks["Mode"].status == "good"


def test_a_check_with_a_fault_of_its_own_does_not_stop_the_others(application, clock, monkeypatch, caplog):
    monkeypatch.setitem(local.CHECKS, "Engine", lambda *_: 1 / 0)
    checks = {check.name: check for check in run_checks(application, clock())}
    assert checks["Engine"].status == "unknown"
    assert checks["Mode"].status == "good"
    assert "ZeroDivisionError" in caplog.text


def test_a_check_that_hangs_is_unknown_after_a_while(application, clock, monkeypatch):
    answer = threading.Event()
    monkeypatch.setitem(local.CHECKS, "Engine", lambda *_: answer.wait(10) and good("At last."))
    checks = {check.name: check for check in run_checks(application, clock(), timeout=0.2)}
    answer.set()
    assert checks["Engine"].status == "unknown"
    assert "No answer" in checks["Engine"].message
    assert checks["Mode"].status == "good"
