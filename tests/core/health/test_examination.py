"""An examination: every check side by side, none that stops another."""

import threading

from core.errors import PunctualError
from core.health import local
from core.health.examination import examine
from core.health.findings import good


def test_every_check_has_a_name_a_verdict_and_a_sentence(application, clock):
    checks = examine(application, clock())
    assert len({check.name for check in checks}) == len(checks) == 13
    assert all(check.finding.endswith(".") for check in checks)
    assert all(check.remedy for check in checks if check.verdict in ("warning", "bad"))


def test_a_check_that_fails_is_unknown_with_its_reason_and_the_others_are_made(application, clock, monkeypatch):
    class NoAnswer(PunctualError):
        hint = "Ask again."

    def fail(*_):
        raise NoAnswer("Nobody answers.")

    monkeypatch.setitem(local.LOOKS, "Engine", fail)
    checks = {check.name: check for check in examine(application, clock())}
    assert checks["Engine"].verdict == "unknown"
    assert (checks["Engine"].finding, checks["Engine"].remedy) == (
        "Could not be checked: Nobody answers.",
        "Ask again.",
    )
    assert checks["Mode"].verdict == "good"


def test_a_check_with_a_fault_of_its_own_does_not_stop_the_others(application, clock, monkeypatch, caplog):
    monkeypatch.setitem(local.LOOKS, "Engine", lambda *_: 1 / 0)
    checks = {check.name: check for check in examine(application, clock())}
    assert checks["Engine"].verdict == "unknown"
    assert checks["Mode"].verdict == "good"
    assert "ZeroDivisionError" in caplog.text


def test_a_check_that_hangs_is_unknown_after_a_while(application, clock, monkeypatch):
    answer = threading.Event()
    monkeypatch.setitem(local.LOOKS, "Engine", lambda *_: answer.wait(10) and good("At last."))
    checks = {check.name: check for check in examine(application, clock(), patience=0.2)}
    answer.set()
    assert checks["Engine"].verdict == "unknown"
    assert "No answer" in checks["Engine"].finding
    assert checks["Mode"].verdict == "good"
