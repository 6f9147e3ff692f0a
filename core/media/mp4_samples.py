"""Locates the samples of an MP4 track in the file: pictures, sound, or metadata such as a drone's positions."""

import struct
from collections.abc import Iterator, Mapping

_FIXED_SIZE = struct.Struct(">4xII")
"""The start of the size table: the size of every sample, or 0 if each has its own, and the number of samples."""


def chunk_ranges(tables: Mapping[bytes, bytes]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each chunk of a track, from its sample tables by name (ISO 14496-12, 8.7).

    Yields nothing if a table is missing or truncated.
    """
    try:
        fixed, _ = _FIXED_SIZE.unpack_from(tables[b"stsz"])
        own = _rows(tables[b"stsz"], ">I", 12)
        counts = _rows(tables[b"stsc"], ">III", 8)
        chunks = _rows(tables[b"stco"], ">I", 8) if b"stco" in tables else _rows(tables[b"co64"], ">Q", 8)
    except (KeyError, struct.error):
        return
    seen, in_each, run = 0, 0, 0
    for number, (begin,) in enumerate(chunks, start=1):
        while run < len(counts) and counts[run][0] <= number:
            in_each = counts[run][1]
            run += 1
        size = fixed * in_each if fixed else sum(size for (size,) in own[seen : seen + in_each])
        seen += in_each
        yield begin, begin + size


def _rows(table: bytes, form: str, begin: int) -> list[tuple[int, ...]]:
    """Return the complete rows of a table from an offset on."""
    width = struct.calcsize(form)
    return list(struct.iter_unpack(form, table[begin : len(table) - (len(table) - begin) % width]))
