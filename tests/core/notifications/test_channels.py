"""Channels are validated and stored."""

import stat

import pytest
from pydantic import SecretStr

from core.notifications.channels import (
    ChannelNameTaken,
    Channels,
    Digest,
    EmailChannel,
    InvalidChannel,
    SlackChannel,
    UnreadableChannels,
    parse_channel,
)
from core.storage.home import new_signing_secret

MAIL = {"kind": "email", "name": "Mail", "host": "mail.example.org", "sender": "a@b.org", "recipients": ["c@d.org"]}


@pytest.fixture
def channels(tmp_path):
    return Channels(tmp_path / "channels.json")


def slack(name="team", **changed):
    return SlackChannel(name=name, address=SecretStr("https://hooks.example.org/s3cret"), **changed)


def test_channels_are_stored_in_order_with_their_credentials(channels, tmp_path):
    mail = parse_channel(MAIL | {"password": "s3cret", "digest": {"hour": 9, "zone": "Europe/Berlin"}})
    channels.save(slack())
    channels.save(mail)
    found = Channels(tmp_path / "channels.json").all()
    assert found == [slack(), mail]
    assert found[0].address.get_secret_value() == "https://hooks.example.org/s3cret"
    assert found[1].digest == Digest(hour=9, zone="Europe/Berlin")


def test_a_channel_of_the_same_name_is_replaced_and_a_removed_one_is_gone(channels):
    channels.save(slack())
    channels.save(slack("other"))
    channels.save(slack(digest=Digest(hour=1, zone="UTC")))
    assert [(each.name, each.digest is None) for each in channels.all()] == [("team", False), ("other", True)]
    channels.remove("team")
    assert [each.name for each in channels.all()] == ["other"]


def test_a_new_channel_needs_a_free_name(channels):
    channels.add(slack())
    channels.add(slack("other"))
    with pytest.raises(ChannelNameTaken, match="team"):
        channels.add(slack(digest=Digest(hour=1, zone="UTC")))
    assert channels.all() == [slack(), slack("other")]


def test_a_renamed_channel_keeps_its_position(channels):
    channels.add(slack())
    channels.add(slack("other"))
    channels.save(slack("crew"), replaces="team")
    assert channels.all() == [slack("crew"), slack("other")]


def test_a_renamed_channel_needs_a_free_name(channels):
    channels.add(slack())
    channels.add(slack("other"))
    with pytest.raises(ChannelNameTaken, match="other"):
        channels.save(slack("other"), replaces="team")
    assert channels.all() == [slack(), slack("other")]


def test_the_file_is_private_and_no_channel_shows_its_secret(channels, tmp_path):
    channels.save(slack())
    assert stat.S_IMODE((tmp_path / "channels.json").stat().st_mode) == 0o600
    assert "s3cret" not in repr(channels.all())


@pytest.mark.parametrize("content", ["", '[{"kind": "slack", "address": "s3cret"}]'])
def test_a_damaged_file_is_named_without_its_content(channels, tmp_path, content):
    (tmp_path / "channels.json").write_text(content)
    with pytest.raises(UnreadableChannels, match=r"channels\.json") as refused:
        channels.all()
    assert refused.value.__cause__ is None
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (MAIL | {"sender": "nobody"}, "Sender: use an address like ada@example.org"),
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
def test_an_invalid_member_is_named_without_repeating_a_secret(members, message):
    with pytest.raises(InvalidChannel, match=message) as refused:
        parse_channel(members)
    assert "s3cret" not in str(refused.value)


def test_members_become_a_channel_of_their_kind():
    assert isinstance(parse_channel(MAIL), EmailChannel)
    assert (
        parse_channel(
            {"kind": "webhook", "name": "x", "address": "https://example.org", "secret": new_signing_secret()}
        )
        .secret.get_secret_value()
        .startswith("whsec_")
    )
