"""Composing and editing posts from form input."""

from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account, DisabledDestination, UnknownDestination
from core.drafts.draft import content_of
from core.media.pictures import PictureLimits
from core.outbox.sqlite import SqliteOutbox
from core.posts.models import DESTINATIONS_LIMIT, LinkCard, Media, Repeat
from core.posts.part_media import media_for
from core.publishing.attachments import CannotAttach, MediaLimits
from core.publishing.composing import (
    NoDestination,
    NoThreads,
    TooManyDestinations,
    TooManyParts,
    compose,
    edit_content,
    suggest_time,
)
from core.publishing.content_checks import EmptyPart, EmptyText, InvalidCharacter, TextTooLong
from core.publishing.length_split import ThreadPart
from core.publishing.network import NetworkDependencies, TextLength
from core.publishing.networks.outbox import network as outbox
from core.time.instants import DateOutOfRange, DoubledHour, SkippedHour, UnknownZone

PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=100, width=10, height=10)


def thread(account, *texts):
    """Return the argument `threads` of a text that was split by its length."""
    return {account: [ThreadPart(text, 1) for text in texts]}


class Captions:
    """A network with a lower text limit for posts with pictures."""

    label = "Captions"
    threads = None
    options = ()

    def measure(self, text, account):
        return TextLength(count=len(text), limit=40)

    def media_limits(self, account):
        return MediaLimits(pictures=PictureLimits(count=1, max_bytes=100), caption=15)


class TextOnly:
    """A network that accepts no pictures."""

    label = "Words"
    threads = "replies"
    options = ()

    def measure(self, text, account):
        return TextLength(count=len(text), limit=20)

    def media_limits(self, account):
        return MediaLimits()


@pytest.fixture
def stores(tmp_path, database, clock):
    """Return accounts and networks as arguments of `compose`."""
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="words:ada", label="Ada's words"))
    accounts.connect(Account(destination="captions:ada", label="Ada's captions"))
    accounts.connect(Account(destination="words:eve", label="Eve's words", enabled=False))
    networks = {
        "captions": Captions(),
        "outbox": outbox.network(NetworkDependencies(outbox=SqliteOutbox(database), clock=clock)),
        "words": TextOnly(),
    }
    return {"accounts": accounts, "networks": networks}


@pytest.fixture
def composed(stores):
    """Compose a post for these destinations, with the given arguments changed."""

    def build(*destinations, **changed):
        arguments = {
            "post_id": "k3v9q2m4cx7a",
            "text": "Good morning",
            "wall": datetime(2026, 11, 24, 9),  # noqa: DTZ001 - a person's entry, without a zone
            "zone": "Europe/Berlin",
            "which": None,
            "late_after_minutes": 60,
            **changed,
        }
        return compose(destinations=destinations, **stores, **arguments)

    return build


@pytest.fixture
def edited(stores):
    """Edit a post, with the given arguments changed."""

    def edit(post, **changed):
        content = {name: getattr(post, name) for name in ("text", "destinations", "variants", "media")}
        return edit_content(post, **{**content, **changed}, **stores)

    return edit


def test_pictures_keep_their_order(composed):
    second = PICTURE.model_copy(update={"reference": "1" * 64})
    assert composed("outbox", media=[second, PICTURE]).media == (second, PICTURE)


def test_a_post_with_a_picture_needs_no_text(composed):
    assert composed("outbox", text=" ", media=[PICTURE]).text == " "
    with pytest.raises(EmptyText):
        composed("outbox", text=" ")


def test_a_picture_for_a_network_without_pictures_is_refused(composed):
    with pytest.raises(CannotAttach, match="Ada's words accepts no pictures"):
        composed("outbox", "words:ada", media=[PICTURE])


def test_a_post_is_due_at_the_wall_time_in_its_zone(composed):
    post = composed("outbox")
    assert post.due_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (post.wall, post.zone, post.late_after_minutes) == ("2026-11-24T09:00:00", "Europe/Berlin", 60)


def test_a_post_is_due_on_a_whole_second(composed):
    wall = datetime(2026, 11, 24, 9, 0, 30, 700_000)  # noqa: DTZ001 - a person's entry, without a zone
    assert composed("outbox", wall=wall).due_at == datetime(2026, 11, 24, 8, 0, 30, tzinfo=UTC)


