"""Schedules are put, whatever AWS is still busy with."""

import pytest

from core.aws_errors import GroupGone, NameTaken, RoleNotReady
from core.scheduling.upsert import Putting, Waiting

REQUEST = {"Name": "post", "GroupName": "posts"}
TAKEN = ("ConflictException", "Schedule post already exists.")
BUSY = ("ConflictException", "The schedule is being changed.")
ABSENT = ("ResourceNotFoundException", "Schedule post does not exist.")
NO_GROUP = ("ResourceNotFoundException", "Schedule group posts does not exist.")
NO_ROLE = (
    "ValidationException",
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
)


class Scheduler:
    """Answers from a script: a fault for each call, None where it succeeds."""

    def __init__(self, client, *script) -> None:
        self.exceptions = client.exceptions
        self.script = list(script)
        self.calls: list[str] = []

    def create_schedule(self, **_) -> None:
        self._answer("CreateSchedule")

    def update_schedule(self, **_) -> None:
        self._answer("UpdateSchedule")

    def delete_schedule(self, **_) -> None:
        self._answer("DeleteSchedule")

    def _answer(self, operation: str) -> None:
        self.calls.append(operation)
        fault = self.script.pop(0)
        if fault is not None:
            code, message = fault
            raise self.exceptions.from_code(code)({"Error": {"Code": code, "Message": message}}, operation)


@pytest.fixture
def paused() -> list[float]:
    """The pauses that were made, in seconds."""
    return []


@pytest.fixture
def told() -> list[str]:
    """What people were told meanwhile."""
    return []


@pytest.fixture
def put(engine_client, paused, told):
    """Put a schedule into a scheduler that answers so; return its calls."""

    def put(*script, new=True, **waiting) -> list[str]:
        scheduler = Scheduler(engine_client, *script)
        Putting(scheduler, Waiting(pause=paused.append, tell=told.append, **waiting)).put(REQUEST, new=new)
        return scheduler.calls

    return put


def test_a_new_schedule_is_created_and_a_known_one_updated(put):
    assert put(None) == ["CreateSchedule"]
    assert put(None, new=False) == ["UpdateSchedule"]


def test_a_taken_name_is_updated_at_once(put, paused):
    assert put(TAKEN, None) == ["CreateSchedule", "UpdateSchedule"]
    assert paused == []


def test_a_schedule_that_went_is_created(put, paused):
    assert put(ABSENT, None, new=False) == ["UpdateSchedule", "CreateSchedule"]
    assert paused == []


def test_an_update_waits_while_an_earlier_change_is_under_way(put, paused):
    assert put(BUSY, BUSY, BUSY, None, new=False) == ["UpdateSchedule"] * 4
    assert paused == [0.25, 0.5, 1.0]


def test_an_update_that_stays_busy_is_given_up_after_some_seconds(put, paused):
    with pytest.raises(NameTaken):
        put(*[BUSY] * 6, new=False)
    assert sum(paused) < 10


def test_a_role_that_is_not_yet_ready_is_waited_for_and_people_are_told(put, paused, told):
    assert put(NO_ROLE, NO_ROLE, None) == ["CreateSchedule"] * 3
    assert paused == [5.0, 5.0]
    assert told == [
        "AWS does not yet let the scheduler assume its role; trying for 120 s more.",
        "AWS does not yet let the scheduler assume its role; trying for 115 s more.",
    ]


def test_a_role_is_waited_for_two_minutes_and_no_longer(put, paused):
    with pytest.raises(RoleNotReady):
        put(*[NO_ROLE] * 100)
    assert sum(paused) == 120


def test_who_mends_in_the_background_does_not_wait_for_a_role(put, paused):
    with pytest.raises(RoleNotReady):
        put(NO_ROLE, for_role=0.0)
    assert paused == []


def test_a_group_that_is_gone_is_no_reason_to_create_or_to_wait(put, paused):
    with pytest.raises(GroupGone):
        put(NO_GROUP, new=False)
    assert paused == []


@pytest.fixture
def take_out(engine_client, paused):
    """Take a schedule out of a scheduler that answers so; return its calls."""

    def take_out(*script) -> list[str]:
        scheduler = Scheduler(engine_client, *script)
        Putting(scheduler, Waiting(pause=paused.append)).take_out("post", "posts")
        return scheduler.calls

    return take_out


@pytest.mark.parametrize("answer", [None, ABSENT])
def test_a_schedule_is_deleted_whether_it_is_there_or_not(take_out, paused, answer):
    assert (take_out(answer), paused) == (["DeleteSchedule"], [])


def test_a_deletion_waits_while_an_earlier_change_is_under_way(take_out, paused):
    assert take_out(BUSY, BUSY, None) == ["DeleteSchedule"] * 3
    assert paused == [0.25, 0.5]


def test_a_schedule_that_stays_busy_is_not_called_deleted(take_out):
    with pytest.raises(NameTaken):
        take_out(*[BUSY] * 6)


def test_a_group_that_is_gone_is_told_when_a_schedule_is_deleted(take_out):
    with pytest.raises(GroupGone):
        take_out(NO_GROUP)
