import pytest

from core.storage.cached_file import CachedFile
from core.storage.home import Home, new_signing_secret
from core.storage.private_files import write_private


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_text("first")
    return path


@pytest.fixture
def parsed():
    """Return the contents that the file of a test was parsed from."""
    return []


@pytest.fixture
def cached(path, parsed):
    def parse(content: bytes) -> str:
        parsed.append(content)
        return content.decode()

    return CachedFile(path, parse)


def test_an_unchanged_file_is_read_once(cached, parsed):
    assert [cached.read() for _ in range(3)] == ["first"] * 3
    assert parsed == [b"first"]


@pytest.mark.parametrize("content", ["other", "longer than before"])
def test_a_replaced_file_is_read_again(cached, path, content):
    cached.read()
    write_private(path, content)
    assert cached.read() == content


def test_a_file_changed_in_place_is_read_again(cached, path):
    cached.read()
    path.write_text("second")
    assert cached.read() == "second"


def test_a_deleted_file_is_missing_until_it_is_back(cached, path):
    cached.read()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        cached.read()
    path.write_text("again")
    assert cached.read() == "again"


def test_an_invalid_content_is_not_kept(cached, path):
    path.write_bytes(b"\xff")
    for _ in range(2):
        with pytest.raises(UnicodeDecodeError):
            cached.read()


def test_an_open_home_notices_a_new_signing_secret(tmp_path):
    home, secret = Home(tmp_path), new_signing_secret()
    old = home.signing_secrets(None)
    write_private(tmp_path / "signing-secret", f"{secret} {old[0]}")
    assert home.signing_secrets(None) == (secret, *old)
