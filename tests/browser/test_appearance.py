"""What only a browser shows: what is drawn how."""

import pytest
from playwright.sync_api import expect

ARABIC = "\N{ARABIC LETTER MEEM}\N{ARABIC LETTER REH}\N{ARABIC LETTER HAH}\N{ARABIC LETTER BEH}"


@pytest.mark.parametrize(("scheme", "gray"), [("light", "rgb(88, 99, 101)"), ("dark", "rgb(169, 182, 183)")])
def test_captions_have_the_gray_of_the_theme(running, page, application, scheme, gray):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{running.url}/queue")
    caption = page.get_by_text("Write a post, choose a time, and it waits here until it goes out.")
    expect(caption).to_have_css("color", gray)
    dimmed = "each => { for (; each; each = each.parentElement) if (getComputedStyle(each).opacity != 1) return each }"
    assert caption.evaluate_handle(dimmed).as_element() is None


def test_each_line_runs_in_the_direction_of_its_language(running, page):
    page.goto(running.url)
    text = page.get_by_label("Text", exact=True)
    text.fill(f"{ARABIC}.")
    expect(text).to_have_css("unicode-bidi", "plaintext")
