import errno
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from core.errors import MachineShortage
from core.storage.home import Home, is_signing_secret, new_signing_secret
from core.storage.home_errors import HomeUnusable


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_the_folder_is_created_private_and_empty(home):
    assert mode(home.path) == 0o700
    assert list(home.path.iterdir()) == []


def test_a_path_that_is_a_file_is_refused_and_named(tmp_path):
    path = tmp_path / "home"
    path.write_text("not a folder")
    with pytest.raises(HomeUnusable, match=str(path)) as refusal:
        Home(path)
    assert "PUNCTUAL_HOME" in refusal.value.hint
    assert path.read_text() == "not a folder"


def test_a_folder_that_is_not_writable_is_refused_and_named():
    with pytest.raises(HomeUnusable, match="/proc/self"):
        Home(Path("/proc/self"))


def test_the_signing_secret_is_created_once_and_private(home):
    (secret,) = home.signing_secrets(None)
    assert is_signing_secret(secret)
    assert Home(home.path).signing_secrets(None) == (secret,)
    assert mode(home.path / "signing-secret") == 0o600
    assert [path.name for path in home.path.iterdir()] == ["signing-secret"]


def test_configured_secrets_take_precedence_over_the_secret_of_the_home(home):
    first, second = new_signing_secret(), new_signing_secret()
    assert home.signing_secrets(f"{first} {second}") == (first, second)
    assert not (home.path / "signing-secret").exists()


def test_callers_that_create_a_secret_at_the_same_time_get_the_same_one(home):
    barrier = Barrier(8)

    def get_or_create(_):
        barrier.wait()
        return home.get_or_create_secret("key", new_signing_secret)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(get_or_create, range(8)))) == 1
    assert [path.name for path in home.path.iterdir()] == ["key"]


def test_an_empty_secret_file_is_an_error(home):
    (home.path / "signing-secret").write_text("\n")
    with pytest.raises(HomeUnusable, match="signing-secret cannot be used: the file is empty") as refusal:
        home.signing_secrets(None)
    assert "delete it: the next start makes a new secret" in refusal.value.hint


def test_a_secret_file_that_is_not_text_is_an_error(home):
    (home.path / "signing-secret").write_bytes(b"\xff\xfe")
    with pytest.raises(HomeUnusable, match="signing-secret cannot be used: the file is not text") as refusal:
        home.signing_secrets(None)
    assert "delete it: the next start makes a new secret" in refusal.value.hint


def test_a_secret_that_cannot_be_read_for_lack_of_file_handles_is_a_shortage(home, monkeypatch):
    home.signing_secrets(None)

    def fail(path):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr(Path, "read_bytes", fail)
        with pytest.raises(MachineShortage, match="short of file handles"):
            Home(home.path).signing_secrets(None)
        assert home.signing_secrets(None), "it was read before"
    assert Home(home.path).signing_secrets(None) == home.signing_secrets(None)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!!", "YWJj", "WHSEC_YWJj", "whsec_ä"])
def test_a_text_in_another_form_is_not_a_signing_secret(text):
    assert not is_signing_secret(text)
