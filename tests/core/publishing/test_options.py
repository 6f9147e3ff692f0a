"""Options of a post: the values that a network accepts, the first comment, and the length of a post with them."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.drafts.draft import DraftContent, content_of
from core.media.pictures import PictureLimits
from core.posts.destinations import Destination
from core.posts.first_comment import first_comments
from core.posts.models import Media
from core.posts.payload import invocation_of, read_payload, write_invocation, write_payload
from core.publishing.attachments import MediaLimits
from core.publishing.composing import compose, edit_content
from core.publishing.content_checks import TextTooLong
from core.publishing.drafted_posts import drafted_post
from core.publishing.network import NetworkDependencies, TextLength
from core.publishing.options import (
    FIRST_COMMENT_OPTION,
    Choice,
    ChoiceOption,
    SwitchOption,
    TextOption,
    UnknownOption,
    UnusableOption,
    checked_options,
    declared_values,
    describe_options,
    read_options,
)
from core.publishing.registry import Networks
from lambda_pkg.event import LATER_MEMBERS

WALL = datetime.fromisoformat("2026-12-24T09:00:00")

WARNING = TextOption(name="warning", label="Warning", help="", limit=10, counted=True)
OPTIONS = (
    WARNING,
    ChoiceOption(
        name="audience",
        label="Audience",
        help="",
        choices=(Choice(value="", label="Everybody"), Choice(value="friends", label="My friends")),
    ),
    SwitchOption(name="loud", label="Loud", help="", default=True),
    TextOption(name="code", label="Code", help="", pattern=re.compile(r"\d+"), example="42", excludes="warning"),
    TextOption(name="note", label="Note", help="", counted=True),
    FIRST_COMMENT_OPTION,
)
PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=100, width=10, height=10)


class Words:
    """A network with options, whose texts have at most 20 characters."""

    label = "Words"
    threads = "replies"
    options = OPTIONS

    def measure(self, text, account):
        return TextLength(count=len(text), limit=20)

    def media_limits(self, account):
        return MediaLimits(pictures=PictureLimits(count=1, max_bytes=1000))


@pytest.fixture
def stores(tmp_path):
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="words:ada", label="Ada"))
    accounts.connect(Account(destination="words:bob", label="Bob"))
    return {"accounts": accounts, "networks": {"words": Words()}}


@pytest.fixture
def composed(stores):
    """Compose a post to Ada and Bob with the options of Ada."""

    def build(text="Good morning", media=(), **options):
        return compose(
            post_id="k3v9q2m4cx7a",
            text=text,
            destinations=["words:ada", "words:bob"],
            wall=WALL,
            zone="UTC",
            which=None,
            late_after_minutes=60,
            media=media,
            options={"words:ada": options} if options else None,
            **stores,
        )

    return build


@pytest.mark.parametrize(
    ("values", "problem", "remedy"),
    [
        ({"colour": "red"}, "Ada has no option 'colour'", "Its options are warning, audience"),
        ({"warning": True}, "Warning for Ada is a text", "Write a text"),
        ({"warning": "x" * 12}, "has 12 characters, and 10 are accepted", "Shorten it by 2"),
        ({"warning": "a\nb"}, "has more than one line", "one line"),
        ({"warning": "a\0"}, "control character U[+]0000", "Type the text again"),
        ({"audience": "foes"}, "Audience for Ada cannot be 'foes'", 'Choose one of "" and friends'),
        ({"loud": "yes"}, "is yes or no", "Write yes or no"),
        ({"code": "forty"}, "Code for Ada cannot be 'forty'", "Write it like this: 42"),
        ({"code": "4", "warning": "w"}, "Code for Ada excludes Warning", "Empty one of the two"),
    ],
)
def test_a_value_that_the_network_does_not_accept_is_refused_with_its_remedy(values, problem, remedy):
    with pytest.raises((UnknownOption, UnusableOption), match=problem) as caught:
        checked_options(values, "Ada", OPTIONS)
    assert remedy in caught.value.hint


def test_an_account_without_options_says_so():
    with pytest.raises(UnknownOption) as caught:
        checked_options({"warning": "w"}, "Outbox", ())
    assert caught.value.hint == "Leave the option out: its network has none."


def test_values_that_equal_the_defaults_are_left_out():
    values = {"audience": "", "loud": True, "warning": "  ", "code": ""}
    assert checked_options(values, "Ada", OPTIONS) == {}
    assert checked_options({"loud": False, "warning": " food "}, "Ada", OPTIONS) == {"warning": "food", "loud": False}


def test_written_values_are_read_by_their_kind():
    written = {"loud": "No", "audience": "my FRIENDS", "warning": "no"}
    assert read_options(written, "Ada", OPTIONS) == {"warning": "no", "audience": "friends", "loud": False}
    with pytest.raises(UnusableOption, match="cannot be 'maybe'"):
        read_options({"loud": "maybe"}, "Ada", OPTIONS)


def test_a_network_gets_only_the_values_that_it_declares():
    assert declared_values({"warning": "w", "gone": "x", "loud": "yes"}, OPTIONS) == {"warning": "w"}


def test_values_are_described_by_the_names_of_their_choices():
    values = {"audience": "friends", "loud": False, "warning": "long " * 20}
    warning, *others = describe_options(values, OPTIONS)
    assert others == ["Audience: My friends", "Loud: no"]
    assert warning.endswith("…")


def test_a_post_keeps_the_options_of_each_account_in_its_payload(composed):
    post = composed(audience="friends", loud=True)
    assert post.options == {"words:ada": {"audience": "friends"}}
    payload = read_payload(write_invocation(invocation_of(post, post.due_at)))
    assert payload.options == post.options
    assert "options" in LATER_MEMBERS
    assert '"options"' not in write_payload(composed())
    assert "options" not in composed().model_dump()


def test_a_counted_option_takes_room_from_the_text(composed):
    assert composed("x" * 15, warning="food!").options
    with pytest.raises(TextTooLong, match="21 characters; Ada accepts 20"):
        composed("x" * 16, warning="food!")


def test_a_counted_option_is_measured_beside_a_picture_without_a_text(composed):
    """The network counts it there too, and would refuse the post at its due instant."""
    assert composed("", media=[PICTURE], note="n" * 20).options
    with pytest.raises(TextTooLong, match="21 characters; Ada accepts 20"):
        composed("", media=[PICTURE], note="n" * 21)


def test_the_first_comment_is_the_last_part_of_its_account(composed):
    post = composed(first_comment="See the link")
    comment = Destination("words:ada", 2)
    assert post.destinations == ("words:ada", comment, "words:bob")
    assert (post.text_for(comment), first_comments(post)) == ("See the link", {comment})
    with pytest.raises(TextTooLong, match="25 characters"):
        composed(first_comment="y" * 25)


def test_a_post_with_a_first_comment_becomes_the_same_draft_again(composed, stores):
    post = composed(first_comment="See the link")
    content = content_of(post, with_time=True)
    assert (content.threads, content.variants, content.options) == ({}, {}, post.options)
    assert drafted_post(post.post_id, content, late_after_minutes=60, **stores) == post


def test_an_edit_keeps_the_options_or_replaces_them(composed, stores):
    post = composed(first_comment="See the link", audience="friends")
    fields = {"text": "Good night", "variants": {}, "media": (), **stores}
    kept = edit_content(post, destinations=["words:ada", "words:bob"], **fields)
    assert (kept.options, kept.text_for(Destination("words:ada", 2))) == (post.options, "See the link")
    assert edit_content(post, destinations=["words:bob"], **fields).options == {}
    changed = edit_content(post, destinations=["words:ada"], options={"words:ada": {"loud": False}}, **fields)
    assert (changed.options, changed.destinations) == ({"words:ada": {"loud": False}}, ("words:ada",))
    assert edit_content(post, destinations=["words:ada"], options={}, **fields).options == {}


def test_the_documentation_names_every_option_and_its_values():
    text = (Path(__file__).parents[3] / "docs" / "options.md").read_text(encoding="utf-8")
    for network in Networks(NetworkDependencies(outbox=None, clock=None)).values():
        for option in network.options:
            assert f"| `{option.name}` |" in text
            values = [choice.value for choice in option.choices if choice.value] if hasattr(option, "choices") else []
            assert all(f"`{value}`" in text for value in values)


def test_a_draft_without_options_is_stored_as_before():
    assert "options" not in DraftContent(zone="UTC").model_dump_json()
