"""Settings are read once, from a mapping, and refused by name."""

from pathlib import Path

import pytest

from core.settings import Settings, InvalidSetting
from core.storage.home import new_signing_secret


def test_with_nothing_set_everything_has_its_value():
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
            "PUNCTUAL_UNKNOWN": "is nothing to us",
            "HOME": "/root",
        }
    )
    assert settings.home == Path("/srv/punctual")
    assert settings.timezone == "Asia/Tokyo"
    assert settings.late_after_minutes == 5
    assert settings.retry_delays == (0.1, 2.0)
    assert settings.posting_url == "http://127.0.0.1:8600/publish"


def test_a_home_may_begin_with_a_tilde_or_be_relative(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Settings.read({"PUNCTUAL_HOME": "~/posts"}).home == Path.home() / "posts"
    assert Settings.read({"PUNCTUAL_HOME": "posts"}).home == tmp_path / "posts"


def test_what_is_empty_counts_as_not_set():
    assert Settings.read({"PUNCTUAL_HOME": "", "PUNCTUAL_WORKERS": ""}) == Settings.read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "cloud"),
        ("HOME", "~nobody-of-that-name/posts"),
        ("TIMEZONE", "Mars/Olympus"),
        ("LATE_AFTER_MINUTES", "soon"),
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
def test_a_value_that_cannot_be_used_is_refused_by_the_variables_name(name, value):
    with pytest.raises(InvalidSetting, match=f"PUNCTUAL_{name}") as refusal:
        Settings.read({f"PUNCTUAL_{name}": value})
    assert f"PUNCTUAL_{name}" in refusal.value.hint
    assert "Value error" not in str(refusal.value)


def test_no_secret_is_ever_repeated():
    with pytest.raises(InvalidSetting) as refusal:
        Settings.read({"PUNCTUAL_SIGNING_SECRET": "hunter2"})
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    secret = new_signing_secret()
    settings = Settings.read({"PUNCTUAL_SIGNING_SECRET": secret, "PUNCTUAL_LOCAL_SECRET_ACCESS_KEY": "hunter2"})
    assert secret not in repr(settings)
    assert "hunter2" not in repr(settings)
