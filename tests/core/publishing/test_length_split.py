"""Splitting a long text into the parts of a thread."""

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.posts.models import graphemes
from core.publishing.length_split import CannotSplit, ThreadPart, number_parts, split_parts
from core.publishing.links import find_links
from core.publishing.network import TextLength
from core.publishing.networks.mastodon.text_length import text_length


def split_text(text, measure):
    return [part.text for part in split_parts([text], measure)]


def split_and_number(text, measure):
    return [part.text for part in number_parts([text], measure)]


LINK = "https://example.org/a/rather/long/path?with=questions"


def limited(limit):
    return lambda text: TextLength(count=graphemes(text), limit=limit)


def mastodon_limit(limit):
    return lambda text: TextLength(count=text_length(text, 23), limit=limit)


def test_a_text_that_fits_is_not_split():
    assert split_text("Good morning. ", limited(20)) == ["Good morning. "]
    assert split_and_number("Good morning.", limited(20)) == ["Good morning."]


def test_a_text_without_a_limit_is_not_split():
    assert split_text("word " * 9000, lambda text: TextLength(count=len(text), limit=None)) == ["word " * 9000]


def test_sentences_are_not_split():
    text = "The first one is here. The second one is longer. And a third."
    assert split_text(text, limited(30)) == ["The first one is here.", "The second one is longer.", "And a third."]


def test_a_part_ends_with_a_paragraph_that_fills_at_least_half_of_it():
    text = "One. Two.\nThree.\n\nFour. Five. Six. Seven."
    assert split_text(text, limited(28)) == ["One. Two.\nThree.", "Four. Five. Six. Seven."]


def test_a_part_does_not_end_with_a_paragraph_that_fills_less_than_half_of_it():
    assert split_text("Hi.\n\nOne is here. Two is here. Three.", limited(20)) == [
        "Hi.\n\nOne is here.",
        "Two is here. Three.",
    ]


def test_long_sentences_are_split_between_words():
    assert split_text("alpha beta gamma delta", limited(11)) == ["alpha beta", "gamma delta"]


def test_a_word_that_fits_one_part_is_not_split_even_after_a_short_part():
    assert split_text("an unbreakable word", limited(11)) == ["an", "unbreakable", "word"]


def test_a_word_that_exceeds_one_part_is_split_between_graphemes():
    family = "👩‍👩‍👧‍👦"
    assert split_text(family * 5, limited(2)) == [family * 2, family * 2, family]


def test_a_link_is_never_split():
    parts = split_text(f"Look at this here {LINK} and then at that", limited(56))
    assert parts == ["Look at this here", LINK, "and then at that"]


def test_a_link_that_exceeds_one_part_is_an_error_that_names_it():
    with pytest.raises(CannotSplit, match="https://example.org"):
        split_text(f"See {LINK}", limited(30))


def test_links_count_in_the_networks_units():
    assert split_text(f"{LINK} {LINK}", mastodon_limit(50)) == [f"{LINK} {LINK}"]
    assert split_text(f"{LINK} {LINK} more words", mastodon_limit(50)) == [f"{LINK} {LINK}", "more words"]


def test_a_text_without_spaces_is_split_after_its_sentences():
    assert split_text("今日は晴れです。明日は雨です。", limited(10)) == ["今日は晴れです。", "明日は雨です。"]


def test_each_part_is_numbered():
    assert split_and_number("alpha beta gamma delta", limited(14)) == ["alpha beta 1/3", "gamma 2/3", "delta 3/3"]


def test_two_digit_numbers_fit_into_the_parts():
    parts = split_and_number("word " * 30, limited(10))
    assert parts[0] == f"word 1/{len(parts)}"
    assert parts[-1].endswith(f"{len(parts)}/{len(parts)}")
    assert all(graphemes(part) <= 10 for part in parts)


def test_a_text_of_50_kilobytes_is_split_quickly():
    parts = split_text("Lorem ipsum dolor sit amet. " * 1800, limited(300))
    assert 170 < len(parts) < 340


words = st.sampled_from(
    ["a", "beta", "Straße.", "👍🏽", "e\u0301", "🇩🇪🇫🇷", LINK, "x" * 40, "今日は。", "שלום", "\u0301"]
)
gaps = st.sampled_from([" ", "\n", "\n\n", "  ", "\r\n", "\u3000", ""])
texts = st.lists(st.tuples(words, gaps), min_size=1, max_size=40).map(lambda pairs: "".join(map("".join, pairs)))


def visible_graphemes(text):
    return [each for each in regex.findall(r"\X", text) if not each.isspace()]


def links(text):
    return [text[link.start : link.end] for link in find_links(text)]


@settings(max_examples=200, deadline=None)
@given(text=texts | st.text(max_size=300), limit=st.integers(60, 120), number=st.booleans())
def test_only_white_space_is_removed_and_no_link_or_grapheme_is_split(text, limit, number):
    measure = limited(limit)
    assume(all(link.end - link.start < limit - 10 for link in find_links(text)))
    parts = (split_and_number if number else split_text)(text, measure)
    assert all(not measure(part).excess for part in parts)
    if number and len(parts) > 1:
        suffixes = [f" {number}/{len(parts)}" for number in range(1, len(parts) + 1)]
        assert all(part.endswith(suffix) for part, suffix in zip(parts, suffixes, strict=True))
        parts = [part.removesuffix(suffix) for part, suffix in zip(parts, suffixes, strict=True)]
    assert [each for part in parts for each in visible_graphemes(part)] == visible_graphemes(text)
    assert [link for part in parts for link in links(part)] == links(text)


def test_a_written_part_that_fits_is_not_cut_and_the_others_are_numbered_with_it():
    texts = ["Short.", "The first one is here. The second one is longer.", "End."]
    assert split_parts(texts, limited(30)) == [
        ThreadPart("Short.", 1),
        ThreadPart("The first one is here.", 2),
        ThreadPart("The second one is longer.", 2),
        ThreadPart("End.", 3),
    ]
    assert [part.text for part in number_parts(texts, limited(30))] == [
        "Short. 1/4",
        "The first one is here. 2/4",
        "The second one is longer. 3/4",
        "End. 4/4",
    ]
