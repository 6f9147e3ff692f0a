from typing import get_args

import pytest

from core.ledger.states import State as RunState
from core.standing import State
from ui.wording import BADGES, as_read, plain


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
