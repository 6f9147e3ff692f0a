import csv
import re
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.accounts.port import Account
from core.time.instants import utc_text
from core.worker.record import WorkerFiles, WorkerRecord

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


@pytest.fixture
def form(page, running, application):
    """Open Compose and wait until it is complete."""
    page.goto(running.url)
    expect(page.get_by_role("button", name="Post now")).to_be_visible()
    settle(page)
    return page


@pytest.fixture
def tester(form, application):
    """Address the draft to an account on Mastodon that takes 30 characters."""
    account = Account(
        destination="mastodon:tester",
        label="Tester",
        address="http://127.0.0.1:9",
        limits={"characters": 30},
        credentials={"token": "none"},
    )
    application.accounts.connect(account)
    form.reload()
    form.get_by_role("button", name="Tester").click()
    yield account
    application.accounts.remove(account.destination)


def settle(page):
    """Wait until the script does not run."""
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()


def card(page, plan):
    return page.locator(f".st-key-card-{plan.post.post_id}")


def choose(page, item, plan):
    """Choose an item in the menu of a queued post."""
    card(page, plan).get_by_role("button", name="More").click()
    page.get_by_text(item, exact=True).click()


def edit(page, plan):
    """Open the dialog that edits a queued post."""
    card(page, plan).get_by_role("button", name="Edit").click()


def test_a_first_post_is_published_to_the_outbox(form):
    form.get_by_label("Text").fill("My very first post")
    form.get_by_role("button", name="Post now").click()
    dialog = form.get_by_role("dialog")
    expect(dialog).to_contain_text("This post goes out now to Outbox (built in).")
    dialog.get_by_role("button", name="Post now").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Published to Outbox")
    form.locator(".st-key-card-outcome").get_by_role("link", name="Open").click()
    expect(form.get_by_role("heading", name="Outbox")).to_be_visible()
    expect(form.get_by_text("My very first post")).to_be_visible()


def test_a_post_is_scheduled_cancelled_and_restored(form):
    form.get_by_label("Text").fill("See you later")
    form.get_by_role("button", name="Schedule").click()
    outcome = form.locator(".st-key-card-outcome")
    expect(outcome).to_contain_text("Scheduled for")
    expect(form.get_by_label("Text")).to_have_value("")
    outcome.get_by_role("link", name="View in Queue").click()
    expect(form.get_by_text("See you later", exact=True)).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(form.locator("[class*=st-key-content-]")).to_contain_text("Cancelled")
    form.get_by_role("button", name="Undo").click()
    expect(form.get_by_role("button", name="Cancel")).to_be_visible()


def test_a_post_is_published_while_no_browser_is_connected(running, application, plan, page, eventually):
    plan("Nobody is looking", seconds=3)
    eventually(lambda: any(entry.text == "Nobody is looking" for entry in application.outbox.feed(limit=5)))
    page.goto(f"{running.url}/outbox")
    expect(page.get_by_text("Nobody is looking")).to_be_visible()


def test_a_card_changes_from_scheduled_to_published_without_moving_the_next_card(running, plan, page):
    soon, later = plan("Any moment now", seconds=8), plan("Much later", seconds=600)
    page.goto(f"{running.url}/queue")
    expect(card(page, soon)).to_contain_text("Any moment now")
    expect(card(page, later).get_by_role("button", name="More")).to_be_visible()
    expect(page.get_by_text("2 posts", exact=True)).to_be_visible()  # the last element above the cards
    below = card(page, later).bounding_box()
    expect(card(page, soon)).to_contain_text("Published")
    expect(card(page, soon)).to_contain_text(re.compile(r"\bms late|on time"))
    expect(page.get_by_text("2 posts", exact=True)).to_be_visible()
    assert card(page, later).bounding_box() == pytest.approx(below, abs=1)


def test_history_is_exported_as_csv_with_instants_in_utc(running, application, plan, page, eventually):
    post = plan("Grüße, with a comma", seconds=3)
    eventually(lambda: any(entry.text == "Grüße, with a comma" for entry in application.outbox.feed(limit=5)))
    page.goto(f"{running.url}/history")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "punctual-history.csv"
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        [line] = [line for line in csv.DictReader(file) if line["key"] == post.post.post_id]
    assert line["due_at"] == utc_text(post.post.due_at)
    assert (line["text"], line["state"], line["zone"]) == ("Grüße, with a comma", "published", "Europe/Berlin")
    assert int(line["lag_ms"]) >= 0


