"""Commands run in this process, on homes of their own."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.application import Application
from core.cli.main import main
from core.settings import Settings


@pytest.fixture
def command_in(clock) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command on a home and returns its exit status, output and errors."""

    def run(home: Path, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        status = main(arguments, lambda: Application(Settings(home=home), clock), out, err)
        return status, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def command(command_in, tmp_path) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command on a new home."""
    return partial(command_in, tmp_path)
