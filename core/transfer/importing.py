"""Import: the posts of a file are planned and armed here, and what their series did before comes along."""

import base64
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from core.application import Application
from core.errors import PunctualError
from core.ledger.port import FinalState, Occurrence, Plan, Receipt, Wish
from core.ledger.states import DestinationOutcome, outcome
from core.posts.models import Post, account_and_part
from core.posts.payload import Payload, ScheduleName, occurrence_key, read_payload
from core.posts.recurrence import NeverRuns, preview
from core.time.instants import utc_text
from core.time.phrases import listed
from core.transfer.exporting import AT_ONCE
from core.transfer.journal import Arriving, Content, Journal, Leaving, Picture, Ran, UnusableFile
from core.transfer.report import Outcome, Remark, Report, report_of

PASSED = "Its time has passed: it lies here, paused. Give it another time, or cancel it."
TOO_NEAR = "Its time is too near to be met from here: it lies here, paused. Post it now, or give it another time."
LEASE = timedelta(minutes=1)
COUNTED = 100
"""The most runs of one series that are told to have fallen into the move."""

_FINAL: dict[str, FinalState] = {"published": "published", "refused": "refused", "unconfirmed": "unconfirmed"}


class Incomplete(PunctualError):
    """The export was not finished, so some posts may still be armed where they come from."""

    hint = "Run the export into the same file again, where it was begun, until it says that it is complete."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not hold a whole export.")


class ImportedElsewhere(PunctualError):
    """The file was imported into another deployment: here its posts would go out a second time."""

    hint = "Export them there, and import that file."

    def __init__(self, path: Path, place: str) -> None:
        super().__init__(f"{path} was imported into {place}.")


def arrive(application: Application, path: Path) -> Report:
    """Import a whole export. Safe to repeat, and to be repeated until nothing is unfinished.

    Posts that are here already, as after an earlier run, stay as they are. Those whose time has passed are here
    afterwards, but paused. Raises Incomplete, ImportedElsewhere, UnusableFile, or what the stores of this deployment
    raise.
    """
    try:
        path.stat()  # a journal makes a file that is not there
    except OSError as error:
        raise UnusableFile(path, error.strerror or str(error)) from error
    journal = Journal(path)
    try:
        content = _whole(journal, application.place.name)
        return _Import(application, content).run(journal)
    finally:
        journal.close()


def _whole(journal: Journal, place: str) -> Content:
    """Return what a file says, once it is noted in it that its posts go here."""
    content = journal.content()
    if content is None:
        raise UnusableFile(journal.path, "it is empty")
    if not content.complete:
        raise Incomplete(journal.path)
    if content.place is None:
        journal.append(Arriving(place=place))
    elif content.place != place:
        raise ImportedElsewhere(journal.path, content.place)
    return content


class _Import:
    def __init__(self, application: Application, content: Content) -> None:
        self._application = application
        self._ledger = application.ledger
        self._posts = list(content.leaving.values())
        self._begun_at, self._ran = content.begun_at, content.ran
        self._connected = {account.destination for account in application.accounts.all()}
        self._runs: dict[str, list[tuple[Payload, Ran]]] = defaultdict(list)
        for ran in content.ran.values():
            payload = read_payload(ran.payload)
            self._runs[payload.post_id].append((payload, ran))

    def run(self, journal: Journal) -> Report:
        for line in journal.lines():
            if isinstance(line, Picture) and not self._application.media.exists(line.reference):
                self._application.media.put(base64.b64decode(line.content))
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="import") as pool:
            return report_of(pool.map(self._arrive, self._posts))

    def _arrive(self, line: Leaving) -> Outcome:
        """Plan one post here, whatever an earlier run has done of it, and arm it."""
        post = line.post
        try:
            present = self._ledger.get(post.post_id)
            reason = None
            if present is None or present.wish == "moved":
                present, reason = self._planned(line, present)
                reason = reason or self._lost_on_the_way(present)
            if present.wish == "active":  # the fence takes nothing of a paused post, and nothing of it goes out
                self._carry_runs(present)
            if not present.settled:
                self._application.schedules.settle(present)
        except PunctualError as error:
            remark = Remark(post_id=post.post_id, post=post, reason=f"{error} {error.hint}")
            return Outcome(unfinished=True, remark=remark)
        reasons = " ".join(filter(None, (reason, self._unconnected(post))))
        return Outcome(moved=True, remark=Remark(post_id=post.post_id, post=post, reason=reasons) if reasons else None)

    def _planned(self, line: Leaving, present: Plan | None) -> tuple[Plan, str | None]:
        """Write the intent; nothing is armed by that. Return the plan, and why it is paused if it was not before."""
        reason = self._reason_to_pause(line.post)
        wish: Wish = "paused" if reason else line.wish
        name, now = str(ScheduleName.of(line.post)), self._application.clock()
        if present is None:
            post = _revised(line.post, line.post.revision + 2)  # the one between marks it where it comes from
            return self._ledger.plan(post, wish=wish, schedule_name=name, now=now), reason
        post = _revised(line.post, present.post.revision + 1)
        return self._ledger.change(post, wish=wish, schedule_name=name, now=now), reason

    def _reason_to_pause(self, post: Post) -> str | None:
        now = self._application.clock()
        last = post.due_at or (post.repeat.ends_at if post.repeat else None)
        if last is not None and last <= now:
            return PASSED
        if post.due_at is not None and post.due_at < now + self._application.place.notice:
            return TOO_NEAR
        return None

    def _lost_on_the_way(self, plan: Plan) -> str | None:
        """Tell of the runs of a series that came after the export had begun and went out nowhere."""
        post, rule, now = plan.post, plan.post.repeat, self._application.clock()
        if rule is None or plan.wish != "active":
            return None
        ends_at = min(rule.ends_at or now, now)
        try:
            runs = preview(rule.expression, post.zone, rule.starts_at, ends_at, after=self._begun_at, count=COUNTED)
        except NeverRuns:
            return None
        lost = [utc_text(run) for run in runs if occurrence_key(post.post_id, run) not in self._ran]
        return f"What fell into the move did not go out: {listed(lost)}." if lost else None

    def _carry_runs(self, plan: Plan) -> None:
        """Let the fence here know how the runs of a series ended, so that none of them goes out once more."""
        for payload, ran in self._runs[plan.post.post_id]:
            known = payload.model_copy(update={"revision": plan.post.revision})
            found = outcome(Occurrence(key=payload.occurrence_key, payload=payload, receipts=ran.receipts))
            for destination in found.destinations:
                if destination.state in _FINAL:
                    self._end(known, destination)

    def _end(self, payload: Payload, ended: DestinationOutcome) -> None:
        now, state = self._application.clock(), _FINAL[ended.state]
        claim = self._ledger.claim(
            payload, ended.destination, deduplicates=False, prepared=None, lease_until=now + LEASE, now=now
        )
        if claim.verdict == state:
            return
        detail = {"url": ended.url, "reason": ended.reason}
        receipt = Receipt(
            kind=state,
            at=ended.at or now,
            revision=payload.revision,
            attempt=max(claim.attempt, 1),
            destination=ended.destination,
            detail={name: value for name, value in detail.items() if value is not None},
        )
        self._ledger.finish(payload, receipt)

    def _unconnected(self, post: Post) -> str | None:
        accounts = dict.fromkeys(account_and_part(destination)[0] for destination in post.destinations)
        missing = [account for account in accounts if account not in self._connected]
        return f"Connect {', '.join(missing)} under Accounts before it is due." if missing else None


def _revised(post: Post, revision: int) -> Post:
    return post.model_copy(update={"revision": revision})
