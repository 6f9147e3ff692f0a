from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse
from streamlit.testing.v1 import AppTest

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
    assert "saved your change and makes it by itself" in page.error[0].value
    plan = opened.application().schedules.plan(draft)
    assert (plan.post.text, plan.settled) == ("The first one", False)
