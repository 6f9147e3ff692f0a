"""Conversion of posts to schedules and payloads, and back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.engine.payloads import payload_of
from core.posts.models import DESTINATIONS_LIMIT, ID_ALPHABET, MAX_LATE_AFTER_MINUTES, Media, Post, Repeat
from core.posts.payload import (
    PAYLOAD_LIMIT,
    PayloadTooLarge,
    ScheduleName,
    TargetSettings,
    UnreadablePayload,
    description,
    invocation_of,
    read_payload,
    read_scheduled,
    write_invocation,
    write_payload,
    write_schedule,
)
from core.time.earlier_cron import EARLIER
from core.time.instants import epoch_ms
from lambda_pkg.event import UnreadableEvent, read_event

TARGET = TargetSettings(
    group="punctual",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
    role_arn="arn:aws:iam::000000000000:role/punctual-scheduler",
    dead_letter_arn=None,
    lead=timedelta(seconds=60),
)
AHEAD = replace(TARGET, repeat_lead=lambda: EARLIER)
PLACEHOLDERS = [
    "<aws.scheduler.scheduled-time>",
    "<aws.scheduler.schedule-arn>",
    "<aws.scheduler.execution-id>",
    "<aws.scheduler.attempt-number>",
    "\\u003caws.scheduler.scheduled-time>",
    '","occurrence":"2020-01-01T00:00:00Z","text":"',
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "\u2028\u0000\x7f\\",
    "</script>",
]

WALL = "2026-11-24T09:00:00"
DUE = datetime(2026, 11, 24, 9, tzinfo=UTC)

post_ids = st.text(ID_ALPHABET, min_size=12, max_size=12)
texts = st.lists(st.sampled_from(PLACEHOLDERS) | st.text(max_size=20), max_size=6).map("".join)
media = st.builds(
    Media,
    reference=st.text("0123456789abcdef", min_size=64, max_size=64),
    kind=st.sampled_from(["picture", "video"]),
    content_type=st.sampled_from(["image/jpeg", "video/mp4"]),
    size=st.integers(1, 10**9),
    width=st.none() | st.integers(1, 10**5),
    height=st.none() | st.integers(1, 10**5),
    alt=texts,
)
names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)
accounts = st.text("äz🎉.@-_'\"\\", min_size=1)
destinations = names | st.builds(lambda network, account: f"{network}:{account}", names, accounts)
FIRST, LAST = datetime(2026, 1, 1), datetime(2999, 12, 31)  # noqa: DTZ001 - Hypothesis adds the zone
dues = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
seconds = dues.map(lambda due: due.replace(microsecond=0))
rules = st.builds(
    Repeat,
    expression=st.just("cron(0 9 ? * MON-FRI *)"),
    starts_at=st.none() | seconds,
    ends_at=st.none() | seconds,
    skipped=st.lists(seconds, max_size=3).map(tuple),
) | st.builds(Repeat, expression=st.just("cron(0 9 ? * MON *)"), every_weeks=st.integers(2, 52), anchor=seconds)


@st.composite
def posts(draw):
    named = draw(st.lists(destinations, min_size=1, max_size=4, unique=True))
    due_at, repeat = draw(st.tuples(dues, st.none()) | st.tuples(st.none(), rules))
    return Post(
        post_id=draw(post_ids),
        revision=draw(st.integers(1, 10**9)),
        text=draw(texts),
        variants=draw(st.dictionaries(st.sampled_from(named), texts)),
        destinations=tuple(named),
        media=tuple(draw(st.lists(media, max_size=2))),
        zone=draw(st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/Argentina/ComodRivadavia"])),
        wall="2026-11-24T09:00:00",
        due_at=due_at,
        repeat=repeat,
        late_after_minutes=draw(st.none() | st.integers(1, MAX_LATE_AFTER_MINUTES)),
        url=draw(st.none() | st.just("https://posts.example.org/publish?a=<b>")),
        labels=tuple(draw(st.lists(st.sampled_from(["Launch", "Größe", "<b>"]), max_size=2, unique=True))),
    )


def filled_in(text: str, occurrence: datetime) -> bytes:
    """Return the input with the scheduler's placeholders replaced."""
    definition = {"Arn": "arn:aws:scheduler:us-east-1:0:schedule/punctual/x", "Target": {"Input": text}}
    return payload_of(definition, epoch_ms(occurrence), "0e0e")


