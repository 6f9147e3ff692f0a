"""The parts of a thread in Compose: they follow each letter, and are moved by mouse, by touch and by keyboard."""

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.drafts.draft import DraftContent
from core.media.intake import ingest
from tests.browser.conftest import settle, text_of

DRAFT = "k3v9q2m4cx7a"


def rows(form: Page) -> Locator:
    return form.get_by_role("list", name="Parts of the thread").get_by_role("listitem")


def words(form: Page) -> Locator:
    return rows(form).locator(".words")


def middle(row: Locator) -> tuple[float, float]:
    box = row.bounding_box()
    return box["x"] + box["width"] / 3, box["y"] + box["height"] / 2


def move_focused(form: Page, key: str, name: str) -> None:
    """Press a key on the focused button, and expect the focus on the button with that name."""
    form.keyboard.press(key)
    expect(form.get_by_role("button", name=name)).to_be_focused()


@pytest.fixture
def thread(form, running, application, tester, tmp_path) -> Page:
    """Open a draft of three parts, whose last one has a picture."""
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "sea.png")
    sea = ingest(application.media, (tmp_path / "sea.png").read_bytes(), alt="A teal sea")
    content = DraftContent(
        text="One\n---\nTwo\n---\nThree",
        destinations=(tester.destination,),
        media=(sea.model_copy(update={"part": 3}),),
        zone="Europe/Berlin",
    )
    application.drafts.save(DRAFT, content, base=0, now=application.clock())
    form.goto(f"{running.url}/?draft={DRAFT}")
    expect(rows(form)).to_have_count(3)
    expect(text_of(form)).to_have_value(content.text)
    settle(form)
    return form


@pytest.fixture
def saved(application, eventually):
    """Wait until the draft has this text, and its file this part."""

    def wait(text: str, part: int) -> None:
        def found() -> bool:
            content = application.drafts.get(DRAFT).content
            return (content.text, content.media[0].part) == (text, part)

        eventually(found)

    return wait


@pytest.fixture
def form(tester, form) -> Page:
    """Open Compose after the account was connected."""
    return form


def test_the_parts_and_their_room_follow_each_letter(form):
    form.get_by_role("button", name="Tester").click()
    text_of(form).press_sequentially("First\n---\nSec")
    expect(words(form)).to_have_text(["First", "Sec"])
    expect(rows(form).nth(1).get_by_role("img")).to_have_attribute("title", "Tester: 27 characters left of 30")
    form.keyboard.type("ond, and more than there is room for")
    expect(rows(form).nth(1).get_by_role("img")).to_have_attribute("title", "Tester: 9 characters too many")
    form.keyboard.type("\n---\n")
    expect(words(form)).to_have_text(["First", "Second, and more than there is room for", "Empty"])
    text_of(form).fill("First")
    expect(rows(form)).to_have_count(0)


def test_a_part_moves_by_keyboard_with_its_media_and_keeps_the_focus(thread, saved):
    expect(thread.get_by_role("button", name="Move up part 1")).to_be_disabled()
    expect(thread.get_by_role("button", name="Move down part 3")).to_be_disabled()
    expect(rows(thread).nth(2).get_by_role("img", name="A teal sea")).to_be_visible()
    thread.get_by_role("button", name="Move up part 3").focus()
    move_focused(thread, "Enter", "Move up part 2")
    expect(words(thread)).to_have_text(["One", "Three", "Two"])
    expect(rows(thread).nth(1).get_by_role("img", name="A teal sea")).to_be_visible()
    saved("One\n---\nThree\n---\nTwo", 2)
    settle(thread)
    move_focused(thread, "Space", "Move down part 1")  # there, nothing is above it
    expect(text_of(thread)).to_have_value("Three\n---\nOne\n---\nTwo")
    expect(thread.get_by_text("Part 2 is now part 1 of 3.")).to_be_attached()
    move_focused(thread, "Enter", "Move down part 2")
    move_focused(thread, "Enter", "Move up part 3")
    saved("One\n---\nTwo\n---\nThree", 3)


def test_a_part_is_dragged_with_the_letters_that_were_just_typed(thread, saved):
    text_of(thread).press("Control+End")
    thread.keyboard.type(", typed")
    thread.mouse.move(*middle(rows(thread).nth(2)))
    thread.mouse.down()
    thread.mouse.move(*middle(rows(thread).nth(1)), steps=3)
    thread.keyboard.press("Escape")
    thread.mouse.up()
    expect(words(thread)).to_have_text(["One", "Two", "Three, typed"])
    thread.mouse.move(*middle(rows(thread).nth(2)))
    thread.mouse.down()
    thread.mouse.move(*middle(rows(thread).nth(0)), steps=3)
    thread.mouse.up()
    expect(text_of(thread)).to_have_value("Three, typed\n---\nOne\n---\nTwo")
    text_of(thread).press("Control+End")
    thread.keyboard.type(" and more")
    saved("Three, typed\n---\nOne\n---\nTwo and more", 1)


def test_a_finger_drags_a_part_at_its_grip(thread, saved):
    touch = thread.context.new_cdp_session(thread)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    rows(thread).nth(2).scroll_into_view_if_needed()
    grip, (_, target) = rows(thread).nth(0).locator(".grip").bounding_box(), middle(rows(thread).nth(1))
    x, y = grip["x"] + 5, grip["y"] + grip["height"] / 2
    finger("touchStart", (x, y))
    finger("touchMove", (x, (y + target) / 2))
    finger("touchMove", (x, target + 3))
    finger("touchEnd")
    saved("Two\n---\nOne\n---\nThree", 3)
    expect(words(thread)).to_have_text(["Two", "One", "Three"])
