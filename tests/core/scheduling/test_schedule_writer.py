import pytest

from core.aws_errors import RoleNotReady, ScheduleGroupNotFound, ScheduleNameTaken
from core.scheduling.schedule_writer import ScheduleWriter, WaitPolicy

REQUEST = {"Name": "post", "GroupName": "posts"}
TAKEN = ("ConflictException", "Schedule post already exists.")
BUSY = ("ConflictException", "The schedule is being changed.")
ABSENT = ("ResourceNotFoundException", "Schedule post does not exist.")
NO_GROUP = ("ResourceNotFoundException", "Schedule group posts does not exist.")
NO_ROLE = (
    "ValidationException",
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
)


class ScriptedScheduler:
    """A scheduler client with a script of its results: an error per call, or None for success."""

    def __init__(self, client, *script) -> None:
        self.exceptions = client.exceptions
        self.script = list(script)
        self.calls: list[str] = []

    def create_schedule(self, **_) -> None:
        self._next("CreateSchedule")

    def update_schedule(self, **_) -> None:
        self._next("UpdateSchedule")

    def delete_schedule(self, **_) -> None:
        self._next("DeleteSchedule")

    def _next(self, operation: str) -> None:
        self.calls.append(operation)
        error = self.script.pop(0)
        if error is not None:
            code, message = error
            raise self.exceptions.from_code(code)({"Error": {"Code": code, "Message": message}}, operation)


@pytest.fixture
def paused() -> list[float]:
    """Return the list of pauses, in seconds."""
    return []


@pytest.fixture
def reports() -> list[str]:
    """Return the list of reports about long waits."""
    return []


@pytest.fixture
def upsert(engine_client, paused, reports):
    """Upsert a schedule with this script. Return the calls."""

    def upsert(*script, new=True, **policy) -> list[str]:
        scheduler = ScriptedScheduler(engine_client, *script)
        wait_policy = WaitPolicy(pause=paused.append, report=reports.append, **policy)
        ScheduleWriter(scheduler, wait_policy).upsert(REQUEST, new=new)
        return scheduler.calls

    return upsert


def test_a_new_schedule_is_created_and_an_existing_one_updated(upsert):
    assert upsert(None) == ["CreateSchedule"]
    assert upsert(None, new=False) == ["UpdateSchedule"]


def test_a_taken_name_is_updated_without_a_pause(upsert, paused):
    assert upsert(TAKEN, None) == ["CreateSchedule", "UpdateSchedule"]
    assert paused == []


def test_a_missing_schedule_is_created(upsert, paused):
    assert upsert(ABSENT, None, new=False) == ["UpdateSchedule", "CreateSchedule"]
    assert paused == []


def test_an_update_waits_while_an_earlier_change_is_in_progress(upsert, paused):
    assert upsert(BUSY, BUSY, BUSY, None, new=False) == ["UpdateSchedule"] * 4
    assert paused == [0.25, 0.5, 1.0]


def test_an_update_of_a_busy_schedule_fails_after_some_seconds(upsert, paused):
    with pytest.raises(ScheduleNameTaken):
        upsert(*[BUSY] * 6, new=False)
    assert sum(paused) < 10


def test_a_wait_for_the_role_is_reported(upsert, paused, reports):
    assert upsert(NO_ROLE, NO_ROLE, None) == ["CreateSchedule"] * 3
    assert paused == [5.0, 5.0]
    assert reports == [
        "AWS does not let the scheduler assume its role yet; 120 s left.",
        "AWS does not let the scheduler assume its role yet; 115 s left.",
    ]


def test_a_wait_for_the_role_ends_after_two_minutes(upsert, paused):
    with pytest.raises(RoleNotReady):
        upsert(*[NO_ROLE] * 100)
    assert sum(paused) == 120


def test_a_timeout_of_zero_does_not_wait_for_the_role(upsert, paused):
    with pytest.raises(RoleNotReady):
        upsert(NO_ROLE, role_timeout=0.0)
    assert paused == []


def test_a_missing_group_is_an_error_without_a_retry(upsert, paused):
    with pytest.raises(ScheduleGroupNotFound):
        upsert(NO_GROUP, new=False)
    assert paused == []


@pytest.fixture
def delete(engine_client, paused):
    """Delete a schedule with this script. Return the calls."""

    def delete(*script) -> list[str]:
        scheduler = ScriptedScheduler(engine_client, *script)
        ScheduleWriter(scheduler, WaitPolicy(pause=paused.append)).delete("post", "posts")
        return scheduler.calls

    return delete


@pytest.mark.parametrize("result", [None, ABSENT])
def test_a_deletion_succeeds_whether_or_not_the_schedule_exists(delete, paused, result):
    assert (delete(result), paused) == (["DeleteSchedule"], [])


def test_a_deletion_waits_while_an_earlier_change_is_in_progress(delete, paused):
    assert delete(BUSY, BUSY, None) == ["DeleteSchedule"] * 3
    assert paused == [0.25, 0.5]


def test_a_deletion_of_a_busy_schedule_fails(delete):
    with pytest.raises(ScheduleNameTaken):
        delete(*[BUSY] * 6)


def test_a_deletion_in_a_missing_group_fails(delete):
    with pytest.raises(ScheduleGroupNotFound):
        delete(NO_GROUP)
