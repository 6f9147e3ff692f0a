"""The dashboard without a browser: a home of its own, a clock that can be moved, and sessions that open pages."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.application import Application
from core.ledger.port import Plan
from core.posts.models import new_post_id
from core.posts.payload import SCHEDULED_TIME, Payload, read_payload, write_payload
from core.publishing.composing import compose
from core.settings import Settings
from core.time.instants import utc_text, wall_time

SHELL = Path(__file__).parents[2] / "ui" / "frame" / "shell.py"


@pytest.fixture
def application(tmp_path, clock, monkeypatch) -> Iterator[Application]:
    """The home that the pages show. Nothing fires: tests publish what is due themselves."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    yield opened
    opened.close()


@pytest.fixture
def browse(application) -> Callable[..., AppTest]:
    """Open a page, in a new session in Berlin or in one that is given; a page that raises fails the test."""

    def open_page(name: str, session: AppTest | None = None) -> AppTest:
        if session is None:
            session = AppTest.from_file(SHELL, default_timeout=20)
            session.context["timezone"] = "Europe/Berlin"
            session.run()
        session.switch_page(f"../../pages/{name}.py").run()
        assert not session.exception, [found.value for found in session.exception]
        return session

    return open_page


@pytest.fixture
def plan(application, clock) -> Callable[..., Plan]:
    """Schedule a post so many minutes ahead."""

    def schedule(
        text: str = "Good morning",
        *,
        minutes: float = 60,
        zone: str = "Europe/Berlin",
        destinations: Sequence[str] = ("outbox",),
    ) -> Plan:
        wall = wall_time(clock.now + timedelta(minutes=minutes), zone).replace(tzinfo=None)
        post = compose(
            post_id=new_post_id(),
            text=text,
            destinations=destinations,
            wall=wall,
            zone=zone,
            which=1,
            late_after_minutes=60,
            accounts=application.accounts,
            networks=application.networks,
        )
        return application.schedules.schedule(post)

    return schedule


@pytest.fixture
def begin(application) -> Callable[[Plan], Payload]:
    """Take a post's schedule away as the engine does when it fires, and return what the relay is handed."""

    def fire(plan: Plan) -> Payload:
        application.place.scheduler.delete_schedule(Name=plan.schedule_name, GroupName=application.settings.group)
        return read_payload(write_payload(plan.post).replace(SCHEDULED_TIME, utc_text(plan.post.due_at)))

    return fire
