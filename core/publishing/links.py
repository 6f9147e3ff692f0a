"""Finds the links in a text by rules close to those of the networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex
from publicsuffixlist import PSLFILE

_WIDE_BRACKETS = dict(zip("「『（【《〈〔［｛", "」』）】》〉〕］｝", strict=True))
"""Brackets of scripts without spaces, where text follows a closing bracket at once."""
_WIDE = "".join([*_WIDE_BRACKETS, *_WIDE_BRACKETS.values()])
_BRACKETED = "|".join(rf"{opening}[^\s{opening}{closing}]*+{closing}" for opening, closing in _WIDE_BRACKETS.items())
_BEGINNING = r"""(?<![\p{Latin}\p{Greek}\p{Cyrillic}\d@＠$\#＃])  # not inside a word, an e-mail address or a tag
    (?:https?://(?P<host>(?!-)(?:[\w\p{So}\p{Emoji_Modifier}-]++\.)*+[\p{L}\p{M}\p{N}-]++)  # with a scheme: any host
      | (?<![./_-])(?P<bare>(?!-)[a-z0-9-]++(?:\.[a-z0-9-]++)++)(?!://)) # without: a domain, checked below
    (?::\d{1,5}(?!\d))?(?![:\w]{0,80}@)"""
LINK_BEGINNING = regex.compile(_BEGINNING, regex.IGNORECASE | regex.VERBOSE)
"""A link up to its path: a scheme and the group `host`, or the group `bare`, and a port. If `bare` is not public, there
is no link."""
_REST = rf"""[/?\#](?:[^\s<>"，。、！？；：؟؛،۔।॥{_WIDE}]++|{_BRACKETED})*+"""
LINK_REST = regex.compile(_REST)
"""The path and the query of a link, with the punctuation that follows them."""
_LINK = regex.compile(rf"{_BEGINNING}(?P<rest>{_REST})?", regex.IGNORECASE | regex.VERBOSE)
_OPENING = {")": "(", "]": "[", "}": "{"}
"""The opening bracket of each closing one."""
_TRAILING = frozenset(".,;:!?'*_~…’‘“”»")
"""Punctuation that does not end a link."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link at `text[start:end]`, and its URL."""

    start: int
    end: int
    url: str
    public: bool
    """Whether the host is below a top-level domain that exists, such as `com`. Networks look at no more of it."""
    host_end: int
    """The end of the host and its port in the text."""


def find_links(text: str) -> Iterator[Link]:
    """Yield the links in a text, in order: `https://` with any host, or a bare `example.com`.

    A link excludes the punctuation that ends a sentence, and a closing bracket whose opening bracket is outside it. It
    ends before the punctuation of scripts that put no space after it. The time is linear in the length of the text.
    """
    for match in _LINK.finditer(text):
        host = match["host"] or match["bare"]
        public = is_public(host)
        if match["bare"] and not public:
            continue
        link = _trim_punctuation(match[0])
        url = link if match["host"] else f"https://{link}"
        end = match.start() + len(link)
        host_end = match.start("rest") if match["rest"] else match.end()
        yield Link(
            start=match.start(),
            end=end,
            url=url,
            public=public,
            host_end=min(host_end, end),
        )


def _trim_punctuation(link: str) -> str:
    """Return a link without the punctuation and the unmatched closing brackets at its end."""
    unmatched = {closing: link.count(closing) - link.count(opening) for closing, opening in _OPENING.items()}
    end = len(link)
    while end and (link[end - 1] in _TRAILING or unmatched.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in unmatched:
            unmatched[link[end]] -= 1
    return link[:end]


@cache
def top_level_domains() -> frozenset[str]:
    """Return the existing top-level domains in lower case, those of other scripts in both spellings."""
    rules, _, _ = Path(PSLFILE).read_text(encoding="utf-8").partition("// ===END ICANN DOMAINS===")
    names = {rule.rpartition(".")[2] for rule in rules.split("\n") if rule and not rule.startswith("//")}
    return frozenset(names | {name.encode("idna").decode() for name in names})


def is_public(host: str) -> bool:
    """Return whether a host is a name below an existing top-level domain."""
    name, _, top_level = host.lower().rpartition(".")
    return bool(name) and top_level in top_level_domains()
