import logging

import pytest
from streamlit.testing.v1 import AppTest

from core.aws_errors import SchedulerUnavailable
from ui.frame.failures import InWords

LOG = logging.getLogger("streamlit.error_util")
"""Streamlit writes here what a page raised, before it asks anybody what to show."""


class Kept(logging.Handler):
    """Keeps what is written, and when it is said to be."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, logging.Formatter().format(record)))


@pytest.fixture
def written(monkeypatch):
    """What is written to the log, of a server that has said nothing yet."""
    kept = Kept()
    monkeypatch.setattr(LOG, "handlers", [kept])
    monkeypatch.setattr(LOG, "propagate", False)
    monkeypatch.setattr(LOG, "filters", [InWords() if isinstance(each, InWords) else each for each in LOG.filters])
    return kept.lines


@pytest.fixture
def fail(written):
    """Let a page fail, so many seconds after the others."""

    def fail(error, *, seconds=0.0):
        facts = {"levelname": "ERROR", "levelno": logging.ERROR, "msg": "Uncaught app execution", "created": seconds}
        record = logging.makeLogRecord({"name": LOG.name, "exc_info": (type(error), error, None), **facts})
        LOG.handle(record)

    return fail


def test_the_log_says_in_one_line_what_is_no_bug(fail, written):
    fail(SchedulerUnavailable("AWS cannot be reached."))
    [(level, line)] = written
    assert level == "WARNING"
    assert line.startswith("A page could not be shown: AWS cannot be reached. Check this machine's network")
    assert "\n" not in line


def test_the_log_keeps_the_traceback_of_a_bug(fail, written):
    fail(KeyError("a bug"))
    [(level, lines)] = written
    assert level == "ERROR"
    assert lines.startswith("Uncaught app execution\n")
    assert "KeyError: 'a bug'" in lines


def test_pages_that_ask_again_and_again_are_told_of_once_a_minute(fail, written):
    for seconds in range(0, 118, 2):
        fail(SchedulerUnavailable("AWS cannot be reached."), seconds=seconds)
    assert len(written) == 2
    fail(SchedulerUnavailable("AWS does not answer."), seconds=118)
    assert len(written) == 3


def test_what_is_wrong_is_shown_as_it_is():
    def page():
        from core.settings import WrongSetting
        from ui.frame.failures import show

        show(WrongSetting("role_arn", "it should match ^arn:aws[a-z-]*:iam::[0-9]"))

    [shown] = AppTest.from_function(page).run().error
    assert r"^arn\:aws\[a\-z\-\]\*\:iam\:\:\[0\-9\]" in shown.value
    assert shown.value.endswith("Correct or unset PUNCTUAL_ROLE_ARN, then start again.")
