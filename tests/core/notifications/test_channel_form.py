"""A form becomes a channel, and empty secrets keep their values."""

import pytest
from pydantic import SecretStr

from core.notifications.channel_form import channel_from_form
from core.notifications.channels import Digest, InvalidChannel
from core.storage.home import is_signing_secret, new_signing_secret

MAIL = {
    "name": "Mail",
    "host": " mail.example.org ",
    "port": "465",
    "security": "tls",
    "user": "ada",
    "password": "s3cret",
    "sender": "punctual@example.org",
    "recipients": "ada@example.org, bob@example.org\neve@example.org",
}
HOOK = {"name": "Team", "address": "https://hooks.example.org/s3cret"}
OWN = {"name": "Own", "address": "https://example.org/notices", "secret": ""}


def test_a_form_becomes_a_channel():
    mail = channel_from_form("email", MAIL, Digest(hour=8, zone="UTC"))
    assert (mail.host, mail.port, mail.security) == ("mail.example.org", 465, "tls")
    assert mail.recipients == ("ada@example.org", "bob@example.org", "eve@example.org")
    assert mail.password == SecretStr("s3cret")
    assert mail.digest == Digest(hour=8, zone="UTC")


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_an_empty_webhook_address_keeps_its_value(kind):
    current = channel_from_form(kind, HOOK)
    assert channel_from_form(kind, HOOK | {"address": ""}, current=current) == current


def test_a_signing_secret_is_created_once_and_kept():
    current = channel_from_form("webhook", OWN)
    assert is_signing_secret(current.secret.get_secret_value())
    moved = channel_from_form("webhook", OWN | {"address": "https://example.com"}, current=current)
    assert (moved.address, moved.secret) == ("https://example.com", current.secret)
    other = new_signing_secret()
    assert channel_from_form("webhook", OWN | {"secret": other}, current=current).secret == SecretStr(other)


def test_an_empty_password_keeps_its_value_for_the_same_server_and_user():
    current = channel_from_form("email", MAIL)
    changed = MAIL | {"password": "", "recipients": "bob@example.org", "port": "587", "security": "starttls"}
    assert channel_from_form("email", changed, current=current).password == SecretStr("s3cret")


@pytest.mark.parametrize("changed", [{"host": "elsewhere.example.org"}, {"user": "bob"}])
def test_an_empty_password_is_refused_for_another_server_or_user(changed):
    current = channel_from_form("email", MAIL)
    with pytest.raises(InvalidChannel, match="Password: enter it for this server and user"):
        channel_from_form("email", MAIL | {"password": ""} | changed, current=current)


def test_mail_without_a_user_has_no_password():
    current = channel_from_form("email", MAIL)
    assert channel_from_form("email", MAIL | {"user": "", "password": ""}, current=current).password is None


@pytest.mark.parametrize(
    ("kind", "form", "message"),
    [
        ("email", MAIL | {"name": " "}, "Name: required"),
        ("email", MAIL | {"host": ""}, "Host: required"),
        ("email", MAIL | {"host": "mail example"}, "Host: use a server name"),
        ("email", MAIL | {"recipients": " ,"}, "Recipients: enter at least one"),
        ("email", MAIL | {"recipients": "ada"}, "Recipients: use an address like"),
        ("slack", HOOK | {"address": ""}, "Address: required"),
        ("discord", HOOK | {"address": "http://hooks.example.org/s3cret"}, "Address: use https"),
        ("webhook", OWN | {"secret": "s3cret"}, "Secret: use whsec_ followed by base64"),
    ],
)
def test_a_missing_or_invalid_field_is_named(kind, form, message):
    with pytest.raises(InvalidChannel, match=message) as refused:
        channel_from_form(kind, form)
    assert "s3cret" not in str(refused.value)
