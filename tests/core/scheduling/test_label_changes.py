"""Labels renamed and deleted, with the posts and drafts that carry them, and the undo of each change."""

from datetime import timedelta

import pytest

from core.drafts.draft import DraftContent
from core.labels.label import InvalidLabel, Label, LabelExists, LabelGone
from core.posts.models import Repeat, new_post_id

DRAFT = "k3v9q2m4cx7d"


@pytest.fixture
def changes(application):
    application.labels.add(["Sales", "Launch"])
    return application.label_changes


@pytest.fixture
def labelled(application, a_post):
    """Schedule a post with labels, and return its id."""

    def schedule(*names, **changed):
        post = a_post(post_id=new_post_id(), labels=names, **changed)
        return application.schedules.schedule(post).post.post_id

    return schedule


@pytest.fixture
def labels_of(application):
    return lambda post_id: application.schedules.plan(post_id).post.labels


@pytest.fixture
def draft(application, clock):
    content = DraftContent(text="Hi", zone="UTC", labels=("Sales", "Launch"))
    return application.drafts.save(DRAFT, content, base=0, now=clock())


def test_the_use_of_a_label_counts_posts_series_and_drafts_in_any_letter_case(changes, labelled, draft):
    labelled("Sales")
    labelled("SALES", due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    uses = changes.uses()
    assert uses["sales"].summary == "2 posts and 1 draft"
    assert uses["launch"].summary == "1 draft"


def test_a_renamed_label_is_renamed_on_posts_and_drafts_and_back(application, changes, labelled, labels_of, draft):
    post, other = labelled("Sales", "Launch"), labelled("Launch")
    change = changes.rename("sales", "  Revenue ")
    assert change.summary == "Sales renamed to Revenue, 2 posts changed"
    assert [label.name for label in application.labels.all()] == ["Launch", "Revenue"]
    assert set(labels_of(post)) == {"Launch", "Revenue"}
    assert labels_of(other) == ("Launch",)
    assert set(application.drafts.get(DRAFT).content.labels) == {"Launch", "Revenue"}
    changes.undo(change)
    assert [label.name for label in application.labels.all()] == ["Launch", "Sales"]
    assert labels_of(post) == ("Sales", "Launch")
    assert set(application.drafts.get(DRAFT).content.labels) == {"Launch", "Sales"}


def test_a_change_of_letter_case_reaches_the_posts(changes, labelled, labels_of):
    post = labelled("Sales")
    changes.rename("Sales", "SALES")
    assert labels_of(post) == ("SALES",)


def test_a_deleted_label_leaves_posts_and_drafts_and_comes_back(application, changes, labelled, labels_of, draft):
    changes.recolour(Label(name="Sales", colour="red"))
    post = labelled("Sales", "Launch")
    change = changes.delete("Sales")
    assert change.summary == "Sales deleted, 2 posts changed"
    assert labels_of(post) == application.drafts.get(DRAFT).content.labels == ("Launch",)
    changes.undo(change)
    assert Label(name="Sales", colour="red") in application.labels.all()
    assert set(labels_of(post)) == set(application.drafts.get(DRAFT).content.labels) == {"Sales", "Launch"}


def test_a_post_that_goes_out_too_soon_to_change_keeps_the_old_name(changes, labelled, labels_of, clock):
    post = labelled("Sales", due_at=clock() + timedelta(seconds=3))
    clock.move(seconds=2)
    change = changes.rename("Sales", "Revenue")
    assert change.summary == "Sales renamed to Revenue, 1 post could not be changed"
    assert labels_of(post) == ("Sales",)


def test_what_cannot_be_renamed_is_refused_before_any_post_changes(changes, labelled, labels_of):
    post = labelled("Sales")
    for name, new, error in [
        ("Sales", "launch", LabelExists),
        ("Gone", "New", LabelGone),
        ("Sales", " ", InvalidLabel),
    ]:
        with pytest.raises(error):
            changes.rename(name, new)
    with pytest.raises(LabelGone):
        changes.delete("Gone")
    assert labels_of(post) == ("Sales",)


def test_a_deleted_draft_keeps_its_labels(application, changes, draft, clock):
    application.drafts.delete(DRAFT, now=clock())
    changes.delete("Sales")
    assert application.drafts.get(DRAFT).content.labels == ("Sales", "Launch")
