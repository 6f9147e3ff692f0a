"""Where the samples of an MP4's track lie in the file: pictures, sound, or what a drone wrote down beside them."""

import struct
from collections.abc import Iterator, Mapping

_FIXED_SIZE = struct.Struct(">4xII")
"""How the table of sizes begins: the size of every sample, or 0 where each has its own; then how many there are."""


def chunk_ranges(tables: Mapping[bytes, bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each chunk of a track begins and ends, from its sample tables (ISO 14496-12, 8.7) by their names.

    Nothing where a table is missing or was cut short.
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
    """Return the whole rows of a table that begin at a place in it."""
    width = struct.calcsize(form)
    return list(struct.iter_unpack(form, table[begin : len(table) - (len(table) - begin) % width]))
