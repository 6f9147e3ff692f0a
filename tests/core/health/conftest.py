"""One machine whose health is checked; its engine does not run."""

from collections.abc import Callable, Iterator

import pytest

from core.application import Application
from core.health.checks import run_checks
from core.health.findings import CheckResult
from core.settings import Settings


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """Open one machine without starting its engine."""
    application = Application(Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home")}), clock)
    yield application
    application.close()


@pytest.fixture(autouse=True)
def no_zone_files(monkeypatch) -> None:
    """Hide the zone files of the machine that runs the tests: a newer release there is a warning."""
    monkeypatch.setattr("core.health.zone_rules.machine_release", lambda: None)


@pytest.fixture
def check_of(clock) -> Callable[..., CheckResult]:
    """Return a function that checks an application and returns one result by its name."""

    def check_of(application: Application, name: str, zone: str = "UTC") -> CheckResult:
        [result] = [each for each in run_checks(application, clock(), zone=zone) if each.name == name]
        return result

    return check_of


@pytest.fixture
def check(application, check_of) -> Callable[[str], CheckResult]:
    """Return a function that checks the application and returns one result by its name."""
    return lambda name: check_of(application, name)