def test_a_double_click_schedules_one_post(form, application):
    form.get_by_label("Text").fill("Only once")
    form.get_by_role("button", name="Schedule").dblclick()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    expect(form.get_by_label("Text")).to_have_value("")
    now = application.clock()
    assert len(application.listing.window(now, now + timedelta(days=1), limit=10)) == 1


def test_a_paste_of_ten_thousand_characters_is_complete(form, application):
    form.get_by_label("Text").focus()
    form.keyboard.insert_text("0123456789" * 1000)
    expect(form.get_by_text("10,000 characters")).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled for")
    now = application.clock()
    listed = application.listing.window(now, now + timedelta(days=1), limit=10)
    assert application.listing.details(listed)[0].post.text == "0123456789" * 1000


def test_the_counter_updates_while_typing_and_counts_graphemes(form):
    form.get_by_label("Text").press_sequentially("Hi ")
    expect(form.get_by_text("3 characters")).to_be_visible()
    form.keyboard.insert_text(FAMILY)
    expect(form.get_by_text("4 characters")).to_be_visible()


def test_a_text_that_no_draft_holds_stays_in_the_field_with_its_error(form):
    form.get_by_label("Text", exact=True).fill("x" * 210_000)
    for button in ("Post now", "Schedule"):
        form.get_by_role("button", name=button).click()
        expect(form.get_by_role("alert").filter(has_text="at most 180,000 can be saved")).to_be_visible()
    expect(form.get_by_role("dialog")).to_have_count(0)
    form.reload()
    expect(form.get_by_label("Text", exact=True).first).to_have_value("x" * 210_000)


def test_a_post_now_dialog_shows_the_error_of_its_post(form, tester, application):
    form.get_by_label("Text", exact=True).fill("For one account")
    form.get_by_role("button", name="Post now").click()
    dialog = form.get_by_role("dialog")
    expect(dialog).to_contain_text("This post goes out now to")
    application.accounts.remove(tester.destination)
    dialog.get_by_role("button", name="Post now").click()
    expect(dialog.get_by_role("alert")).to_contain_text("mastodon:tester")
    application.accounts.connect(tester)
    dialog.get_by_role("button", name="Close").click()
    expect(form.get_by_label("Text", exact=True)).to_have_value("For one account")


def test_a_text_over_the_limit_stays_in_the_field_and_is_marked(form, tester):
    text = form.get_by_label("Text", exact=True)
    text.focus()
    form.keyboard.insert_text("https://example.com/a-path-that-counts-as-23 and words")
    expect(form.get_by_text("24 too many: 54 of 30 characters for Tester")).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.get_by_text("The text has 33 characters; Tester accepts 30.")).to_be_visible()
    expect(form.get_by_text("3 too many: 33 of 30 characters for Tester")).to_be_visible()
    expect(text).to_have_value("https://example.com/a-path-that-counts-as-23 and words")
    settle(form)
    expect(form.get_by_text("The text has 33 characters; Tester accepts 30.")).to_be_visible()
    form.get_by_text("Split into a thread for Tester").click()
    expect(form.get_by_role("status").get_by_text("54 characters")).to_be_visible()
    expect(form.get_by_text("too many")).to_have_count(0)


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
    expect(page.get_by_role("dialog").get_by_text("9 characters")).to_be_visible()


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


@pytest.mark.parametrize(
    ("typed", "found"),
    [("yokohama", "Asia/Tokyo"), ("japan", "Asia/Tokyo"), ("+5:45", "Kathmandu"), ("Zürich", "Europe/Zurich")],
)
def test_a_zone_is_found_by_city_country_or_offset(form, typed, found):
    zone = form.get_by_role("combobox", name="Time zone")
    zone.click()
    zone.fill(typed)
    form.get_by_role("option", name=found).click()
    expect(form.locator(".st-key-card-when")).to_contain_text("Europe/Berlin")


