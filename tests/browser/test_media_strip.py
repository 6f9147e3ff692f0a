"""The media strip of Compose: sorting by pointer, cropping, and choosing the focal point by keyboard."""

import re
from io import BytesIO

from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import settle

CARDS = '[class*="st-key-media-card-"]'


def picture(colour):
    file = BytesIO()
    Image.new("RGB", (400, 300), colour).save(file, "PNG")
    return {"name": f"{colour}.png", "mimeType": "image/png", "buffer": file.getvalue()}


def references(page):
    names = [card.get_attribute("class") for card in page.locator(CARDS).all()]
    return [name.partition("media-card-")[2][:64] for name in names]


def test_pictures_are_dragged_cropped_and_focused(form, application, eventually):
    form.locator('[data-testid="stFileUploader"] input').set_input_files([picture("teal"), picture("red")])
    expect(form.locator(CARDS)).to_have_count(2)
    settle(form)
    first, second = references(form)
    form.locator(f"{CARDS} img").first.drag_to(form.locator(f"{CARDS} img").last)
    expect(form.locator(CARDS).first).to_have_class(re.compile(second))
    settle(form)
    assert references(form) == [second, first]

    form.get_by_role("button", name="Crop picture 1").click()
    form.get_by_role("button", name="1:1").click()
    form.get_by_role("button", name="Crop", exact=True).click()
    expect(form.get_by_role("button", name="Original")).to_be_visible()
    settle(form)
    cropped = references(form)[0]
    with Image.open(BytesIO(application.media.get(cropped))) as part:
        assert part.size == (300, 300)

    form.get_by_role("button", name="Focal point").press("ArrowUp")
    eventually(lambda: application.drafts.page(limit=1)[0].content.media[0].focus == (0.5, 0.48))
    form.get_by_role("button", name="Original").click()
    expect(form.get_by_role("button", name="Original")).to_be_hidden()
    assert references(form) == [second, first]
