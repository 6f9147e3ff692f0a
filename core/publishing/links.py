"""Finds the links in a text by rules close to those of the networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import regex
from publicsuffixlist import PublicSuffixList

_LINK = regex.compile(
    r"""(?<![\p{Latin}\p{Greek}\p{Cyrillic}\d_@＠$\#＃./-])  # not inside a word, an e-mail address or another link
    (?:https?://(?P<host>(?!-)[\w-]++(?:\.[\w-]++)*+)            # with a scheme: any host
      | (?P<bare>(?!-)[a-z0-9-]++(?:\.[a-z0-9-]++)++))           # without: a domain, checked below
    (?::\d{1,5}(?!\d))?(?![:\w]{0,80}@)
    (?:[/?\#][^\s<>"]*+)?""",
    regex.IGNORECASE | regex.VERBOSE,
)
_CLOSING = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“"}
_TRAILING = frozenset(".,;:!?'*_~…、。" + "’‘“”»")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link at `text[start:end]`, and its URL."""

    start: int
    end: int
    url: str
    public: bool
    """Whether the host is below a public suffix."""


def find_links(text: str) -> Iterator[Link]:
    """Yield the links in a text, in order: `https://` with any host, or a bare `example.com`.

    A link excludes the punctuation that ends a sentence, and a closing bracket whose opening bracket is outside it.
    The time is linear in the length of any text.
    """
    for match in _LINK.finditer(text):
        host = match["host"] or match["bare"]
        public = _is_public(host)
        if match["bare"] and not public:
            continue
        found = _trim_punctuation(match[0])
        url = found if match["host"] else f"https://{found}"
        yield Link(start=match.start(), end=match.start() + len(found), url=url, public=public)


def _trim_punctuation(found: str) -> str:
    surplus = {closing: found.count(closing) - found.count(opening) for closing, opening in _CLOSING.items()}
    end = len(found)
    while end and (found[end - 1] in _TRAILING or surplus.get(found[end - 1], 0) > 0):
        end -= 1
        if found[end] in surplus:
            surplus[found[end]] -= 1
    return found[:end]


@lru_cache(maxsize=1000)
def _is_public(host: str) -> bool:
    """Return whether a host is a name below an existing public suffix."""
    suffix = _suffixes().publicsuffix(host.lower(), accept_unknown=False)
    return suffix is not None and suffix != host.lower()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
