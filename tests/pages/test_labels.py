"""Labels on the pages: chosen in Compose and in the Edit dialog, shown on cards, managed in their dialog."""

from typing import Any

import pytest

from core.drafts.draft import DraftContent
from ui.compose.labels_dialog import labels_dialog
from ui.frame.state import DEFERRED

DRAFT = "k3v9q2m4cx7d"


def choose_labels(session, names):
    session.multiselect(key=f"labels-{session.draft}").set_value(names).run()


def click(session, name, owner=None):
    """Click a button of the dialog, and draw the dialog again: AppTest draws the whole page, without it."""
    session.click(name, owner)
    session.session_state[DEFERRED] = labels_dialog
    session.run()


@pytest.fixture
def names(application):
    return lambda: [label.name for label in application.labels.all()]


@pytest.fixture
def open_dialog(application, browse):
    """Open the dialog of labels in Compose."""

    def open_dialog() -> Any:
        session = browse("compose")
        session.click("manage-labels")
        return session

    return open_dialog


def test_labels_that_are_typed_become_labels_and_go_with_the_post(browse, application, names):
    application.labels.add(["Sales"])
    compose = browse("compose")
    first = compose.draft
    compose.write("Good morning")
    choose_labels(compose, ["SALES", "Big  launch"])
    assert names() == ["Big launch", "Sales"]
    compose.schedule()
    assert application.schedules.plan(first).post.labels == ("Sales", "Big launch")
    assert compose.multiselect(key=f"labels-{compose.draft}").value == []


def test_a_name_that_no_label_can_have_is_refused_and_leaves_the_choice(browse, application, names):
    application.labels.add(["Sales"])
    compose = browse("compose")
    choose_labels(compose, ["Sales", "x" * 51])
    assert "Give it a name of 1 to 50 characters." in compose.shown
    assert compose.multiselect(key=f"labels-{compose.draft}").value == ["Sales"]
    assert names() == ["Sales"]


def test_a_draft_keeps_its_labels_and_its_post_gets_them(browse, application, clock):
    content = DraftContent(text="Hi", zone="UTC", destinations=("outbox",), labels=("Sales",))
    application.drafts.save(DRAFT, content, base=0, now=clock())
    drafts = browse("drafts")
    assert ":gray-badge[:material/label: Sales]" in drafts.shown
    compose = browse("compose")
    compose.query_params["draft"] = DRAFT
    compose.open("compose")
    compose.schedule()
    assert application.schedules.plan(DRAFT).post.labels == ("Sales",)


def test_the_edit_dialog_changes_the_labels_and_leaves_the_text(browse, application, plan):
    post = plan("Good morning", labels=("Sales",))
    post_id = post.post.post_id
    queue = browse("queue")
    assert "Sales]" in queue.shown
    queue.click("edit", post)
    queue.multiselect(key=f"edit-labels-{post_id}").set_value(["Launch"])
    queue.click("save-post", post)
    changed = application.schedules.plan(post_id).post
    assert (changed.labels, changed.text) == (("Launch",), "Good morning")
    assert ":blue-badge[:material/label: Launch]" in queue.shown


def test_a_label_is_escaped_on_cards(browse, plan):
    plan(labels=("a] **b** <i>",))
    assert "a] **b** <i>]" in browse("queue").shown


def test_a_renamed_label_is_renamed_on_its_posts_and_back(open_dialog, application, plan, names):
    application.labels.add(["Sales"])
    post = plan(labels=("Sales",))
    dialog = open_dialog()
    assert "1 post" in dialog.shown
    click(dialog, "edit-label", "sales")
    dialog.text_input(key="label-name-sales").set_value("Revenue")
    dialog.pills(key="label-colour-sales").set_value("red")
    click(dialog, "save-label")
    assert "Sales renamed to Revenue, 1 post changed." in dialog.shown
    assert [(label.name, label.colour) for label in application.labels.all()] == [("Revenue", "red")]
    assert application.schedules.plan(post.post.post_id).post.labels == ("Revenue",)
    click(dialog, "undo-label")
    assert [(label.name, label.colour) for label in application.labels.all()] == [("Sales", "blue")]
    assert application.schedules.plan(post.post.post_id).post.labels == ("Sales",)


def test_the_posts_that_lose_a_label_are_told_before_it_is_deleted(open_dialog, application, plan, names):
    application.labels.add(["Sales"])
    posts = [plan(labels=("Sales",), minutes=60 + number) for number in range(2)]
    dialog = open_dialog()
    click(dialog, "edit-label", "sales")
    assert "2 posts will lose this label." in dialog.shown
    click(dialog, "delete-label")
    assert names() == []
    assert [application.schedules.plan(each.post.post_id).post.labels for each in posts] == [(), ()]
    click(dialog, "undo-label")
    assert names() == ["Sales"]
    assert [application.schedules.plan(each.post.post_id).post.labels for each in posts] == [("Sales",)] * 2


def test_a_name_that_is_taken_is_refused_in_the_dialog(open_dialog, application, names):
    application.labels.add(["Sales", "Launch"])
    dialog = open_dialog()
    click(dialog, "edit-label", "sales")
    dialog.text_input(key="label-name-sales").set_value("launch")
    dialog.click("save-label")
    assert "There is a label Launch already." in dialog.shown
    assert names() == ["Launch", "Sales"]


def test_a_label_is_added_in_the_dialog(open_dialog, names):
    dialog = open_dialog()
    assert "Labels group posts" in dialog.shown
    dialog.text_input(key="new-label").set_value("Sales")
    click(dialog, "add-label")
    assert names() == ["Sales"]
    dialog.click("add-label")
    assert "cannot be the name of a label" in dialog.shown


def test_the_dialog_opens_from_the_filter_of_the_queue(browse, application, plan):
    application.labels.add(["Sales"])
    plan(labels=("Sales",))
    queue = browse("queue")
    queue.click("manage-labels")
    assert queue.text_input(key="new-label").label == "New label"
    assert "1 post" in queue.shown
