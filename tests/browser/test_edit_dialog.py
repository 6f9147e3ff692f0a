"""The dialogs of a queued post: they keep what is typed while the list behind them changes."""

from PIL import Image
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


def card(page, plan):
    return page.locator(f".st-key-card-{plan.post.post_id}")


def choose(page, item, plan):
    """Choose an item in the menu of a queued post."""
    card(page, plan).get_by_role("button", name="More").click()
    page.get_by_text(item, exact=True).click()


def edit(page, plan):
    """Open the dialog that edits a queued post."""
    card(page, plan).get_by_role("button", name="Edit").click()


def test_an_open_dialog_keeps_its_text_and_a_new_post_is_announced_when_it_closes(running, plan, page):
    first = plan("Before", seconds=600)
    plan("Behind", seconds=1200)
    page.goto(f"{running.url}/queue")
    edit(page, first)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Text").fill("Half written")
    plan("Between", seconds=900)
    expect(dialog.get_by_label("Text")).to_have_value("Half written")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(card(page, first)).to_contain_text("Half written")
    expect(page.get_by_role("button", name="Show 1 new post")).to_be_visible()


def test_a_dialog_belongs_to_the_page_and_not_to_the_refreshing_list(running, plan, page):
    post, dialogs = plan("Something", seconds=600), []

    def listen(frame):
        message = ForwardMsg.FromString(frame)
        if message.delta.add_block.HasField("dialog"):
            dialogs.append((message.delta.add_block.dialog.title, message.delta.fragment_id))

    page.on("websocket", lambda socket: socket.on("framereceived", listen))
    page.goto(f"{running.url}/queue")
    choose(page, "Change time", post)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert set(dialogs) == {("Change time", "")}


def test_a_dialog_counts_its_text_when_it_opens(running, plan, page):
    post = plan("Something", seconds=600)
    page.goto(f"{running.url}/queue")
    edit(page, post)
    expect(page.get_by_role("dialog").locator(".rings").get_by_text("9 characters")).to_be_visible()


def test_a_picture_is_added_to_a_queued_post_and_removed(running, plan, page, application, tmp_path):
    post = plan("The sea", seconds=600)
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "sea.png")
    dialog, described = page.get_by_role("dialog"), page.get_by_label("Description of picture 1")
    page.goto(f"{running.url}/queue")
    edit(page, post)
    dialog.locator("input[type=file]").set_input_files(tmp_path / "sea.png")
    described.fill("A teal sea")
    dialog.get_by_role("button", name="Save").click()
    expect(card(page, post).get_by_role("img", name="A teal sea")).to_be_visible()
    assert [each.alt for each in application.schedules.plan(post.post.post_id).post.media] == ["A teal sea"]
    edit(page, post)
    dialog.get_by_role("button", name="Remove").click()
    expect(described).to_have_count(0)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert application.schedules.plan(post.post.post_id).post.media == ()


def test_an_edit_conflict_shows_the_other_text_and_a_second_save_replaces_it(running, plan, page, application):
    post, dialog = plan("At first", seconds=600), page.get_by_role("dialog")
    page.goto(f"{running.url}/queue")
    edit(page, post)
    dialog.get_by_label("Text").fill("Mine")
    application.schedules.edit(post, post.post.model_copy(update={"text": "Theirs"}))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Its text is now: “Theirs”.")).to_be_visible()
    expect(dialog.get_by_label("Text")).to_have_value("Mine")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(card(page, post)).to_contain_text("Mine")


def test_an_error_in_a_dialog_keeps_it_open(running, plan, page):
    post = plan("Something", seconds=600)
    page.goto(f"{running.url}/queue")
    edit(page, post)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Text").fill(" ")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("The post has no text.")
