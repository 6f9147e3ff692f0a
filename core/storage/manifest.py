"""The manifest of a backup: its instant and its files. It is written last, so a backup with one is complete."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.storage.private_files import read_private, write_private
from core.time.instants import from_utc_text, utc_text

MANIFEST = "backup.json"
"""The name of the file in the folder of a backup, and later in the home that it became."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The instant at which a backup began, and the size in bytes of each file by its path in the folder.

    `restored_at` is the instant at which the backup became a home, or None.
    """

    made_at: datetime
    files: dict[str, int]
    restored_at: datetime | None = None

    def write(self, folder: Path) -> None:
        """Write the manifest to a folder, durably. Raises HomeUnusable or MachineShortage."""
        content = {
            "made_at": utc_text(self.made_at),
            "restored_at": self.restored_at and utc_text(self.restored_at),
            "files": self.files,
        }
        write_private(folder / MANIFEST, json.dumps(content, indent=1))

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return the manifest of a folder, or None if there is none or it is damaged.

        Raises HomeUnusable or MachineShortage.
        """
        content = read_private(folder / MANIFEST, missing=b"")
        try:
            return cls._parse(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    @classmethod
    def _parse(cls, members: dict[str, Any]) -> "Manifest":
        restored_at = members.get("restored_at")
        return cls(
            made_at=from_utc_text(members["made_at"]),
            files={str(name): int(size) for name, size in members["files"].items()},
            restored_at=from_utc_text(restored_at) if restored_at else None,
        )


def note_restoration(home: Path, now: datetime) -> datetime | None:
    """Return the instant at which a backup became this home, or None if the home is no backup.

    The first opening of a backup that a person copied into place counts as that instant. Raises HomeUnusable or
    MachineShortage.
    """
    manifest = Manifest.read(home)
    if manifest is None:
        return None
    if manifest.restored_at is None:
        manifest = replace(manifest, restored_at=now)
        manifest.write(home)
    return manifest.restored_at
