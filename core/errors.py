"""The root of the error tree, and the shortages of the machine."""

import errno
import os


class PunctualError(Exception):
    """An error that a person can act on.

    `str(error)` states the fault and `error.hint` the remedy. Neither holds a secret.
    """

    hint = "Try again in a minute."
    noted = False
    """Whether the failed change is in the ledger all the same, so that it is made later."""

    @property
    def remedy(self) -> str:
        """The hint, and whether the change is noted. For errors of changes."""
        return f"{self.hint} {NOTED}" if self.noted else self.hint


NOTED = "The change is noted and will be armed: Punctual tries again every minute while it runs."
"""Tells a person not to repeat a change that failed."""


SHORTAGE_PREFIX = "This machine is short of "
"""The start of the message of every MachineShortage. Health finds shortages in recorded receipts by it."""

_FILE_HANDLES = "file handles", "Close other programs, or raise the limit of open files (ulimit -n)."
_MEMORY = "memory", "Close other programs, or give this machine more memory."
_DISK = "disk space", "Free some space on the disk."
_LOCKED = "access to a locked file", "Close the program that has it open."

_SHORTAGES = {
    errno.EMFILE: _FILE_HANDLES,
    errno.ENFILE: _FILE_HANDLES,
    errno.ENOMEM: _MEMORY,
    errno.ENOSPC: _DISK,
    errno.EDQUOT: _DISK,
    errno.EAGAIN: _LOCKED,
    errno.EBUSY: _LOCKED,
    errno.EDEADLK: _LOCKED,
    errno.ETXTBSY: _LOCKED,
}
_TEXTS = {os.strerror(code): found[0] for code, found in _SHORTAGES.items() if found is not _LOCKED}
"""The system's texts for errors of a shortage, which messages of networks and of the relay contain."""
_LOCKED_ON_WINDOWS = (32, 33)
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another program has the file open."""


class MachineShortage(PunctualError):
    """The machine lacks memory, file handles or disk space now, or another program locks a file.

    The data is not at fault, so no result of a shortage is final.
    """

    def __init__(self, lacking: str, remedy: str, affected: str | None = None) -> None:
        """`affected` is a sentence without its full stop, such as "the accounts cannot be read"."""
        super().__init__(f"{SHORTAGE_PREFIX}{lacking}{f': {affected}' if affected else ''}.")
        self.hint = f"Nothing is lost: due posts are tried again by themselves. {remedy}"


def memory_shortage(affected: str | None = None) -> MachineShortage:
    """Return the error of a machine without free memory."""
    return MachineShortage(*_MEMORY, affected)


def disk_shortage(affected: str | None = None) -> MachineShortage:
    """Return the error of a full disk."""
    return MachineShortage(*_DISK, affected)


def shortage_of(error: BaseException, affected: str | None = None) -> MachineShortage | None:
    """Return the shortage that an error results from, or None if it results from something else."""
    if isinstance(error, MachineShortage):
        return error
    if isinstance(error, MemoryError):
        return memory_shortage(affected)
    if not isinstance(error, OSError):
        return None
    if getattr(error, "winerror", None) in _LOCKED_ON_WINDOWS:
        return MachineShortage(*_LOCKED, affected)
    found = _SHORTAGES.get(error.errno or 0)
    return MachineShortage(*found, affected) if found else None


def lacking_in(text: str) -> str | None:
    """Return what the machine was short of, such as `memory`, by the text of a recorded error, or None."""
    if text.startswith(SHORTAGE_PREFIX):
        return text.removeprefix(SHORTAGE_PREFIX).partition(".")[0].partition(":")[0]
    return next((lacking for found, lacking in _TEXTS.items() if found in text), None)
