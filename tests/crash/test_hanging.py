"""Destinations that hang, drip or reset delay no other post, and none of their own is lost or published twice."""

from collections import Counter

from core.ledger.history import runs
from tests.crash.webhooks import drip, reset


def test_posts_beside_a_destination_that_hangs_go_out_and_its_own_posts_follow(
    eventually, home, serve, post_now, connect, waiting
):
    """The destination hangs for as long as the test wants, with more posts than there are workers."""
    connect(waiting.address, deduplicates="yes")
    for _ in range(40):
        post_now("webhook:shop")
    for _ in range(12):
        post_now("webhook:shop", "outbox")
    for _ in range(3):
        post_now()
    serve(PUNCTUAL_REDELIVERY_SECONDS="0.5")
    eventually(lambda: len(home.outbox.feed(limit=100)) == 15)
    assert not waiting.release.is_set()
    assert sum(run.state == "published" for run in runs(home.ledger, limit=100)) == 3
    waiting.release.set()
    eventually(lambda: [run.state for run in runs(home.ledger, limit=100)] == ["published"] * 55)
    assert len(home.outbox.feed(limit=100)) == 15
    assert set(Counter(waiting.ids).values()) == {1}
    assert len(waiting.ids) == 52


def test_posts_beside_destinations_that_drip_and_reset_go_out_and_each_ends_as_its_destination_did(
    eventually, home, serve, post_now, connect, start_webhook, accepting, observer, ends_as
):
    """A response that drips is waited for; after a reset, only a server that ignores repeats gets the post again."""
    dripping, resetting, repeating = start_webhook(drip), start_webhook(reset), start_webhook(reset)
    connect(dripping.address, name="dripping")
    connect(resetting.address, name="resetting")
    connect(repeating.address, name="repeating", deduplicates="yes")
    connect(accepting.address)
    slow = [post_now("webhook:dripping") for _ in range(10)]
    unclear = [post_now("webhook:resetting") for _ in range(10)]
    repeated = [post_now("webhook:repeating") for _ in range(10)]
    sound = [post_now("outbox", "webhook:shop") for _ in range(5)]
    serve(PUNCTUAL_REDELIVERY_SECONDS="0.5")
    for post_id in sound:
        ends_as(post_id, "published")
    assert not dripping.release.is_set()
    for post_id in unclear:
        ends_as(post_id, "unconfirmed")
    for post_id in repeated:
        ends_as(post_id, "retrying")
    assert {observer.now(post_id) for post_id in slow} <= {"Queue: going out", "History: going out"}
    for faulty in (dripping, resetting, repeating):
        faulty.release.set()
    for post_id in [*slow, *repeated]:
        ends_as(post_id, "published")
    assert sorted(dripping.ids) == sorted(slow)
    assert sorted(resetting.ids) == sorted(unclear)
    assert set(repeating.ids) == set(repeated)
    assert sorted(accepting.ids) == sorted(sound)
    assert len(home.outbox.feed(limit=100)) == 5
