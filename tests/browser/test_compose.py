"""Compose in a browser: long, pasted and interrupted texts, and texts over the limit of an account."""

import re
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import expect

from core.accounts.port import Account
from tests.browser.conftest import settle, text_of

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


@pytest.fixture
def linkedin_user(application):
    """Connect an account on LinkedIn."""
    account = Account(destination="linkedin:ada", label="Ada Lovelace", credentials={"token": "none"})
    application.accounts.connect(account)
    yield account
    application.accounts.remove(account.destination)


@pytest.fixture
def form_for_tester(tester, form):
    """Open Compose, and address the draft to that account."""
    form.get_by_role("button", name="Tester").click()
    return form


def test_a_double_click_schedules_one_post(form, application):
    text_of(form).fill("Only once")
    form.get_by_role("button", name="Schedule").dblclick()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    expect(text_of(form)).to_have_value("")
    now = application.clock()
    assert len(application.listing.window(now, now + timedelta(days=1), limit=10)) == 1


def test_the_shortcut_schedules_the_text_that_is_still_being_typed(form, application):
    text_of(form).press_sequentially("By keyboard")
    form.keyboard.press("Control+Enter")
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    now = application.clock()
    listed = application.listing.window(now, now + timedelta(days=1), limit=10)
    assert [each.post.text for each in application.listing.details(listed)] == ["By keyboard"]


def test_a_text_is_split_at_the_cursor_and_its_parts_move(form_for_tester):
    form = form_for_tester
    text = text_of(form)
    text.press_sequentially("First. Second.")
    for _ in " Second.":
        form.keyboard.press("ArrowLeft")
    form.get_by_role("button", name="Split here").click()
    expect(text).to_be_focused()
    expect(text).to_have_value("First.\n---\n Second.")
    form.get_by_role("button", name="Move up part 2").click()
    expect(text).to_have_value("Second.\n---\nFirst.")


def test_an_account_gets_its_own_text_in_a_tab(form_for_tester, eventually):
    form = form_for_tester
    text_of(form).fill("For all")
    form.get_by_role("button", name="Different text for").click()
    form.get_by_role("menuitem", name="Tester").click()
    own = form.get_by_label("Text for Tester")
    expect(own).to_have_value("For all")
    own.fill("For one")
    form.get_by_role("tab", name="All").click()
    expect(text_of(form)).to_have_value("For all")
    form.get_by_role("tab", name="Tester").click()
    expect(own).to_have_value("For one")
    form.get_by_role("button", name="Use the text of All").click()
    expect(form.get_by_role("tab", name="Tester")).to_have_count(0)
    form.get_by_role("tabpanel").get_by_role("button", name="Undo").click()
    expect(own).to_have_value("For one")
    own.press_sequentially(", now")
    copy = form.evaluate("sessionStorage.getItem('punctual-unsaved')")
    form.get_by_role("button", name="Use the text of All").click()
    expect(form.get_by_role("tab", name="Tester")).to_have_count(0)
    form.evaluate("(copy) => sessionStorage.setItem('punctual-unsaved', copy)", copy)  # the click was faster
    text_of(form).press_sequentially("!")
    eventually(lambda: form.evaluate("sessionStorage.getItem('punctual-unsaved')") is None)
    form.get_by_role("tabpanel").get_by_role("button", name="Undo").click()
    expect(own).to_have_value("For one, now")


def test_a_paste_of_ten_thousand_characters_is_complete(form, application):
    text_of(form).focus()
    form.keyboard.insert_text("0123456789" * 1000)
    expect(form.locator(".rings").get_by_text("10,000 characters")).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    now = application.clock()
    listed = application.listing.window(now, now + timedelta(days=1), limit=10)
    assert application.listing.details(listed)[0].post.text == "0123456789" * 1000


def test_the_counter_updates_while_typing_and_counts_graphemes(form):
    rings = form.locator(".rings")
    text_of(form).press_sequentially("Hi ")
    expect(rings.get_by_text("3 characters")).to_be_visible()
    form.keyboard.insert_text(FAMILY)
    expect(rings.get_by_text("4 characters")).to_be_visible()


def test_the_preview_follows_each_letter_and_marks_what_is_too_long(form_for_tester):
    form = form_for_tester
    card = form.get_by_role("region", name="Preview").get_by_role("article", name="Tester")
    text_of(form).press_sequentially("See https://a.de #x <b>")
    expect(card.locator(".text .link")).to_have_text("https://a.de")
    expect(card.locator(".text .tag")).to_have_text("#x")
    expect(card.get_by_role("img", name="Tester: 4 characters too many")).to_be_visible()
    expect(card.locator("mark.over")).to_have_text(" <b>")
    form.keyboard.insert_text("\n---\nSecond")
    expect(card.locator(".post .place")).to_have_text(["1/2", "2/2"])
    expect(card.get_by_role("img", name="Tester, part 1 of 2: 4 characters too many")).to_be_visible()


