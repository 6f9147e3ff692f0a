"""Health checks of one machine: the engine, its posting server and the data folder."""

import shutil

from core.backends.one_machine import OneMachineBackend
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.storage.home import is_signing_secret
from core.storage.recovery import damaged_files
from core.time.phrases import date_and_time, duration, plural, relative_time
from lambda_pkg.address import RefusedAddress, parse_address

MIN_FREE_BYTES = 200_000_000
"""Free space on the disk of the home below which the check warns."""


def check_mode(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Report the mode."""
    return good("One machine: the embedded engine fires. No AWS account is used.")


def check_engine(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Check that an engine runs on this home."""
    last = backend.engine_store.last_heartbeat()
    if not backend.has_live_runner() or last is None:
        return bad(
            "No engine is running: nothing is published.", "Start the dashboard, or run `python -m core engine`."
        )
    return good(f"Running; last heartbeat {duration(context.now - last)} ago.")


def check_next_due(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Report the next due instant."""
    due = backend.engine_store.next_due()
    if due is None:
        return good("Nothing is pending.")
    return good(f"{date_and_time(due, context.zone)}, {relative_time(due, context.now)}.")


def check_posting_server(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Check that the relay accepts the address of the posting server."""
    url = backend.posting_url()
    if url is None:
        return unknown("The worker is the posting server, and none is running.", "Start the dashboard.")
    try:
        parse_address(url)
    except RefusedAddress as error:
        return bad(str(error), "Correct PUNCTUAL_POSTING_URL, or unset it.")
    return good(f"The relay posts to {url}.")


def check_signing_secret(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Check that the signing secrets are usable, without showing them."""
    secrets = backend.signing_secrets()
    origin = "from PUNCTUAL_SIGNING_SECRET" if context.application.settings.signing_secret else "made on this machine"
    if not secrets or not all(map(is_signing_secret, secrets)):
        return bad(f"Unusable ({origin}): no request can be signed.", "Set it to whsec_ and base64, or unset it.")
    return good(f"Present: {plural(len(secrets), 'secret')}, {origin}.")


def check_dead_letters(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Count the invocations that the engine gave up."""
    count = backend.engine_store.dead_letter_count()
    if not count:
        return good("No invocation has failed for good.")
    return warning(
        f"{plural(count, 'invocation')} failed for good or could not be read or recorded.",
        "Retry or discard each one below.",
    )


def check_damaged_files(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Report databases that were damaged and replaced."""
    home = context.application.home
    found = [path for database in (home.database, home.engine_database) for path in damaged_files(database)]
    if not found:
        return good("No database was damaged.")
    return warning(
        f"Damaged and replaced by an empty database: {', '.join(path.name for path in found)}.",
        f"Schedule missing posts again, then move the files out of {home.path}.",
    )


def check_data_folder(backend: OneMachineBackend, context: HealthContext) -> Finding:
    """Check the free space on the disk of the home."""
    free = shutil.disk_usage(context.application.home.path).free
    message = f"{context.application.home.path}, {free / 1e9:.1f} GB free."
    return good(message) if free >= MIN_FREE_BYTES else warning(message, "Free some space: a full disk stops Punctual.")


CHECKS = {
    "Mode": check_mode,
    "Engine": check_engine,
    "Next due": check_next_due,
    "Posting server": check_posting_server,
    "Signing secret": check_signing_secret,
    "Dead letters": check_dead_letters,
    "Damaged files": check_damaged_files,
    "Data folder": check_data_folder,
}
