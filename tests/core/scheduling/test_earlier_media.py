"""The pictures and videos of earlier drafts and posts."""

from datetime import timedelta

from core.drafts.draft import DraftContent
from core.posts.models import Media
from core.scheduling.earlier_media import earlier_media, with_words


def media(number, alt=""):
    return Media(reference=f"{number:064}", kind="picture", content_type="image/png", size=1, alt=alt, part=1)


def test_each_file_is_named_once_with_its_latest_description_and_the_latest_use_first(application, clock):
    for number, used in enumerate([(media(1, "Sea"), media(2)), (media(1),), (media(3, "A Sky"),)]):
        clock.now += timedelta(minutes=1)
        content = DraftContent(text="x", media=used, zone="UTC")
        application.drafts.save(f"{number:012}".replace("0", "a"), content, base=0, now=clock.now)
    found = earlier_media(application.ledger, application.drafts, clock.now)
    assert [(each.reference[-1], each.alt) for each in found] == [("3", "A Sky"), ("1", "Sea"), ("2", "")]
    assert [each.alt for each in with_words(found, "sky a")] == ["A Sky"]
