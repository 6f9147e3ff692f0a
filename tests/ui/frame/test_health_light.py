"""The light of Health in the navigation, with a clock that the test moves."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from core.health.findings import CheckResult
from ui.frame import health_light
from ui.frame.health_light import INTERVAL, STARTING_INTERVAL, HealthLight


@pytest.fixture
def app():
    app = SimpleNamespace(now=datetime(2026, 12, 1, 9, tzinfo=UTC))
    app.clock = lambda: app.now
    return app


@pytest.fixture
def status_after(app, monkeypatch):
    """Return what the light shows when the clock has moved and the checks have found a status."""
    light = HealthLight()

    def read(status, moved=timedelta()):
        app.now += moved
        result = CheckResult(id="worker", name="Worker", status=status, message="What the check saw")
        monkeypatch.setattr(health_light, "run_checks", lambda app, now: [result])
        light.read(app)
        for thread in threading.enumerate():
            if thread.name == "health-light":
                thread.join(20)
        return light.read(app)

    return read


def test_a_worker_that_is_still_starting_shows_no_bad_light(status_after):
    assert status_after("bad") == "unknown"
    assert status_after("good", STARTING_INTERVAL) == "good"


def test_a_worker_that_stays_missing_shows_a_bad_light_after_a_minute(status_after):
    assert status_after("bad") == "unknown"
    assert status_after("bad", INTERVAL) == "bad"


def test_a_fault_in_the_first_minute_after_a_good_check_shows_later(status_after):
    assert status_after("good") == "good"
    assert status_after("bad", STARTING_INTERVAL) == "good"
    assert status_after("bad", INTERVAL) == "bad"
