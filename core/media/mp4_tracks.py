"""Checks that an MP4 video is complete, and that networks can play it."""

from collections.abc import Iterator

from core.errors import PunctualError
from core.media.content import Content
from core.media.mp4_samples import chunk_ranges
from core.media.reading_budget import BOX_STEPS, ReadingBudget
from core.media.videos import Box, boxes, track_tables

_VIDEO_CODECS = {
    b"hvc1": "HEVC (H.265)",
    b"hev1": "HEVC (H.265)",
    b"dvh1": "HEVC (H.265)",
    b"dvhe": "HEVC (H.265)",
    b"vp08": "VP8",
    b"vp09": "VP9",
    b"av01": "AV1",
    b"mp4v": "MPEG-4 Part 2",
    b"jpeg": "Motion JPEG",
}
_PLAYED_VIDEO = (b"avc1", b"avc3", b"encv")
_PLAYED_SOUND = (b"mp4a",)


class DamagedVideo(PunctualError):
    """A video is incomplete, or has no pictures."""

    hint = "Play it to its end in a video player. If it plays, export it again as MP4 and attach that."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


def foreign_codec(content: Content) -> str | None:
    """Return the name of a codec of an MP4 that not every network plays; None for H.264, with AAC or without sound.

    Raises DamagedVideo if the file is truncated or has no pictures, and MalformedVideo as `strip_video_metadata` does.
    """
    budget = ReadingBudget()
    if not _is_complete(content, budget):
        raise DamagedVideo("The video is incomplete: its end is missing.")
    codecs: dict[bytes, bytes] = {}
    has_samples = has_movie = False
    for box in boxes(content, 0, len(content), 0, budget):
        has_movie |= box.kind == b"moov"
        has_samples |= box.kind == b"moof"
        if box.kind == b"trak":
            tables = track_tables(content, box, budget)
            kind = tables.get(b"hdlr", b"")[8:12]
            last_byte = max((end for start, end in chunk_ranges(tables, budget) if end > start), default=0)
            if last_byte > len(content):
                raise DamagedVideo("The video is incomplete: a part of its pictures or sound is missing.")
            has_samples |= kind == b"vide" and last_byte > 0
            codecs.setdefault(kind, tables.get(b"stsd", b"")[12:16])
    if not has_movie:
        raise DamagedVideo("The video is damaged: it does not say what it contains.")
    if b"vide" not in codecs:
        raise DamagedVideo(
            "The file has sound alone, without pictures." if b"soun" in codecs else "The video is empty."
        )
    if not has_samples:
        raise DamagedVideo("The video is empty.")
    return _foreign(codecs[b"vide"], codecs.get(b"soun"))


def _foreign(video: bytes, sound: bytes | None) -> str | None:
    if video not in _PLAYED_VIDEO:
        return _VIDEO_CODECS.get(video, "an unusual codec")
    if sound is not None and sound not in _PLAYED_SOUND:
        return "sound that is not AAC"
    return None


def _is_complete(content: Content, budget: ReadingBudget) -> bool:
    """Return whether the boxes of the file end where the file ends. Up to 7 bytes may follow them."""
    position = 0
    for box in _top_boxes(content):
        budget.spend(BOX_STEPS)
        if box.end > len(content):
            return False
        position = box.end
    return len(content) - position < 8


def _top_boxes(content: Content) -> Iterator[Box]:
    """Yield the boxes that no other contains. The last one may end beyond the content."""
    start = 0
    while start + 8 <= len(content):
        size, kind, header = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8], 8
        if size == 1 and start + 16 <= len(content):
            size, header = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = len(content) - start
        if size < header:
            return
        yield Box(kind, start, start + header, start + size)
        start += size
