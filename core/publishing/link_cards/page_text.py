"""The text of a web page, from bytes whose encoding the page or its server may name wrongly or not at all."""

import codecs
import re

from charset_normalizer import from_bytes

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NAMED = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w:-]{1,40})""", re.IGNORECASE)
_NAMED_WITHIN = 4096
"""Bytes at the beginning of a page in which it names its encoding. HTML asks for 1024."""
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
_WIDER |= {"euc_kr": "cp949", "iso8859-9": "cp1254", "tis-620": "cp874"}
"""What browsers read in place of an encoding (encoding.spec.whatwg.org)."""
_KNOWN = {"utf-8", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "big5", "big5hkscs"}
_KNOWN |= {"euc_jp", "iso2022_jp", "cp866", *_WIDER.values(), *(f"cp125{number}" for number in range(9))}
_KNOWN |= {f"iso8859-{number}" for number in range(2, 17)}
"""The encodings of web pages. Python knows others, and some of them are slow."""
_SAMPLE = 50_000
"""Bytes from which an encoding is guessed."""


def page_text(content: bytes, charset: str | None) -> str:
    """Return the text of a page, or of its beginning. `charset` is the encoding that its server names.

    A byte order mark decides. Other than ASCII, bytes that are valid in UTF-8 are UTF-8, whatever is named. Otherwise,
    the server's name counts before that in the page, and both before a guess.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], name, "replace")
    found = _NAMED.search(content[:_NAMED_WITHIN])
    named = [charset or "", found[1].decode("ascii", "replace") if found else ""]
    encodings = [*([] if content.isascii() else ["utf-8"]), *filter(None, map(_encoding, named))]
    for encoding in encodings:
        try:
            return _decoded(content, encoding, "strict")
        except UnicodeDecodeError:
            continue
    guess = None if content.isascii() else from_bytes(content[:_SAMPLE], enable_fallback=False).best()
    return _decoded(content, guess.encoding if guess else "utf-8", "replace")


def _encoding(name: str) -> str | None:
    """Return Python's name of a known encoding."""
    try:
        python_name = codecs.lookup(name).name
    except LookupError:
        return None
    wider = _WIDER.get(python_name, python_name)
    return wider if wider in _KNOWN else None


def _decoded(content: bytes, encoding: str, errors: str) -> str:
    """Return the text without its last character if the content ends inside that character."""
    return codecs.getincrementaldecoder(encoding)(errors).decode(content)
