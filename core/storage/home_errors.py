"""The errors of the data folder and of the files in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import PunctualError, shortage_of


class HomeUnusable(PunctualError):
    """The data folder, or a file in it, cannot be created, read or written."""

    hint = "Make the data folder writable, free some space, or set PUNCTUAL_HOME to another folder, then start again."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}.")


class SecretUnusable(HomeUnusable):
    """The file of a secret is empty or holds no text."""

    hint = "Put the file back from a backup, or delete it: the next start makes a new secret."


@contextmanager
def translate_home_errors(path: Path) -> Iterator[None]:
    """Translate the operating system's errors for a file or folder to MachineShortage or HomeUnusable."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise shortage_of(error, f"{path} cannot be used") or HomeUnusable(
            path, getattr(error, "strerror", None) or str(error)
        ) from error
