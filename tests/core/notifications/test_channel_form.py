"""What stands in the fields of a form becomes a channel, and what was secret stays where it was."""

import pytest
from pydantic import SecretStr

from core.notifications.channel_form import entered_channel
from core.notifications.channels import Digest, NotAChannel
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
    mail = entered_channel("email", MAIL, Digest(hour=8, zone="UTC"))
    assert (mail.host, mail.port, mail.security) == ("mail.example.org", 465, "tls")
    assert mail.recipients == ("ada@example.org", "bob@example.org", "eve@example.org")
    assert mail.password == SecretStr("s3cret")
    assert mail.digest == Digest(hour=8, zone="UTC")


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_a_webhooks_address_that_was_left_empty_stays_as_it_was(kind):
    before = entered_channel(kind, HOOK)
    assert entered_channel(kind, HOOK | {"address": ""}, before=before) == before


def test_a_signing_secret_is_made_once_and_stays():
    before = entered_channel("webhook", OWN)
    assert is_signing_secret(before.secret.get_secret_value())
    moved = entered_channel("webhook", OWN | {"address": "https://example.com"}, before=before)
    assert (moved.address, moved.secret) == ("https://example.com", before.secret)
    other = new_signing_secret()
    assert entered_channel("webhook", OWN | {"secret": other}, before=before).secret == SecretStr(other)


def test_a_password_that_was_left_empty_stays_for_the_same_server_and_user():
    before = entered_channel("email", MAIL)
    changed = MAIL | {"password": "", "recipients": "bob@example.org", "port": "587", "security": "starttls"}
    assert entered_channel("email", changed, before=before).password == SecretStr("s3cret")


@pytest.mark.parametrize("changed", [{"host": "elsewhere.example.org"}, {"user": "bob"}])
def test_a_password_is_never_taken_along_to_another_server_or_user(changed):
    before = entered_channel("email", MAIL)
    with pytest.raises(NotAChannel, match="Password: enter it for this server and user"):
        entered_channel("email", MAIL | {"password": ""} | changed, before=before)


def test_mail_without_a_user_needs_no_password_and_keeps_none():
    before = entered_channel("email", MAIL)
    assert entered_channel("email", MAIL | {"user": "", "password": ""}, before=before).password is None


@pytest.mark.parametrize(
    ("kind", "answers", "said"),
    [
        ("email", MAIL | {"name": " "}, "Name: it is needed"),
        ("email", MAIL | {"host": ""}, "Host: it is needed"),
        ("email", MAIL | {"host": "mail example"}, "Host: it is a server's name"),
        ("email", MAIL | {"recipients": " ,"}, "Recipients: name at least one"),
        ("email", MAIL | {"recipients": "ada"}, "Recipients: an e-mail address is like"),
        ("slack", HOOK | {"address": ""}, "Address: it is needed"),
        ("discord", HOOK | {"address": "http://hooks.example.org/s3cret"}, "Address: use https"),
        ("webhook", OWN | {"secret": "s3cret"}, "Secret: it is whsec_ followed by base64"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_words(kind, answers, said):
    with pytest.raises(NotAChannel, match=said) as refused:
        entered_channel(kind, answers)
    assert "s3cret" not in str(refused.value)
