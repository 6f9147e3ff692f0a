"""An examination: every check at once, each on its own, none for long."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime
from functools import partial

from core.application import Application
from core.errors import PunctualError
from core.health import accounts, ledger, local
from core.health.aws import (
    identity,
    posting,
    posting_function,
    queues,
    quota,
    redelivery,
    relay,
    role,
    scheduler,
    stores,
)
from core.health.findings import Check, Finding, Visit, unknown

FAMILIES = (identity, scheduler, quota, role, relay, redelivery, posting, posting_function, queues, stores)
"""Of what is looked at on AWS, in the order in which it is told."""
log = logging.getLogger(__name__)

PATIENCE = 12.0
"""Seconds after which a check that has not answered is called unknown."""


def examine(application: Application, now: datetime, *, zone: str = "UTC", patience: float = PATIENCE) -> list[Check]:
    """Return every check, in a fixed order; times of day are told in `zone`.

    They are made side by side. One that fails or takes longer than `patience` seconds is unknown, and says why.
    """
    looks = _looks(Visit(application=application, now=now, zone=zone))
    pool = ThreadPoolExecutor(max_workers=len(looks), thread_name_prefix="health")
    answers = {name: pool.submit(look) for name, look in looks.items()}
    wait(answers.values(), timeout=patience)
    pool.shutdown(wait=False, cancel_futures=True)
    return [Check(name=name, **asdict(_answer(name, answer, patience))) for name, answer in answers.items()]


def _looks(visit: Visit) -> Mapping[str, Callable[[], Finding]]:
    shared = {name: partial(look, visit) for name, look in (ledger.LOOKS | accounts.LOOKS).items()}
    application = visit.application
    if application.aws is not None:
        looks = {name: look for family in FAMILIES for name, look in family.LOOKS.items()}
        return {name: partial(look, application.aws, visit) for name, look in looks.items()} | shared
    if application.engine is not None:
        return {name: partial(look, application.engine, visit) for name, look in local.LOOKS.items()} | shared
    return shared


def _answer(name: str, answer: Future[Finding], patience: float) -> Finding:
    if not answer.done():
        return unknown(f"No answer within {patience:.0f} seconds.", "Look again in a minute.")
    try:
        return answer.result()
    except PunctualError as error:
        return unknown(f"Could not be checked: {error}", error.hint)
    except Exception:  # noqa: BLE001 - whatever is wrong with one check, the others are shown
        log.exception("The check of %s failed", name)
        return unknown("Could not be checked: the log of the server has the reason.")
