"""The pages without a browser: a home, a movable clock, and browser sessions that open pages."""

import functools
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.manifest_scanner import scan_component_manifests
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, local_script_runner

from core.application import Application
from core.ledger.port import Plan
from core.posts.models import new_post_id
from core.posts.payload import SCHEDULED_TIME, Payload, read_payload, write_payload
from core.publishing.composing import compose
from core.settings import Settings
from core.time.instants import utc_text, wall_time

SHELL = Path(__file__).parents[2] / "ui" / "frame" / "shell.py"
FIRST_PAGE = "compose"


class Session(AppTest):
    """A browser session in Berlin, which begins on Compose or on another page. A page that raises fails the test.

    Methods that take an `owner` act on the widget of that post, draft, account or channel.
    """

    def __init__(self, page: str = FIRST_PAGE) -> None:
        super().__init__(SHELL, default_timeout=20)
        self.context["timezone"] = "Europe/Berlin"
        if page == FIRST_PAGE:
            self.run()
        else:
            self.open(page)

    def _run(self, *args: Any, **kwargs: Any) -> "Session":  # AppTest's widgets run the script through this method
        super()._run(*args, **kwargs)
        assert not self.exception, [found.value for found in self.exception]
        return self

    def open(self, page: str) -> "Session":
        """Open another page in this session."""
        self.switch_page(f"../../pages/{page}.py").run()
        return self

    @property
    def draft(self) -> str:
        """Return the id of the current draft."""
        return self.session_state["draft"]

    @property
    def shown(self) -> str:
        """Return the text on the page, without the backslashes of Markdown."""
        kinds = [self.markdown, self.caption, self.text, self.info, self.warning, self.error, self.code, self.toast]
        return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")

    @property
    def texts(self) -> list[str]:
        """Return the texts of the cards, from top to bottom."""
        return [element.value for element in self.text]

    @property
    def headers(self) -> list[str]:
        """Return the headers of the page, from top to bottom."""
        return [element.value for element in self.header]

    def click(self, name: str, owner: str | Plan | None = None) -> None:
        """Click a button."""
        self.button(key=_key(name, owner)).click().run()

    def choose(self, item: str, owner: str | Plan) -> None:
        """Choose an item of a menu."""
        self.menu_button(key=_key("menu", owner)).click(item).run()

    def write(self, text: str) -> None:
        """Write the text of the current draft."""
        self.text_area(key=f"text-{self.draft}").set_value(text).run()

    def address(self, *destinations: str) -> None:
        """Choose the destinations of the current draft."""
        self.pills(key=f"destinations-{self.draft}").set_value(list(destinations)).run()

    def schedule(self) -> None:
        """Schedule the current draft."""
        self.click("schedule", self.draft)


def _key(name: str, owner: str | Plan | None) -> str:
    owner = owner.post.post_id if isinstance(owner, Plan) else owner
    return name if owner is None else f"{name}-{owner}"


@pytest.fixture(scope="session", autouse=True)
def one_scan_and_compilation() -> Iterator[None]:
    """Look for components among the installed packages once, and compile each page once, instead of for each run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(scan_component_manifests))
        patch.setattr(local_script_runner, "ScriptCache", functools.cache(ScriptCache))
        yield


@pytest.fixture
def application(tmp_path, clock, monkeypatch) -> Iterator[Application]:
    """Open the home that the pages show. No engine runs: tests publish due posts themselves."""
    opened = Application(Settings(home=tmp_path / "home"), clock)
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    yield opened
    opened.close()


@pytest.fixture
def application_on_aws(open_application, monkeypatch) -> Application:
    """Open a deployment on AWS for the pages. The checks of Health do not run beside them: they take long on moto."""
    monkeypatch.setattr("ui.frame.health_light.run_checks", lambda app, now: [])
    opened = open_application()
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    return opened


@pytest.fixture
def new_session() -> Callable[[], Session]:
    """Open Compose in a new session."""
    return Session


@pytest.fixture
def browse(application) -> Callable[[str], Session]:
    """Open a page in a new session, as its address does."""
    return Session


@pytest.fixture
def plan(application, clock) -> Callable[..., Plan]:
    """Schedule a post that is due in some minutes."""

    def schedule(
        text: str = "Good morning",
        *,
        minutes: float = 60,
        zone: str = "Europe/Berlin",
        destinations: Sequence[str] = ("outbox",),
        **content: Any,
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
            **content,
        )
        return application.schedules.schedule(post)

    return schedule


@pytest.fixture
def fire(application) -> Callable[[Plan], Payload]:
    """Delete a post's schedule, as the engine does when it fires, and return the payload for the relay."""

    def fire(plan: Plan) -> Payload:
        scheduler, group = application.backend.scheduler_client, application.settings.group
        scheduler.delete_schedule(Name=plan.schedule_name, GroupName=group)
        return read_payload(write_payload(plan.post).replace(SCHEDULED_TIME, utc_text(plan.post.due_at)))

    return fire


@pytest.fixture
def picture() -> Callable[[str], bytes]:
    """Return a PNG file of one colour."""

    def png(colour: str) -> bytes:
        content = io.BytesIO()
        Image.new("RGB", (300, 200), colour).save(content, "PNG")
        return content.getvalue()

    return png
