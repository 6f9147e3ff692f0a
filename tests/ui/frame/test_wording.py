from typing import get_args

import pytest

from core.ledger.post_state import StateName
from core.ledger.states import PublicationState
from ui.frame.wording import BADGES, accessible_label, escape, escape_inline, post_markdown


def test_every_state_has_a_badge():
    of_runs, before = get_args(PublicationState), [each for each in get_args(StateName) if isinstance(each, str)]
    assert set(BADGES) == {*of_runs, *before, *get_args(get_args(StateName)[-1])}


@pytest.mark.parametrize(
    "text", ["**bold**", "[a](http://b)", ":red[x]", "# title", "<b>", "$x$", "1. one", "a_b_c", "~~x~~"]
)
def test_markdown_is_escaped(text):
    escaped = escape(text)
    assert escaped.replace("\\", "") == text
    assert "\\" in escaped


def test_a_post_keeps_its_lines_and_links_and_nothing_else():
    assert post_markdown("One\n\n*two* https://example.com/a_b?c=1") == (
        "One  \n&nbsp;  \n\\*two\\* <https://example.com/a_b?c=1>"
    )


@pytest.mark.parametrize(
    "name", ["@ada.example", "@ada_lovelace@example.social", "On call (nights)", "#sales", "22:04"]
)
def test_a_name_without_markup_is_not_escaped_within_a_line(name):
    assert escape_inline(name) == name


@pytest.mark.parametrize("name", ["*sales*", "_sales_", "[a](b)", ":red[x]", ":smile:", "<b>", "$x$", "~~x~~", "a\\b"])
def test_a_name_with_markup_is_escaped_within_a_line(name):
    assert "\\" in escape_inline(name).replace("a\\b", "")


def test_an_accessible_label_has_no_markup_in_its_subject():
    label = accessible_label("Cancel", "09:00, **Look**: :red[a_b]\nhttp://c")
    assert label == "Cancel *09:00, Look red a b http //c*"


def test_a_subject_of_markup_alone_is_left_out():
    assert accessible_label("Retry", "***") == "Retry"