@settings(deadline=None, database=None)
@given(posts())
def test_a_post_is_read_from_its_schedule_without_change(post):
    request = write_schedule(post, TARGET, enabled=True)
    assert read_scheduled(request) == post


@settings(deadline=None, database=None)
@given(posts(), seconds)
def test_the_scheduler_does_not_change_a_payload_with_any_text(post, occurrence):
    payload = read_payload(filled_in(write_payload(post), occurrence))
    assert payload == invocation_of(post, occurrence)
    assert (payload.text, payload.variants) == (post.text, post.variants)


@settings(deadline=None, database=None)
@given(posts(), seconds)
def test_a_direct_invocation_equals_a_scheduled_one(post, occurrence):
    scheduled = filled_in(write_payload(post), occurrence).decode()
    assert write_invocation(invocation_of(post, occurrence)) == scheduled


@settings(deadline=None, database=None)
@given(posts(), seconds)
def test_the_relay_and_the_posting_server_derive_the_same_occurrence_key(post, occurrence):
    handed = filled_in(write_payload(post), occurrence)
    event, payload = read_event(json.loads(handed)), read_payload(handed)
    assert event.occurrence_key == payload.occurrence_key
    assert event.due == payload.due
    assert read_payload(event.body) == payload


@settings(deadline=None, database=None)
@given(posts())
def test_a_schedule_name_is_valid_on_aws_and_can_be_parsed(post):
    name = str(ScheduleName.of(post))
    assert len(name) <= 64
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in name)
    read = ScheduleName.parse(name)
    assert read is not None
    assert read.post_id == post.post_id
    assert read.due_at == (post.due_at and post.due_at.replace(microsecond=0))


@settings(deadline=None, database=None)
@given(st.lists(dues, max_size=20))
def test_schedule_names_sort_by_their_instants(instants):
    by_instant = [ScheduleName(post_id="0" * 12, due_at=due) for due in sorted(instants)]
    assert [str(name) for name in by_instant] == sorted(str(name) for name in by_instant)


@settings(deadline=None, database=None)
@given(st.text(max_size=64) | st.from_regex(r"post-\d{8}T\d{6}Z-[0-9a-z]{12}", fullmatch=True))
def test_a_foreign_schedule_name_is_not_parsed(text):
    read = ScheduleName.parse(text)
    assert read is None or str(read) == text


@settings(deadline=None, database=None)
@given(posts())
def test_a_description_fits_and_is_one_line(post):
    assert len(description(post)) <= 512
    assert "\n" not in description(post)


def test_the_input_contains_only_the_placeholder_of_the_occurrence(a_post):
    text = write_payload(a_post(text="".join(PLACEHOLDERS), variants={"outbox": PLACEHOLDERS[0]}))
    assert text.count("<") == 1
    assert '"occurrence":"<aws.scheduler.scheduled-time>"' in text


def test_umlauts_and_emoji_are_not_escaped(a_post):
    assert "Grüße aus Köln 🎉" in write_payload(a_post())


def test_a_post_for_the_default_server_has_no_url(a_post):
    assert "url" not in json.loads(write_payload(a_post()))


def test_a_payload_is_measured_in_bytes_and_refused_above_the_limit(a_post):
    rest = len(write_payload(a_post(text="")).encode())
    most, odd = divmod(PAYLOAD_LIMIT - rest, 4)
    assert len(write_payload(a_post(text="🎉" * most + "x" * odd)).encode()) == PAYLOAD_LIMIT
    with pytest.raises(PayloadTooLarge, match="200,000"):
        write_payload(a_post(text="🎉" * most + "x" * (odd + 1)))


