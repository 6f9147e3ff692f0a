import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse
from streamlit.testing.v1 import AppTest

from core.storage.identity import HomeReplaced
from core.time.instants import real_clock
from core.worker.lock import worker_runs
from core.worker.record import WorkerFiles
from core.worker.supervisor import Supervisor
from ui.frame import application as opened

SHELL = Path(__file__).parents[3] / "ui" / "frame" / "shell.py"
ROLE_REFUSED = b'{"Message": "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."}'


class RawResponse:
    """The part of urllib3's response that botocore reads."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield ROLE_REFUSED


def refuse_role(request, **_):
    """Answer as AWS does while a role is new."""
    return AWSResponse(request.url, 400, {"x-amzn-ErrorType": "ValidationException"}, RawResponse())


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Open Compose on a server whose scheduler cannot assume its role yet."""
    monkeypatch.setenv("PUNCTUAL_HOME", str(tmp_path))
    monkeypatch.setattr(opened, "_opened", [])
    page = AppTest.from_file(SHELL, default_timeout=20)
    page.run()
    scheduler = opened.application().backend.scheduler_client
    scheduler.meta.events.register_first("before-send.scheduler.CreateSchedule", refuse_role)
    yield page
    opened.close()


def test_a_page_does_not_wait_for_a_new_role_and_says_that_the_post_is_saved(page):
    draft = page.session_state["draft"]
    page.text_area(key=f"text-{draft}").set_value("The first one").run()
    page.button(key=f"schedule-{draft}").click().run()
    assert "must allow AWS EventBridge Scheduler to assume the role" in page.error[0].value
    assert "The change is noted and will be armed" in page.error[0].value
    plan = opened.application().schedules.plan(draft)
    assert (plan.post.text, plan.settled) == ("The first one", False)


def supervisors_problem() -> str:
    """Return the problem that the supervisor knows. Until it knows one, the database may refuse the replaced home."""
    try:
        return opened.worker_problem() or ""
    except HomeReplaced:
        return ""


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "not within 20 s"
        time.sleep(0.02)


def test_a_dashboard_starts_a_worker_and_fires_and_repairs_nothing_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("PUNCTUAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(opened, "_opened", [])
    opened.serve()
    try:
        eventually(opened.application().one_machine.has_live_runner)
        eventually(lambda: opened.worker_problem() is None)
        assert not {thread.name for thread in threading.enumerate()} & {"engine-timer", "repairs", "background"}
    finally:
        opened.close()
    assert not worker_runs(WorkerFiles(tmp_path / "home"))


def test_every_page_shows_the_exit_status_and_the_log_of_a_worker_that_does_not_start(page, tmp_path, monkeypatch):
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    failing = Supervisor(tmp_path, real_clock, check_home=lambda: None, command=command, pauses=(0.05, 0.05))
    monkeypatch.setattr(opened, "_supervisors", [failing])
    failing.start()
    eventually(failing.problem)
    page.run()
    [warning] = page.warning
    shown = warning.value.replace("\\", "")
    assert "The worker ended (exit status 3) and is started again." in shown
    assert str(WorkerFiles(tmp_path).log) in shown


def test_no_worker_starts_on_a_home_that_was_replaced(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("PUNCTUAL_HOME", str(home))
    monkeypatch.setattr(opened, "_opened", [])
    opened.serve()
    try:
        eventually(opened.application().one_machine.has_live_runner)
        opened.application().back_up(tmp_path / "backup")
        home.rename(tmp_path / "aside")
        (tmp_path / "backup").rename(home)
        eventually(lambda: "was replaced or deleted" in supervisors_problem())
        assert not worker_runs(WorkerFiles(home))
    finally:
        opened.close()
