"""The import: plans and schedules the posts of an export file, and records past runs of repeating posts."""

import base64
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from core.application import Application
from core.errors import PunctualError
from core.ledger.derivation import derivation
from core.ledger.port import ClaimTerms, DesiredState, FinalState, Occurrence, Plan, PlanChange, Receipt
from core.ledger.states import DestinationOutcome, outcome
from core.posts.models import Post
from core.posts.payload import Payload, ScheduleName, occurrence_key, read_payload
from core.posts.recurrence import NeverRuns, next_runs
from core.publishing.content_checks import ControlCharacter, check_control_characters
from core.scheduling.post_by_current_rules import post_by_current_rules
from core.time.instants import utc_text
from core.time.phrases import join_names
from core.transfer.exporting import WORKERS
from core.transfer.journal import (
    ExportedMedia,
    ExportedPost,
    ExportedRun,
    ImportStarted,
    Journal,
    JournalContent,
    UnreadableJournal,
)
from core.transfer.report import PostResult, Remark, TransferReport, failed, summarise

PASSED = "Its time has passed, so it is paused here. Choose a new time, or cancel it."
TOO_SOON = "Its time is too close to schedule it here, so it is paused. Post it now, or choose a new time."
NEEDS_TIME = "By the zone rules here, the clocks skip or repeat its time, so it is paused. Choose a new time."
MOVED = "By the zone rules here, its local time is another instant than at the source."
LEASE = timedelta(minutes=1)
"""Lease of the claim with which a past run is recorded."""
MAX_MISSED_RUNS = 100
"""The most missed runs of one repeating post that its remark lists."""

_FINAL_STATES: dict[str, FinalState] = {"published": "published", "refused": "refused", "unconfirmed": "unconfirmed"}


class IncompleteExport(PunctualError):
    """The export is not complete, so some posts may still be scheduled at their source."""

    hint = "At the source, run the export into the same file again until it is complete."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not hold a complete export.")


class ImportedElsewhere(PunctualError):
    """Another deployment imported the file; a second import would publish its posts twice."""

    hint = "Export the posts from that deployment, and import the new file."

    def __init__(self, path: Path, deployment: str) -> None:
        super().__init__(f"{path} was imported into {deployment}.")


def import_posts(application: Application, path: Path) -> TransferReport:
    """Import a complete export. Repeat the call until no post is unfinished; this is safe.

    Posts that an earlier run imported stay unchanged. Posts whose time has passed are imported paused. Raises
    IncompleteExport, ImportedElsewhere, UnreadableJournal, or the errors of this deployment's stores.
    """
    try:
        path.stat()  # Journal would create a missing file
    except OSError as error:
        raise UnreadableJournal(path, error.strerror or str(error)) from error
    with closing(Journal(path)) as journal:
        content = _reserve(journal, application.backend.name)
        return _Import(application, content).run(journal)


def _reserve(journal: Journal, deployment: str) -> JournalContent:
    """Record in a complete export file that this deployment imports it, and return the file's content.

    Raises UnreadableJournal, IncompleteExport or ImportedElsewhere.
    """
    content = journal.content()
    if content is None:
        raise UnreadableJournal(journal.path, "it is empty")
    if not content.complete:
        raise IncompleteExport(journal.path)
    if content.importer is None:
        journal.append(ImportStarted(deployment=deployment))
    elif content.importer != deployment:
        raise ImportedElsewhere(journal.path, content.importer)
    return content


