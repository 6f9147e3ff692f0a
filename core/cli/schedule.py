"""`python -m core schedule`: a new post, or the same one again under its id."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TextIO

from core.application import Application
from core.cli.exit_status import DONE, INCOMPLETE
from core.cli.printed_rows import post_row, print_row, timing_columns
from core.errors import PunctualError
from core.labels.label import stored_names
from core.ledger.port import Plan
from core.posts.models import LinkCard, OptionValue, Post, Repeat, new_post_id
from core.posts.recurrence import skipped_run_warnings
from core.posts.series import build_series
from core.publishing.composing import compose
from core.publishing.content_checks import ControlCharacter
from core.publishing.link_cards.wanted_card import wanted_link
from core.publishing.options import OptionForNobody, read_options
from core.scheduling.revisions import check_size
from core.scheduling.upcoming import ledger_entry
from core.time.instants import DoubledHour, from_utc_text, instants, offset_label, wall_time
from core.time.written_times import read_time, understood

CARD_SECONDS = 15.0
"""How long the command waits for the link card, before the post is scheduled."""
LINK_SECONDS = 3.0
"""How long the command waits for the checks of links, after the post is scheduled."""
_ARMED_LATER = (
    "Punctual tries again every minute while it runs. Do not schedule the post again, unless with --id {}; see it with"
    " `python -m core queue`."
)


class IdTaken(PunctualError):
    """Another post has the given id."""

    hint = "Give another --id. To change the post, use the dashboard, or cancel it and schedule it anew."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"A post with other content has the id {post_id}. Nothing was scheduled.")


def schedule_post(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Schedule a post and print it; warn on `err` when no engine runs, and of runs that a series skips.

    With the id of a post of the same content, that post is printed, and armed if it was not. Returns INCOMPLETE if the
    post is in the ledger and the scheduler refused it.
    """
    zone = options.zone or application.settings.timezone
    now = application.clock()
    planned = application.ledger.get(options.id) if options.id else None
    if isinstance(options.at, str):
        written = read_time(options.at, zone, planned.created_at if planned else now)
        print(f"Understood: {understood(written, now)}", file=err)
        zone, options.at, options.which = written.zone, written.wall, written.which or options.which
    wall, which = _wall_time(options, zone, now)
    if planned is None:
        with _remedies_of_options():
            post = _new_post(application, options, wall, zone, which, now)
        post = post if options.no_card else _with_card(application, post, err)
    elif is_same(planned, options, wall, zone, application):
        post = planned.post
    else:
        raise IdTaken(options.id)
    error = _arm(application, post, planned, next_free=options.next_free)
    post = application.schedules.plan(post.post_id).post if options.next_free else post
    if application.one_machine is not None and not application.one_machine.has_live_runner():
        print("No engine is running: start the dashboard, or run `python -m core engine`.", file=err)
    state = "not armed" if error else ledger_entry(application.ledger, post.post_id, now).state
    row = post_row(post, "armed" if state == "scheduled" else state)
    row |= timing_columns(post, now, application.backend.target)
    print_row(row, out, as_json=options.json)
    if post.repeat and not options.json:
        for run in row["next"]:
            print(f"  {wall_time(from_utc_text(run), zone):%a %d %b %Y, %H:%M} {zone}", file=out)
    if error:
        print(f"Noted, not armed yet: {error}\n{error.hint} {_ARMED_LATER.format(post.post_id)}", file=err)
    if post.repeat:
        for caution in skipped_run_warnings(post.repeat, zone, after=_first(post, now)):
            print(f"Caution: {caution}", file=err)
    _print_cautions(application, post, err)
    return INCOMPLETE if error else DONE


def _print_cautions(application: Application, post: Post, err: TextIO) -> None:
    """Print the warnings about a post. It is scheduled, so an error here is no failure of the command."""
    if problem := application.payload_support.problem_of(post):
        print(f"Caution: {problem}", file=err)
    try:
        for each in application.second_look.after_links(post, seconds=LINK_SECONDS):
            print(f"Caution: {each.problem} {each.remedy}", file=err)
    except PunctualError as error:
        print(f"The post could not be looked at again: {error} {error.hint}", file=err)


def _new_post(
    application: Application, options: argparse.Namespace, wall: datetime, zone: str, which: int | None, now: datetime
) -> Post:
    repeat = None
    if options.repeat:
        repeat = _series(options, wall, zone, now)
    return compose(
        post_id=options.id or new_post_id(),
        text=options.text,
        destinations=options.to,
        wall=wall,
        zone=zone,
        which=which,
        late_after_minutes=application.settings.late_after_minutes,
        accounts=application.accounts,
        networks=application.networks,
        repeat=repeat,
        labels=application.labels.add(options.labels) if options.labels else (),
        options=written_options(application, options),
    )


