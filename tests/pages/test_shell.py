from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui.frame import application as opened

SHELL = Path(__file__).parents[2] / "ui" / "frame" / "shell.py"
PAGES = ("compose", "queue", "calendar", "history", "outbox", "accounts", "notifications", "health")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_draws_itself_on_an_empty_home(browse, name):
    assert browse(name).title[0].value == name.title()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_draws_itself_for_a_browser_that_names_no_zone(browse, application, name):
    page = browse("compose")
    page.context["timezone"] = None
    browse(name, page)
    assert page.title[0].value == name.title()


def test_a_home_that_cannot_be_opened_is_named_on_the_page(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file, not a folder")
    monkeypatch.setenv("PUNCTUAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(opened, "_opened", [])
    page = AppTest.from_file(SHELL, default_timeout=20).run()
    assert not page.exception
    assert str(tmp_path / "home") in page.error[0].value.replace("\\", "")
    assert "set PUNCTUAL_HOME to another folder" in page.error[0].value


def test_every_page_says_when_nothing_would_go_out(browse, application):
    page = browse("compose")
    assert "nothing goes out" in page.warning[0].value
    application.start_engine(lambda: "http://127.0.0.1:9/publish")
    page.run()
    assert not page.warning
