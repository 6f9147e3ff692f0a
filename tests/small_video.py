"""Small MP4 videos that a person could attach: complete, with one track of pictures."""

import struct


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def track(offset: int, size: int, *, kind: bytes = b"vide", codec: bytes = b"avc1", header: bytes = b"") -> bytes:
    """Return a track with one sample of `size` bytes at `offset` of the file. `header` are boxes before its media."""
    samples = box(
        b"stbl",
        box(b"stsd", struct.pack(">III4s", 0, 1, 16, codec), bytes(8)),
        box(b"stsz", struct.pack(">IIII", 0, 0, 1, size)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    return box(b"trak", header, box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(12)), box(b"minf", samples)))


def small_video(
    size: int = 1000, *, brand: bytes = b"mp42", kind: bytes = b"vide", codec: bytes = b"avc1", header: bytes = b""
) -> bytes:
    """Return a video of `size` bytes, with the brand, the kind of its track, and the codec."""
    start = box(b"ftyp", brand, bytes(4), b"mp42isom")
    movie_size = len(box(b"moov", track(0, 0, kind=kind, codec=codec, header=header)))
    offset = len(start) + movie_size + 8
    frames = bytes(max(1, size - offset))
    movie = box(b"moov", track(offset, len(frames), kind=kind, codec=codec, header=header))
    return start + movie + box(b"mdat", frames)
