"""The commands that pause all posts and resume them."""

import argparse
import json
from collections.abc import Callable, Collection
from typing import TextIO

from core.application import Application
from core.cli.exit_status import DONE, INCOMPLETE
from core.cli.printed_rows import not_armed
from core.scheduling.hold.port import HELD_LIMIT, Hold
from core.scheduling.upcoming import CLOCK_SKEW
from core.time.phrases import plural


def pause_all(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Pause every active post, soonest due first, and print how many are paused. Repeat it after an interruption.

    Returns INCOMPLETE if a schedule is not disabled yet.
    """
    held = application.held_posts
    held.begin_pause()
    hold = held.finish(_progress("Paused", err))
    count = len(hold.posts) if hold else 0
    later = " A series with a run under way is paused after it." if hold and hold.in_progress else ""
    note = (
        f"{plural(count, 'post')} paused. Posts that are scheduled from now on go out. Resume with resume-all.{later}"
    )
    print(json.dumps({"paused": count}) if options.json else note, file=out)
    return _not_armed(application, hold.posts if hold else (), err)


def resume_all(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Resume the posts that were paused together, soonest due first, and print how many passed meanwhile.

    Returns INCOMPLETE if a schedule is not enabled yet.
    """
    held = application.held_posts
    begun = held.begin_resume()
    held.finish(_progress("Resumed", err))
    count, passed = len(begun.posts) if begun else 0, len(application.views.passed())
    waiting = f" {plural(passed, 'post')} passed while paused: decide about them in the queue." if passed else ""
    note = f"The pause of {plural(count, 'post')} has ended.{waiting}"
    print(json.dumps({"held": count, "passed": passed}) if options.json else note, file=out)
    return _not_armed(application, begun.posts if begun else (), err)


def _not_armed(application: Application, post_ids: Collection[str], err: TextIO) -> int:
    """Print how many of the posts the ledger has changed and the scheduler has not yet. Return the exit status."""
    changed_before = application.clock() + CLOCK_SKEW
    unsettled = application.ledger.unsettled(changed_before=changed_before, limit=HELD_LIMIT) if post_ids else []
    count = len({plan.post.post_id for plan in unsettled} & set(post_ids))
    if not count:
        return DONE
    print(not_armed(count), file=err)
    return INCOMPLETE


def _progress(done: str, err: TextIO) -> Callable[[Hold], None]:
    """Return a function that prints the progress of a long run, once for each batch but the last."""

    def show(hold: Hold) -> None:
        if hold.done < hold.total:
            print(f"{done} {hold.done:,} of {hold.total:,}", file=err)

    return show
