"""An open page is drawn again when its content changes, and nothing is sent before."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from core.errors import PunctualError
from core.scheduling.post_views import OFTEN, SELDOM
from ui.frame import redraw
from ui.frame.state import DIALOG_OPEN, DRAWN_AGAIN


class Rerun(BaseException):
    """Ends a run, as Streamlit's does."""


class Page:
    """A page with a content, whose fragment runs on demand."""

    def __init__(self):
        self.session_state = {}
        self.content = "one post"
        self.interval = SELDOM

    def fragment(self, function, run_every):
        self.run_every = run_every

        def begin(*arguments):
            self.look = lambda: function(*arguments)
            function(*arguments)

        return begin

    def rerun(self):
        raise Rerun

    def read(self):
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    def draw(self):
        redraw.redraw_on_change(self.read)
        redraw.note_drawn(self.read())


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(redraw, "st", page)
    views = SimpleNamespace(refresh_interval=lambda: page.interval)
    monkeypatch.setattr(redraw, "application", lambda: SimpleNamespace(views=views))
    page.draw()
    return page


def test_a_page_without_a_change_is_not_drawn_again(page):
    assert page.run_every == SELDOM
    for _ in range(3):
        page.look()


def test_a_change_draws_the_page_again_once(page):
    page.content = "two posts"
    with pytest.raises(Rerun):
        page.look()
    page.draw()
    page.look()


def test_a_list_that_was_drawn_again_by_an_action_of_its_own_is_not_drawn_twice(page):
    page.content = "two posts"
    redraw.note_drawn(page.content)
    page.look()


def test_an_open_dialog_stays_open(page):
    page.content, page.session_state[DIALOG_OPEN] = "two posts", True
    page.look()


def test_a_post_that_becomes_due_makes_the_looks_frequent(page):
    page.interval = OFTEN
    with pytest.raises(Rerun):
        page.look()
    page.draw()
    assert page.run_every == OFTEN


def test_an_error_draws_the_page_again_until_it_ends(page):
    page.content = PunctualError("The disk is full.")
    with pytest.raises(Rerun):
        page.look()
    with pytest.raises(PunctualError):
        page.draw()
    with pytest.raises(Rerun):
        page.look()
    page.content = "one post"
    with pytest.raises(Rerun):
        page.look()
    page.draw()
    page.look()


def test_phrases_change_each_minute_in_the_last_hour_and_every_five_minutes_before(clock):
    def changes(due, **after):
        dues = [due, clock() + timedelta(days=1)]
        return redraw.phrase_age(dues, clock() + timedelta(**after)) != redraw.phrase_age(dues, clock())

    assert changes(clock() + timedelta(seconds=30), seconds=1)
    assert not changes(clock() + timedelta(minutes=30, seconds=30), seconds=20)
    assert changes(clock() + timedelta(minutes=30, seconds=30), seconds=60)
    assert not changes(clock() + timedelta(hours=3, minutes=4), minutes=4)
    assert changes(clock() + timedelta(hours=3, minutes=4), minutes=5)


def test_a_change_of_what_surrounds_a_page_draws_it_again_unless_a_dialog_is_open(page):
    redraw.redraw_frame_on_change(page.read, page.content)
    page.look()
    page.content = "no worker is running"
    page.session_state[DIALOG_OPEN] = True
    page.look()
    page.session_state[DIALOG_OPEN] = False
    with pytest.raises(Rerun):
        page.look()
    assert page.session_state[DRAWN_AGAIN]


def test_a_run_that_changes_what_surrounds_the_page_is_not_cut_short(page):
    redraw.redraw_frame_on_change(page.read, "no drafts")
    with pytest.raises(Rerun):
        page.look()
