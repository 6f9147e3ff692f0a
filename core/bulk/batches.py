"""The scheduling of many posts in one application."""

from core.application import Application
from core.backends.engine_schedules import EngineSchedules
from core.scheduling.batch import BatchScheduling
from core.scheduling.many_schedules import ConcurrentSchedules, ManySchedules


def batch_scheduling(application: Application) -> BatchScheduling:
    """Return the scheduling of many posts on the application's backend."""
    backend, one_machine = application.backend, application.one_machine
    many: ManySchedules = (
        EngineSchedules(one_machine.engine_api) if one_machine else ConcurrentSchedules(backend.scheduler_client)
    )
    return BatchScheduling(
        application.schedules,
        application.ledger,
        many,
        target=backend.target,
        notice=backend.minimum_notice,
        clock=application.clock,
    )
