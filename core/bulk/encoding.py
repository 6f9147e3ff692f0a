"""The encoding of a text file, detected from its bytes."""

import codecs
import re

from core.errors import PunctualError

GUESSED = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "koi8_r", "mac_roman"),
)
"""The encodings that are guessed: those that spreadsheets of a language write beside UTF-8 and UTF-16."""
_LATIN = {"cp1250", "cp1252", "cp1254", "mac_roman"}
"""Encodings that the guess confuses, because most of their letters are those of Western European texts."""
_NOT_WESTERN = re.compile(r"[ŠšŽžŸýþðÝÞÐ¹³¼¾\ufffd]|(?<=[a-z])[¿£]|£(?=[a-z])")
_TURKISH = set("ýþðÝÞÐ")
"""The letters that Western European has in the places of the Turkish ones."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000
"""Bytes at the beginning from which an encoding is guessed."""


class UnknownEncoding(PunctualError):
    """The bytes of the file are no text in any known encoding."""

    hint = "Save it as CSV UTF-8, and choose it again."

    def __init__(self, encoding: str | None = None) -> None:
        super().__init__(f"The file is not a text in {encoding}." if encoding else "The file is not a text file.")


def decode(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding: the given one, or else the detected one.

    A byte order mark decides, then UTF-8 if all bytes are valid in it. Any other encoding is a guess by the letters
    that it gives. Raises UnknownEncoding.
    """
    chosen = encoding or _marked(content) or _utf(content) or _guessed(content)
    if chosen is None:
        raise UnknownEncoding
    try:
        text = content.decode(chosen).removeprefix("\ufeff")
        if "\0" in text:
            raise UnknownEncoding(encoding)
        return text, codecs.lookup(chosen).name
    except (UnicodeDecodeError, LookupError) as error:
        raise UnknownEncoding(chosen) from error


def _marked(content: bytes) -> str | None:
    return next((name for mark, name in _MARKS if content.startswith(mark)), None)


def _utf(content: bytes) -> str | None:
    """Return the UTF in which the bytes are valid text, without a byte order mark."""
    if b"\0" not in content:
        return "utf-8" if _is_valid(content, "utf-8") else None
    pairs = content[: _SAMPLE // 2 * 2]
    zeros = [pairs[offset::2].count(0) for offset in (0, 1)]
    likely = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return likely if max(zeros) > len(pairs) // 20 and _is_valid(content, likely) else None


def _guessed(content: bytes) -> str | None:
    from charset_normalizer import from_bytes  # here, because most files are in a UTF

    if b"\0" in content:
        return None
    found = from_bytes(content[:_SAMPLE], cp_isolation=[*GUESSED], preemptive_behaviour=False).best()
    guess = found.encoding if found else "cp1252"
    candidates = [_latin(content) if guess in _LATIN else guess, "cp1252", "cp1250"]
    return next((each for each in candidates if _is_valid(content, each)), None)


def _latin(content: bytes) -> str:
    """Return the Latin encoding of a text. Western European is the most common one, unless it gives odd letters."""
    odd = set(_NOT_WESTERN.findall(content.decode("cp1252", errors="replace")))
    if not odd:
        return "cp1252"
    return "cp1254" if odd <= _TURKISH else "cp1250"


def _is_valid(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
