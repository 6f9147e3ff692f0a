"""`python -m core restore FOLDER`: a backup takes the place of the data folder."""

import argparse
import json
import os
from typing import TextIO

from core.engine import store
from core.ledger import sqlite
from core.notifications import deliveries
from core.settings import Settings
from core.storage.restoring import Restoration, restore
from core.time.instants import real_clock, utc_text

VERSIONS = {
    "punctual.db": len(sqlite.MIGRATIONS),
    "engine.db": len(store.MIGRATIONS),
    "notices.db": len(deliveries.MIGRATIONS),
}
"""The schema version of each database in this version of Punctual."""


def run_restore(options: argparse.Namespace, out: TextIO) -> None:
    """Restore the backup in the folder of the options, and print where the data of before is.

    Raises the errors of `restore`, and of Settings.
    """
    home = {"PUNCTUAL_HOME": options.home} if options.home else {}
    settings = Settings.read({**os.environ, **home})
    folder = options.folder.expanduser().absolute()
    restored = restore(settings.home.absolute(), folder, versions=VERSIONS, now=real_clock())
    print(json.dumps(_members(restored)) if options.json else _sentences(restored), file=out)


def _members(restored: Restoration) -> dict[str, str | None]:
    return {
        "home": str(restored.home),
        "replaced": str(restored.replaced) if restored.replaced else None,
        "made_at": utc_text(restored.made_at) if restored.made_at else None,
    }


def _sentences(restored: Restoration) -> str:
    lines = [f"{restored.home} is restored."]
    if restored.made_at is not None:
        lines[0] = f"{restored.home} holds the backup of {restored.made_at:%d %b %Y, %H:%M} UTC."
    else:
        lines.append("An earlier version made the backup, without a list of its files: check that pictures are there.")
    if restored.replaced is not None:
        lines.append(f"The data of before is in {restored.replaced}.")
    lines.append(
        "Posts that were due between the backup and now may be published already. History shows them as unconfirmed:"
        " check them, then decide."
    )
    return "\n".join(lines)
