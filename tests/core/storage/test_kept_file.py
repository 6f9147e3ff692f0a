import pytest

from core.storage.home import Home, new_signing_secret, write_private
from core.storage.kept_file import KeptFile


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
def kept(path, parsed):
    def parse(content: bytes) -> str:
        parsed.append(content)
        return content.decode()

    return KeptFile(path, parse)


def test_an_unchanged_file_is_read_once(kept, parsed):
    assert [kept.read() for _ in range(3)] == ["first"] * 3
    assert parsed == [b"first"]


@pytest.mark.parametrize("content", ["other", "longer than before"])
def test_a_replaced_file_is_read_again(kept, path, content):
    kept.read()
    write_private(path, content)
    assert kept.read() == content


def test_a_file_changed_in_place_is_read_again(kept, path):
    kept.read()
    path.write_text("second")
    assert kept.read() == "second"


def test_a_deleted_file_is_missing_until_it_is_back(kept, path):
    kept.read()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        kept.read()
    path.write_text("again")
    assert kept.read() == "again"


def test_an_invalid_content_is_not_kept(kept, path):
    path.write_bytes(b"\xff")
    for _ in range(2):
        with pytest.raises(UnicodeDecodeError):
            kept.read()


def test_an_open_home_notices_a_new_signing_secret(tmp_path):
    home, secret = Home(tmp_path), new_signing_secret()
    old = home.signing_secrets(None)
    write_private(tmp_path / "signing-secret", f"{secret} {old[0]}")
    assert home.signing_secrets(None) == (secret, *old)
