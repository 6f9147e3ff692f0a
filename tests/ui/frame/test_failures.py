import logging

import pytest
from streamlit.testing.v1 import AppTest

from core.aws_errors import AwsUnavailable
from ui.frame.failures import OneLineErrors

LOG = logging.getLogger("streamlit.error_util")
"""Streamlit logs an uncaught error here before it calls `on_script_error`."""


class RecordingHandler(logging.Handler):
    """Records the level and the text of each log entry."""

    def __init__(self):
        super().__init__()
        self.entries = []

    def emit(self, record):
        self.entries.append((record.levelname, logging.Formatter().format(record)))


@pytest.fixture
def logged(monkeypatch):
    """Return the log entries of a new server."""
    handler = RecordingHandler()
    filters = [OneLineErrors() if isinstance(each, OneLineErrors) else each for each in LOG.filters]
    monkeypatch.setattr(LOG, "handlers", [handler])
    monkeypatch.setattr(LOG, "propagate", False)
    monkeypatch.setattr(LOG, "filters", filters)
    return handler.entries


@pytest.fixture
def fail(logged):
    """Log an uncaught error of a page at a time in seconds."""

    def fail(error, *, seconds=0.0):
        facts = {"levelname": "ERROR", "levelno": logging.ERROR, "msg": "Uncaught app execution", "created": seconds}
        record = logging.makeLogRecord({"name": LOG.name, "exc_info": (type(error), error, None), **facts})
        LOG.handle(record)

    return fail


def test_an_expected_error_is_logged_in_one_line(fail, logged):
    fail(AwsUnavailable("AWS cannot be reached."))
    [(level, line)] = logged
    assert level == "WARNING"
    assert line.startswith("A page could not be shown: AWS cannot be reached. Check this machine's network")
    assert "\n" not in line


def test_a_bug_is_logged_with_its_traceback(fail, logged):
    fail(KeyError("a bug"))
    [(level, lines)] = logged
    assert level == "ERROR"
    assert lines.startswith("Uncaught app execution\n")
    assert "KeyError: 'a bug'" in lines


def test_the_same_error_is_logged_once_a_minute(fail, logged):
    for seconds in range(0, 118, 2):
        fail(AwsUnavailable("AWS cannot be reached."), seconds=seconds)
    assert len(logged) == 2
    fail(AwsUnavailable("AWS does not answer."), seconds=118)
    assert len(logged) == 3


def test_an_error_message_is_escaped():
    def page():
        from core.settings import InvalidSetting
        from ui.frame.failures import show

        show(InvalidSetting("role_arn", "it should match ^arn:aws[a-z-]*:iam::[0-9]"))

    [shown] = AppTest.from_function(page).run().error
    assert r"^arn\:aws\[a\-z\-\]\*\:iam\:\:\[0\-9\]" in shown.value
    assert shown.value.endswith("Correct or unset PUNCTUAL_ROLE_ARN, then restart Punctual.")
