import stat

import pytest

from core.storage.home_errors import HomeUnusable
from core.storage.private_files import write_private


def test_a_private_file_is_replaced_atomically(tmp_path):
    path = tmp_path / "accounts.json"
    write_private(path, "first")
    write_private(path, b"second")
    assert path.read_text() == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "half a pair: \ud83c")
    assert path.read_text() == "second"
    assert [each.name for each in tmp_path.iterdir()] == ["accounts.json"]


def test_a_private_file_in_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(HomeUnusable, match="gone"):
        write_private(tmp_path / "gone" / "accounts.json", "x")
