"""The Drafts page, and what Compose does with stored drafts."""

from datetime import time, timedelta
from itertools import islice

import pytest

from core.accounts.port import Account
from core.drafts.draft import Draft, DraftContent
from core.ledger.post_state import post_state
from core.media.intake import ingest
from core.posts.models import new_post_id
from core.storage.database import StorageError
from core.timetable.timetable import suggested
from ui.frame.state import REPLACED_TEXTS

ZONE = "Europe/Berlin"


@pytest.fixture
def save(application, clock):
    """Save a draft a second after the last one."""

    def save(text="Half a thought", *, draft_id=None, base=0, template=False, **members) -> Draft:
        content = DraftContent(**{"text": text, "destinations": ("outbox",), "zone": ZONE, **members})
        now = clock.move(seconds=1)
        return application.drafts.save(draft_id or new_post_id(), content, base=base, template=template, now=now)

    return save


@pytest.fixture
def proposed(clock):
    """Return a wall time in an hour, in Berlin, where it is 13:00."""
    return "2026-11-02T14:00:00"


def view(session, name):
    session.segmented_control(key="drafts-view").set_value(name).run()


def search(session, text):
    session.text_input(key="search").set_value(text).run()


def text_of(session):
    return session.text_area(key=f"text-{session.draft}").value


def drafts_of(application, **options):
    return [each.content.text for each in application.drafts.page(limit=100, **options)]


def test_an_empty_list_says_how_to_begin(browse):
    page = browse("drafts")
    assert "No drafts" in page.shown
    view(page, "Templates")
    assert "No templates" in page.shown
    view(page, "Deleted")
    assert "No deleted drafts" in page.shown


def test_a_draft_is_kept_from_its_first_text_and_counted_in_the_navigation(browse, application):
    session = browse("compose")
    assert application.drafts.count() == 0
    session.write("H")
    assert drafts_of(application) == ["H"]
    session.open("drafts")
    assert session.texts == ["H"]
    assert "Changed" in session.shown
    assert application.draft_count() == 1


def test_cards_show_accounts_ideas_labels_and_proposed_times(browse, save, proposed, application):
    save("To come", wall=proposed, labels=("Sales",))
    save("Passed", wall="2026-11-01T09:00:00")
    save("An idea", destinations=())
    page = browse("drafts")
    assert page.texts == ["An idea", "Passed", "To come"]
    for expected in ("Idea", "Sales", "Outbox", "Mon 2 Nov 2026, 14:00 Europe/Berlin, in 59 minutes", "1 day"):
        assert expected in page.shown


def test_a_proposed_time_that_the_clocks_skip_is_shown_in_words(browse, save):
    save("Skipped", wall="2027-03-28T02:30:00")
    assert "02:30 does not exist in Europe/Berlin" in browse("drafts").shown


def test_a_draft_shows_its_first_picture_and_counts_several(browse, save, application, picture):
    pictures = [ingest(application.media, picture(colour)) for colour in ("teal", "navy")]
    save("With a picture", media=tuple(pictures[:1]))
    page = browse("drafts")
    assert len(page.image) == 1
    assert "picture ·" not in page.shown
    save("With two", media=tuple(pictures))
    assert "2 pictures" in browse("drafts").shown


def test_the_search_finds_texts_labels_and_accounts(browse, save, application):
    save("Blue", labels=("Sales",))
    save("Green", destinations=())
    page = browse("drafts")
    for words, expected in (("blu", ["Blue"]), ("sales", ["Blue"]), ("outbox", ["Blue"]), ("gre", ["Green"])):
        search(page, words)
        assert page.texts == [expected[0]]
    search(page, "nothing")
    assert "No matching drafts" in page.shown


def test_ideas_have_a_view_of_their_own(browse, save):
    page = browse("drafts")
    view(page, "Ideas")
    assert "No ideas" in page.shown
    save("With a destination")
    save("Without one", destinations=())
    page.run()
    assert page.texts == ["Without one"]
    view(page, "All")
    assert page.texts == ["Without one", "With a destination"]


