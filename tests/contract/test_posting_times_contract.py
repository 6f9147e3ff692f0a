"""The contract of the posting times port, on SQLite and on DynamoDB in moto and in dynalite."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.ledger.dynamodb import DynamoLedger
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.sqlite import SqliteLedger, open_database
from core.posts.destinations import Destination
from core.posts.models import Post
from core.storage.processes import Presence
from core.timetable import dynamodb
from core.timetable.dynamodb import DynamoPostingTimes
from core.timetable.port import LEASE, PostingTimes, TimetableChanged
from core.timetable.sqlite import KEPT_CLAIMS, SqlitePostingTimes
from core.timetable.timetable import suggested

ADA, SALES = Destination("mastodon:ada"), Destination("webhook:sales")
POST, OTHER = "k3v9q2m4cx7a", "k3v9q2m4cx7b"
AT = datetime(2026, 12, 3, 8, 7, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
BERLIN, LISBON = suggested("Europe/Berlin"), suggested("Europe/Lisbon")


@pytest.fixture
def sqlite_parts(tmp_path, clock) -> Iterator[tuple[PostingTimes, Ledger]]:
    database = open_database(tmp_path / "punctual.db", now=clock())
    presence = Presence(tmp_path / "processes")
    yield SqlitePostingTimes(database), SqliteLedger(database, presence)
    presence.leave()
    database.close()


@pytest.fixture
def moto_parts(table) -> tuple[PostingTimes, Ledger]:
    return DynamoPostingTimes(table), DynamoLedger(table)


@pytest.fixture
def dynalite_parts(dynalite_table) -> tuple[PostingTimes, Ledger]:
    return DynamoPostingTimes(dynalite_table), DynamoLedger(dynalite_table)


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def parts(request) -> tuple[PostingTimes, Ledger]:
    return request.getfixturevalue(f"{request.param}_parts")


@pytest.fixture
def times(parts) -> PostingTimes:
    return parts[0]


@pytest.fixture
def ledger(parts) -> Ledger:
    return parts[1]


@pytest.fixture
def claim(times, clock) -> Callable[..., bool]:
    """Claim AT for ADA."""

    def claim(post_id: str, *accounts: Destination, at: datetime = AT, **options: Any) -> bool:
        return times.claim(post_id, accounts or (ADA,), at, now=clock(), **options)

    return claim


@pytest.fixture
def plan(ledger, clock) -> Callable[..., Plan]:
    """Plan a post that is due at AT."""

    def plan(post_id: str, *destinations: str, at: datetime = AT, **options: Any) -> Plan:
        return ledger.plan(
            PlanChange(post=post(post_id, *destinations, at=at), schedule_name="post", **options), now=clock()
        )

    return plan


def post(post_id: str, *destinations: str, at: datetime = AT, revision: int = 1) -> Post:
    wall = at.replace(tzinfo=None).isoformat(timespec="seconds")
    content = {"text": "Hi", "destinations": destinations or (ADA,), "zone": "UTC", "wall": wall, "due_at": at}
    return Post.model_validate(content | {"post_id": post_id, "revision": revision})


def occupied(times: PostingTimes, now: datetime, *instants: datetime) -> dict[datetime, set[str]]:
    """Return the posts that occupy instants for ADA."""
    found = times.occupants(instants or (AT,), {ADA}, now=now)
    return {instant: {each.post_id for each in occupants} for instant, occupants in found.items()}


def test_there_is_no_timetable_at_first(times):
    assert times.all() == {}


def test_timetables_are_read_as_they_were_saved(times):
    general = times.save(None, BERLIN, base=0)
    own = times.save(ADA, LISBON, base=0)
    assert times.all() == {None: general, ADA: own}
    assert (general.timetable, own.timetable) == (BERLIN, LISBON)


def test_of_two_tabs_that_change_a_timetable_the_second_is_refused(times):
    begun = times.save(None, BERLIN, base=0)
    here = times.save(None, LISBON, base=begun.version)
    for base in (0, begun.version):
        with pytest.raises(TimetableChanged):
            times.save(None, BERLIN, base=base)
    assert times.all() == {None: here}


def test_a_removed_timetable_keeps_its_version_so_that_no_other_tab_brings_it_back(times):
    begun = times.save(None, BERLIN, base=0)
    removed = times.save(None, None, base=begun.version)
    assert times.all() == {None: removed}
    assert removed.timetable is None
    with pytest.raises(TimetableChanged):
        times.save(None, LISBON, base=begun.version)
    assert times.save(None, BERLIN, base=removed.version).timetable == BERLIN


def test_a_timetable_is_saved_by_one_of_many_at_once(times):
    def save(number: int) -> bool:
        try:
            times.save(None, BERLIN.with_days_off([AT.date() + timedelta(days=number)]), base=0)
        except TimetableChanged:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(save, range(8))) == 1


def test_pending_posts_occupy_their_instants(times, ledger, plan, clock):
    plan(POST, ADA, f"{ADA}#2", SALES)
    plan(OTHER, at=LATER, desired="paused")
    found = times.occupants([AT, LATER, LATER + timedelta(hours=1)], (), now=clock())
    assert {instant: [(each.post_id, each.accounts) for each in posts] for instant, posts in found.items()} == {
        AT: [(POST, frozenset({ADA, SALES}))],
        LATER: [(OTHER, frozenset({ADA}))],
    }
    assert times.occupants([], {ADA}, now=clock()) == {}
    assert times.occupants([AT - timedelta(seconds=1)], {ADA}, now=clock()) == {}


def test_a_cancelled_or_moved_post_leaves_its_instant_free(times, ledger, plan, clock):
    plan(POST)
    plan(OTHER)
    ledger.change(PlanChange(post=post(POST, revision=2), desired="cancelled", schedule_name=None), now=clock())
    ledger.change(
        PlanChange(post=post(OTHER, at=LATER, revision=2), desired="active", schedule_name="post"), now=clock()
    )
    assert occupied(times, clock(), AT, LATER) == {LATER: {OTHER}}


def test_an_instant_has_one_winner(claim):
    assert claim(POST)
    assert not claim(OTHER)
    assert claim(POST)
    assert claim(OTHER, at=LATER)


def test_of_many_posts_that_claim_an_instant_at_once_one_wins(claim):
    ids = [f"k3v9q2m4cx0{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(claim, ids)) == 1


def test_posts_that_share_no_account_claim_the_same_instant(claim):
    assert claim(POST, ADA)
    assert claim(OTHER, SALES)


def test_a_post_claims_an_instant_for_all_its_accounts_or_for_none(claim):
    assert claim(POST, SALES)
    assert not claim(OTHER, ADA, SALES)
    assert claim("k3v9q2m4cx7c", ADA)


def test_a_claim_occupies_its_instant_until_the_plan_does(times, claim, plan, clock):
    assert claim(POST)
    assert occupied(times, clock()) == {AT: {POST}}
    plan(POST)
    assert occupied(times, clock()) == {AT: {POST}}
    clock.now += LEASE
    assert occupied(times, clock()) == {AT: {POST}}
    assert not claim(OTHER)


def test_a_claim_whose_post_was_never_planned_ends_with_its_lease(times, claim, clock):
    assert claim(POST)
    clock.now += LEASE - timedelta(seconds=1)
    assert not claim(OTHER)
    clock.move(seconds=1)
    assert occupied(times, clock()) == {}
    assert claim(OTHER)
    assert not claim(POST)


def test_several_posts_claim_their_instants_together(times, claim, clock):
    assert claim(OTHER)
    wanted = [(POST, [ADA], AT), ("k3v9q2m4cx7c", [SALES], AT), ("k3v9q2m4cx7d", [ADA, SALES], LATER)]
    assert times.claim_each(wanted, now=clock()) == [False, True, True]
    assert occupied(times, clock())[AT] >= {OTHER}
    assert not claim(POST, at=LATER)
    assert times.claim_each(wanted[1:], now=clock()) == [True, True]


@pytest.mark.parametrize("change", ["cancelled", "moved to another time", "moved to another account"])
def test_a_claim_is_replaced_at_once_when_its_post_is_not_due_then_any_more(times, ledger, claim, plan, clock, change):
    assert claim(POST)
    plan(POST)
    gone = {
        "cancelled": post(POST, revision=2),
        "moved to another time": post(POST, at=LATER, revision=2),
        "moved to another account": post(POST, SALES, revision=2),
    }[change]
    desired = "cancelled" if change == "cancelled" else "active"
    ledger.change(PlanChange(post=gone, desired=desired, schedule_name="post"), now=clock())
    assert POST not in occupied(times, clock()).get(AT, set()) or change == "moved to another account"
    assert claim(OTHER)


def test_the_claim_of_a_planned_post_counts_until_the_post_is_changed(times, ledger, claim, plan, clock):
    plan(POST)
    assert claim(POST, at=LATER, revision=1)
    assert not claim(OTHER, at=LATER)
    assert occupied(times, clock(), LATER) == {LATER: {POST}}
    ledger.change(
        PlanChange(post=post(POST, at=LATER, revision=2), desired="active", schedule_name="post"), now=clock()
    )
    assert not claim(OTHER, at=LATER)
    ledger.change(PlanChange(post=post(POST, at=AT, revision=3), desired="active", schedule_name="post"), now=clock())
    assert claim(OTHER, at=LATER)


def test_a_released_claim_leaves_its_instant_free(times, claim, clock):
    assert claim(POST, ADA, SALES)
    times.release(OTHER, (ADA, SALES), AT)
    assert not claim(OTHER)
    times.release(POST, (ADA, SALES), AT)
    assert occupied(times, clock()) == {}
    assert claim(OTHER, ADA, SALES)
    times.release(OTHER, (ADA,), LATER)


def test_a_post_that_moves_away_does_not_keep_its_instant_from_the_one_that_takes_it(claim, plan):
    assert claim(POST)
    plan(POST)
    assert not claim(OTHER)
    assert claim(OTHER, instead_of={POST})


def test_the_claims_of_a_post_to_many_accounts_are_made_in_parts_and_given_up_together(claim, monkeypatch):
    monkeypatch.setattr(dynamodb, "CLAIMS_AT_ONCE", 2)
    accounts = [Destination(f"webhook:{number}") for number in range(5)]
    assert claim(POST, accounts[4])
    assert not claim(OTHER, *accounts)
    assert claim("k3v9q2m4cx7c", *accounts[:4])


def test_claims_of_the_past_are_deleted_on_one_machine(sqlite_parts, clock):
    times, _ = sqlite_parts
    times.claim(POST, (ADA,), clock() + timedelta(hours=1), now=clock())
    clock.now += timedelta(hours=2) + KEPT_CLAIMS
    times.claim(OTHER, (ADA,), clock() + timedelta(hours=1), now=clock())
    rows = times._database.read("SELECT post_id FROM time_claim")
    assert [row["post_id"] for row in rows] == [OTHER]
