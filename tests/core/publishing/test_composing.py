"""What a person typed, picked and attached, as a post."""

from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.file import FileAccounts
from core.accounts.port import Account, DisabledDestination, UnknownDestination
from core.media.pictures import PictureLimits
from core.outbox.sqlite import SqliteOutbox
from core.posts.models import Media, Repeat
from core.publishing.attachments import CannotAttach, MediaLimits
from core.publishing.composing import (
    EmptyText,
    InvalidCharacter,
    NoDestination,
    TextTooLong,
    TooManyParts,
    compose,
    edit_content,
    suggest_time,
)
from core.publishing.network import NetworkDependencies, TextLength
from core.publishing.networks.outbox import network as outbox
from core.time.instants import DoubledHour, SkippedHour, UnknownZone

PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=100, width=10, height=10)


class Captions:
    """A network that takes less text beside pictures."""

    label = "Captions"

    def measure(self, text, account):
        return TextLength(count=len(text), limit=40)

    def media_limits(self, account):
        return MediaLimits(pictures=PictureLimits(count=1, max_bytes=100), caption=15)


class WordsOnly:
    """A network that takes no pictures."""

    label = "Words"

    def measure(self, text, account):
        return TextLength(count=len(text), limit=20)

    def media_limits(self, account):
        return MediaLimits()


@pytest.fixture
def known(tmp_path, database, clock):
    """The accounts and networks that posts are composed for."""
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="words:ada", label="Ada's words"))
    accounts.connect(Account(destination="captions:ada", label="Ada's captions"))
    accounts.connect(Account(destination="words:eve", label="Eve's words", enabled=False))
    networks = {
        "captions": Captions(),
        "outbox": outbox.network(NetworkDependencies(outbox=SqliteOutbox(database), clock=clock)),
        "words": WordsOnly(),
    }
    return {"accounts": accounts, "networks": networks}


@pytest.fixture
def composed(known):
    """Compose a post for these destinations, with the given members changed."""

    def build(*destinations, **changed):
        whole = {
            "post_id": "k3v9q2m4cx7a",
            "text": "Good morning",
            "wall": datetime(2026, 11, 24, 9),  # noqa: DTZ001 - what the person typed
            "zone": "Europe/Berlin",
            "which": None,
            "late_after_minutes": 60,
            **changed,
        }
        return compose(destinations=destinations, **known, **whole)

    return build


@pytest.fixture
def edited(known):
    """Rewrite a post, with the given members changed."""

    def rewrite(post, **changed):
        said = {name: getattr(post, name) for name in ("text", "destinations", "variants", "media")}
        return edit_content(post, **{**said, **changed}, **known)

    return rewrite


def test_a_post_carries_its_pictures_in_their_order(composed):
    second = PICTURE.model_copy(update={"reference": "1" * 64})
    assert composed("outbox", media=[second, PICTURE]).media == (second, PICTURE)


def test_a_picture_needs_no_text_beside_it(composed):
    assert composed("outbox", text=" ", media=[PICTURE]).text == " "
    with pytest.raises(EmptyText):
        composed("outbox", text=" ")


def test_a_picture_for_a_network_that_takes_none_is_refused_when_it_is_written(composed):
    with pytest.raises(CannotAttach, match="Ada's words takes no pictures"):
        composed("outbox", "words:ada", media=[PICTURE])


def test_a_post_is_due_when_the_clocks_of_its_zone_show_its_time(composed):
    post = composed("outbox")
    assert post.due_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (post.wall, post.zone, post.late_after_minutes) == ("2026-11-24T09:00:00", "Europe/Berlin", 60)