def test_a_one_time_schedule_fires_once_in_utc_before_its_instant_and_is_deleted(a_post):
    request = write_schedule(a_post(due_at=datetime(2026, 11, 24, 8, tzinfo=UTC), revision=3), TARGET, enabled=True)
    assert request["Name"] == "post-20261124T080000Z-k3v9q2m4cx7a"
    assert request["ScheduleExpression"] == "at(2026-11-24T07:59:00)"
    assert request["ScheduleExpressionTimezone"] == "UTC"
    assert request["ActionAfterCompletion"] == "DELETE"
    assert request["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert request["ClientToken"] == "k3v9q2m4cx7a-3"
    assert request["State"] == "ENABLED"
    assert request["GroupName"] == "punctual"
    assert "DeadLetterConfig" not in request["Target"]
    assert set(request["Target"]["RetryPolicy"]) == {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"}


def test_a_repeating_schedule_has_the_posts_zone(a_series):
    start, end = datetime(2026, 11, 3, 8, tzinfo=UTC), datetime(2027, 11, 3, 8, tzinfo=UTC)
    rule = Repeat(expression="cron(0 9 * * ? *)", starts_at=start, ends_at=end)
    request = write_schedule(a_series(repeat=rule), TARGET, enabled=False)
    assert request["Name"] == "repeat-k3v9q2m4cx7a"
    assert request["ScheduleExpression"] == "cron(0 9 * * ? *)"
    assert request["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert (request["StartDate"], request["EndDate"]) == (start, end)
    assert (request["State"], request["ActionAfterCompletion"]) == ("DISABLED", "DELETE")


def test_the_schedule_of_a_series_with_a_lead_fires_a_minute_ahead_and_its_payload_says_so(a_series):
    start, end = datetime(2026, 11, 3, 8, tzinfo=UTC), datetime(2027, 11, 3, 8, tzinfo=UTC)
    series = a_series(repeat=Repeat(expression="cron(0 9 * * ? *)", starts_at=start, ends_at=end))
    request = write_schedule(series, AHEAD, enabled=True)
    assert request["ScheduleExpression"] == "cron(59 8 * * ? *)"
    assert (request["StartDate"], request["EndDate"]) == (start - EARLIER, end - EARLIER)
    assert json.loads(request["Target"]["Input"])["lead"] == 60
    assert read_scheduled(request) == series


def test_a_series_whose_rule_has_no_earlier_runs_has_no_lead(a_series):
    at_the_clock_change = a_series(repeat=Repeat(expression="cron(0 3 * * ? *)"))
    assert write_schedule(at_the_clock_change, AHEAD, enabled=True) == write_schedule(
        at_the_clock_change, TARGET, enabled=True
    )
    assert "lead" not in json.loads(write_payload(at_the_clock_change))


@pytest.mark.parametrize(("lead", "error"), [(-1, "lead"), (61, "lead"), (True, "lead"), ("60", "lead")])
def test_an_impossible_lead_is_refused(a_series, lead, error):
    members = json.loads(write_invocation(invocation_of(a_series(), DUE)))
    with pytest.raises(UnreadablePayload, match=error):
        read_payload(json.dumps(members | {"lead": lead}))
    with pytest.raises(UnreadableEvent, match=error):
        read_event(members | {"lead": lead})


def test_a_post_of_the_largest_size_has_a_lead(a_series):
    rest = len(write_payload(a_series(text="")).encode())
    series = a_series(text="x" * (PAYLOAD_LIMIT - rest))
    assert read_scheduled(write_schedule(series, AHEAD, enabled=True)) == series


def test_a_time_without_enough_lead_is_promised_with_the_precision_of_the_scheduler(a_series):
    daily, at_the_clock_change = Repeat(expression="cron(0 9 * * ? *)"), Repeat(expression="cron(0 3 * * ? *)")
    on_aws = replace(AHEAD, precision=timedelta(seconds=60))
    times = [(None, on_aws), (daily, on_aws), (at_the_clock_change, on_aws), (daily, on_aws.without_repeat_lead())]
    assert [target.slack_of(repeat, "Europe/Berlin").seconds for repeat, target in times] == [0, 0, 60, 60]
    assert replace(on_aws, lead=timedelta()).slack_of(None, "UTC") == timedelta(seconds=60)
    assert replace(TARGET, lead=timedelta()).slack_of(at_the_clock_change, "Europe/Berlin") == timedelta()


def test_a_schedule_without_an_end_is_not_deleted_after_completion(a_series):
    request = write_schedule(a_series(), TARGET, enabled=True)
    assert (request["State"], request["ActionAfterCompletion"]) == ("ENABLED", "NONE")
    assert not {"StartDate", "EndDate"} & set(request)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"version": 2}, "version"),
        ({"post_id": "K3V9Q2M4CX7A"}, "post_id"),
        ({"post_id": "k3v9q2m4cx7a\n"}, "post_id"),
        ({"revision": "3"}, "revision"),
        ({"revision": True}, "revision"),
        ({"revision": 0}, "revision"),
        ({"occurrence": "<aws.scheduler.scheduled-time>"}, "occurrence"),
        ({"occurrence": "2026-11-24T08:00:00"}, "occurrence"),
        ({"occurrence": "9999-12-31T23:59:59-12:00"}, "occurrence"),
        ({"occurrence": 1764000000}, "occurrence"),
        ({"due_at": ""}, "due_at"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"wall": "２０２６-11-24T09:00:00"}, "wall"),
        ({"destinations": []}, "destinations"),
        ({"destinations": ["outbox", "outbox"]}, "destinations"),
        ({"destinations": ["out box"]}, "destinations"),
        ({"text": None}, "text"),
        ({"late_after_minutes": 0}, "late_after_minutes"),
        ({"surprise": 1}, "surprise"),
        ({"destinations": [f"webhook:{number}" for number in range(DESTINATIONS_LIMIT + 1)]}, "destinations"),
        ({"variants": {f"webhook:{number}": "x" for number in range(DESTINATIONS_LIMIT + 1)}}, "variants"),
        ({"revision": 2**53}, "revision"),
        ({"revision": 10**400}, "revision"),
        ({"late_after_minutes": 10**15}, "late_after_minutes"),
        ({"due_at": "9999-12-31T00:00:00Z"}, "due_at"),
        ({"due_at": "1969-12-31T00:00:00Z"}, "due_at"),
        ({"occurrence": "3000-01-01T00:00:00Z"}, "occurrence"),
        ({"wall": "9999-12-31T00:00:00"}, "wall"),
        ({"url": "https://posts.example.org/" + "x" * 2000}, "url"),
    ],
)
def test_an_invalid_payload_is_refused_and_the_member_named(a_post, changed, named):
    post = a_post()
    members = json.loads(write_invocation(invocation_of(post, post.due_at)))
    with pytest.raises(UnreadablePayload, match=named):
        read_payload(json.dumps(members | changed))


