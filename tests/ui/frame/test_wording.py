from typing import get_args

import pytest

from core.ledger.post_state import State
from core.ledger.states import State as RunState
from ui.frame.wording import BADGES, as_read, heard, plain, plain_within


def test_every_state_has_a_name_an_icon_and_a_colour():
    of_runs, before = get_args(RunState), [each for each in get_args(State) if isinstance(each, str)]
    assert set(BADGES) == {*of_runs, *before, *get_args(get_args(State)[-1])}


@pytest.mark.parametrize(
    "text", ["**bold**", "[a](http://b)", ":red[x]", "# title", "<b>", "$x$", "1. one", "a_b_c", "~~x~~"]
)
def test_peoples_words_are_no_markdown(text):
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    assert "\\" in escaped


def test_readers_see_lines_and_links_and_nothing_else():
    assert as_read("One\n\n*two* https://example.com/a_b?c=1") == (
        "One  \n&nbsp;  \n\\*two\\* <https://example.com/a_b?c=1>"
    )


@pytest.mark.parametrize(
    "name", ["@ada.example", "@ada_lovelace@example.social", "On call (nights)", "#sales", "22:04"]
)
def test_names_that_are_no_markup_are_said_as_they_are(name):
    assert plain_within(name) == name


@pytest.mark.parametrize("name", ["*sales*", "_sales_", "[a](b)", ":red[x]", ":smile:", "<b>", "$x$", "~~x~~", "a\\b"])
def test_names_that_are_markup_within_a_line_are_escaped(name):
    assert "\\" in plain_within(name).replace("a\\b", "")


def test_what_a_button_is_about_is_said_without_markup():
    assert heard("Cancel", "09:00, **Look**: :red[a_b]\nhttp://c") == "Cancel *09:00, Look red a b http //c*"


def test_a_button_about_nothing_that_can_be_said_keeps_its_label():
    assert heard("Retry", "***") == "Retry"
