"""A run of a series whose schedule fires a minute ahead, from the scheduler's event to the network and to History."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from core.ledger.port import PlanChange
from core.posts.models import Repeat
from core.posts.payload import SCHEDULED_TIME, TargetSettings, occurrence_key, write_schedule
from core.posts.series import runs_of
from core.scheduling.dead_letters import DeadLetter
from core.time.earlier_cron import EARLIER
from core.time.instants import utc_text
from lambda_pkg.relay import AttemptFailed

AHEAD = TargetSettings(
    group="g", function_arn="f", role_arn="r", dead_letter_arn=None, lead=EARLIER, repeat_lead=lambda: EARLIER
)


@pytest.fixture
def run(clock):
    """Return the next full minute, a minute or more ahead."""
    return clock().replace(second=0) + timedelta(minutes=2)


@pytest.fixture
def series(post, ledger, clock, run):
    """Plan a series that runs at `run` in UTC, every day."""
    repeat = Repeat(expression=f"cron({run.minute} {run.hour} * * ? *)")
    planned = post(due_at=run, zone="UTC").model_copy(update={"due_at": None, "repeat": repeat})
    ledger.plan(PlanChange(post=planned, schedule_name="repeat"), now=clock())
    assert runs_of(planned, after=clock(), count=1) == [run]
    return planned


@pytest.fixture
def event(run, clock):
    """Return the event of the schedule of a series, which fires up to a minute after its own time."""

    def fire(series, seconds=20):
        clock.now = run - EARLIER + timedelta(seconds=seconds)
        schedule = write_schedule(series, AHEAD, enabled=True)
        return json.loads(schedule["Target"]["Input"].replace(SCHEDULED_TIME, utc_text(run - EARLIER), 1))

    return fire


def test_a_run_goes_out_at_its_instant_and_is_recorded_as_that_run(
    relay, event, series, run, webhook, ledger, occurrence_outcome
):
    receipt = relay(event(series))
    assert webhook.texts == [series.text]
    assert (receipt["posted_at"], receipt["due_at"]) == (f"{run:%Y-%m-%dT%H:%M:%S}.000Z",) * 2
    assert occurrence_outcome().published_at == run
    [found] = ledger.history(after=None, limit=10)
    assert (found.key, found.payload.occurrence) == (occurrence_key(series.post_id, run), run)


def test_a_repeated_event_and_the_on_failure_queue_publish_a_run_once(
    relay, event, series, webhook, posting_server, clock
):
    fired = event(series)
    posting_server.lost_responses = 1
    with pytest.raises(AttemptFailed):
        relay(fired)
    relay(fired)
    clock.sleep(60)
    relay({"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"requestPayload": fired})}]})
    assert webhook.texts == [series.text]


def test_a_run_without_a_lead_and_the_same_run_with_one_are_published_once(relay, event, series, run, webhook, clock):
    """The series was armed again while its schedule of before fired."""
    relay(event(series))
    schedule = write_schedule(series, replace(AHEAD, repeat_lead=timedelta), enabled=True)
    relay(json.loads(schedule["Target"]["Input"].replace(SCHEDULED_TIME, utc_text(run), 1)))
    assert webhook.texts == [series.text]


def test_a_skipped_run_and_a_changed_one_are_told_by_the_instant_of_the_run(
    relay, event, series, run, webhook, ledger, clock
):
    skipped = series.model_copy(update={"repeat": series.repeat.model_copy(update={"skipped": (run,)})})
    assert relay(event(skipped)) is None
    changed = series.model_copy(update={"revision": 2, "text": "Better"})
    ledger.change(PlanChange(post=changed, schedule_name="repeat"), now=clock())
    relay(event(series))
    assert webhook.texts == ["Better"]


def test_a_dead_letter_of_a_run_names_the_run(event, series, run, clock):
    letter = DeadLetter(id="1", source="failures", payload=json.dumps(event(series)), reason="", failed_at=clock())
    assert letter.occurrence is not None
    assert (letter.occurrence.due, letter.occurrence.lead) == (run, 0)
    assert letter.occurrence.occurrence_key == occurrence_key(series.post_id, run)