def test_a_search_that_stops_before_the_end_goes_on_when_asked(browse, save, monkeypatch):
    monkeypatch.setattr("core.drafts.search.SEARCHED", 2)
    for text in ("Sought", "b", "c", "d"):
        save(text)
    page = browse("drafts")
    search(page, "sought")
    assert page.texts == []
    assert "2 drafts searched" in page.shown
    page.click("search-further")
    assert page.texts == ["Sought"]


def test_a_page_reads_twenty_drafts_and_show_more_reads_on(browse, save, application, monkeypatch):
    for number in range(25):
        save(str(number))
    asked = []
    read = application.drafts.page
    monkeypatch.setattr(application.drafts, "page", lambda **options: asked.append(options["limit"]) or read(**options))
    page = browse("drafts")
    assert len(page.texts) == 20
    assert asked == [21]
    assert "20 of 25 drafts" in page.shown
    page.click("more")
    assert len(page.texts) == 25
    assert "25 drafts" in page.shown


def test_a_draft_is_opened_as_it_was_saved(browse, save, proposed, application):
    application.accounts.connect(
        Account(destination="mastodon:ada", label="Ada", address="https://social.example", limits={"characters": 500})
    )
    saved = save(
        "Both",
        destinations=("outbox", "mastodon:ada"),
        variants={"mastodon:ada": "Only Ada"},
        wall=proposed,
        which=None,
    )
    page = browse("drafts")
    page.click("open", saved.draft_id)
    page.open("compose")
    assert page.draft == saved.draft_id
    assert text_of(page) == "Both"
    assert page.text_area(key=f"text-mastodon:ada-{saved.draft_id}").value == "Only Ada"
    assert page.time_input(key=f"when-{saved.draft_id}-time").value.hour == 14
    assert application.drafts.get(saved.draft_id) == saved


def test_a_draft_is_opened_by_its_address(application, save, new_session):
    saved = save("By address")
    session = new_session()
    session.query_params["draft"] = saved.draft_id
    session.run()
    assert text_of(session) == "By address"
    session.write("By address, changed")
    assert application.drafts.get(saved.draft_id).content.text == "By address, changed"


@pytest.mark.parametrize("address", ["k3v9q2m4cx7a", "../x", "[click](https://example.com)"])
def test_the_address_of_no_draft_shows_a_message(application, new_session, address):
    session = new_session()
    session.query_params["draft"] = address
    session.run()
    assert "There is no draft" in session.shown
    assert text_of(session) == ""


def test_the_address_of_a_scheduled_draft_shows_its_post(browse, application, new_session):
    session = browse("compose")
    session.write("Scheduled")
    address = session.draft
    session.schedule()
    other = new_session()
    other.query_params["draft"] = address
    other.run()
    assert "**Scheduled** for" in other.shown


def test_a_draft_without_a_chosen_time_proposes_none(browse, application):
    session = browse("compose")
    session.write("Some day")
    assert application.drafts.get(session.draft).content.wall is None
    session.time_input(key=f"when-{session.draft}-time").set_value(time(18)).run()
    assert application.drafts.get(session.draft).content.wall == "2026-11-02T18:00:00"


def test_a_scheduled_draft_leaves_the_drafts(browse, application, save, proposed):
    session = browse("compose")
    session.write("Out it goes")
    first = session.draft
    session.schedule()
    assert drafts_of(application) == []
    assert application.schedules.plan(first).settled