class _Import:
    def __init__(self, application: Application, content: JournalContent) -> None:
        self._application = application
        self._ledger = application.ledger
        self._posts = list(content.posts.values())
        self._started_at, self._known_runs = content.started_at, set(content.runs)
        self._connected = {account.destination for account in application.accounts.all()}
        self._runs: dict[str, list[tuple[Payload, ExportedRun]]] = defaultdict(list)
        for run in content.runs.values():
            payload = read_payload(run.payload)
            self._runs[payload.post_id].append((payload, run))

    def run(self, journal: Journal) -> TransferReport:
        for line in journal.lines():
            if isinstance(line, ExportedMedia) and not self._application.media.exists(line.reference):
                self._application.media.put(base64.b64decode(line.content))
        self._application.labels.add(name for each in self._posts for name in each.post.labels)
        series = [line for line in self._posts if line.post.repeats]
        others = [line for line in self._posts if not line.post.repeats]
        with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="import") as pool:
            results = [result for group in (series, others) for result in pool.map(self._import, group)]
        return summarise(results)  # a post in the place of a run is noted with its series, which is planned before it

    def _import(self, line: ExportedPost) -> PostResult:
        """Plan and schedule one post, from whichever step an earlier run reached."""
        post = line.post
        try:
            plan = self._ledger.get(post.post_id)
            reason = None
            if plan is None or plan.desired == "moved":
                plan, reason = self._plan(line, plan)
                reason = reason or self._missed_runs(plan)
            if plan.desired == "active":  # the fence accepts no claim of a paused post
                self._record_runs(plan)
            if not plan.settled:
                self._application.schedules.settle(plan)
        except PunctualError as error:
            return failed(post, error)
        reasons = " ".join(filter(None, (reason, self._unconnected_accounts(post))))
        return PostResult(
            moved=True, remark=Remark(post_id=post.post_id, post=post, reason=reasons) if reasons else None
        )

    def _plan(self, line: ExportedPost, existing: Plan | None) -> tuple[Plan, str | None]:
        """Write the intent to the ledger. Return the plan, and the reason if the import pauses the post."""
        again = post_by_current_rules(line.post, line.derivation, line.desired)
        reason = NEEDS_TIME if again.needs_time else self._reason_to_pause(again.post)
        desired: DesiredState = "paused" if reason else again.desired
        name, now = str(ScheduleName.of(again.post)), self._application.clock()
        derived = derivation(again.post, again.needs_time)
        revision = existing.post.revision + 1 if existing else line.post.revision + 2  # the source's mark is + 1
        post = _revised(again.post, revision)
        write = self._ledger.change if existing else self._ledger.plan
        plan = write(PlanChange(post=post, desired=desired, schedule_name=name, derived=derived), now=now)
        return plan, reason or (MOVED if again.post.due_at != line.post.due_at else None)

    def _reason_to_pause(self, post: Post) -> str | None:
        try:
            for text in (post.text, *post.variants.values()):
                check_control_characters(text)
        except ControlCharacter as error:
            return f"{error} It is paused: edit its text, then resume it."
        now = self._application.clock()
        last = post.due_at or (post.repeat.ends_at if post.repeat else None)
        if last is not None and last <= now:
            return PASSED
        if post.due_at is not None and post.due_at < now + self._application.backend.minimum_notice:
            return TOO_SOON
        return None

    def _missed_runs(self, plan: Plan) -> str | None:
        """Return a remark on runs that were due after the export began and were published nowhere."""
        post, rule, now = plan.post, plan.post.repeat, self._application.clock()
        if rule is None or plan.desired != "active":
            return None
        until_now = rule.model_copy(update={"ends_at": min(rule.ends_at or now, now)})
        try:
            runs = next_runs(until_now, post.zone, after=self._started_at, count=MAX_MISSED_RUNS)
        except NeverRuns:
            return None
        missed = [utc_text(run) for run in runs if occurrence_key(post.post_id, run) not in self._known_runs]
        return f"These runs were due during the transfer and were missed: {join_names(missed)}." if missed else None

    def _record_runs(self, plan: Plan) -> None:
        """Record the results of past runs in this ledger, so that none is published again."""
        for payload, run in self._runs[plan.post.post_id]:
            revised = payload.model_copy(update={"revision": plan.post.revision})
            result = outcome(Occurrence(key=payload.occurrence_key, payload=payload, receipts=run.receipts))
            for destination in result.destinations:
                if destination.state in _FINAL_STATES:
                    self._record_result(revised, destination)

    def _record_result(self, payload: Payload, result: DestinationOutcome) -> None:
        now, state = self._application.clock(), _FINAL_STATES[result.state]
        claim = self._ledger.claim(payload, result.destination, ClaimTerms(lease_until=now + LEASE, now=now))
        if claim.verdict == state:
            return
        detail = {"url": result.url, "reason": result.reason}
        receipt = Receipt(
            kind=state,
            at=result.at or now,
            revision=payload.revision,
            attempt=max(claim.attempt, 1),
            destination=result.destination,
            detail={name: value for name, value in detail.items() if value is not None},
        )
        self._ledger.finish(payload, receipt)

    def _unconnected_accounts(self, post: Post) -> str | None:
        missing = [account for account in post.accounts if account not in self._connected]
        return f"Connect {', '.join(missing)} under Accounts before it is due." if missing else None


def _revised(post: Post, revision: int) -> Post:
    return post.model_copy(update={"revision": revision})
