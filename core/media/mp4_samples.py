"""Locates the chunks of an MP4 track: the byte ranges of the file that hold the track's samples."""

import struct
from collections.abc import Iterator, Mapping

_SIZE_TABLE_HEAD = struct.Struct(">4xII")
"""The start of the table `stsz`: the size of every sample, or 0 if the sizes differ, and the number of samples."""


def chunk_ranges(tables: Mapping[bytes, bytes]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each chunk of a track, from the contents of its sample tables (ISO 14496-12, 8.7).

    `stsz` holds the sizes of the samples, `stsc` the number of samples in each run of chunks, `stco` or `co64` the
    offsets of the chunks. Yields nothing if one of the three is missing or the head of `stsz` is truncated.
    """
    try:
        common_size, _ = _SIZE_TABLE_HEAD.unpack_from(tables[b"stsz"])
        sizes = _rows(tables[b"stsz"], ">I", 12)
        runs = _rows(tables[b"stsc"], ">III", 8)
        offsets = _rows(tables[b"stco"], ">I", 8) if b"stco" in tables else _rows(tables[b"co64"], ">Q", 8)
    except (KeyError, struct.error):
        return
    sample, per_chunk, run = 0, 0, 0
    for chunk, (start,) in enumerate(offsets, start=1):
        while run < len(runs) and runs[run][0] <= chunk:
            per_chunk = runs[run][1]
            run += 1
        own_sizes = sizes[sample : sample + per_chunk]
        size = common_size * per_chunk if common_size else sum(own for (own,) in own_sizes)
        sample += per_chunk
        yield start, start + size


def _rows(table: bytes, row_format: str, start: int) -> list[tuple[int, ...]]:
    """Return the complete rows of a table from an offset on."""
    row_size = struct.calcsize(row_format)
    return list(struct.iter_unpack(row_format, table[start : len(table) - (len(table) - start) % row_size]))
