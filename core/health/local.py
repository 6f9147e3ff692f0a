"""One machine: the engine, its server, and the folder that everything is kept in."""

import shutil

import pytz

from core.backends.one_machine import OneMachine
from core.health.findings import Finding, Visit, bad, good, unknown, warning
from core.storage.database import set_aside_files
from core.storage.home import is_signing_secret
from core.time.phrases import countdown, counted, moment, span
from lambda_pkg.address import RefusedAddress, address_of

LITTLE_SPACE = 200_000_000
"""Bytes on the disk of the home, below which it is said that space runs out."""


def mode(engine: OneMachine, visit: Visit) -> Finding:
    """Say who fires."""
    return good("One machine: the embedded engine fires. No AWS account is used.")


def heartbeat(engine: OneMachine, visit: Visit) -> Finding:
    """Whether anything fires at this moment."""
    last = engine.store.heartbeat()
    if not engine.running() or last is None:
        return bad(
            "Not running: nothing goes out.", "Start the dashboard again, or run `python -m core.engine` beside it."
        )
    return good(f"Running; last sign of life {span(visit.now - last)} ago.")


def next_due(engine: OneMachine, visit: Visit) -> Finding:
    """What the engine sleeps until."""
    due = engine.store.next_due()
    if due is None:
        return good("Nothing is pending.")
    return good(f"{moment(due, visit.zone)}, {countdown(due, visit.now)}.")


def posting_server(engine: OneMachine, visit: Visit) -> Finding:
    """Where the relay hands posts over."""
    url = engine.posting_url()
    if url is None:
        return unknown("This process serves no posting server.", "Look at the Health page of the dashboard itself.")
    try:
        address_of(url)
    except RefusedAddress as error:
        return bad(str(error), "Bind the dashboard to 127.0.0.1 or 0.0.0.0, or correct PUNCTUAL_POSTING_URL.")
    return good(f"Posts are handed over to {url}.")


def signing_secret(engine: OneMachine, visit: Visit) -> Finding:
    """Whether requests can be signed; the secret itself is never told."""
    secrets = engine.signing_secrets()
    whence = "from PUNCTUAL_SIGNING_SECRET" if visit.application.settings.signing_secret else "made on this machine"
    if not secrets or not all(map(is_signing_secret, secrets)):
        return bad(f"Unusable ({whence}): nothing can be signed.", "Set it to whsec_ followed by base64, or unset it.")
    return good(f"Present: {counted(len(secrets), 'secret')}, {whence}.")


def given_up(engine: OneMachine, visit: Visit) -> Finding:
    """What could not be handed over."""
    count = engine.store.dead_count()
    if not count:
        return good("Nothing.")
    return warning(
        f"{counted(count, 'hand-over')} could not be read, recorded or repeated any longer.",
        "Retry or discard each below.",
    )


def damaged_files(engine: OneMachine, visit: Visit) -> Finding:
    """Databases that were found damaged, and set aside."""
    home = visit.application.home
    found = [path for database in (home.database, home.engine_database) for path in set_aside_files(database)]
    if not found:
        return good("None was ever set aside.")
    return warning(
        f"Damaged, set aside and begun anew: {', '.join(path.name for path in found)}.",
        f"Schedule again what is missing, then move them out of {home.path}.",
    )


def data_folder(engine: OneMachine, visit: Visit) -> Finding:
    """Whether there is room."""
    free = shutil.disk_usage(visit.application.home.path).free
    found = f"{visit.application.home.path}, {free / 1e9:.1f} GB free."
    return good(found) if free >= LITTLE_SPACE else warning(found, "Free some space soon: a full disk stops Punctual.")


def zone_data(engine: OneMachine, visit: Visit) -> Finding:
    """Whose rules of clock changes are followed."""
    release = pytz.OLSON_VERSION  # type: ignore[attr-defined]  # the stubs lack it
    return good(f"Release {release} of the tz database.")


LOOKS = {
    "Mode": mode,
    "Engine": heartbeat,
    "Next due": next_due,
    "Posting server": posting_server,
    "Signing secret": signing_secret,
    "Given up": given_up,
    "Damaged files": damaged_files,
    "Data folder": data_folder,
    "Time zone data": zone_data,
}
