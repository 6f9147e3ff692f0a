"""All health checks, run in parallel with one timeout."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime
from functools import partial

from core.application import Application
from core.errors import PunctualError
from core.health import accounts, lag, ledger, one_machine, shortages, worker, zone_rules
from core.health.aws import (
    deployment_size,
    execution_role,
    failure_queues,
    identity,
    posting_function,
    posting_url,
    redelivery,
    relay_function,
    schedule_group,
    schedule_quota,
    series_rules,
    stored_data,
)
from core.health.findings import CheckResult, Finding, HealthContext, unknown

AWS_MODULES = (
    identity,
    deployment_size,
    schedule_group,
    schedule_quota,
    execution_role,
    relay_function,
    redelivery,
    posting_url,
    posting_function,
    failure_queues,
    stored_data,
    series_rules,
)
"""The modules of AWS checks, in the order of the Health page."""
OF_QUEUES = (redelivery, failure_queues)
"""Those that a small deployment, which has no queues, does not need."""
log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 12.0


def run_checks(
    application: Application, now: datetime, *, zone: str = "UTC", timeout: float = TIMEOUT_SECONDS
) -> list[CheckResult]:
    """Return the result of every check, in a fixed order, with times of day in `zone`.

    A check that fails, or takes more than `timeout` seconds, is unknown with the reason.
    """
    checks = _checks(HealthContext(application=application, now=now, zone=zone))
    pool = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="health")
    futures = {name: pool.submit(check) for name, check in checks.items()}
    wait(futures.values(), timeout=timeout)
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        CheckResult(id=checks[name].func.__name__, name=name, **asdict(_finding(name, future, timeout)))
        for name, future in futures.items()
    ]


def _checks(context: HealthContext) -> Mapping[str, partial[Finding]]:
    modules = (worker, ledger, lag, zone_rules, shortages, accounts)
    shared = {name: partial(check, context) for module in modules for name, check in module.CHECKS.items()}
    application = context.application
    if application.aws is not None:
        left_out = OF_QUEUES if application.aws.deployment.is_small else ()
        found = [module for module in AWS_MODULES if module not in left_out]
        checks = {name: check for module in found for name, check in module.CHECKS.items()}
        return {name: partial(check, application.aws, context) for name, check in checks.items()} | shared
    if application.one_machine is not None:
        backend = application.one_machine
        return {name: partial(check, backend, context) for name, check in one_machine.CHECKS.items()} | shared
    return shared


def _finding(name: str, future: Future[Finding], timeout: float) -> Finding:
    if not future.done():
        return unknown(f"No result within {timeout:.0f} seconds.", "Check again in a minute.")
    try:
        return future.result()
    except PunctualError as error:
        return unknown(f"Could not be checked: {error}", error.hint)
    except Exception:  # noqa: BLE001 - a bug in one check must not hide the others
        log.exception("The check of %s failed", name)
        return unknown("Could not be checked: see the server's log.")