def test_a_draft_is_scheduled_from_the_list_at_its_proposed_time_and_undo_brings_it_back(
    browse, application, save, proposed, clock
):
    saved = save("At two", wall=proposed)
    page = browse("drafts")
    page.choose("Schedule", saved.draft_id)
    assert page.texts == []
    assert "Scheduled for Mon 2 Nov 2026, 14:00 Europe/Berlin: At two" in page.shown
    plan = application.schedules.plan(saved.draft_id)
    assert plan.post.wall == proposed
    page.click("undo-draft")
    assert page.texts == ["At two"]
    assert application.drafts.page(limit=1)[0].content == saved.content
    assert post_state(application.ledger, saved.draft_id, clock()).state == "cancelled"


def test_a_draft_goes_to_the_next_free_posting_time_and_undo_brings_it_back(browse, application, save, clock):
    timetable = suggested(ZONE)
    application.posting_times.save(None, timetable, base=0)
    first, second = save("First", wall="2027-02-01T09:00:00"), save("Second")
    page = browse("drafts")
    page.choose("To the next free time", first.draft_id)
    page.choose("To the next free time", second.draft_id)
    assert page.texts == []
    due = [application.schedules.plan(each.draft_id).post.due_at for each in (first, second)]
    expected = list(islice(timetable.between(clock(), clock() + timedelta(days=7)), 2))
    assert due == expected
    assert "Scheduled for Tue 3 Nov 2026, 09:07 Europe/Berlin: Second" in page.shown
    page.click("undo-draft")
    assert page.texts == ["Second"]


def test_without_posting_times_the_next_free_time_is_refused_with_a_remedy(browse, application, save):
    saved = save("Waits")
    page = browse("drafts")
    page.choose("To the next free time", saved.draft_id)
    assert "There are no posting times" in page.shown
    assert page.texts == ["Waits"]


def test_a_draft_whose_time_has_passed_is_not_scheduled_and_stays(browse, application, save):
    saved = save("Too late", wall="2026-11-01T09:00:00")
    page = browse("drafts")
    page.choose("Schedule", saved.draft_id)
    assert page.texts == ["Too late"]
    assert application.ledger.get(saved.draft_id) is None


def test_only_a_draft_with_time_and_destination_offers_to_schedule_it(browse, save, proposed):
    whole = save("Whole", wall=proposed)
    no_time, idea = save("No time"), save("Idea", wall=proposed, destinations=())
    page = browse("drafts")
    items = {each: page.menu_button(key=f"menu-{each.draft_id}").options for each in ()}
    for each, expected in ((whole, True), (no_time, False), (idea, False)):
        items = page.menu_button(key=f"menu-{each.draft_id}").options
        assert ("Schedule" in items) is expected


def test_a_deleted_draft_is_restored_by_undo(browse, application, save):
    saved = save("Not so bad")
    page = browse("drafts")
    page.choose("Delete", saved.draft_id)
    assert page.texts == []
    assert "Draft deleted: Not so bad" in page.shown
    page.click("undo-draft")
    assert page.texts == ["Not so bad"]
    assert application.drafts.get(saved.draft_id) == saved


def test_a_draft_deleted_long_ago_is_restored_from_the_deleted_ones(browse, application, save, clock):
    saved = save("Not so bad")
    application.drafts.delete(saved.draft_id, now=clock())
    clock.move(days=29)
    page = browse("drafts")
    view(page, "Deleted")
    assert "Deleted 29 days ago" in page.shown
    page.click("restore", saved.draft_id)
    assert page.texts == []
    page.click("undo-draft")
    assert page.texts == ["Not so bad"]
    page.click("restore", saved.draft_id)
    assert drafts_of(application) == ["Not so bad"]


def test_the_deletion_of_the_open_draft_empties_compose_and_undo_opens_it_again(browse, application):
    session = browse("compose")
    session.write("In the form")
    draft = session.draft
    session.open("drafts").choose("Delete", draft)
    assert application.drafts.get(draft).deleted_at is not None
    session.open("compose")
    assert text_of(session) == ""
    session.open("drafts")
    view(session, "Deleted")
    session.click("restore", draft)
    assert drafts_of(application) == ["In the form"]


