"""The release of the time zone rules that this process uses, and of those that the machine has."""

import re
import zoneinfo
from importlib import import_module
from pathlib import Path

import pytz

_RELEASE = re.compile(r"\d{4}[a-z]{1,2}", re.ASCII)
_FIRST_LINE = 200
"""Bytes of `tzdata.zi` that hold its first line, `# version 2026f`."""


def zone_release() -> str:
    """Return the release of the rules by which this process derives instants, such as `2026f`.

    Later releases sort after earlier ones.
    """
    release: str = pytz.OLSON_VERSION  # type: ignore[attr-defined]  # the stubs lack it
    return release


def machine_release() -> str | None:
    """Return the newest release on the machine outside pytz; None if the machine does not tell it.

    The sources are the system's zone files and the package `tzdata`, which Python's own zoneinfo uses.
    """
    return max(filter(None, (*map(_folder_release, zoneinfo.TZPATH), _package_release())), default=None)


def _folder_release(folder: str) -> str | None:
    """Return the release in `tzdata.zi` (Linux) or `+VERSION` (macOS, BSD)."""
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with (Path(folder) / name).open("rb") as file:
                found = _RELEASE.search(file.read(_FIRST_LINE).decode("ascii", "replace"))
        except OSError:
            continue
        if found:
            return found[0]
    return None


def _package_release() -> str | None:
    try:
        release = import_module("tzdata").IANA_VERSION
    except (ImportError, AttributeError):
        return None
    return str(release)
