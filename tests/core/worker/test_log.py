"""The log file of a worker."""

import logging
import shutil

import pytest

from core.worker.log import LogFile


@pytest.fixture
def log_file(tmp_path):
    (tmp_path / "worker").mkdir()
    handler = LogFile(tmp_path / "worker" / "worker.log")
    yield handler
    handler.close()


def record(text):
    return logging.LogRecord("core", logging.CRITICAL, __file__, 1, text, (), None)


def test_a_line_goes_to_the_file(log_file, tmp_path, capsys):
    log_file.handle(record("The engine stops."))
    assert (tmp_path / "worker" / "worker.log").read_text() == "The engine stops.\n"
    assert capsys.readouterr().err == ""


def test_a_line_that_cannot_be_written_goes_to_the_standard_error_without_a_traceback(log_file, tmp_path, capsys):
    log_file.close()
    shutil.rmtree(tmp_path / "worker")
    log_file.handle(record("The engine stops."))
    assert capsys.readouterr().err == "The engine stops.\n"
