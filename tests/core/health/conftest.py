"""One machine to look at, with its engine running or not."""

from collections.abc import Callable, Iterator

import pytest

from core.application import Application
from core.health.checks import run_checks
from core.health.findings import CheckResult
from core.settings import Settings


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """One machine, where nothing fires."""
    application = Application(Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home")}), clock)
    yield application
    application.close()


@pytest.fixture
def look(application, clock) -> Callable[[str], CheckResult]:
    """Examine the machine, and return one check by its name."""

    def look(name: str) -> CheckResult:
        [found] = [check for check in run_checks(application, clock()) if check.name == name]
        return found

    return look
