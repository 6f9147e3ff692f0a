"""The log of a worker: a file in its home that is rotated, or the standard error."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.errors import PunctualError
from core.storage.home import translate_home_errors

MAX_BYTES = 1_000_000
KEPT_FILES = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


@contextmanager
def logging_to(path: Path | None) -> Iterator[None]:
    """Write the log of this process to a file, or to the standard error if `path` is None.

    The error that ends the block is written to the file too. Raises HomeUnusable if the file cannot be opened.
    """
    handler: logging.Handler = logging.StreamHandler()
    if path is not None:
        with translate_home_errors(path):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("core").setLevel(logging.INFO)
    try:
        yield
    except PunctualError as error:
        if path is not None:
            log.critical("The worker ends: %s %s", error, error.hint)
        raise
    except Exception:
        if path is not None:
            log.exception("The worker ends")
        raise
