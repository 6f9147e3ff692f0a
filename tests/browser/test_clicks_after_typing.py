"""Every kind of control on Compose, used while the text is being typed: it acts once, and with the text as it is."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from core.application import Application
from tests.browser.conftest import settle, text_of


def chip(form: Page) -> None:
    form.get_by_role("button", name="Tester").click()
    expect(form.get_by_role("region", name="Preview").get_by_role("article", name="Tester")).to_be_visible()


def checkbox(form: Page) -> None:
    form.get_by_text("Split into a thread for Tester").click()
    expect(form.get_by_text("Number the parts")).to_be_visible()
    expect(form.get_by_label("Split into a thread for Tester")).to_be_checked()


def toggle(form: Page) -> None:
    form.get_by_text("Choose from earlier").click()
    expect(form.get_by_label("Search descriptions")).to_be_visible()
    expect(form.get_by_label("Choose from earlier")).to_be_checked()


def segmented_control(form: Page) -> None:
    form.get_by_role("radio", name="Next free time").click()
    expect(form.get_by_text("There are none yet.")).to_be_visible()
    form.get_by_role("radio", name="Pick a time").click()
    expect(form.get_by_role("spinbutton", name="hour, Time")).to_be_visible()


def date_field(form: Page) -> None:
    form.get_by_role("spinbutton", name="year").click()
    form.keyboard.type("2031")
    expect(form.locator(".st-key-card-when")).to_contain_text("2031,")


def time_field(form: Page) -> None:
    form.get_by_role("spinbutton", name="hour, Time").click()
    form.keyboard.type("2130")
    expect(form.locator(".st-key-card-when")).to_contain_text("2031, 21:30")


def select_box(form: Page) -> None:
    form.get_by_role("combobox", name="Repeat").click()
    form.get_by_role("option", name="Every day").click()
    expect(form.get_by_text(re.compile("Every day at"))).to_be_visible()


def expander(form: Page) -> None:
    form.get_by_text(re.compile("^Options ")).click()
    expect(form.get_by_role("textbox", name="Content warning")).to_be_visible()


def button(form: Page) -> None:
    form.get_by_role("button", name="Manage labels").click()
    expect(form.get_by_role("dialog")).to_have_count(1)
    form.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(form.get_by_role("dialog")).to_have_count(0)


def menu_item(form: Page) -> None:
    written = text_of(form).input_value()
    form.get_by_role("button", name="Different text for").click()
    form.get_by_role("menuitem", name="Tester").click()
    expect(form.get_by_label("Text for Tester")).to_have_value(written)


def tab(form: Page) -> None:
    """Come from the tab of one account, whose text is being typed too, and go there again."""
    form.get_by_role("tab", name="All").click()
    expect(text_of(form)).to_be_visible()
    write(form, "!")
    form.get_by_role("tab", name="Tester").click()
    expect(form.get_by_label("Text for Tester")).to_be_visible()
    form.get_by_role("tab", name="All").click()
    expect(text_of(form)).to_be_visible()


def button_of_a_component(form: Page) -> None:
    form.get_by_role("button", name="Split here").click()
    expect(text_of(form)).to_have_value(re.compile(r"\n---\n$"))
    write(form, "Last")


def button_that_uses_the_text(form: Page) -> None:
    move = form.get_by_role("button", name="Move up part 2")
    expect(move).to_be_visible()
    write(form, ", and more")
    move.click()
    expect(text_of(form)).to_have_value(re.compile("^Last button_that_uses_the_text, and more\n---\n"))


def link(form: Page) -> None:
    form.get_by_role("link", name="Queue").click()
    expect(form.get_by_role("heading", name="Queue", exact=True)).to_be_visible()
    form.get_by_role("link", name="Compose", exact=True).click()
    expect(form.get_by_role("button", name="Post now")).to_be_visible()


CONTROLS: tuple[Callable[[Page], None], ...] = (
    *(chip, checkbox, toggle, segmented_control, date_field, time_field, select_box, expander),
    *(button, button_of_a_component, button_that_uses_the_text, menu_item, tab, link),
)


def shown_text(form: Page) -> Locator:
    """Return the text field of the open tab."""
    return form.locator(".st-key-compose-text [role=tabpanel]:visible textarea").first


def write(form: Page, words: str) -> None:
    """Type words at the end of the text of the open tab."""
    shown_text(form).press("Control+End")
    shown_text(form).press_sequentially(words)


def saved_texts(application: Application) -> list[str]:
    """Return the texts of all drafts."""
    contents = [each.content for each in application.drafts.page(limit=9)]
    return [text for each in contents for text in (each.text, *each.variants.values())]


@pytest.mark.usefixtures("tester")
def test_each_control_acts_once_and_keeps_the_text_that_was_typed_before(form, application, eventually):
    write(form, "More than thirty characters:")
    for use in CONTROLS:
        write(form, f" {use.__name__}")
        use(form)
        settle(form)
        shown = shown_text(form).input_value()
        eventually(lambda shown=shown: shown in saved_texts(application))
        assert any(f" {use.__name__}" in text for text in saved_texts(application))
