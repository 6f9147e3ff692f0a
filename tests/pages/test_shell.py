import pytest

from ui.frame import application as opened

PAGES = ("compose", "queue", "calendar", "history", "outbox", "accounts", "notifications", "health")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_with_an_empty_home(browse, name):
    assert browse(name).title[0].value == name.title()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_works_in_a_browser_without_a_time_zone(browse, name):
    page = browse("compose")
    page.context["timezone"] = None
    page.open(name)
    assert page.title[0].value == name.title()


def test_the_page_names_a_home_that_cannot_be_opened(tmp_path, monkeypatch, new_session):
    (tmp_path / "home").write_text("a file, not a folder")
    monkeypatch.setenv("PUNCTUAL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(opened, "_opened", [])
    page = new_session()
    assert str(tmp_path / "home") in page.shown
    assert "set PUNCTUAL_HOME to another folder" in page.shown


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_one_error_and_nothing_else_when_the_home_was_replaced(browse, application, tmp_path, name):
    page = browse(name)
    application.back_up(tmp_path / "backup")
    (tmp_path / "home").rename(tmp_path / "aside")
    (tmp_path / "backup").rename(tmp_path / "home")
    page.run()
    assert len(page.error) == 1
    assert "was replaced or deleted while this program used it" in page.error[0].value
    assert "Stop this program and start it again" in page.error[0].value
    assert not page.title


def test_every_page_warns_when_no_worker_is_running(browse, application):
    page = browse("compose")
    assert len(page.warning) == 1
    assert "No worker is running: nothing is published." in page.shown
    application.start(lambda: "http://127.0.0.1:9/publish")
    page.run()
    assert not page.warning
