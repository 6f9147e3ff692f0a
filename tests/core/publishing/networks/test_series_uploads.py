"""A run of a series on one machine: its picture is uploaded ahead, and its post follows at its instant."""

from datetime import UTC, datetime, timedelta
from functools import partial

from core.accounts.file import FileAccounts
from core.maintenance.uploads_ahead import UploadsAhead
from core.posts.models import Repeat
from core.posts.payload import REPEAT_PREFIX, read_payload
from core.publishing.preparer import Preparer
from core.publishing.publisher import Publisher
from core.scheduling.schedule_group import ensure_group
from core.scheduling.schedules import Schedules
from core.time.instants import epoch_ms
from tests.core.publishing.networks.upload_apis import XApi


def test_a_run_goes_out_at_its_instant_with_the_picture_that_was_uploaded_before(
    tmp_path, stub, engine_client, lambda_client, store, ledger, target, clock, a_post, make_picture, media_store, fence
):
    api = XApi(stub, [])
    networks, accounts = {"x": api.network()}, FileAccounts(tmp_path / "accounts.json")
    accounts.connect(api.account)
    schedules = Schedules(
        scheduler=engine_client,
        lambda_client=lambda_client,
        ledger=ledger,
        target=target,
        notice=timedelta(seconds=2),
        clock=clock,
    )
    ensure_group(engine_client, target.group)
    repeat = Repeat(expression="cron(0 13 * * ? *)")
    picture = make_picture("teal")
    post = a_post(due_at=None, repeat=repeat, zone="UTC", media=(picture,), destinations=(api.account.destination,))
    schedules.schedule(post)
    runs_due = partial(store.runs_due, REPEAT_PREFIX)
    ahead = UploadsAhead(ledger, Preparer(accounts, networks, media_store), clock, runs_due)

    clock.now = datetime(2026, 11, 2, 12, 55, tzinfo=UTC)
    ahead.run()
    assert (len(stub.received(api.UPLOAD)), stub.received(api.POST)) == (1, [])

    clock.now = datetime(2026, 11, 2, 13, tzinfo=UTC)
    [invocation] = store.claim_due("runner", epoch_ms(clock()), 10)
    publisher = Publisher(fence, accounts, networks)
    [result] = publisher.publish(read_payload(invocation.payload)).results
    assert result.state == "published"
    assert (len(stub.received(api.UPLOAD)), len(stub.received(api.POST))) == (1, 1)
    publisher.close(within_seconds=1)
