"""The contract of the drafts port, on SQLite and on DynamoDB in moto and in dynalite."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.drafts.draft import MAX_BYTES, Draft, DraftContent, DraftGone, DraftTooLarge, content_of
from core.drafts.dynamodb import DynamoDrafts
from core.drafts.port import KEPT_DELETED, Drafts, every_draft
from core.drafts.sqlite import SqliteDrafts
from core.ledger.dynamodb import DynamoLedger
from core.ledger.port import Ledger, PlanChange
from core.ledger.refusals import ChangedElsewhere, PostReturned
from core.ledger.sqlite import SqliteLedger, open_database
from core.posts.models import Media, Post, Repeat
from core.storage.processes import Presence

ID, OTHER = "k3v9q2m4cx7a", "k3v9q2m4cx7b"
WHOLE = DraftContent(
    text="Grüße 🎉\n<b>",
    destinations=("outbox", "mastodon:ada"),
    variants={"mastodon:ada": "Hi"},
    threads={"mastodon:ada": True},
    media=(Media(reference="0" * 64, kind="picture", content_type="image/png", size=9, width=2, height=1, alt="Cat"),),
    labels=("Sales",),
    options={"mastodon:ada": {"sensitive": True, "first_comment": "Grüße"}},
    wall="2026-12-24T09:00:00",
    zone="Europe/Berlin",
    which=1,
    repeat=Repeat(expression="cron(0 9 * * ? *)"),
    replaces=(OTHER, datetime(2026, 12, 24, 8, tzinfo=UTC)),
)


@pytest.fixture
def sqlite_parts(tmp_path, clock) -> Iterator[tuple[Drafts, Ledger]]:
    database = open_database(tmp_path / "punctual.db", now=clock())
    presence = Presence(tmp_path / "processes")
    yield SqliteDrafts(database), SqliteLedger(database, presence)
    presence.leave()
    database.close()


@pytest.fixture
def moto_parts(table) -> tuple[Drafts, Ledger]:
    return DynamoDrafts(table), DynamoLedger(table)


@pytest.fixture
def dynalite_parts(dynalite_table) -> tuple[Drafts, Ledger]:
    return DynamoDrafts(dynalite_table), DynamoLedger(dynalite_table)


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def parts(request) -> tuple[Drafts, Ledger]:
    return request.getfixturevalue(f"{request.param}_parts")


@pytest.fixture
def drafts(parts) -> Drafts:
    return parts[0]


@pytest.fixture
def ledger(parts) -> Ledger:
    return parts[1]


@pytest.fixture
def save(drafts, clock) -> Callable[..., Draft]:
    """Save a text a second after the last save."""

    def save(text: str, draft_id: str = ID, *, base: int = 0, **options: Any) -> Draft:
        return drafts.save(draft_id, content(text), base=base, now=clock.move(seconds=1), **options)

    return save


def content(text: str) -> DraftContent:
    return DraftContent(text=text, destinations=("outbox",), zone="UTC")


def ids(found: list[Draft]) -> list[str]:
    return [each.draft_id for each in found]


@pytest.fixture
def post(clock) -> Post:
    """Return a post with the id of the first draft."""
    due_at = clock() + timedelta(hours=1)
    return Post(post_id=ID, text="Hi", destinations=("outbox",), zone="UTC", wall="2026-11-02T13:00:00", due_at=due_at)


@pytest.mark.parametrize("whole", [WHOLE, DraftContent(zone="UTC")])
def test_a_draft_is_read_as_it_was_saved(drafts, clock, whole):
    saved = drafts.save(ID, whole, base=0, now=clock())
    assert saved.content == whole
    assert (saved.version, saved.created_at, saved.changed_at) == (1, clock(), clock())
    assert drafts.get(ID) == saved
    assert drafts.page(limit=10) == [saved]


def test_there_are_no_drafts_at_first(drafts, clock):
    assert drafts.get(ID) is None
    assert drafts.page(limit=10) == []
    assert drafts.deleted(now=clock(), limit=10) == []
    assert drafts.count() == 0


def test_a_save_from_the_newest_version_replaces_the_content_without_a_trace(save):
    first = save("H")
    second = save("He", base=first.version)
    assert (second.content.text, second.earlier) == ("He", None)
    assert second.version > first.version
    assert second.created_at < second.changed_at


def test_a_save_that_changes_nothing_keeps_version_and_time(save):
    first = save("Same")
    assert save("Same", base=first.version) == first
    assert save("Same") == first


def test_the_later_of_two_saves_wins_and_the_other_content_is_kept_as_the_earlier_one(save, drafts):
    begun = save("Begun")
    here = save("From here", base=begun.version)
    elsewhere = save("From elsewhere", base=begun.version)
    assert (elsewhere.content, elsewhere.earlier) == (content("From elsewhere"), here.content)
    on = save("From elsewhere, more", base=elsewhere.version)
    assert on.earlier == here.content
    assert drafts.get(ID) == on


def test_the_earlier_content_is_kept_until_it_is_used_or_dismissed(save, drafts):
    begun = save("Begun")
    save("From here", base=begun.version)
    both = save("From elsewhere", base=begun.version)
    assert drafts.forget_earlier(ID).earlier is None
    again = save("From here", base=begun.version)
    assert again.earlier == both.content
    assert save("From elsewhere", base=again.version).earlier is None


def test_an_empty_content_is_not_kept_as_the_earlier_one(save):
    begun = save("Begun")
    save(" ", base=begun.version)
    assert save("From elsewhere", base=begun.version).earlier is None


def test_of_many_simultaneous_saves_the_last_two_contents_are_kept(save, drafts, clock):
    begun = save("Begun")
    texts = [f"Text {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda text: drafts.save(ID, content(text), base=begun.version, now=clock()), texts))
    final = drafts.get(ID)
    in_order = sorted(results, key=lambda each: each.version)
    assert [each.version for each in in_order] == list(range(2, 10))
    assert final == in_order[-1]
    assert all(later.earlier == earlier.content for earlier, later in pairwise(in_order))


def test_pages_are_complete_and_latest_first(save, drafts):
    for number in range(11):
        save(str(number), f"k3v9q2m4cx{number:02d}")
    save("0, changed", "k3v9q2m4cx00", base=1)
    found: list[Draft] = []
    while page := drafts.page(limit=3, after=found[-1] if found else None):
        found += page
    assert ids(found) == [f"k3v9q2m4cx{number:02d}" for number in (0, *range(10, 0, -1))]
    assert drafts.count() == 11


def test_templates_have_a_list_of_their_own(save, drafts):
    save("A draft")
    save("A template", OTHER, template=True)
    assert ids(drafts.page(limit=10)) == [ID]
    assert ids(drafts.page(templates=True, limit=10)) == [OTHER]
    assert drafts.get(OTHER).template
    assert drafts.count() == 1


def test_a_deleted_draft_is_restored_as_it_was(save, drafts, clock):
    saved = save("Not yet")
    deleted = drafts.delete(ID, now=clock.move(days=1))
    assert deleted.deleted_at == clock()
    assert (drafts.page(limit=10), drafts.count()) == ([], 0)
    assert drafts.deleted(now=clock(), limit=10) == [deleted]
    assert drafts.delete(ID, now=clock.move(days=1)) == deleted
    assert drafts.restore(ID, now=clock()) == saved
    assert (drafts.page(limit=10), drafts.deleted(now=clock(), limit=10)) == ([saved], [])


def test_a_deleted_template_is_a_template_again(save, drafts, clock):
    save("A template", template=True)
    drafts.delete(ID, now=clock())
    assert drafts.page(templates=True, limit=10) == []
    drafts.restore(ID, now=clock())
    assert ids(drafts.page(templates=True, limit=10)) == [ID]


def test_a_save_restores_a_deleted_draft(save, drafts, clock):
    begun = save("Begun")
    drafts.delete(ID, now=clock())
    save("Begun", base=begun.version)
    assert ids(drafts.page(limit=10)) == [ID]
    assert drafts.deleted(now=clock(), limit=10) == []


def test_deleted_drafts_are_listed_for_30_days_and_pruned_then(save, drafts, clock):
    for number, draft_id in enumerate((ID, OTHER)):
        save(str(number), draft_id)
        drafts.delete(draft_id, now=clock.move(days=1))
    assert ids(drafts.deleted(now=clock(), limit=10)) == [OTHER, ID]
    first = drafts.deleted(now=clock(), limit=1)
    assert ids(drafts.deleted(now=clock(), limit=10, after=first[0])) == [ID]
    clock.now += KEPT_DELETED - timedelta(days=1)
    assert ids(drafts.deleted(now=clock(), limit=10)) == [OTHER]
    drafts.prune(now=clock())
    assert ids(drafts.deleted(now=clock(), limit=10)) == [OTHER]


def test_a_planned_post_is_no_draft(save, drafts, ledger, post, clock):
    begun = save("Hi")
    save("Stays", OTHER)
    ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock())
    assert drafts.get(ID) is None
    assert ids(drafts.page(limit=10)) == [OTHER]
    for base in (0, begun.version):
        with pytest.raises(DraftGone):
            save("Late", base=base)
    with pytest.raises(DraftGone):
        drafts.delete(ID, now=clock())
    drafts.prune(now=clock())
    assert (ids(drafts.page(limit=10)), drafts.count()) == ([OTHER], 1)


def test_a_removed_draft_is_gone(save, drafts, clock):
    begun = save("Hi")
    drafts.remove(ID)
    drafts.remove(ID)
    assert (drafts.get(ID), drafts.page(limit=10), drafts.count()) == (None, [], 0)
    with pytest.raises(DraftGone):
        save("Late", base=begun.version)
    with pytest.raises(DraftGone):
        drafts.restore(ID, now=clock())
    with pytest.raises(DraftGone):
        drafts.forget_earlier(ID)


def test_a_draft_that_nobody_has_saved_cannot_be_changed(drafts, clock):
    for change in (drafts.delete, drafts.restore):
        with pytest.raises(DraftGone, match=ID):
            change(ID, now=clock())


def test_every_draft_is_read_in_batches(save, drafts, clock, monkeypatch):
    monkeypatch.setattr("core.drafts.port.BATCH", 2)
    for number in range(9):
        save(str(number), f"k3v9q2m4cx0{number}", template=number % 3 == 1)
        if number % 3 == 2:
            drafts.delete(f"k3v9q2m4cx0{number}", now=clock())
    assert sorted(each.content.text for each in every_draft(drafts, clock())) == [str(number) for number in range(9)]


def test_the_largest_contents_of_two_tabs_fit(drafts, clock):
    room = MAX_BYTES - len(content("").model_dump_json())
    begun = drafts.save(ID, content("a" * room), base=0, now=clock())
    drafts.save(ID, content("b" * room), base=begun.version, now=clock())
    both = drafts.save(ID, content("c" * room), base=begun.version, now=clock())
    assert drafts.get(ID) == both
    with pytest.raises(DraftTooLarge, match="180,001 bytes"):
        content("a" * (room + 1))


def test_the_parts_of_a_thread_become_one_text_of_the_draft(post):
    threaded = post.model_copy(
        update={
            "text": "One. Two.",
            "destinations": Post.model_validate(
                post.model_dump() | {"destinations": ("mastodon:ada", "mastodon:ada#2", "outbox")}
            ).destinations,
            "variants": {"mastodon:ada": "One. 1/2", "mastodon:ada#2": "Two. 2/2", "outbox": "Both"},
        }
    )
    found = content_of(Post.model_validate(threaded.model_dump()))
    assert (found.text, found.destinations) == ("One. Two.", ("mastodon:ada", "outbox"))
    assert (found.threads, found.variants) == ({"mastodon:ada": True}, {"outbox": "Both"})
    assert found.wall is None
    assert content_of(post, with_time=True).wall == post.wall


# A post that returns to the drafts


@pytest.fixture
def returned(ledger, post, clock) -> PlanChange:
    """Plan the post; return the change that returns it to the drafts."""
    ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock())
    next_one = post.model_copy(update={"revision": 2})
    return PlanChange(post=next_one, desired="cancelled", schedule_name="post", returned=True)


def test_a_post_that_returns_is_a_draft_and_no_cancelled_post(drafts, ledger, returned, clock):
    drafts.take_back(OTHER, content("Hi"), returned, now=clock())
    assert drafts.get(OTHER).content == content("Hi")
    assert (ids(drafts.page(limit=10)), drafts.count()) == ([OTHER], 1)
    assert ledger.get(ID).returned
    assert ledger.cancelled(after=clock() - timedelta(days=1), limit=10) == []


def test_a_post_that_has_returned_cannot_be_restored(drafts, ledger, returned, clock):
    drafts.take_back(OTHER, content("Hi"), returned, now=clock())
    restored = PlanChange(post=returned.post.model_copy(update={"revision": 3}), schedule_name="post")
    with pytest.raises(PostReturned):
        ledger.change(restored, now=clock())
    assert ledger.get(ID).desired == "cancelled"


def test_a_post_that_was_changed_meanwhile_adds_no_draft(drafts, ledger, post, returned, clock):
    ledger.change(PlanChange(post=returned.post, desired="paused", schedule_name="post"), now=clock())
    with pytest.raises(ChangedElsewhere):
        drafts.take_back(OTHER, content("Hi"), returned, now=clock())
    assert (drafts.get(OTHER), ledger.get(ID).desired) == (None, "paused")
