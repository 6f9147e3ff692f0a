"""Texts that their author splits into the parts of a thread."""

from core.posts.hand_split import hand_join, hand_split, without_dashes


def test_lines_of_three_dashes_split_a_text():
    assert hand_split("One\n\n---\n\n Two\n --- \t\r\nThree") == ["One", "Two", "Three"]
    assert hand_split("One\n---\n---\nThree\n---") == ["One", "", "Three", ""]


def test_other_dashes_split_nothing():
    for text in (" One --- two ", "----", "--", "—", "- - -", "a\n--- b"):
        assert hand_split(text) == [text]
        assert without_dashes(text) == text


def test_joined_parts_are_split_again():
    assert hand_split(hand_join(["One", "", "Three"])) == ["One", "", "Three"]


def test_a_text_without_dashes_has_its_parts_as_paragraphs():
    assert without_dashes("One\n---\n\n---\nThree\n---") == "One\n\nThree"
