"""Long texts, in parts that fit."""

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.posts.models import graphemes
from core.publishing.links import find_links
from core.publishing.network import TextLength
from core.publishing.networks.mastodon.network import countable
from core.publishing.threads import CannotSplit, split_and_number, split_text

LINK = "https://example.org/a/rather/long/path?with=questions"


def limited(limit):
    return lambda text: TextLength(count=graphemes(text), limit=limit)


def as_mastodon(limit):
    return lambda text: TextLength(count=countable(text, 23), limit=limit)


def test_a_text_that_fits_stays_whole():
    assert split_text("Good morning. ", limited(20)) == ["Good morning. "]
    assert split_and_number("Good morning.", limited(20)) == ["Good morning."]


def test_a_text_without_a_limit_stays_whole():
    assert split_text("word " * 9000, lambda text: TextLength(count=len(text), limit=None)) == ["word " * 9000]


def test_sentences_stay_together():
    text = "The first one is here. The second one is longer. And a third."
    assert split_text(text, limited(30)) == ["The first one is here.", "The second one is longer.", "And a third."]


def test_paragraphs_stay_together_where_they_fill_at_least_half():
    text = "One. Two.\nThree.\n\nFour. Five. Six. Seven."
    assert split_text(text, limited(28)) == ["One. Two.\nThree.", "Four. Five. Six. Seven."]


def test_a_paragraph_that_fills_less_than_half_does_not_end_a_part():
    assert split_text("Hi.\n\nOne is here. Two is here. Three.", limited(20)) == [
        "Hi.\n\nOne is here.",
        "Two is here. Three.",
    ]


def test_words_stay_whole_where_sentences_cannot():
    assert split_text("alpha beta gamma delta", limited(11)) == ["alpha beta", "gamma delta"]


def test_a_long_word_that_fits_a_part_by_itself_stays_whole_though_the_part_before_it_is_short():
    assert split_text("an unbreakable word", limited(11)) == ["an", "unbreakable", "word"]


def test_a_word_that_is_too_long_by_itself_is_cut_between_graphemes():
    family = "👩‍👩‍👧‍👦"
    assert split_text(family * 5, limited(2)) == [family * 2, family * 2, family]


def test_a_link_is_never_cut():
    parts = split_text(f"Look at this here {LINK} and then at that", limited(56))
    assert parts == ["Look at this here", LINK, "and then at that"]


def test_a_link_that_fits_no_part_is_named():
    with pytest.raises(CannotSplit, match="https://example.org"):
        split_text(f"See {LINK}", limited(30))


def test_a_link_counts_as_its_network_counts_it():
    assert split_text(f"{LINK} {LINK}", as_mastodon(50)) == [f"{LINK} {LINK}"]
    assert split_text(f"{LINK} {LINK} more words", as_mastodon(50)) == [f"{LINK} {LINK}", "more words"]


def test_a_language_without_spaces_is_cut_behind_its_sentences():
    assert split_text("今日は晴れです。明日は雨です。", limited(10)) == ["今日は晴れです。", "明日は雨です。"]


def test_each_part_says_which_it_is():
    assert split_and_number("alpha beta gamma delta", limited(14)) == ["alpha beta 1/3", "gamma 2/3", "delta 3/3"]


def test_more_than_nine_parts_are_numbered_with_room_for_it():
    parts = split_and_number("word " * 30, limited(10))
    assert parts[0] == f"word 1/{len(parts)}"
    assert parts[-1].endswith(f"{len(parts)}/{len(parts)}")
    assert all(graphemes(part) <= 10 for part in parts)


def test_a_text_of_50_kilobytes_is_split_without_delay():
    parts = split_text("Lorem ipsum dolor sit amet. " * 1800, limited(300))
    assert 170 < len(parts) < 340


words = st.sampled_from(
    ["a", "beta", "Straße.", "👍🏽", "e\u0301", "🇩🇪🇫🇷", LINK, "x" * 40, "今日は。", "שלום", "\u0301"]
)
gaps = st.sampled_from([" ", "\n", "\n\n", "  ", "\r\n", "\u3000", ""])
texts = st.lists(st.tuples(words, gaps), min_size=1, max_size=40).map(lambda pairs: "".join(map("".join, pairs)))


@settings(max_examples=200, deadline=None)
@given(text=texts | st.text(max_size=300), limit=st.integers(60, 120), number=st.booleans())
def test_nothing_but_white_space_is_lost_and_nothing_whole_is_cut(text, limit, number):
    measure = limited(limit)
    assume(all(link.end - link.start < limit - 10 for link in find_links(text)))
    parts = (split_and_number if number else split_text)(text, measure)
    assert all(not measure(part).excess for part in parts)
    if number and len(parts) > 1:
        marks = [f" {at}/{len(parts)}" for at in range(1, len(parts) + 1)]
        assert all(part.endswith(mark) for part, mark in zip(parts, marks, strict=True))
        parts = [part.removesuffix(mark) for part, mark in zip(parts, marks, strict=True)]
    solid = [each for each in regex.findall(r"\X", text) if not each.isspace()]
    assert [each for part in parts for each in regex.findall(r"\X", part) if not each.isspace()] == solid
    whole = [text[link.start : link.end] for link in find_links(text)]
    assert [part[link.start : link.end] for part in parts for link in find_links(part)] == whole