def test_a_repeated_hour_needs_a_choice(composed):
    wall = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - a person's entry, without a zone
    with pytest.raises(DoubledHour):
        composed("outbox", wall=wall)
    first, second = (composed("outbox", wall=wall, which=which).due_at for which in (1, 2))
    assert second - first == timedelta(hours=1)


def test_a_skipped_hour_is_refused(composed):
    with pytest.raises(SkippedHour):
        composed("outbox", wall=datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001 - a person's entry, without a zone


@pytest.mark.parametrize("repeat", [None, Repeat(expression="cron(0 9 * * ? *)")])
def test_an_unknown_zone_is_refused(composed, repeat):
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        composed("outbox", zone="Mars/Olympus", repeat=repeat)


def test_a_repeating_post_has_a_rule_instead_of_a_due_instant(composed):
    rule = Repeat(expression="cron(0 9 * * ? *)")
    post = composed("outbox", repeat=rule)
    assert (post.repeat, post.due_at) == (rule, None)


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_an_empty_text_is_refused(composed, text):
    with pytest.raises(EmptyText):
        composed("outbox", text=text)


def test_an_invalid_character_is_refused_with_its_position(composed):
    with pytest.raises(InvalidCharacter, match="position 5"):
        composed("outbox", text="half\ud83c")


def test_a_text_is_measured_in_each_networks_units(composed):
    assert composed("outbox", "words:ada", text="x" * 20).text == "x" * 20
    with pytest.raises(TextTooLong, match="21 characters; Ada's words accepts 20") as refusal:
        composed("outbox", "words:ada", text="x" * 21)
    assert "Shorten it by 1" in refusal.value.hint
    assert composed("outbox", text="x" * 10_000).destinations == ("outbox",)


def test_a_variant_is_measured_instead_of_the_text(composed):
    variants = {"words:ada": "short", "words:bob": "for nobody"}
    post = composed("outbox", "words:ada", text="x" * 21, variants=variants)
    assert post.variants == {"words:ada": "short"}
    with pytest.raises(EmptyText):
        composed("outbox", "words:ada", variants={"words:ada": " "})


def test_a_post_needs_a_destination_and_has_each_once(composed):
    with pytest.raises(NoDestination):
        composed()
    assert composed("outbox", "words:ada", "outbox").destinations == ("outbox", "words:ada")


@pytest.mark.parametrize("destination", ["words:bob", "nowhere", "outbox:1", "", "<b>"])
def test_an_unknown_destination_is_refused_with_a_list_of_the_known_ones(composed, destination):
    with pytest.raises(UnknownDestination) as refusal:
        composed("outbox", destination)
    assert "outbox, words:ada" in refusal.value.hint


def test_a_disabled_destination_is_refused(composed):
    with pytest.raises(DisabledDestination, match="Eve's words is disabled") as refusal:
        composed("outbox", "words:eve")
    assert "Enable it under Accounts" in refusal.value.hint


@pytest.mark.parametrize(
    ("now", "proposed"),
    [("12:00:00", "12:15"), ("12:00:01", "12:30"), ("12:07:00", "12:30"), ("12:14:59", "12:30"), ("12:45:00", "13:00")],
)
def test_the_suggested_time_is_a_full_quarter_hour_at_least_15_minutes_ahead(now, proposed):
    assert f"{suggest_time(datetime.fromisoformat(f'2026-11-02T{now}Z')):%H:%M}" == proposed


def test_a_text_that_is_too_long_for_a_post_with_a_picture_is_refused(composed):
    composed("captions:ada", text="Good morning to all of you")
    with pytest.raises(TextTooLong, match="26 characters; Ada's captions, with media, accepts 15"):
        composed("captions:ada", text="Good morning to all of you", media=[PICTURE])


def test_each_part_of_a_thread_is_a_destination(composed):
    parts = ["One two three 1/3", "four 2/3", "five six 3/3"]
    post = composed("words:ada", "outbox", text="One two three four five six", threads=thread("words:ada", *parts))
    assert post.destinations == ("words:ada", "words:ada#2", "words:ada#3", "outbox")
    assert [post.text_for(destination) for destination in post.destinations] == [*parts, "One two three four five six"]


def test_each_part_of_a_thread_is_measured(composed):
    with pytest.raises(TextTooLong):
        composed("words:ada", threads=thread("words:ada", "short", "x" * 21))
    with pytest.raises(EmptyPart, match="Part 2"):
        composed("words:ada", threads=thread("words:ada", "short", " "))


def test_a_thread_on_a_network_without_threads_is_refused(composed):
    with pytest.raises(NoThreads, match="Ada's captions has no threads"):
        composed("captions:ada", threads=thread("captions:ada", "One two", "three"))
    assert composed("captions:ada", threads=thread("captions:ada", "One two")).destinations == ("captions:ada",)


def test_a_thread_with_too_many_parts_is_refused(composed):
    with pytest.raises(TooManyParts, match="51 parts"):
        composed("words:ada", threads=thread("words:ada", *["x"] * 51))


@pytest.mark.parametrize("year", [1, 1969, 3000, 9999])
def test_a_year_that_no_scheduler_takes_is_refused_in_words(composed, year):
    with pytest.raises(DateOutOfRange, match="outside the supported range"):
        composed("outbox", wall=datetime(year, 1, 1), zone="UTC")  # noqa: DTZ001 - a person's entry, without a zone


def test_a_post_with_too_many_destinations_is_refused_in_words(composed, edited, stores, monkeypatch):
    names = [f"words:{number}" for number in range(DESTINATIONS_LIMIT + 1)]
    accounts = {name: Account(destination=name, label=name) for name in ["outbox", *names]}
    monkeypatch.setattr(stores["accounts"], "get", accounts.get)
    with pytest.raises(TooManyDestinations, match="501 destinations"):
        composed(*names)
    with pytest.raises(TooManyDestinations):
        edited(composed("outbox"), destinations=names)


def test_a_part_as_destination_means_its_account(composed):
    assert composed("outbox", "outbox#2").destinations == ("outbox",)


def test_an_edited_post_keeps_its_time_and_everything_unchanged(composed, edited):
    post = composed("outbox", "captions:ada", variants={"captions:ada": "Moin"}, media=[PICTURE])
    assert edited(post) == post
    assert edited(post, text="Good evening") == post.model_copy(update={"text": "Good evening"})
    changed = edited(post, destinations=["outbox"], media=[])
    assert changed == post.model_copy(update={"destinations": ("outbox",), "variants": {}, "media": ()})


def test_the_text_of_a_post_with_a_picture_may_be_removed(composed, edited):
    post = composed("outbox", media=[PICTURE])
    assert edited(post, text="").text == ""
    with pytest.raises(EmptyText):
        edited(post, text="", media=[])


def test_an_edited_post_is_validated_like_a_new_one(composed, edited):
    post = composed("outbox", "captions:ada", text="Good morning to all of you")
    with pytest.raises(TextTooLong, match="Ada's captions, with media, accepts 15"):
        edited(post, media=[PICTURE])
    with pytest.raises(CannotAttach, match="Ada's words accepts no pictures"):
        edited(post, text="Moin", destinations=["outbox", "words:ada"], media=[PICTURE])
    with pytest.raises(TextTooLong, match="Ada's words accepts 20"):
        edited(post, destinations=["outbox", "words:ada"])
    with pytest.raises(NoDestination):
        edited(post, destinations=[])
    with pytest.raises(DisabledDestination):
        edited(post, destinations=["words:eve"])


def test_an_edited_thread_stays_a_thread_with_each_part_measured(composed, edited):
    post = composed("words:ada", "outbox", threads=thread("words:ada", "One two", "three"))
    parts = {"words:ada": "One", "words:ada#2": "two three"}
    changed = edited(post, destinations=["words:ada"], variants=parts)
    assert (changed.destinations, changed.variants) == (("words:ada", "words:ada#2"), parts)
    with pytest.raises(TextTooLong):
        edited(post, variants=parts | {"words:ada#2": "x" * 21})
    with pytest.raises(EmptyPart, match="Part 2"):
        edited(post, variants=parts | {"words:ada#2": " "})


BY_HAND = "One two\n---\nthree\n---\nfour"
SECOND = PICTURE.model_copy(update={"reference": "2" * 64, "part": 2})
MISSING = PICTURE.model_copy(update={"reference": "9" * 64, "part": 9})


def test_dashes_make_a_thread_where_the_network_has_threads_and_paragraphs_elsewhere(composed):
    post = composed("words:ada", "outbox", text=BY_HAND)
    assert post.text == BY_HAND
    assert [post.text_for(each) for each in post.destinations] == [
        "One two",
        "three",
        "four",
        "One two\n\nthree\n\nfour",
    ]
    own = composed("words:ada", "outbox", variants={"words:ada": "My own\n---\ntext"})
    assert [own.text_for(each) for each in own.destinations] == ["My own", "text", "Good morning"]


def test_each_part_has_its_media_and_needs_no_text_with_them(composed, stores):
    stores["networks"]["words"].media_limits = stores["networks"]["outbox"].media_limits
    post = composed("words:ada", "outbox", text="One\n---\n\n---\nThree", media=[SECOND, PICTURE, MISSING])
    shown = [[each.reference[0] for each in media_for(post, part)] for part in post.destinations]
    assert shown == [["0"], ["2"], ["9"], ["2", "0", "9"]]
    with pytest.raises(EmptyPart, match="Part 2 of the thread is empty"):
        composed("words:ada", text="One\n---\n\n---\nThree", media=[PICTURE])


def test_media_stay_at_their_written_part_when_an_earlier_part_is_split_again(composed, stores):
    stores["networks"]["words"].media_limits = stores["networks"]["outbox"].media_limits
    parts = [ThreadPart("One two", 1), ThreadPart("three", 1), ThreadPart("four", 2)]
    text = "One two three\n---\nfour"
    post = composed("words:ada", "outbox", text=text, media=[SECOND], threads={"words:ada": parts})
    assert [len(media_for(post, part)) for part in post.destinations] == [0, 0, 1, 1]
    content = content_of(post)
    assert (content.text, content.variants, content.threads) == (text, {}, {"words:ada": False})


def test_an_edit_follows_the_dashes_of_the_text(composed, edited):
    post = composed("words:ada", "outbox", text=BY_HAND)
    assert edited(post, variants={}) == post
    changed = edited(post, variants={}, text="One\n---\nthree")
    assert changed.destinations == ("words:ada", "words:ada#2", "outbox")
    assert changed.variants == {"words:ada": "One", "words:ada#2": "three", "outbox": "One\n\nthree"}


@pytest.mark.parametrize(
    ("text", "variants"),
    [(BY_HAND, {}), ("All", {"words:ada": BY_HAND}), (BY_HAND, {"words:ada": "Mine"}), (BY_HAND, {"outbox": "Mine"})],
)
def test_a_thread_by_hand_becomes_a_draft_with_its_dashes(composed, text, variants):
    content = content_of(composed("words:ada", "outbox", text=text, variants=variants))
    assert (content.text, content.variants, content.threads) == (text, variants, {})


def test_the_own_text_of_an_account_that_was_split_by_its_length_comes_back(composed):
    parts = [ThreadPart("One two 1/3", 1), ThreadPart("three 2/3", 1), ThreadPart("four 3/3", 2)]
    post = composed("words:ada", variants={"words:ada": "One two three\n---\nfour"}, threads={"words:ada": parts})
    content = content_of(post)
    assert (content.variants, content.threads) == ({"words:ada": "One two three\n---\nfour"}, {"words:ada": True})


LINK = "https://example.com/"
CARD = LinkCard(url=LINK, title="A page")


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (f"See {LINK}", f"Do see {LINK}", True),
        (f"See {LINK}", "See https://example.org/", False),
        ("The link is in the card only", "Another text", True),
    ],
)
def test_an_edit_keeps_the_card_unless_it_removes_its_link(composed, stores, before, after, kept):
    post = composed("outbox", text=before, card=CARD)
    assert content_of(post).card == post.card == CARD
    others = {"destinations": ["outbox"], "variants": {}, "media": (), **stores}
    assert edit_content(post, text=after, **others).card == (CARD if kept else None)
    assert edit_content(post, text=after, card=None, **others).card is None