def test_a_duplicate_is_a_draft_of_its_own_and_undo_removes_it(browse, application, save):
    saved = save("Twice")
    page = browse("drafts")
    page.choose("Duplicate", saved.draft_id)
    assert page.texts == ["Twice", "Twice"]
    page.click("undo-draft")
    assert page.texts == ["Twice"]
    assert application.drafts.get(saved.draft_id) == saved


def test_a_template_is_saved_and_used_and_stays_as_it_is(browse, application, save, proposed):
    saved = save("Every Friday: ", wall=proposed)
    page = browse("drafts")
    page.choose("Save as template", saved.draft_id)
    [template] = application.drafts.page(templates=True, limit=10)
    assert template.content.wall is None
    assert page.texts == ["Every Friday: ".strip()]
    view(page, "Templates")
    page.click("use", template.draft_id)
    page.open("compose")
    assert page.draft not in (saved.draft_id, template.draft_id)
    page.write("Every Friday: fish")
    assert application.drafts.get(template.draft_id) == template
    assert sorted(drafts_of(application)) == ["Every Friday: ", "Every Friday: fish"]


def test_a_template_that_was_saved_by_mistake_is_undone(browse, application, save):
    saved = save("Not worth it")
    page = browse("drafts")
    page.choose("Save as template", saved.draft_id)
    page.click("undo-draft")
    assert application.drafts.page(templates=True, limit=10) == []


def test_a_template_is_edited_and_never_scheduled_itself(browse, application, save):
    template = save("Every Friday: ", template=True)
    page = browse("drafts")
    view(page, "Templates")
    page.choose("Edit", template.draft_id)
    page.open("compose")
    assert "This is a template." in page.shown
    assert f"schedule-{page.draft}" not in [each.key for each in page.button]
    page.write("Every Monday: ")
    assert application.drafts.get(template.draft_id).content.text == "Every Monday: "
    assert application.drafts.get(template.draft_id).template
    page.click("from-template", template.draft_id)
    assert page.draft != template.draft_id
    assert text_of(page) == "Every Monday: "


def test_compose_saves_templates_and_begins_from_one(browse, application):
    session = browse("compose")
    session.write("Every Friday: ")
    session.menu_button(key="draft-menu").click("Save as template").run()
    assert drafts_of(application, templates=True) == ["Every Friday: "]
    session.menu_button(key="draft-menu").click("New from template").run()
    [template] = application.drafts.page(templates=True, limit=1)
    session.click("use", template.draft_id)
    assert text_of(session) == "Every Friday: "
    assert session.draft != template.draft_id


def test_compose_deletes_its_draft_and_undo_brings_it_back(browse, application):
    session = browse("compose")
    session.write("Away with it")
    draft = session.draft
    session.menu_button(key="draft-menu").click("Delete draft").run()
    assert (text_of(session), drafts_of(application)) == ("", [])
    session.click("undo-draft")
    assert (session.draft, text_of(session), drafts_of(application)) == (draft, "Away with it", ["Away with it"])


def test_a_new_draft_leaves_the_current_one_among_the_drafts(browse, application, clock):
    session = browse("compose")
    session.write("First")
    session.menu_button(key="draft-menu").click("New draft").run()
    assert text_of(session) == ""
    clock.move(seconds=1)
    session.write("Second")
    assert drafts_of(application) == ["Second", "First"]
    assert "Other draft: First" in session.shown


def test_an_emptied_draft_is_kept_among_the_deleted_ones(browse, application, clock):
    session = browse("compose")
    session.write("Never mind")
    session.write("")
    assert drafts_of(application) == []
    assert [each.content.text for each in application.drafts.deleted(now=clock(), limit=10)] == ["Never mind"]
    session.write("After all")
    assert drafts_of(application) == ["After all"]


