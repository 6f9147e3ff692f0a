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
_LINK = regex.compile(
    rf"""(?<![\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}\d@＠$\#＃])           # not inside a word, an e-mail address or a tag
    (?:https?://(?P<host>(?!-)(?:[\w\p{{So}}\p{{Emoji_Modifier}}-]++\.)*+[\p{{L}}\p{{M}}\p{{N}}-]++)  # any host
      | (?<![./_-])(?P<bare>(?!-)[a-z0-9-]++(?:\.[a-z0-9-]++)++)(?!://)) # without: a domain, checked below
    (?::\d{{1,5}}(?!\d))?(?![:\w]{{0,80}}@)
    (?P<rest>[/?\#](?:[^\s<>"，。、！？；：؟؛،۔।॥{_WIDE}]++|{_BRACKETED})*+)?""",
    regex.IGNORECASE | regex.VERBOSE,
)
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
    bare: bool
    """Whether it has no scheme."""
    public: bool
    """Whether the host is below a top-level domain that exists, such as `com`. Networks look at no more of it."""
    host_end: int
    """The end of the host and its port in the text."""
    longest_end: int
    """The end of the link with the punctuation that follows it."""


def find_links(text: str, start: int = 0) -> Iterator[Link]:
    """Yield the links in a text from `start` on, in order: `https://` with any host, or a bare `example.com`.

    A link excludes the punctuation that ends a sentence, and a closing bracket whose opening bracket is outside it. It
    ends before the punctuation of scripts that put no space after it. The time is linear in the length of the text.
    """
    for match in _LINK.finditer(text, start):
        host = match["host"] or match["bare"]
        public = _is_public(host)
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
            bare=match["bare"] is not None,
            public=public,
            host_end=min(host_end, end),
            longest_end=match.end(),
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


def _is_public(host: str) -> bool:
    """Return whether a host is a name below an existing top-level domain."""
    name, _, top_level = host.lower().rpartition(".")
    return bool(name) and top_level in top_level_domains()