@pytest.mark.usefixtures("linkedin_user")
def test_a_content_warning_and_the_fold_of_linkedin_hide_the_text_until_it_is_opened(form_for_tester):
    form = form_for_tester
    form.get_by_text(re.compile("^Options ")).click()
    warning = form.get_by_role("textbox", name="Content warning")
    warning.fill("Spoilers")
    warning.press("Enter")
    form.get_by_role("button", name="Ada Lovelace").click()
    preview = form.get_by_role("region", name="Preview")
    mastodon, linkedin = preview.get_by_role("article", name="Tester"), preview.get_by_role("article", name="Ada")
    expect(mastodon.locator(".text")).to_have_text("Spoilers")  # the server makes it the text
    text_of(form).focus()
    form.keyboard.insert_text("One\nTwo\nThree\nFour")
    expect(mastodon.locator(".warning bdi")).to_have_text("Spoilers")
    expect(mastodon.locator(".text")).to_be_hidden()
    expect(linkedin.get_by_role("button", name="…more")).to_be_visible()
    mastodon.get_by_role("button", name="Show more").click()
    expect(mastodon.locator(".text")).to_be_visible()
    linkedin.get_by_role("button", name="…more").click()
    text_of(form).press_sequentially(" and five")
    expect(linkedin.locator(".text")).to_have_text("One\nTwo\nThree\nFour and five")
    expect(linkedin.get_by_role("button", name="…more")).to_be_hidden()
    expect(mastodon.get_by_role("button", name="Hide post")).to_be_visible()


def test_half_an_emoji_in_a_paste_is_dropped_and_the_post_is_scheduled(form):
    text_of(form).focus()
    form.evaluate("document.execCommand('insertText', false, 'Half \\ud83d of 🎉')")
    expect(text_of(form)).to_have_value("Half  of 🎉")
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled")


def test_a_text_that_no_draft_holds_stays_in_the_field_with_its_error(form):
    text_of(form).fill("x" * 210_000)
    for button in ("Post now", "Schedule"):
        form.get_by_role("button", name=button).click()
        expect(form.get_by_role("alert").filter(has_text="at most 180,000 can be saved")).to_be_visible()
    expect(form.get_by_role("dialog")).to_have_count(0)
    form.reload()
    expect(text_of(form)).to_have_value("x" * 210_000)


def test_a_post_now_dialog_shows_the_error_of_its_post(form_for_tester, tester, application):
    form = form_for_tester
    text_of(form).fill("For one account")
    form.get_by_role("button", name="Post now").click()
    dialog = form.get_by_role("dialog")
    expect(dialog).to_contain_text("This post goes out now to")
    application.accounts.remove(tester.destination)
    dialog.get_by_role("button", name="Post now").click()
    expect(dialog.get_by_role("alert")).to_contain_text("mastodon:tester")
    application.accounts.connect(tester)
    dialog.get_by_role("button", name="Close").click()
    expect(text_of(form)).to_have_value("For one account")


def test_a_text_over_the_limit_stays_in_the_field_and_is_marked(form_for_tester):
    form = form_for_tester
    text = text_of(form)
    text.focus()
    form.keyboard.insert_text("https://example.com/a-path-that-counts-as-23 and words")
    expect(form.get_by_text("3 characters too many for Tester", exact=True)).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.get_by_text("The text has 33 characters; Tester accepts 30.")).to_be_visible()
    expect(form.get_by_text("3 characters too many for Tester", exact=True)).to_be_visible()
    expect(text).to_have_value("https://example.com/a-path-that-counts-as-23 and words")
    settle(form)
    expect(form.get_by_text("The text has 33 characters; Tester accepts 30.")).to_be_visible()
    form.get_by_text("Split into a thread for Tester").click()
    expect(form.get_by_text("too many")).to_have_count(0)


def test_a_draft_survives_a_visit_to_another_page(form):
    text_of(form).fill("Half a thought")
    form.get_by_role("link", name="Queue").click()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.get_by_role("link", name="Compose").click()
    expect(text_of(form)).to_have_value("Half a thought")


def test_unsent_text_survives_the_back_button(form):
    form.get_by_role("link", name="Queue").click()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.get_by_role("link", name="Compose").click()
    expect(form.get_by_role("button", name="Post now")).to_be_visible()
    settle(form)
    text_of(form).press_sequentially("Half a thought")
    form.go_back()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.go_forward()
    expect(text_of(form)).to_have_value("Half a thought")


def test_a_reload_keeps_the_whole_draft(form, tmp_path):
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "sea.png")
    form.locator("input[type=file]").set_input_files(tmp_path / "sea.png")
    form.get_by_label("Description of picture 1").fill("A teal sea")
    form.get_by_role("combobox", name="Time zone").press_sequentially("New York")
    form.get_by_role("option").filter(has_text="America/New_York").click()
    expect(form.get_by_text("New York (UTC-05:00),")).to_be_visible()
    text_of(form).press_sequentially("Half written")
    form.reload()
    expect(form.get_by_label("Description of picture 1")).to_have_value("A teal sea")
    settle(form)
    expect(text_of(form)).to_have_value("Half written")
    expect(form.get_by_text("New York (UTC-05:00),")).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("America/New_York")
    form.reload()
    expect(form.get_by_role("button", name="Post now")).to_be_visible()
    expect(text_of(form)).to_have_value("")


def test_a_reload_keeps_the_thread_switches(form_for_tester):
    form = form_for_tester
    text_of(form).fill("Quite a lot of words. They do not fit.")
    form.keyboard.press("Tab")
    form.get_by_text("Split into a thread for Tester").click()
    form.get_by_text("Number the parts").click()
    expect(form.get_by_text("They do not fit. 2/2")).to_be_visible()
    settle(form)
    form.reload()
    expect(form.get_by_label("Number the parts")).to_be_checked()
    expect(form.get_by_label("Split into a thread for Tester")).to_be_checked()
