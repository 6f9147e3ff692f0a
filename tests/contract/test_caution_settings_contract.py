"""The contract of the caution settings' port, in a file and on DynamoDB in moto and in dynalite."""

from datetime import time

import pytest

from core.scheduling.caution_settings.dynamodb import DynamoCautionSettings
from core.scheduling.caution_settings.file import FileCautionSettings, UnreadableCautionSettings
from core.scheduling.caution_settings.port import CautionSettings, CautionSettingsStore

CHANGED = CautionSettings(
    off=frozenset({"links", "holidays"}),
    same_text_days=7,
    close_minutes=90,
    quiet_from=time(21, 30),
    quiet_until=time(8),
    countries=("DE", "US"),
)


@pytest.fixture(params=["file", "table", "dynalite_table"])
def store(request, tmp_path) -> CautionSettingsStore:
    if request.param == "file":
        return FileCautionSettings(tmp_path / "cautions.json")
    return DynamoCautionSettings(request.getfixturevalue(request.param))


def test_before_the_first_change_every_warning_is_on(store):
    assert store.read() == CautionSettings()
    assert not store.read().off


def test_the_latest_settings_are_kept(store):
    store.save(CautionSettings(off=frozenset({"alt text"})))
    store.save(CHANGED)
    assert store.read() == CHANGED


def test_the_file_is_private(tmp_path):
    path = tmp_path / "cautions.json"
    FileCautionSettings(path).save(CHANGED)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_member_of_a_newer_version_is_ignored(tmp_path):
    path = tmp_path / "cautions.json"
    path.write_text('{"close_minutes": 5, "moon_phase": "full"}')
    assert FileCautionSettings(path).read() == CautionSettings(close_minutes=5)


def test_a_damaged_file_names_the_remedy(tmp_path):
    path = tmp_path / "cautions.json"
    path.write_text("{")
    with pytest.raises(UnreadableCautionSettings) as error:
        FileCautionSettings(path).read()
    assert "cautions.json" in str(error.value)
    assert "Delete the file" in error.value.hint