def test_a_post_is_due_on_a_whole_second_as_schedules_are(composed):
    wall = datetime(2026, 11, 24, 9, 0, 30, 700_000)  # noqa: DTZ001 - what the person typed
    assert composed("outbox", wall=wall).due_at == datetime(2026, 11, 24, 8, 0, 30, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_person_says_which(composed):
    wall = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - what the person typed
    with pytest.raises(DoubledHour):
        composed("outbox", wall=wall)
    first, second = (composed("outbox", wall=wall, which=which).due_at for which in (1, 2))
    assert second - first == timedelta(hours=1)


def test_an_hour_that_is_skipped_is_refused(composed):
    with pytest.raises(SkippedHour):
        composed("outbox", wall=datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001 - what the person typed


@pytest.mark.parametrize("repeat", [None, Repeat(expression="cron(0 9 * * ? *)")])
def test_a_zone_that_does_not_exist_is_refused(composed, repeat):
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        composed("outbox", zone="Mars/Olympus", repeat=repeat)


def test_a_repeating_post_has_its_rule_instead_of_an_instant(composed):
    rule = Repeat(expression="cron(0 9 * * ? *)")
    post = composed("outbox", repeat=rule)
    assert (post.repeat, post.due_at) == (rule, None)


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_a_text_without_a_word_is_refused(composed, text):
    with pytest.raises(EmptyText):
        composed("outbox", text=text)


def test_half_a_character_is_refused_in_words(composed):
    with pytest.raises(InvalidCharacter, match="place 5"):
        composed("outbox", text="half\ud83c")


def test_a_text_is_measured_as_each_network_counts_it(composed):
    assert composed("outbox", "words:ada", text="x" * 20).text == "x" * 20
    with pytest.raises(TextTooLong, match="21 characters; Ada's words takes 20") as refusal:
        composed("outbox", "words:ada", text="x" * 21)
    assert "Shorten it by 1" in refusal.value.hint
    assert composed("outbox", text="x" * 10_000).destinations == ("outbox",)


def test_a_destination_with_words_of_its_own_is_measured_by_those(composed):
    variants = {"words:ada": "short", "words:bob": "for nobody"}
    post = composed("outbox", "words:ada", text="x" * 21, variants=variants)
    assert post.variants == {"words:ada": "short"}
    with pytest.raises(EmptyText):
        composed("outbox", "words:ada", variants={"words:ada": " "})


def test_a_post_goes_somewhere_and_nowhere_twice(composed):
    with pytest.raises(NoDestination):
        composed()
    assert composed("outbox", "words:ada", "outbox").destinations == ("outbox", "words:ada")


@pytest.mark.parametrize("destination", ["words:bob", "nowhere", "outbox:1", "", "<b>"])
def test_a_destination_that_is_not_connected_is_refused_with_those_that_are(composed, destination):
    with pytest.raises(UnknownDestination) as refusal:
        composed("outbox", destination)
    assert "outbox, words:ada" in refusal.value.hint


def test_a_destination_that_is_disabled_is_refused(composed):
    with pytest.raises(DisabledDestination, match="Eve's words is disabled") as refusal:
        composed("outbox", "words:eve")
    assert "Enable it under Accounts" in refusal.value.hint


@pytest.mark.parametrize(
    ("now", "proposed"),
    [("12:00:00", "12:15"), ("12:00:01", "12:30"), ("12:07:00", "12:30"), ("12:14:59", "12:30"), ("12:45:00", "13:00")],
)
def test_a_draft_begins_at_a_full_quarter_hour_at_least_fifteen_minutes_ahead(now, proposed):
    assert f"{proposed_time(datetime.fromisoformat(f'2026-11-02T{now}Z')):%H:%M}" == proposed


def test_a_text_that_is_too_long_beside_a_picture_is_refused_when_it_is_written(composed):
    composed("captions:ada", text="Good morning to all of you")
    with pytest.raises(TextTooLong, match="26 characters; Ada's captions, beside pictures, takes 15"):
        composed("captions:ada", text="Good morning to all of you", media=[PICTURE])


def test_a_thread_is_a_destination_for_each_part_with_the_pictures_at_the_first(composed):
    parts = ["One two three 1/3", "four 2/3", "five six 3/3"]
    post = composed("words:ada", "outbox", text="One two three four five six", threads={"words:ada": parts})
    assert post.destinations == ("words:ada", "words:ada#2", "words:ada#3", "outbox")
    assert [post.text_for(destination) for destination in post.destinations] == [*parts, "One two three four five six"]


def test_each_part_of_a_thread_is_measured(composed):
    with pytest.raises(TextTooLong):
        composed("words:ada", threads={"words:ada": ["short", "x" * 21]})
    with pytest.raises(EmptyText):
        composed("words:ada", threads={"words:ada": ["short", " "]})


def test_a_thread_that_nobody_would_read_is_refused(composed):
    with pytest.raises(TooManyParts, match="51 parts"):
        composed("words:ada", threads={"words:ada": ["x"] * 51})


def test_a_part_of_another_post_stands_for_its_account(composed):
    assert composed("outbox", "outbox#2").destinations == ("outbox",)


def test_a_post_that_is_rewritten_keeps_its_time_and_all_that_was_not_changed(composed, edited):
    post = composed("outbox", "captions:ada", variants={"captions:ada": "Moin"}, media=[PICTURE])
    assert edited(post) == post
    assert edited(post, text="Good evening") == post.model_copy(update={"text": "Good evening"})
    changed = edited(post, destinations=["outbox"], media=[])
    assert changed == post.model_copy(update={"destinations": ("outbox",), "variants": {}, "media": ()})


def test_a_post_that_shows_a_picture_may_be_left_without_words(composed, edited):
    post = composed("outbox", media=[PICTURE])
    assert edited(post, text="").text == ""
    with pytest.raises(EmptyText):
        edited(post, text="", media=[])


def test_what_is_rewritten_is_checked_as_if_it_were_new(composed, edited):
    post = composed("outbox", "captions:ada", text="Good morning to all of you")
    with pytest.raises(TextTooLong, match="Ada's captions, beside pictures, takes 15"):
        edited(post, media=[PICTURE])
    with pytest.raises(CannotAttach, match="Ada's words takes no pictures"):
        edited(post, text="Moin", destinations=["outbox", "words:ada"], media=[PICTURE])
    with pytest.raises(TextTooLong, match="Ada's words takes 20"):
        edited(post, destinations=["outbox", "words:ada"])
    with pytest.raises(NoDestination):
        edited(post, destinations=[])
    with pytest.raises(DisabledDestination):
        edited(post, destinations=["words:eve"])


def test_a_thread_that_is_rewritten_stays_one_with_each_part_measured(composed, edited):
    post = composed("words:ada", "outbox", threads={"words:ada": ["One two", "three"]})
    parts = {"words:ada": "One", "words:ada#2": "two three"}
    changed = edited(post, destinations=["words:ada"], variants=parts)
    assert (changed.destinations, changed.variants) == (("words:ada", "words:ada#2"), parts)
    with pytest.raises(TextTooLong):
        edited(post, variants=parts | {"words:ada#2": "x" * 21})
    with pytest.raises(EmptyText):
        edited(post, variants=parts | {"words:ada#2": " "})
