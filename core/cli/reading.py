"""The commands that only read the ledger. They open nothing else, so that monitoring may run them often."""

import argparse
import json
from contextlib import ExitStack
from datetime import timedelta
from typing import Protocol, TextIO

from core.cli.exit_status import DONE, POSTS_WAIT
from core.cli.printed_rows import print_rows, run_row, waiting_row
from core.ledger.history import runs
from core.ledger.port import Ledger
from core.ledger.sqlite import SqliteLedger, open_database
from core.scheduling.hold.port import Hold
from core.scheduling.hold.sqlite import SqliteHold
from core.scheduling.waiting_posts import WaitingPosts
from core.settings import Settings
from core.storage.home import Home
from core.storage.manifest import note_restoration
from core.storage.processes import Presence
from core.time.instants import Clock, real_clock, utc_text
from core.time.phrases import plural


class LedgerReader(Protocol):
    """An open ledger. The whole application is one too."""

    ledger: Ledger
    clock: Clock

    def hold(self) -> Hold | None:
        """Return the pause of all posts, if there is one."""
        ...

    def close(self) -> None:
        """Close every file."""
        ...


class HomeLedger:
    """The ledger of one machine, without its engine, networks and notifications."""

    def __init__(self, settings: Settings, clock: Clock = real_clock) -> None:
        """Open the ledger of the home. Raises HomeUnusable, StorageError or NewerDatabase."""
        self.clock = clock
        home = Home(settings.home)
        note_restoration(home.path, clock())
        with ExitStack() as opening:
            presence = Presence(home.processes)
            opening.callback(presence.leave)
            database = open_database(home.database, now=clock())
            opening.callback(database.close)
            self.ledger: Ledger = SqliteLedger(database, presence)
            self.hold = SqliteHold(database).read
            self._closing = opening.pop_all()

    def close(self) -> None:
        """Close the ledger."""
        self._closing.close()


def open_ledger(settings: Settings) -> LedgerReader:
    """Open the ledger of the mode that the settings name."""
    if settings.mode == "local":
        return HomeLedger(settings)
    from core.application import Application  # here, because the ledger of this machine needs no other part

    return Application(settings)


def show_status(reader: LedgerReader, options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the posts that wait for a person, and how many have each state. Return POSTS_WAIT if there are any.

    Print first whether all posts are paused.
    """
    hold = reader.hold()
    waiting = WaitingPosts(reader.ledger, reader.clock, timedelta()).read()
    rows = [waiting_row(each) for each in waiting.posts]
    if options.json:
        held = {"phase": hold.phase, "since": utc_text(hold.began_at), "posts": len(hold.posts)} if hold else None
        found = {"waiting": len(rows), "states": dict(waiting.states), "posts": rows, "hold": held}
        print(json.dumps(found), file=out)
        return POSTS_WAIT if rows else DONE
    if hold is not None:
        paused = plural(len(hold.posts), "post")
        print(f"All posts are paused since {utc_text(hold.began_at)} ({paused}). Resume with resume-all.", file=out)
    if rows:
        counts = ", ".join(f"{count} {state}" for state, count in waiting.states.most_common())
        print(f"{plural(len(rows), 'post')} to look at: {counts}.", file=out)
        print_rows(rows, out, as_json=False, empty="")
    else:
        print("No post waits for you.", file=out)
    return POSTS_WAIT if rows else DONE


def list_history(reader: LedgerReader, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print past runs, latest due first."""
    rows = [run_row(run) for run in runs(reader.ledger, limit=options.limit)]
    print_rows(rows, out, as_json=options.json, empty="No post has been due yet.")
