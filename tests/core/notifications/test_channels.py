"""Channels, as somebody set them up."""

import stat

import pytest
from pydantic import SecretStr

from core.notifications.channels import (
    Channels,
    ChannelsUnreadable,
    Digest,
    Email,
    NameTaken,
    NotAChannel,
    Slack,
    channel_of,
)
from core.storage.home import new_signing_secret

MAIL = {"kind": "email", "name": "Mail", "host": "mail.example.org", "sender": "a@b.org", "recipients": ["c@d.org"]}


@pytest.fixture
def channels(tmp_path):
    return Channels(tmp_path / "channels.json")


def slack(name="team", **changed):
    return Slack(name=name, address=SecretStr("https://hooks.example.org/s3cret"), **changed)


def test_channels_are_kept_in_their_order_with_their_credentials(channels, tmp_path):
    mail = channel_of(MAIL | {"password": "s3cret", "digest": {"hour": 9, "zone": "Europe/Berlin"}})
    channels.keep(slack())
    channels.keep(mail)
    found = Channels(tmp_path / "channels.json").all()
    assert found == [slack(), mail]
    assert found[0].address.get_secret_value() == "https://hooks.example.org/s3cret"
    assert found[1].digest == Digest(hour=9, zone="Europe/Berlin")


def test_a_channel_of_the_same_name_is_replaced_and_one_that_was_removed_is_gone(channels):
    channels.keep(slack())
    channels.keep(slack("other"))
    channels.keep(slack(digest=Digest(hour=1, zone="UTC")))
    assert [(each.name, each.digest is None) for each in channels.all()] == [("team", False), ("other", True)]
    channels.remove("team")
    assert [each.name for each in channels.all()] == ["other"]


def test_a_new_channel_takes_no_other_ones_name(channels):
    channels.add(slack())
    channels.add(slack("other"))
    with pytest.raises(NameTaken, match="team"):
        channels.add(slack(digest=Digest(hour=1, zone="UTC")))
    assert channels.all() == [slack(), slack("other")]


def test_a_channel_keeps_its_place_under_another_name(channels):
    channels.add(slack())
    channels.add(slack("other"))
    channels.keep(slack("crew"), instead_of="team")
    assert channels.all() == [slack("crew"), slack("other")]


def test_a_renamed_channel_takes_no_other_ones_name(channels):
    channels.add(slack())
    channels.add(slack("other"))
    with pytest.raises(NameTaken, match="other"):
        channels.keep(slack("other"), instead_of="team")
    assert channels.all() == [slack(), slack("other")]


def test_the_file_is_this_users_alone_and_no_channel_shows_its_secret(channels, tmp_path):
    channels.keep(slack())
    assert stat.S_IMODE((tmp_path / "channels.json").stat().st_mode) == 0o600
    assert "s3cret" not in repr(channels.all())


def test_a_file_that_cannot_be_read_is_named_without_its_content(channels, tmp_path):
    (tmp_path / "channels.json").write_text('[{"kind": "slack", "address": "s3cret"}]')
    with pytest.raises(ChannelsUnreadable, match=r"channels\.json") as refused:
        channels.all()
    assert refused.value.__cause__ is None
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        (MAIL | {"sender": "nobody"}, "Sender: an e-mail address is like ada@example.org"),
        (MAIL | {"recipients": []}, "Recipients"),
        (MAIL | {"recipients": ["a@b.org\nBcc: c@d.org"]}, "Recipients"),
        (MAIL | {"port": 0}, "Port"),
        (MAIL | {"security": "none"}, "this machine only"),
        (MAIL | {"name": ""}, "Name"),
        (MAIL | {"digest": {"hour": 24, "zone": "UTC"}}, "Digest"),
        ({"kind": "slack", "name": "x", "address": "http://hooks.example.org/s3cret"}, "Address: use https"),
        ({"kind": "webhook", "name": "x", "address": "https://example.org", "secret": "s3cret"}, "whsec_"),
        ({"kind": "pigeon", "name": "x"}, "channel"),
    ],
)
def test_what_cannot_be_a_channel_is_named_without_repeating_a_secret(entered, said):
    with pytest.raises(NotAChannel, match=said) as refused:
        channel_of(entered)
    assert "s3cret" not in str(refused.value)


def test_what_a_person_entered_becomes_a_channel_of_its_kind():
    assert isinstance(channel_of(MAIL), Email)
    assert (
        channel_of({"kind": "webhook", "name": "x", "address": "https://example.org", "secret": new_signing_secret()})
        .secret.get_secret_value()
        .startswith("whsec_")
    )