def test_another_tab_replaces_the_text_and_the_earlier_one_is_a_click_away(browse, application, save):
    session = browse("compose")
    session.write("From here")
    save("From elsewhere", draft_id=session.draft)
    session.run()
    assert text_of(session) == "From elsewhere"
    assert "Another tab or device replaced this text." in session.shown
    session.click("show-earlier")
    assert text_of(session) == "From here"
    late = f"text-{session.draft}"
    assert session.session_state[REPLACED_TEXTS] == {late: (1, "From elsewhere")}  # refused if the tab sends it now
    session.click("show-earlier")
    assert text_of(session) == "From elsewhere"
    session.click("dismiss-earlier")
    assert "Another tab" not in session.shown
    assert application.drafts.get(session.draft).earlier is None


def test_a_text_that_the_tab_sends_before_it_shows_the_earlier_one_does_not_replace_it(
    browse, application, save, clock
):
    session = browse("compose")
    session.write("From here")
    save("From elsewhere", draft_id=session.draft)
    session.run()
    session.click("show-earlier")
    session.text_area(key=f"text-{session.draft}").set_value("From elsewhere")  # as the tab showed it
    session.click("show-earlier")  # the second click of a double click
    assert text_of(session) == "From here"
    session.write("From elsewhere")  # with a redraw that a timer of the tab asked for
    assert text_of(session) == "From here"
    stored = application.drafts.get(session.draft)
    assert (stored.content.text, stored.earlier.text) == ("From here", "From elsewhere")
    clock.move(seconds=6)
    session.write("From elsewhere")  # a person
    assert text_of(session) == "From elsewhere"


def test_a_text_that_the_tab_sends_before_it_shows_that_of_another_tab_does_not_replace_it(browse, application, save):
    session = browse("compose")
    session.write("From here")
    save("From elsewhere", draft_id=session.draft, base=1)
    session.run()
    session.write("From here")
    assert text_of(session) == "From elsewhere"
    session.write("From elsewhere!")
    session.write("From here")
    assert text_of(session) == "From here"


def test_a_later_save_replaces_the_text_of_another_tab_and_keeps_it(browse, application, save):
    session = browse("compose")
    session.write("Begun")
    save("From elsewhere", draft_id=session.draft)
    session.write("From here")
    stored = application.drafts.get(session.draft)
    assert (stored.content.text, stored.earlier.text) == ("From here", "From elsewhere")
    session.click("show-earlier")
    assert text_of(session) == "From elsewhere"


def test_changes_to_a_draft_that_was_scheduled_elsewhere_become_a_new_draft(browse, application, new_session):
    session, other = browse("compose"), new_session()
    session.write("One post")
    draft = session.draft
    other.query_params["draft"] = draft
    other.run()
    other.schedule()
    session.write("One post, changed")
    assert session.draft != draft
    assert text_of(session) == "One post, changed"
    assert "Your changes are a new draft" in session.shown
    assert drafts_of(application) == ["One post, changed"]
    assert application.schedules.plan(draft).post.text == "One post"


@pytest.mark.parametrize("act", ["schedule", "post-now"])
def test_a_post_that_another_tab_scheduled_keeps_its_text_and_the_text_of_this_tab_becomes_a_draft(
    browse, application, new_session, act
):
    session, other = browse("compose"), new_session()
    session.write("Of this tab")
    draft = session.draft
    other.query_params["draft"] = draft
    other.run()
    other.write("Of the other tab")
    other.schedule()
    session.click(act, draft)
    assert application.schedules.plan(draft).post.text == "Of the other tab"
    assert session.draft != draft
    assert text_of(session) == "Of this tab"
    assert "Your changes are a new draft" in session.shown
    assert drafts_of(application) == ["Of this tab"]


def test_an_unchanged_draft_that_was_scheduled_elsewhere_leaves_compose(browse, application, new_session):
    session, other = browse("compose"), new_session()
    session.write("One post")
    other.query_params["draft"] = session.draft
    other.run()
    other.schedule()
    session.run()
    assert text_of(session) == ""
    assert drafts_of(application) == []


