"""The engine fires the same occurrences as a simple model, through random changes, crashes and restarts."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.engine import invocations
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
from core.storage.processes import Presence
from core.time.instants import epoch_ms

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
TARGET = {"Arn": "arn:aws:lambda:us-east-1:1:function:x", "RoleArn": "arn:aws:iam::000000000000:role/x"}
LONG_AGO = START - timedelta(days=365)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

names = st.sampled_from(["a", "b", "c"])
kinds = st.one_of(
    st.tuples(st.just("at"), st.integers(-3600, 3 * 86400)),  # seconds after START
    st.tuples(st.just("rate"), st.sampled_from([10, 60, 7 * 60])),  # minutes
    st.tuples(st.just("hourly"), st.integers(0, 59)),  # the minute
)


@dataclass(frozen=True)
class ModelSchedule:
    """A schedule of the model."""

    kind: tuple[str, int]
    enabled: bool
    end: datetime | None
    anchor: datetime
    """The instant at which its expression was set."""
    fired: datetime
    """The last occurrence that fired. Earlier ones do not fire any more."""
    after: datetime
    """Only later occurrences are pending. It is the last one that fired, or the instant of resuming."""

    def occurrences(self, until: datetime) -> Iterator[datetime]:
        kind, number = self.kind
        if kind == "at":
            yield START + number * SECOND
            return
        at = self.anchor if kind == "rate" else self.anchor.replace(minute=number, second=0, microsecond=0) - HOUR
        while at <= until and (self.end is None or at <= self.end):
            if at >= self.anchor:
                yield at
            at += number * MINUTE if kind == "rate" else HOUR

    def due(self, until: datetime) -> list[datetime]:
        found = self.occurrences(until) if self.enabled else ()
        return [occurrence for occurrence in found if self.after < occurrence <= until]

    def expression(self) -> str:
        kind, number = self.kind
        if kind == "at":
            return f"at({START + number * SECOND:%Y-%m-%dT%H:%M:%S})"
        return f"rate({number} minutes)" if kind == "rate" else f"cron({number} * * * ? *)"


class EngineStateMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = START
        self.model: dict[str, ModelSchedule] = {}
        self.since_firing = timedelta()
        self.open()

    def open(self) -> None:
        self.store = Store(Path(self.folder.name) / "engine.db", now=self.now)
        self.presence = Presence(Path(self.folder.name) / "processes")
        self.scheduler = local_clients(Api(self.store, lambda: self.now)).scheduler

    def teardown(self) -> None:
        self.store.database.check()
        self.store.close()
        self.presence.leave()
        self.folder.cleanup()

    def parameters(self, name: str, schedule: ModelSchedule) -> dict:
        return {
            "Name": name,
            "ScheduleExpression": schedule.expression(),
            "State": "ENABLED" if schedule.enabled else "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": TARGET,
            **({"EndDate": schedule.end} if schedule.end else {}),
        }

    @rule(name=names, kind=kinds, enabled=st.booleans(), hours=st.none() | st.integers(1, 20))
    def create(self, name, kind, enabled, hours):
        if name in self.model:
            return
        end = None if hours is None else self.now + hours * HOUR
        schedule = ModelSchedule(kind, enabled, end, self.now, LONG_AGO, LONG_AGO)
        self.scheduler.create_schedule(**self.parameters(name, schedule))
        self.model[name] = schedule

    @rule(name=names, kind=kinds)
    def change_expression(self, name, kind):
        if name not in self.model or self.model[name].kind == kind:
            return
        old = self.model[name]
        self.model[name] = replace(old, kind=kind, anchor=self.now, after=old.fired)
        self.scheduler.update_schedule(**self.parameters(name, self.model[name]))

    @rule(name=names)
    def pause_or_resume(self, name):
        if name not in self.model:
            return
        old = self.model[name]
        skipped = self.now if old.kind[0] != "at" and not old.enabled else old.after
        self.model[name] = replace(old, enabled=not old.enabled, after=max(old.after, skipped))
        self.scheduler.update_schedule(**self.parameters(name, self.model[name]))

    @rule(name=names)
    def update_without_change(self, name):
        if name in self.model:
            self.scheduler.update_schedule(**self.parameters(name, self.model[name]))

    @rule(name=names)
    def delete(self, name):
        if name in self.model:
            self.scheduler.delete_schedule(Name=name)
            del self.model[name]

    @rule(seconds=st.integers(1, 20 * 3600), milliseconds=st.integers(0, 999))
    def pass_time(self, seconds, milliseconds):
        by = timedelta(seconds=seconds, milliseconds=milliseconds)
        if self.since_firing + by < 24 * HOUR:  # test_dispatch.py checks longer outages, where runs are skipped
            self.now += by
            self.since_firing += by

    @rule()
    def restart(self):
        self.store.close()
        self.presence.leave()
        self.open()

    @rule(limit=st.integers(1, 4))
    def crash_after_claiming(self, limit):
        """Claim some due invocations and end. The next process repeats them with the same ids."""
        claimed = {each.id for each in self.store.claim_due(self.presence.token, epoch_ms(self.now), limit)}
        dead = self.presence.token
        self.restart()
        self.store.free_claims_of(dead, epoch_ms(self.now))
        self.check_fired(repeated=claimed)

    @rule()
    def fire(self):
        self.check_fired(repeated=set())

    def check_fired(self, repeated: set[str]) -> None:
        """Claim everything that is due and compare it with the model."""
        expected = sorted(
            (occurrence, name) for name, model in self.model.items() for occurrence in model.due(self.now)
        )
        claimed = []
        while batch := self.store.claim_due(self.presence.token, epoch_ms(self.now), 3):
            claimed += batch
            for each in batch:
                self.succeed(each.id)
        assert sorted((each.scheduled_at, each.schedule_name) for each in claimed) == expected
        assert {each.id for each in claimed if each.attempt == 2} == repeated
        self.since_firing = timedelta()
        for occurrence, name in expected:
            self.model[name] = replace(self.model[name], fired=occurrence, after=occurrence)
        for name in {name for _, name in expected if self.is_over(self.model[name])}:
            del self.model[name]

    def succeed(self, invocation_id: str) -> None:
        self.store.write_unflushed(
            lambda connection: invocations.delete_succeeded(connection, invocation_id, self.presence.token)
        )

    def is_over(self, model: ModelSchedule) -> bool:
        """Return whether a schedule has fired for the last time. The engine deletes it then."""
        ends = model.kind[0] == "at" or model.end is not None
        return ends and not model.due(self.now + 30 * 24 * HOUR)

    @invariant()
    def the_list_matches_the_model(self):
        listed = {each["Name"]: each["State"] for each in self.scheduler.list_schedules()["Schedules"]}
        assert listed == {name: "ENABLED" if model.enabled else "DISABLED" for name, model in self.model.items()}


TestEngine = EngineStateMachine.TestCase
TestEngine.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
