"""Locates the chunks of an MP4 track: the byte ranges of the file that hold the track's samples."""

import struct
import sys
from array import array
from collections.abc import Iterator, Mapping

from core.media.reading_budget import ReadingBudget

_SIZE_TABLE_HEAD = struct.Struct(">4xII")
"""The start of the table `stsz`: the size of every sample, or 0 if the sizes differ, and the number of samples."""


def chunk_ranges(tables: Mapping[bytes, bytes], budget: ReadingBudget) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each chunk of a track, from the contents of its sample tables (ISO 14496-12, 8.7).

    `stsz` holds the sizes of the samples, `stsc` the number of samples in each run of chunks, `stco` or `co64` the
    offsets of the chunks. Yields nothing if one of the three is missing or the head of `stsz` is truncated. A table
    takes as much memory as in the file. Raises MalformedVideo if the tables have more rows than `budget` allows.
    """
    try:
        common_size, _ = _SIZE_TABLE_HEAD.unpack_from(tables[b"stsz"])
        run_table = tables[b"stsc"]
        offset_table, width = (tables[b"stco"], 4) if b"stco" in tables else (tables[b"co64"], 8)
    except (KeyError, struct.error):
        return
    budget.spend(len(run_table) // 12 + len(offset_table) // width)
    sizes = array("I") if common_size else _numbers(tables[b"stsz"], 4, 12)
    runs, offsets = _numbers(run_table, 4, 8), _numbers(offset_table, width, 8)
    sample, per_chunk, run = 0, 0, 0
    for chunk, start in enumerate(offsets, start=1):
        while run + 3 <= len(runs) and runs[run] <= chunk:
            per_chunk = runs[run + 1]
            run += 3
        size = common_size * per_chunk if common_size else sum(sizes[sample : sample + per_chunk])
        sample += per_chunk
        yield start, start + size


def _numbers(table: bytes, width: int, start: int) -> "array[int]":
    """Return the complete big-endian numbers of a table from an offset on, each of 4 or 8 bytes."""
    numbers = array("I" if width == 4 else "Q")
    numbers.frombytes(memoryview(table)[start : max(start, len(table) - (len(table) - start) % width)])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
