"""The settings and their validation."""

from pathlib import Path

import pytest

from core.settings import InvalidSetting, Settings
from core.storage.home import new_signing_secret


def test_every_setting_has_a_default():
    settings = Settings.read({})
    assert settings.home == Path.home() / ".punctual"
    assert (settings.mode, settings.timezone, settings.late_after_minutes, settings.group) == (
        "local",
        "UTC",
        60,
        "punctual",
    )
    assert settings.retry_delays == (60, 120)


def test_each_variable_sets_its_member():
    secret = new_signing_secret()
    settings = Settings.read(
        {
            "PUNCTUAL_HOME": "/srv/punctual",
            "PUNCTUAL_TIMEZONE": "Asia/Tokyo",
            "PUNCTUAL_LATE_AFTER_MINUTES": "5",
            "PUNCTUAL_RETRY_DELAYS": "0.1, 2",
            "PUNCTUAL_POSTING_URL": "http://127.0.0.1:8600/publish",
            "PUNCTUAL_SIGNING_SECRET": f"{secret} {secret}",
            "PUNCTUAL_UNKNOWN": "ignored",
            "HOME": "/root",
        }
    )
    assert settings.home == Path("/srv/punctual")
    assert settings.timezone == "Asia/Tokyo"
    assert settings.late_after_minutes == 5
    assert settings.retry_delays == (0.1, 2.0)
    assert settings.posting_url == "http://127.0.0.1:8600/publish"


def test_the_public_hosts_are_separated_by_commas_or_spaces():
    settings = Settings.read({"PUNCTUAL_PUBLIC_HOSTS": "posts.example.org, other.example.org:8443"})
    assert settings.allowed_hosts.public == ("posts.example.org", "other.example.org:8443")
    assert not settings.allowed_hosts.own_addresses
    assert Settings.read({"PUNCTUAL_OPEN": "yes"}).allowed_hosts.own_addresses


def test_the_home_may_start_with_a_tilde_or_be_relative(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Settings.read({"PUNCTUAL_HOME": "~/posts"}).home == Path.home() / "posts"
    assert Settings.read({"PUNCTUAL_HOME": "posts"}).home == tmp_path / "posts"


def test_an_empty_variable_counts_as_unset():
    assert Settings.read({"PUNCTUAL_HOME": "", "PUNCTUAL_WORKERS": ""}) == Settings.read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "cloud"),
        ("HOME", "~nobody-of-that-name/posts"),
        ("TIMEZONE", "Mars/Olympus"),
        ("LATE_AFTER_MINUTES", "soon"),
        ("OPEN", "perhaps"),
        ("PUBLIC_HOSTS", "https://posts.example.org"),
        ("PUBLIC_HOSTS", "posts.example.org/path"),
        ("PUBLIC_HOSTS", "posts.example.org:0"),
        ("LATE_AFTER_MINUTES", "0"),
        ("RETRY_DELAYS", "60,-1"),
        ("RETRY_DELAYS", "60,nan"),
        ("RETRY_DELAYS", "60,inf"),
        ("RETRY_DELAYS", "60,86401"),
        ("RETRY_DELAYS", "1e300"),
        ("RETRY_DELAYS", "a minute"),
        ("REDELIVERY_SECONDS", "0"),
        ("REDELIVERY_SECONDS", "inf"),
        ("REDELIVERY_SECONDS", "86401"),
        ("WORKERS", "0"),
        ("WORKERS", "1.5"),
        ("GROUP", "my group"),
        ("GROUP", "g" * 65),
        ("POSTING_URL", "http://posts.example.org/publish"),
        ("POSTING_URL", "ftp://127.0.0.1/"),
        ("POSTING_URL", "posts.example.org"),
        ("SIGNING_SECRET", "hunter2"),
        ("SIGNING_SECRET", "whsec_"),
        ("SIGNING_SECRET", "   "),
        ("FUNCTION_ARN", "punctual-relay"),
        ("ROLE_ARN", "arn:aws:iam::１２３４５６７８９０１２:role/x"),
        ("LOCAL_ACCOUNT", "12345"),
    ],
)
def test_the_error_for_an_invalid_value_names_the_variable(name, value):
    with pytest.raises(InvalidSetting, match=f"PUNCTUAL_{name}") as raised:
        Settings.read({f"PUNCTUAL_{name}": value})
    assert f"PUNCTUAL_{name}" in raised.value.hint
    assert "Value error" not in str(raised.value)


def test_neither_errors_nor_reprs_repeat_a_secret():
    with pytest.raises(InvalidSetting) as raised:
        Settings.read({"PUNCTUAL_SIGNING_SECRET": "hunter2"})
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None
    secret = new_signing_secret()
    settings = Settings.read({"PUNCTUAL_SIGNING_SECRET": secret, "PUNCTUAL_LOCAL_SECRET_ACCESS_KEY": "hunter2"})
    assert secret not in repr(settings)
    assert "hunter2" not in repr(settings)
