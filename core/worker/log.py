"""The log of a worker: a file in its home that is rotated, or the standard error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.errors import PunctualError
from core.storage.home_errors import translate_home_errors
from core.worker.lock import WorkerRunning

MAX_BYTES = 1_000_000
KEPT_FILES = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


class LogFile(RotatingFileHandler):
    """A log file that is rotated. A line that cannot be written to it goes to the standard error, without a traceback.

    The file may be gone: its home was replaced, and this is the line that says so.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Write the record to the standard error."""
        with suppress(OSError, ValueError):
            print(self.format(record), file=sys.stderr, flush=True)


@contextmanager
def logging_to(path: Path | None) -> Iterator[None]:
    """Write the log of this process to a file, or to the standard error if `path` is None.

    The error that ends the block is written to the file too. Raises HomeUnusable if the file cannot be opened.
    """
    handler: logging.Handler = logging.StreamHandler()
    if path is not None:
        with translate_home_errors(path):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            handler = LogFile(path)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("core").setLevel(logging.INFO)
    try:
        yield
    except WorkerRunning as running:  # two dashboards started one at the same moment: the normal case
        if path is not None:
            log.info("The worker ends: %s", running)
        raise
    except PunctualError as error:
        if path is not None:
            log.critical("The worker ends: %s %s", error, error.hint)
        raise
    except Exception:
        if path is not None:
            log.exception("The worker ends")
        raise
