"""The releases of the zone rules: pytz's, and those of the machine."""

import re
import zoneinfo

import pytest

from core.time import zone_data
from core.time.zone_data import machine_release, zone_release


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder that is the only one with zone files on this machine."""
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
    monkeypatch.setattr(zone_data, "_package_release", lambda: None)
    return tmp_path


def test_the_release_in_use_is_that_of_pytz():
    assert re.fullmatch("20[0-9]{2}[a-z]", zone_release())


@pytest.mark.parametrize(
    ("name", "content", "release"),
    [
        ("tzdata.zi", "# version 2026f\n# redo posix_only\n", "2026f"),
        ("tzdata.zi", "# version 2025b-dirty\n", "2025b"),
        ("+VERSION", "2026a\n", "2026a"),
        ("tzdata.zi", "# This zic input file is in the public domain.\n", None),
    ],
)
def test_the_release_of_the_machine_is_read_from_its_zone_files(folder, name, content, release):
    (folder / name).write_text(content)
    assert machine_release() == release


def test_a_machine_without_zone_files_tells_no_release(folder):
    assert machine_release() is None


def test_the_newest_of_several_sources_counts(folder, monkeypatch):
    (folder / "tzdata.zi").write_text("# version 2025b\n")
    monkeypatch.setattr(zone_data, "_package_release", lambda: "2026c")
    assert machine_release() == "2026c"
