"""A load in a thread of its own, which goes on when its browser tab is closed."""

import logging
from threading import Event, Thread

from core.application import Application
from core.bulk.dry_run import DryRun
from core.bulk.loading import LoadProgress, LoadReport, load
from core.errors import PunctualError


class BackgroundLoad:
    """A load that runs since it was made. Any thread may ask for its progress, and stop it."""

    def __init__(self, application: Application, checked: DryRun, *, name: str, zone: str) -> None:
        """`name` is that of the file, and `zone` that in which its report shows times."""
        self.name = name
        self.zone = zone
        self.progress = LoadProgress(total=checked.count("create"))
        self.report: LoadReport | None = None
        self.error: PunctualError | None = None
        self._application = application
        self._checked = checked
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the load has not ended."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether the load was asked to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Begin no further post."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.report = load(self._application, self._checked, on_progress=self._note, stopped=self._stopped.is_set)
        except PunctualError as error:
            self.error = error
        except Exception:
            logging.getLogger(__name__).exception("An import has ended early")
            self.error = LoadFailed()
        finally:
            self._checked.pictures.close()

    def _note(self, progress: LoadProgress) -> None:
        self.progress = progress


class LoadFailed(PunctualError):
    """A load ended because of a fault of Punctual."""

    hint = "Import the same file again: what is scheduled already stays as it is. The server's log has the reason."

    def __init__(self) -> None:
        super().__init__("The import has ended early.")
