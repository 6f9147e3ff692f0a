"""A walk of posts through their states, with faults and a clock, over the lists that pages and commands read."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import hypothesis.strategies as st
from botocore.exceptions import ClientError
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from moto import mock_aws

from core.drafts.draft import DraftContent, DraftGone
from core.drafts.dynamodb import DynamoDrafts
from core.drafts.port import Drafts
from core.drafts.sqlite import SqliteDrafts
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
from core.errors import PunctualError
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_layout import table_definition, timestamp
from core.ledger.dynamodb_transactions import Table
from core.ledger.history import START_GRACE, runs
from core.ledger.newest_revision import newest_revision
from core.ledger.port import ClaimTerms, Ledger, Receipt
from core.ledger.sqlite import SqliteLedger, open_database
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.models import Post, Repeat
from core.posts.payload import (
    Payload,
    TargetSettings,
    invocation_of,
    occurrence_key,
    read_payload,
    read_scheduled,
    write_invocation,
)
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.cancelled import cancelled
from core.scheduling.hold.dynamodb import DynamoHold
from core.scheduling.hold.pause_all import HeldPosts
from core.scheduling.hold.port import HoldStore
from core.scheduling.hold.sqlite import SqliteHold
from core.scheduling.listing import ScheduleListing
from core.scheduling.returned_posts import return_to_drafts
from core.scheduling.schedules import Schedules
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import queue
from core.scheduling.waiting_posts import WaitingPosts
from core.storage.processes import Presence
from core.time.earlier_cron import EARLIER
from lambda_pkg.receipts import ReceiptTable

GROUP = "punctual"
OUTBOX = Destination.parse("outbox")
START = datetime(2026, 11, 2, 12, tzinfo=UTC)
ALL = 1000
STEPS = st.sampled_from([1, 2, 30, 59, 61, 119, 121, 600, 3600, 26 * 3600, -20])
"""Seconds by which the clock moves. Clocks are also set back."""
_CHANGES = {"create_schedule", "update_schedule", "delete_schedule", "get_schedule", "invoke"}


class FaultyClient:
    """A boto3 client whose changes fail while `fault` is set: before the request, or after it."""

    def __init__(self, client: Any, faults: "Faults") -> None:
        self._client = client
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)
        return self._faults.around(operation) if name in _CHANGES else operation


class Faults:
    """The fault of the scheduler: none, a refusal, or a response that is lost."""

    def __init__(self) -> None:
        self.kind: str | None = None

    def around(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            if self.kind != "refused":
                response = operation(**parameters)
            if self.kind is not None:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Change")
            return response

        return call


class Invocations:
    """A lambda client that keeps the payloads."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []

    def invoke(self, *, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.payloads.append(read_payload(Payload))
        return {"StatusCode": 202}


class OneMachine:
    """The engine and SQLite, in a folder of their own. `lead` is the time from a firing to the due instant."""

    lead = timedelta(0)

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._presence = Presence(self._folder / "processes")
        self._database = open_database(self._folder / "punctual.db", now=clock())
        self._store = Store(self._folder / "engine.db", now=clock())
        self.scheduler = local_clients(Api(self._store, clock)).scheduler
        self.ledger: Ledger = SqliteLedger(self._database, self._presence)
        self.drafts: Drafts = SqliteDrafts(self._database)
        self.hold: HoldStore = SqliteHold(self._database)

    def relay_records(self, payload: Payload, receipt: Receipt) -> None:
        self.ledger.record(payload, receipt)

    def close(self) -> None:
        self._store.close()
        self._database.close()
        self._presence.leave()
        shutil.rmtree(self._folder)


class OneMachineAhead(OneMachine):
    """A scheduler that fires 60 s ahead, as AWS does, without the time that moto takes."""

    lead = EARLIER


class Aws:
    """EventBridge Scheduler and DynamoDB in moto. A schedule fires 60 s ahead, and the relay writes its receipts."""

    lead = EARLIER
    session = boto3.session.Session(region_name="us-east-1")

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._aws = mock_aws()
        self._aws.start()
        client = {
            name: self.session.client(name, aws_access_key_id="x", aws_secret_access_key="x")
            for name in ("scheduler", "dynamodb")
        }
        client["dynamodb"].create_table(**table_definition("punctual"))
        self.scheduler = client["scheduler"]
        table = Table(client["dynamodb"], "punctual", clock, pause=lambda _: None)
        self.ledger: Ledger = DynamoLedger(table)
        self.drafts: Drafts = DynamoDrafts(table)
        self.hold: HoldStore = DynamoHold(table)
        self._receipts = ReceiptTable("punctual", client["dynamodb"])

    def relay_records(self, payload: Payload, receipt: Receipt) -> None:
        fields = {
            "kind": receipt.kind,
            "post_id": payload.post_id,
            "revision": payload.revision,
            "occurrence_key": payload.occurrence_key,
            "due_at": timestamp(payload.due),
            "started_at": timestamp(receipt.at),
            "posted_at": None,
            "finished_at": timestamp(receipt.at),
            "attempt": receipt.attempt,
            "status": None,
            "results": [],
            "error": "Nothing listens there.",
            "retry_after": None,
        }
        self._receipts.record(fields, write_invocation(payload).encode())

    def close(self) -> None:
        self._aws.stop()


class Walk(RuleBasedStateMachine):
    """Posts that a person plans and changes, a scheduler that fires them, and networks that take them or do not.

    The rule: a draft is in Drafts, deleted or not, until its post is planned. From then on, a one-time post is in
    exactly one of Queue, History and Cancelled, or, if its scheduling was undone, in none, and its content is a draft.
    Either a run goes out, or the post in its place. A repeating post is in exactly one of Queue and Cancelled, where it
    is *ended* after its last run; each of its runs that has begun is in History, once. A cancelled post leaves its list
    after 30 days; this walk is shorter.
    """

    place: type[OneMachine] | type[Aws] = OneMachine

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.world = self.place(lambda: self.now)
        self.faults, self.functions = Faults(), Invocations()
        self.world.scheduler.create_schedule_group(Name=GROUP)
        self.ledger = self.world.ledger
        target = TargetSettings(
            group=GROUP,
            function_arn="arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
            role_arn="arn:aws:iam::000000000000:role/punctual-scheduler",
            dead_letter_arn=None,
            lead=self.world.lead,
            repeat_lead=lambda: self.world.lead,
        )
        self.target = target
        self.schedules = Schedules(
            scheduler=FaultyClient(self.world.scheduler, self.faults),
            lambda_client=FaultyClient(self.functions, self.faults),
            ledger=self.ledger,
            target=target,
            notice=self.world.lead + timedelta(seconds=2),
            clock=lambda: self.now,
            hold=self.world.hold,
        )
        self.held_posts = HeldPosts(self.world.hold, self.ledger, self.schedules, lambda: self.now)
        self.listing = ScheduleListing(self.world.scheduler, GROUP, fires_ahead=self.world.lead > timedelta())
        self.waiting = WaitingPosts(self.ledger, lambda: self.now, timedelta(0))
        self.drafts = self.world.drafts
        self.drafted: list[str] = []
        self.posts: dict[str, Post] = {}
        self.begun_runs: set[str] = set()
        self.replaced: dict[str, tuple[str, datetime]] = {}
        self.returned: set[str] = set()
        self.worker_runs = True

    def teardown(self) -> None:
        self.world.close()

    # What a person does

    @rule(seconds=st.integers(63, 400), fault=st.sampled_from([None, None, None, "refused", "lost"]))
    def schedule(self, seconds: int, fault: str | None) -> None:
        post = self._new(due_at=self.now + timedelta(seconds=seconds))
        with self._faulty(fault):
            self.schedules.schedule(post)

    @rule(hours=st.sampled_from([None, 2, 30]), fault=st.sampled_from([None, None, "refused"]))
    def schedule_series(self, hours: int | None, fault: str | None) -> None:
        ends_at = None if hours is None else self.now + timedelta(hours=hours)
        post = self._new(repeat=Repeat(expression="cron(30 * * * ? *)", ends_at=ends_at))
        with self._faulty(fault):
            self.schedules.schedule(post)

    @rule(fault=st.sampled_from([None, None, "refused", "lost"]))
    def post_now(self, fault: str | None) -> None:
        post = self._new(due_at=self.now)
        with self._faulty(fault):
            self.schedules.post_now(post)

    @rule(
        data=st.data(),
        action=st.sampled_from(["edit", "move", "pause", "resume", "cancel", "undo", "send_now", "end_rule"]),
        fault=st.sampled_from([None, None, None, "refused", "lost"]),
    )
    def change(self, data: st.DataObject, action: str, fault: str | None) -> None:
        post_id = self._any_post(data)
        plan = self.ledger.get(post_id) if post_id else None
        if plan is None:
            return
        later = self.now + timedelta(seconds=data.draw(st.integers(63, 4000)))
        actions: dict[str, Callable[[], object]] = {
            "edit": lambda: self.schedules.edit(plan, plan.post.model_copy(update={"text": "changed"})),
            "move": lambda: self.schedules.reschedule(plan, due_at=later, wall="2026-11-02T13:00:00", zone="UTC"),
            "pause": lambda: self.schedules.pause(plan),
            "resume": lambda: self.schedules.resume(plan),
            "cancel": lambda: self.schedules.cancel(plan),
            "undo": lambda: self.schedules.undo_cancel(plan),
            "send_now": lambda: self.schedules.send_now(plan),
            "end_rule": lambda: self.schedules.change_rule(
                plan,
                repeat=Repeat(expression="cron(30 * * * ? *)", ends_at=later),
                wall="2026-11-02T13:00:00",
                zone="UTC",
            ),
        }
        if action == "end_rule" and not plan.post.repeats:
            return
        with self._faulty(fault):
            actions[action]()

    @rule(
        data=st.data(),
        action=st.sampled_from(["skip", "bring_back", "other_rule", "same_rule"]),
        fault=st.sampled_from([None, None, "refused", "lost"]),
    )
    def change_series(self, data: st.DataObject, action: str, fault: str | None) -> None:
        """Skip the next run of a series, bring back a skipped one, or give it a rule without the run and back."""
        series = [post_id for post_id, post in self.posts.items() if post.repeats]
        plan = self.ledger.get(data.draw(st.sampled_from(series))) if series else None
        if plan is None or plan.post.repeat is None:
            return
        minute = 45 if action == "other_rule" else 30
        rule = Repeat(expression=f"cron({minute} * * * ? *)", ends_at=plan.post.repeat.ends_at)
        runs = self._runs_of(plan.post) if action == "skip" else list(plan.post.repeat.skipped)
        with self._faulty(fault):
            if action in ("other_rule", "same_rule"):
                self.schedules.change_rule(plan, repeat=rule, wall="2026-11-02T13:00:00", zone="UTC")
            elif runs:
                change = self.schedules.skip_run if action == "skip" else self.schedules.unskip_run
                change(plan, runs[0] if action == "skip" else data.draw(st.sampled_from(runs)))

    @rule(data=st.data(), seconds=st.integers(63, 9000), fault=st.sampled_from([None, None, "refused", "lost"]))
    def change_run(self, data: st.DataObject, seconds: int, fault: str | None) -> None:
        """Schedule a post in the place of the next run of a series."""
        series = [post for post in self.posts.values() if post.repeat is not None and self._runs_of(post)]
        if not series:
            return
        changed = data.draw(st.sampled_from(series))
        run = self._runs_of(changed)[0]
        post = self._new(due_at=self.now + timedelta(seconds=seconds), replaces=(changed.post_id, run))
        self.replaced[post.post_id] = (changed.post_id, run)
        with self._faulty(fault):
            self.schedules.schedule(post)

    @rule(data=st.data(), fault=st.sampled_from([None, None, "refused", "lost"]))
    def return_to_drafts(self, data: st.DataObject, fault: str | None) -> None:
        """Undo the scheduling of a post: it is a draft again, under another id."""
        post_id = self._any_post(data)
        if post_id is None:
            return
        before = {each.draft_id for each in self.drafts.page(limit=ALL)}
        with self._faulty(fault):
            return_to_drafts(self.schedules, self.drafts, post_id, DraftContent(text="Undone", zone="UTC"))
        added = {each.draft_id for each in self.drafts.page(limit=ALL)} - before
        plan = self.ledger.get(post_id)
        assert bool(added) <= (plan is not None and plan.returned)
        self.drafted += sorted(added)
        self.returned |= {post_id} if added else set()

    @rule(action=st.sampled_from(["pause", "resume", "finish"]), fault=st.sampled_from([None, None, "refused"]))
    def pause_all(self, action: str, fault: str | None) -> None:
        """Pause all posts, resume them, or finish what a process that has ended left to do."""
        with self._faulty(fault):
            if action == "pause":
                self.held_posts.begin_pause()
            elif action == "resume":
                self.held_posts.begin_resume()
            self.held_posts.finish()

    @rule(data=st.data(), new=st.booleans(), base=st.integers(0, 3))
    def save_draft(self, data: st.DataObject, new: bool, base: int) -> None:
        """Save a new draft, or another text from a tab that began with some version, also after it was scheduled."""
        if new or not self.drafted:
            draft_id, base = f"d{len(self.drafted):011d}", 0
            self.drafted.append(draft_id)
        else:
            draft_id = data.draw(st.sampled_from(self.drafted))
        content = DraftContent(text=data.draw(st.sampled_from(["Hello", "Changed", "Else"])), zone="UTC")
        try:
            self.drafts.save(draft_id, content, base=base, now=self.now)
        except DraftGone:
            assert draft_id in self.posts

    @rule(data=st.data(), action=st.sampled_from(["delete", "restore", "remove", "prune"]))
    def change_draft(self, data: st.DataObject, action: str) -> None:
        if not self.drafted:
            return
        draft_id = data.draw(st.sampled_from(self.drafted))
        with suppress(DraftGone):
            if action == "prune":
                self.drafts.prune(now=self.now)
            elif action == "remove" and draft_id in self.posts:
                self.drafts.remove(draft_id)
            elif action in ("delete", "restore"):
                getattr(self.drafts, action)(draft_id, now=self.now)

    @rule(data=st.data(), seconds=st.integers(63, 400), fault=st.sampled_from([None, None, "refused", "lost"]))
    def schedule_draft(self, data: st.DataObject, seconds: int, fault: str | None) -> None:
        """Schedule a draft, once more too. The process may end before it removes the draft."""
        if not self.drafted:
            return
        draft_id = data.draw(st.sampled_from(self.drafted))
        with self._faulty(fault):
            self.schedules.schedule(self._new(post_id=draft_id, due_at=self.now + timedelta(seconds=seconds)))
            if data.draw(st.booleans()):
                self.drafts.remove(draft_id)

    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        """Retry an unsuccessful run, or mark it as published."""
        found = [run for run in runs(self.ledger, limit=ALL) if run.retriable]
        if not found:
            return
        run = data.draw(st.sampled_from(found))
        with self._faulty(None):
            if run.state == "unconfirmed" and data.draw(st.booleans()):
                self.schedules.confirm(run.payload, OUTBOX)
            else:
                self.schedules.retry(run.payload, run.retriable)

    # What the clock, the scheduler and the relay do

    @rule()
    def stop_or_start_worker(self) -> None:
        """Without a worker, nothing fires. A worker that starts fires what is due, as after every move of the clock."""
        self.worker_runs = not self.worker_runs

    @rule(seconds=STEPS)
    def move_clock(self, seconds: int) -> None:
        before = self.now
        self.now += timedelta(seconds=seconds)
        self._fire(before)

    @rule(data=st.data(), seconds=st.sampled_from([61, 59, 1]))
    def move_clock_before_a_run(self, data: st.DataObject, seconds: int) -> None:
        """Go on to shortly before a coming run of a series, often its last one."""
        coming = [self._runs_of(post)[-1] for post in self.posts.values() if self._runs_of(post)]
        if coming:
            before, self.now = self.now, max(self.now, data.draw(st.sampled_from(coming)) - timedelta(seconds=seconds))
            self._fire(before)

    @rule()
    def repair(self) -> None:
        with self._faulty(None):
            self.schedules.repair()

    @rule(data=st.data(), end=st.sampled_from(["published", "refused", "unconfirmed", "waiting", "crash"]))
    def publish(self, data: st.DataObject, end: str) -> None:
        """Claim an invoked occurrence and record its result, or crash after the claim."""
        payload = self._invoked(data)
        if payload is None:
            return
        terms = ClaimTerms(lease_until=self.now + timedelta(seconds=35), now=self.now)
        found = self.ledger.claim(payload, OUTBOX, terms)
        newest = newest_revision(payload, self.ledger.get(payload.post_id)) if found.verdict == "superseded" else None
        if newest is not None:
            payload, found = newest, self.ledger.claim(newest, OUTBOX, terms)
            assert found.verdict != "superseded"
        if found.verdict == "granted":
            self._note(payload)
        if found.verdict != "granted" or end == "crash":
            return
        self.ledger.finish(
            payload,
            Receipt(kind=end, at=self.now, revision=payload.revision, attempt=found.attempt, destination=OUTBOX),
        )

    @rule(data=st.data(), kind=st.sampled_from(["attempt_failed", "missed", "failed", "handed_over", "superseded"]))
    def relay_ends(self, data: st.DataObject, kind: str) -> None:
        """Record a receipt of the relay, or the posting server's answer that the revision is superseded."""
        payload = self._invoked(data)
        if payload is None:
            return
        plan = self.ledger.get(payload.post_id)
        if kind == "superseded":
            if plan is None or plan.post.revision == payload.revision:
                return
            self.ledger.record(
                payload, Receipt(kind="superseded", at=self.now, revision=payload.revision, destination=OUTBOX)
            )
            return
        self.world.relay_records(payload, Receipt(kind=kind, at=self.now, revision=payload.revision))
        self._note(payload)

    @rule(data=st.data())
    def lose_invocation(self, data: st.DataObject) -> None:
        """Lose an invocation before it is recorded, as a dead letter."""
        payload = self._invoked(data)
        if payload is not None:
            self.functions.payloads.remove(payload)

    # What the pages show

    @invariant()
    def every_post_is_in_exactly_one_list(self) -> None:
        window = queue(self.listing, self.ledger, self.now, self.now + PLANNING_HORIZON, limit=ALL)
        queued = [each.post_id for each in window.entries]
        past = runs(self.ledger, limit=ALL)
        gone = [each.post.post_id for each in cancelled(self.ledger, self.now, limit=ALL)]
        for post_id, post in self.posts.items():
            repeats = post.repeat is not None
            counts = {
                "Queue": queued.count(post_id),
                "Cancelled": gone.count(post_id),
                "History": 0 if repeats else sum(run.post_id == post_id for run in past),
            }
            places = [0, 0, 0] if post_id in self.returned else [0, 0, 1]
            assert sorted(counts.values()) == places, (post_id, counts, self.now, self.ledger.get(post_id))
        drafted = [each.draft_id for each in self.drafts.page(limit=ALL)]
        deleted = [each.draft_id for each in self.drafts.deleted(now=self.now, limit=ALL)]
        assert sorted(drafted + deleted) == sorted(set(self.drafted) - self.posts.keys())
        shown = [run.key for run in past if "/" in run.key]
        assert sorted(shown) == sorted(self.begun_runs)

    @invariant()
    def a_run_does_not_go_out_beside_the_post_in_its_place(self) -> None:
        for post_id, (series_id, run) in self.replaced.items():
            plan, series = self.ledger.get(post_id), self.ledger.get(series_id)
            if plan is not None and plan.desired != "cancelled" and series is not None and not series.returned:
                assert run not in self._runs_of(series.post), (post_id, run, self.now)
            published = [
                found is not None and outcome(found).state == "published"
                for found in map(self.ledger.occurrence, (post_id, occurrence_key(series_id, run)))
            ]
            assert not all(published), (post_id, run, self.now)

    @invariant()
    def a_post_that_waits_is_on_the_page_that_the_count_names(self) -> None:
        window = queue(self.listing, self.ledger, self.now, self.now + PLANNING_HORIZON, limit=ALL)
        shown = {"queue": {each.post_id for each in window.entries}}
        shown["history"] = {run.key for run in runs(self.ledger, limit=ALL)}
        for each in self.waiting.read().posts:
            assert each.key in shown[each.place], each

    @invariant()
    def a_run_that_has_passed_and_never_began_waits_in_the_queue(self) -> None:
        window = queue(self.listing, self.ledger, self.now, self.now + PLANNING_HORIZON, limit=ALL)
        shown = {(each.post_id, each.due_at) for each in window.entries if each.state == "missing"}
        counted = {(each.post_id, each.due_at) for each in self.waiting.read().posts if each.state == "missing"}
        for post_id, post in self.posts.items():
            plan = self.ledger.get(post_id)
            if plan is None or plan.desired != "active" or post.repeat is None:
                continue
            passed = self._runs(post.repeat, after=self.now - START_GRACE - timedelta(hours=1))
            last = max((run for run in passed if run <= self.now - START_GRACE), default=None)
            if last is not None and last > plan.changed_at + START_GRACE and self._never_began(post_id, last):
                assert (post_id, last) in shown & counted, (post_id, last, self.now)

    def _never_began(self, post_id: str, run: datetime) -> bool:
        return self.ledger.occurrence(occurrence_key(post_id, run)) is None

    def _new(self, **when: Any) -> Post:
        members = {"post_id": f"{len(self.posts):012d}", "text": "Hello", "destinations": (OUTBOX,), "zone": "UTC"}
        return Post(**{**members, "wall": "2026-11-02T13:00:00", **when})

    @contextmanager
    def _faulty(self, fault: str | None) -> Iterator[None]:
        """Run an action under a fault. A refusal is what a person sees; a post that was planned meanwhile exists."""
        self.faults.kind = fault
        try:
            yield
        except PunctualError:
            pass
        finally:
            self.faults.kind = None
        for post_id in (f"{len(self.posts):012d}", *self.drafted):
            plan = self.ledger.get(post_id)
            if plan is not None:
                self.posts[plan.post.post_id] = plan.post
        for post_id in self.posts:
            plan = self.ledger.get(post_id)
            if plan is not None:
                self.posts[post_id] = plan.post

    def _any_post(self, data: st.DataObject) -> str | None:
        return data.draw(st.sampled_from(sorted(self.posts))) if self.posts else None

    def _invoked(self, data: st.DataObject) -> Payload | None:
        due = [each for each in self.functions.payloads if each.due <= self.now]
        return data.draw(st.sampled_from(due)) if due else None

    def _note(self, payload: Payload) -> None:
        if payload.due_at is None:
            self.begun_runs.add(payload.occurrence_key)

    def _fire(self, before: datetime) -> None:
        """Invoke what became due, and delete the schedules that have no further run, as AWS does."""
        if not self.worker_runs:
            return
        pages = self.world.scheduler.get_paginator("list_schedules").paginate(GroupName=GROUP)
        for summary in [each for page in pages for each in page["Schedules"] if each["State"] == "ENABLED"]:
            found = self.world.scheduler.get_schedule(Name=summary["Name"], GroupName=GROUP)
            post = read_scheduled(found)
            if post.due_at is not None:
                if post.due_at - self.world.lead <= self.now:
                    self.functions.payloads.append(invocation_of(post, post.due_at))
                    self.world.scheduler.delete_schedule(Name=summary["Name"], GroupName=GROUP)
            elif post.repeat is not None:
                self._fire_runs(summary["Name"], post, post.repeat, before)

    def _fire_runs(self, name: str, post: Post, repeat: Repeat, before: datetime) -> None:
        lead = self.target.lead_of(repeat, post.zone)
        first = max(before, self.now - timedelta(hours=3))
        for due in self._runs(repeat, after=first + lead):
            if due - lead <= self.now:
                self.functions.payloads.append(invocation_of(post, due))
        if repeat.ends_at is not None and not self._runs(repeat, after=self.now + lead):
            self.world.scheduler.delete_schedule(Name=name, GroupName=GROUP)

    def _runs_of(self, post: Post) -> list[datetime]:
        return self._runs(post.repeat, after=self.now) if post.repeat is not None else []

    @staticmethod
    def _runs(repeat: Repeat, *, after: datetime) -> list[datetime]:
        try:
            return next_runs(repeat, "UTC", after=after, count=4)
        except NeverRuns:
            return []


class WalkAhead(Walk):
    """The same walk with a scheduler that fires ahead."""

    place = OneMachineAhead


class WalkOnAws(Walk):
    """The same walk on AWS."""

    place = Aws