def test_a_deleted_draft_that_is_open_can_be_restored(application, save, new_session, clock):
    saved = save("Away")
    application.drafts.delete(saved.draft_id, now=clock())
    session = new_session()
    session.query_params["draft"] = saved.draft_id
    session.run()
    assert "This draft is deleted." in session.shown
    session.click("restore-current")
    assert "This draft is deleted." not in session.shown
    assert drafts_of(application) == ["Away"]


def test_pictures_and_their_descriptions_are_kept_with_the_draft(browse, application, new_session, picture):
    session = browse("compose")
    session.file_uploader(key=f"upload-0-{session.draft}").upload("sea.png", picture("teal"), "image/png").run()
    [media] = application.drafts.get(session.draft).content.media
    session.text_area(key=f"alt-{media.reference}-{session.draft}").set_value("A teal sea").run()
    other = new_session()
    other.query_params["draft"] = session.draft
    other.run()
    assert other.text_area(key=f"alt-{media.reference}-{session.draft}").value == "A teal sea"


@pytest.mark.parametrize("rule", ["Every day", "Weekly on chosen days", "Monthly on a date"])
def test_a_repeating_draft_is_opened_with_its_rule(browse, application, new_session, rule):
    session = browse("compose")
    session.write("Again and again")
    session.selectbox(key=f"when-{session.draft}-repeats").set_value(rule).run()
    stored = application.drafts.get(session.draft).content
    assert stored.repeat is not None
    other = new_session()
    other.query_params["draft"] = session.draft
    other.run()
    assert other.selectbox(key=f"when-{session.draft}-repeats").value == rule
    other.run()
    assert application.drafts.get(session.draft).content == stored


def test_a_save_that_fails_says_so_and_the_next_one_saves(browse, application, monkeypatch):
    session = browse("compose")
    session.write("On the disk")
    real = application.drafts.save

    def fail(*_, **__):
        raise StorageError(application.home.database, "no space left on device")

    monkeypatch.setattr(application.drafts, "save", fail)
    session.write("Not on the disk")
    assert "Not saved yet" in session.shown
    assert text_of(session) == "Not on the disk"
    monkeypatch.setattr(application.drafts, "save", real)
    session.run()
    assert "Not saved yet" not in session.shown
    assert drafts_of(application) == ["Not on the disk"]


def test_a_text_that_could_not_be_saved_is_not_replaced_by_the_one_of_another_tab(
    browse, application, save, monkeypatch
):
    session = browse("compose")
    session.write("Begun")
    save("From elsewhere", draft_id=session.draft)
    real = application.drafts.save

    def fail(*_, **__):
        raise StorageError(application.home.database, "no space left on device")

    monkeypatch.setattr(application.drafts, "save", fail)
    session.write("From here")
    assert text_of(session) == "From here"
    monkeypatch.setattr(application.drafts, "save", real)
    session.run()
    stored = application.drafts.get(session.draft)
    assert (stored.content.text, stored.earlier.text) == ("From here", "From elsewhere")


def test_a_run_of_compose_that_changes_nothing_writes_nothing(browse, application, monkeypatch, clock):
    session = browse("compose")
    session.write("Kept")
    monkeypatch.setattr(application.drafts, "save", None)
    clock.now += timedelta(minutes=5)
    session.run()
    assert "Saved 13:00" in session.shown


def test_the_destination_of_a_removed_account_stays_and_is_refused_in_words(browse, application, save):
    saved = save("For nobody", destinations=("mastodon:gone",))
    page = browse("drafts")
    page.click("open", saved.draft_id)
    page.open("compose")
    assert page.pills(key=f"destinations-{page.draft}").value == ["mastodon:gone"]
    page.schedule()
    assert "mastodon:gone" in page.shown
    assert application.drafts.get(saved.draft_id) == saved
