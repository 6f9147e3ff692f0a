"""The command that lists drafts, templates and deleted drafts."""

import argparse
from typing import TextIO

from core.application import Application
from core.cli.printed_rows import Row, content_columns, print_rows
from core.drafts.draft import Draft
from core.errors import PunctualError
from core.time.instants import instant, utc_text


def list_drafts(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print drafts, latest change first; with `--templates` or `--deleted`, those instead."""
    drafts, now = application.drafts, application.clock()
    if options.deleted:
        found, empty = drafts.deleted(now=now, limit=options.limit), "No draft was deleted in the last 30 days."
    else:
        found = drafts.page(templates=options.templates, limit=options.limit)
        empty = "There are no templates." if options.templates else "There are no drafts."
    print_rows([draft_row(each) for each in found], out, as_json=options.json, empty=empty)


def draft_row(draft: Draft) -> Row:
    """Return the row of a draft. `due_at` is its proposed time, None if there is none or the clocks skip it."""
    content = draft.content
    state = "deleted" if draft.deleted_at else "template" if draft.template else "draft"
    return {
        "name": draft.draft_id,
        "post_id": draft.draft_id,
        "text": content.text,
        "due_at": _due_at(draft),
        "wall": content.wall,
        "zone": content.zone,
        "destinations": list(content.destinations),
        "labels": list(content.labels),
        "state": state,
        "changed_at": utc_text(draft.deleted_at or draft.changed_at),
    } | content_columns(content)


def _due_at(draft: Draft) -> str | None:
    content, wall = draft.content, draft.content.proposed_wall
    if wall is None or content.repeat is not None:
        return None
    try:
        return utc_text(instant(wall, content.zone, which=content.which))
    except PunctualError:
        return None
