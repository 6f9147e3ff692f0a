"""One machine to look at, with its engine running or not."""

from collections.abc import Callable, Iterator

import pytest

from core.application import Application
from core.health.examination import examine
from core.health.findings import Check
from core.settings import Settings


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    """One machine, where nothing fires."""
    application = Application(Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home")}), clock)
    yield application
    application.close()


@pytest.fixture
def look(application, clock) -> Callable[[str], Check]:
    """Examine the machine, and return one check by its name."""

    def look(name: str) -> Check:
        [found] = [check for check in examine(application, clock()) if check.name == name]
        return found

    return look
