"""The one open application of this process, shared by the server and all browser sessions, and its worker."""

from threading import Lock

from core.application import Application
from core.errors import PunctualError
from core.scheduling.schedule_writer import WaitPolicy
from core.settings import Settings
from core.storage.home import Home
from core.time.instants import real_clock
from core.worker.supervisor import Supervisor

NO_WAIT = WaitPolicy(role_timeout=0.0)
"""A callback blocks its page and a new IAM role can take two minutes, so AWS's refusal of the role is shown at once.

The change stays in the ledger, and the caretaker of the worker retries it.
"""
NO_WORKER = "No worker is running: nothing is published. Restart the dashboard, or run `python -m core engine`."
_lock = Lock()
_opened: list[Application] = []
_supervisors: list[Supervisor] = []


def application() -> Application:
    """Return the application; the first call reads the settings and opens the home. Raises the errors of both."""
    with _lock:
        if not _opened:
            opened = Application(Settings.read(), wait_policy=NO_WAIT)
            opened.load_ahead()  # while files can be opened
            _opened.append(opened)
            for supervisor in _supervisors:
                supervisor.retry_now()  # the home can be used now
        return _opened[0]


def serve() -> None:
    """Start the supervisor of the worker, and open the home.

    Raises the errors of `application`. Each later call of `application` tries again, and so does the supervisor.
    """
    supervisor = Supervisor(Settings.read().home, real_clock, check_home=_check_home)
    supervisor.start()
    _supervisors.append(supervisor)
    application()


def worker_problem() -> str | None:
    """Return the reason why nothing is published now, with its remedy, or None. Raises the errors of the database."""
    for supervisor in _supervisors:
        if (problem := supervisor.problem()) is not None or supervisor.is_starting():
            return problem
    engine = application().one_machine
    return None if engine is None or engine.has_live_runner() else NO_WORKER


def page_problem() -> PunctualError | str | None:
    """Return why no page can be shown, as an error, or a warning: why posts are not published; else None."""
    try:
        application().check_home()
        return worker_problem() or application().payload_support.problem()
    except PunctualError as error:
        return error


def close() -> None:
    """Stop the worker and close the home, if it is open; the next call of `application` opens it again."""
    while _supervisors:
        _supervisors.pop().stop()
    with _lock:
        while _opened:
            _opened.pop().close()


def _check_home() -> None:
    """Raise PunctualError if the home cannot be used, or is not the one that this process has open."""
    if _opened:
        _opened[0].check_home()
    else:
        Home(Settings.read().home)
