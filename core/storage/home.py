"""The folder that holds everything Punctual keeps on one machine."""

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import PunctualError


class HomeUnusable(PunctualError):
    """The data folder, or a file in it that is named instead, cannot be made, read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The data folder {path} cannot be used: {reason}.")
        self.hint = "Make it writable, free some space, or set PUNCTUAL_HOME to another folder, then start again."


class Home:
    """A folder of this user's alone, with the files in it by name."""

    def __init__(self, path: Path) -> None:
        """Make the folder if missing and write to it once. Raises HomeUnusable."""
        self.path = path
        with usable(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = path / f".write-test-{secrets.token_hex(4)}"
            try:
                probe.write_bytes(b"x" * 4096)
            finally:
                probe.unlink(missing_ok=True)

    @property
    def database(self) -> Path:
        """The ledger, the fence and the outbox."""
        return self.path / "punctual.db"

    @property
    def engine_database(self) -> Path:
        """The embedded engine's schedules."""
        return self.path / "engine.db"

    @property
    def processes(self) -> Path:
        """One lock file for each process that uses this home."""
        return self.path / "processes"

    @property
    def accounts(self) -> Path:
        """The connected accounts with their credentials, mode 0600."""
        return self.path / "accounts.json"

    @property
    def media(self) -> Path:
        """The pictures and videos of posts, by what they contain."""
        return self.path / "media"

    @property
    def account_checks(self) -> Path:
        """What the last look at each account found."""
        return self.path / "account-checks.json"

    @property
    def channels(self) -> Path:
        """Where people are told of troubles, with the credentials for it, mode 0600."""
        return self.path / "channels.json"

    @property
    def notices(self) -> Path:
        """What people were told already."""
        return self.path / "notices.db"

    def signing_secrets(self, configured: str | None) -> tuple[str, ...]:
        """Return the active signing secrets, newest first: the configured ones, else the home's own, made once."""
        if configured:
            return tuple(configured.split())
        return tuple(self.kept_secret("signing-secret", new_signing_secret).split())

    def kept_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret kept in the file `name`, mode 0600; it is made by `make()` if there is none yet."""
        path = self.path / name
        with usable(path):
            if not path.exists():
                _write_once(path, make())
            kept = path.read_text().strip()
        if not kept:
            raise HomeUnusable(path, "the file is empty")
        return kept


def new_signing_secret() -> str:
    """Return a fresh secret in Standard Webhooks' form: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def is_signing_secret(text: str) -> bool:
    """Whether a text is `whsec_` and base64 of something."""
    try:
        return text.startswith("whsec_") and len(base64.b64decode(text[6:], validate=True)) > 0
    except ValueError:
        return False


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a file or a folder into HomeUnusable."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise HomeUnusable(path, getattr(error, "strerror", None) or str(error)) from error


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file in one step by one that only this user can read; on return it survives a power cut.

    Raises HomeUnusable; the file is then as it was.
    """
    with usable(path), _fresh(path, content) as fresh:
        fresh.replace(path)


def _write_once(path: Path, text: str) -> None:
    """Write a file unless another process was first; whichever was first stays."""
    with suppress(FileExistsError), _fresh(path, text) as fresh:
        os.link(fresh, path)


@contextmanager
def _fresh(path: Path, content: str | bytes) -> Iterator[Path]:
    """Write a file of this user's alone beside `path`, to be put in its place; what is left of it is deleted."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
    if os.name != "nt":  # Windows opens no folders, and keeps renames by itself
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
