"""One machine whose health is checked; its engine does not run."""

from collections.abc import Callable, Iterator

import pytest

from core.application import Application
from core.health import checks
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
def check_of(clock, monkeypatch) -> Callable[..., CheckResult]:
    """Return a function that runs one check of an application by its name. All of them together take long on moto."""

    def check_of(application: Application, name: str, zone: str = "UTC") -> CheckResult:
        with monkeypatch.context() as patch:
            all_checks = checks._checks
            patch.setattr(checks, "_checks", lambda context: {name: all_checks(context)[name]})
            [result] = run_checks(application, clock(), zone=zone)
        return result

    return check_of


@pytest.fixture
def check(application, check_of) -> Callable[[str], CheckResult]:
    """Return a function that checks the application and returns one result by its name."""
    return lambda name: check_of(application, name)
