"""The home: the folder with all data of one machine."""

import base64
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.storage.cached_file import CachedFile
from core.storage.home_errors import SecretUnusable, translate_home_errors
from core.storage.private_files import write_once


class Home:
    """The data folder, and the paths in it."""

    def __init__(self, path: Path) -> None:
        """Create the folder, mode 0700, if it is missing, and write a test file to it. Raises HomeUnusable."""
        self.path = path
        self.database = path / "punctual.db"
        """The database of the ledger, the fence and the outbox."""
        self.engine_database = path / "engine.db"
        """The database of the engine: schedules and invocations."""
        self.processes = path / "processes"
        """The folder with a lock file for each process that uses this home."""
        self.accounts = path / "accounts.json"
        """The file of the connected accounts with their credentials, mode 0600."""
        self.media = path / "media"
        """The folder of pictures and videos, content-addressed."""
        self.account_checks = path / "account-checks.json"
        """The file with the result of the last check of each account."""
        self.zone_changes = path / "zone-changes.json"
        """The file of the posts that changed with the rules of their time zone."""
        self.channels = path / "channels.json"
        """The file of the notification channels with their credentials, mode 0600."""
        self.cautions = path / "cautions.json"
        """The file of the caution settings, mode 0600."""
        self.notifications = path / "notices.db"
        """The database of sent notifications."""
        self._secrets: dict[str, CachedFile[str]] = {}
        with translate_home_errors(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = path / f".write-test-{secrets.token_hex(4)}"
            try:
                probe.write_bytes(b"x" * 4096)
            finally:
                probe.unlink(missing_ok=True)

    def signing_secrets(self, configured: str | None) -> tuple[str, ...]:
        """Return the active signing secrets, newest first: the configured ones, else the home's own."""
        if configured:
            return tuple(configured.split())
        return tuple(self.get_or_create_secret("signing-secret", new_signing_secret).split())

    def get_or_create_secret(self, name: str, create: Callable[[], str]) -> str:
        """Return the secret in the file `name`. If the file is missing, write `create()` to it, mode 0600.

        The file is read once for each change of it, because every post is signed and verified. Raises HomeUnusable,
        SecretUnusable or MachineShortage.
        """
        kept = self._secrets.get(name) or self._secrets.setdefault(name, _secret_file(self.path / name))
        with translate_home_errors(kept.path):
            try:
                return kept.read()
            except FileNotFoundError:
                write_once(kept.path, create())
            return kept.read()


def _secret_file(path: Path) -> CachedFile[str]:
    return CachedFile(path, partial(_parse_secret, path))


def _parse_secret(path: Path, content: bytes) -> str:
    try:
        secret = content.decode().strip()
    except UnicodeDecodeError:
        raise SecretUnusable(path, "the file is not text") from None  # the cause quotes the file
    if not secret:
        raise SecretUnusable(path, "the file is empty")
    return secret


def new_signing_secret() -> str:
    """Return a new secret in the Standard Webhooks form: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def is_signing_secret(text: str) -> bool:
    """Return whether a text is `whsec_` followed by non-empty base64."""
    try:
        return text.startswith("whsec_") and len(base64.b64decode(text[6:], validate=True)) > 0
    except ValueError:
        return False