def test_a_new_date_updates_the_offset_and_keeps_the_zone(form):
    when = form.locator(".st-key-card-when")
    form.get_by_role("spinbutton", name="month").fill("07")
    form.get_by_role("spinbutton", name="year").fill("2027")
    form.keyboard.press("Escape")
    expect(when).to_contain_text("Jul 2027")
    expect(when).to_contain_text("Berlin (UTC+02:00)")
    expect(form.get_by_role("combobox", name="Time zone")).to_have_value(
        re.compile(r"^Berlin \(UTC\+02:00\) - Europe/Berlin · Germany")
    )


def test_a_draft_survives_a_visit_to_another_page(form):
    form.get_by_label("Text").fill("Half a thought")
    form.get_by_role("link", name="Queue").click()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.get_by_role("link", name="Compose").click()
    expect(form.get_by_label("Text")).to_have_value("Half a thought")


def test_unsent_text_survives_the_back_button(form):
    form.get_by_role("link", name="Queue").click()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.get_by_role("link", name="Compose").click()
    expect(form.get_by_role("button", name="Post now")).to_be_visible()
    settle(form)
    form.get_by_label("Text", exact=True).press_sequentially("Half a thought")
    form.go_back()
    expect(form.get_by_role("heading", name="Queue")).to_be_visible()
    form.go_forward()
    expect(form.get_by_label("Text", exact=True)).to_have_value("Half a thought")


def test_no_page_sends_a_request_to_another_host(running, page):
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(running.url)
    expect(page.get_by_label("Text")).to_be_visible()
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_text("One machine")).to_be_visible()
    assert hosts == {running.url.removeprefix("http://")}


def test_the_worker_rejects_a_forged_signature_and_the_dashboard_takes_no_posts(running, eventually):
    worker = eventually(lambda: WorkerRecord.read(WorkerFiles(running.home)))
    forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    for url, status in ((worker.url, "401"), (running.url, "405")):
        request = urllib.request.Request(f"{url}/publish", b"{}", forged)
        with pytest.raises(urllib.error.HTTPError, match=status):
            urllib.request.urlopen(request)


def test_a_reload_keeps_the_whole_draft(form, tmp_path):
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "sea.png")
    form.locator("input[type=file]").set_input_files(tmp_path / "sea.png")
    form.get_by_label("Description of picture 1").fill("A teal sea")
    form.get_by_role("combobox", name="Time zone").press_sequentially("New York")
    form.get_by_role("option").filter(has_text="America/New_York").click()
    expect(form.get_by_text("New York (UTC-05:00),")).to_be_visible()
    form.get_by_label("Text", exact=True).press_sequentially("Half written")
    form.reload()
    expect(form.get_by_label("Description of picture 1")).to_have_value("A teal sea")
    settle(form)
    expect(form.get_by_label("Text", exact=True)).to_have_value("Half written")
    expect(form.get_by_text("New York (UTC-05:00),")).to_be_visible()
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("America/New_York")
    form.reload()
    expect(form.get_by_role("button", name="Post now")).to_be_visible()
    expect(form.get_by_label("Text", exact=True)).to_have_value("")


def test_half_an_emoji_in_a_paste_is_dropped_and_the_post_is_scheduled(form):
    form.get_by_label("Text", exact=True).focus()
    form.evaluate("document.execCommand('insertText', false, 'Half \\ud83d of 🎉')")
    expect(form.get_by_label("Text", exact=True)).to_have_value("Half  of 🎉")
    form.get_by_role("button", name="Schedule").click()
    expect(form.locator(".st-key-card-outcome")).to_contain_text("Scheduled")


def test_a_reload_keeps_the_thread_switches(form, tester):
    form.get_by_label("Text", exact=True).fill("Quite a lot of words. They do not fit.")
    form.keyboard.press("Tab")
    form.get_by_text("Split into a thread for Tester").click()
    form.get_by_text("Number the parts").click()
    form.get_by_text("Preview").click()
    expect(form.get_by_text("They do not fit. 2/2")).to_be_visible()
    settle(form)
    form.reload()
    expect(form.get_by_label("Number the parts")).to_be_checked()
    expect(form.get_by_label("Split into a thread for Tester")).to_be_checked()