@contextmanager
def _remedies_of_options() -> Iterator[None]:
    """Let refusals name the options of the command, not the fields of a page."""
    try:
        yield
    except DoubledHour as error:
        first, second = (offset_label(each, error.zone) for each in error.instants)
        error.hint = f"Give --which 1 for the first ({first}), --which 2 for the second ({second})."
        raise
    except ControlCharacter as error:
        error.hint = "Remove it from --text."
        raise


def _with_card(application: Application, post: Post, err: TextIO) -> Post:
    """Return the post with the card of its first link. Without a card, say why: the post goes out with its link."""
    url = wanted_link(post, application.networks)
    if url is None:
        return post
    card = application.link_cards.fetched([url], seconds=CARD_SECONDS)[url]
    try:
        if isinstance(card, LinkCard):
            with_card = post.model_copy(update={"card": card})
            check_size(with_card)
            return with_card
    except PunctualError as error:
        card = error
    print(f"No link card: {card}", file=err)
    return post


def written_options(application: Application, options: argparse.Namespace) -> dict[str, dict[str, OptionValue]]:
    """Return the values of each `--option`, by destination.

    Raises OptionForNobody, UnknownDestination, UnknownOption or UnusableOption.
    """
    written: dict[str, dict[str, str]] = {}
    for destination, name, text in options.options:
        if destination not in options.to:
            raise OptionForNobody(destination)
        written.setdefault(destination, {})[name] = text
    found: dict[str, dict[str, OptionValue]] = {}
    for destination, texts in written.items():
        account = application.accounts.get(destination)
        found[destination] = read_options(texts, account.label, application.networks[account.network].options)
    return found


def _series(options: argparse.Namespace, wall: datetime, zone: str, now: datetime) -> Repeat:
    first, last = wall.date(), options.until
    return build_series(options.repeat, wall.time(), zone, first=first, last=last, runs=options.runs, now=now)


def _arm(application: Application, post: Post, planned: Plan | None, *, next_free: bool) -> PunctualError | None:
    """Schedule a new post, or arm a planned one. Return the error of the scheduler if the post is in the ledger."""
    try:
        if planned is None:
            (application.free_times.schedule if next_free else application.schedules.schedule)(post)
        elif not planned.settled:
            application.schedules.settle(planned)
    except PunctualError as error:
        if application.ledger.get(post.post_id) is None:
            raise
        return error
    return None


def is_same(plan: Plan, options: argparse.Namespace, wall: datetime, zone: str, application: Application) -> bool:
    """Return whether the options describe a post. Any `--in` and `--next-free` do, because they count from the call."""
    post = plan.post
    if post.labels != stored_names(application.all_labels(), options.labels):
        return False
    if post.options != _without_defaults(written_options(application, options)):
        return False
    if (post.text, post.accounts) != (options.text, tuple(dict.fromkeys(options.to))):
        return False
    if options.next_free:
        return not post.repeats
    if post.zone != zone:
        return False
    if options.repeat:
        return post.repeat is not None and _same_rule(post.repeat, _series(options, wall, zone, plan.created_at))
    if options.delay is not None:
        return not post.repeats
    found = instants(wall, zone)
    due_at = found[(options.which or 1) - 1] if len(found) == 2 else next(iter(found), None)
    return post.wall == wall.isoformat(timespec="seconds") and post.due_at == due_at


def _without_defaults(options: dict[str, dict[str, OptionValue]]) -> dict[str, dict[str, OptionValue]]:
    return {destination: values for destination, values in options.items() if values}


def _same_rule(repeat: Repeat, other: Repeat) -> bool:
    members = [(each.expression, each.every_weeks, each.ends_at) for each in (repeat, other)]
    return members[0] == members[1]


def _first(post: Post, now: datetime) -> datetime:
    return max(now, post.repeat.starts_at) if post.repeat and post.repeat.starts_at else now


def _wall_time(options: argparse.Namespace, zone: str, now: datetime) -> tuple[datetime, int | None]:
    """Return the wall time, and the pass (1 or 2) if its hour comes twice.

    A time given by `--in` is rounded up to a whole second. For `--next-free`, the time is now: another one replaces it.
    """
    if options.at is not None:
        return options.at, options.which
    due = (now + (options.delay or timedelta()) + timedelta(microseconds=999_999)).replace(microsecond=0)
    wall = wall_time(due, zone).replace(tzinfo=None)
    return wall, instants(wall, zone).index(due) + 1