@pytest.mark.parametrize("missing", ["version", "revision", "occurrence", "due_at", "post_id", "text", "destinations"])
def test_a_payload_without_a_required_member_is_refused(a_post, missing):
    post = a_post()
    members = json.loads(write_invocation(invocation_of(post, post.due_at)))
    del members[missing]
    with pytest.raises(UnreadablePayload, match=missing):
        read_payload(json.dumps(members))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"version":1', "[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_refused(body):
    with pytest.raises(UnreadablePayload):
        read_payload(body)


@pytest.mark.parametrize("schedule", [{"Target": {}}, {"Target": {"Input": "{}"}}, {"Target": {"Input": "hello"}}])
def test_a_foreign_schedule_is_refused(schedule):
    with pytest.raises(UnreadablePayload):
        read_scheduled({"ScheduleExpression": "rate(1 day)", **schedule})


def test_a_post_without_labels_or_exceptions_has_the_payload_of_before():
    weekly = Repeat(expression="cron(0 9 ? * MON *)", starts_at=None, ends_at=None)
    post = Post(post_id="0" * 12, text="Hi", destinations=("outbox",), zone="UTC", wall=WALL, repeat=weekly)
    assert not {"labels", "exceptions"} & json.loads(write_payload(post)).keys()
    stored = json.loads(post.model_dump_json())
    assert "labels" not in stored
    assert stored["repeat"].keys() == {"expression", "starts_at", "ends_at"}


def test_labels_and_exceptions_travel_in_the_payload():
    run = datetime(2026, 11, 30, 9, tzinfo=UTC)
    weekly = Repeat(expression="cron(0 9 ? * MON *)", every_weeks=2, anchor=run, skipped=(run,))
    post = Post(
        post_id="0" * 12, text="Hi", destinations=("outbox",), zone="UTC", wall=WALL, repeat=weekly, labels=("Launch",)
    )
    payload = json.loads(write_payload(post))
    assert payload["labels"] == ["Launch"]
    instant = "2026-11-30T09:00:00Z"
    assert payload["exceptions"] == {"every_weeks": 2, "anchor": instant, "skipped": [instant]}


@pytest.mark.parametrize("name", ["", "  ", "x" * 51])
def test_a_label_has_a_name_of_at_most_fifty_characters(name):
    with pytest.raises(ValidationError):
        Post(post_id="0" * 12, text="Hi", destinations=("outbox",), zone="UTC", wall=WALL, due_at=DUE, labels=(name,))
