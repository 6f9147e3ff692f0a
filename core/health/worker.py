"""Health check of the worker, the process that publishes on one machine and repairs and notifies in both modes."""

from datetime import timedelta

from core.health.findings import Finding, HealthContext, bad, good, warning
from core.time.phrases import date_and_time
from core.worker.lock import START_HINT, worker_runs
from core.worker.record import WorkerEnd, WorkerFiles, WorkerRecord

SHOWN_FOR = timedelta(days=1)
"""How long an unexpected end is reported after the worker was started again."""


def check_worker(context: HealthContext) -> Finding:
    """Check that a worker runs, and report its last unexpected end."""
    application, files = context.application, WorkerFiles(context.application.home.path)
    end = WorkerEnd.read(files)
    ended = f" One ended at {date_and_time(end.at, context.zone)}: {end.reason}." if end else ""
    log = f"Its log is {files.log}."
    if not worker_runs(files):
        engine = application.one_machine
        if engine is None:
            message = "No worker is running: accounts are not checked, and nobody is notified."
            return warning(f"{message}{ended}", f"{START_HINT} {log}" if end else START_HINT)
        if engine.has_live_runner():
            return good("Another program runs the engine.")
        return bad(f"No worker is running.{ended}", f"{START_HINT} {log}" if end else START_HINT)
    record = WorkerRecord.read(files)
    message = f"Running: process {record.pid}, {record.url}." if record else "Starting."
    if end is not None and context.now - end.at < SHOWN_FOR:
        return warning(f"{message}{ended} It was started again.", log)
    return good(message)


CHECKS = {"Worker": check_worker}
