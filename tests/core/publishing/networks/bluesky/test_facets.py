"""The facets of any text, and their ranges in bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.networks.bluesky.facets import facets, mentioned_handles

WORDS = st.sampled_from(
    [
        "Grüße",
        "🎉",
        "👨‍👩‍👧‍👦",
        "日本語",
        "مرحبا",
        "שלום",
        "e\u0301",
        "\u200f",
        "a",
        "…",
        "C#",
        "1",
        "#1",
        "@ada",
        "a@b.de",
    ]
)
LINKS = st.sampled_from(["https://example.com/ü?a=1#b", "http://例え.jp/日本", "example.com/x", "https://a.de/(b)"])
TAGS = st.sampled_from(["#Köln", "#日本", "#a_b-c", "#🎉", "#हिन्दी", "＃tag"])
MENTIONS = st.sampled_from(["@ada.test", "@Bob.bsky.social", "@a-b.example.org"])


def resolve(handle: str) -> str | None:
    return f"did:plc:{handle}"


def ranges(text: str) -> list[tuple[str, str]]:
    whole = text.encode()
    return [
        (
            whole[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
            facet["features"][0]["$type"].partition("#")[2],
        )
        for facet in facets(text, resolve)
    ]


@given(
    st.lists(st.tuples(st.sampled_from(["word", "link", "tag", "mention"]), st.data()), max_size=8),
    st.sampled_from(" \n\t"),
)
def test_every_link_tag_and_mention_between_spaces_gets_its_exact_range(draws, space):
    kinds = {"word": WORDS, "link": LINKS, "tag": TAGS, "mention": MENTIONS}
    drawn = [(piece, kind) for kind, piece in ((kind, data.draw(kinds[kind])) for kind, data in draws)]
    text = space.join(piece for piece, _ in drawn)
    assert ranges(text) == [(piece, kind) for piece, kind in drawn if kind != "word"]


@given(st.text(max_size=60) | st.text(st.sampled_from("@#ab.:/()😀ü \n-_1"), max_size=60))
def test_ranges_cover_whole_characters_in_order_without_overlap(text):
    whole, last = text.encode(), 0
    for facet in facets(text, resolve):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(whole)
        whole[start:end].decode()
        last = end


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hi @ada.test, (see #news)!", [("@ada.test", "mention"), ("#news", "tag")]),
        ("https://mastodon.example.com/@ada.b#x", [("https://mastodon.example.com/@ada.b#x", "link")]),
        ("mail ada@example.com, not @ada", []),
        ("#1 #️⃣ ##x # #", []),
        ("#2026er", [("#2026er", "tag")]),
        ("#" + "a" * 64, [("#" + "a" * 64, "tag")]),
        ("#" + "a" * 65, []),
        ("#" + "👨‍👩‍👧‍👦" * 26, []),
        (
            "#R&D #C++ #node.js, #AT&T #don't",
            [("#R&D", "tag"), ("#C++", "tag"), ("#node.js", "tag"), ("#AT&T", "tag"), ("#don't", "tag")],
        ),
        ("#日本。 #_ #- #a\u200bb", [("#日本", "tag"), ("#a", "tag")]),
        ("@ada.test's dog", [("@ada.test", "mention")]),
        ("$AAPL, ($tsla) a$AAPL $1 $TOOLONG", [("$AAPL", "tag"), ("$tsla", "tag")]),
    ],
)
def test_facets_are_found_in_everyday_texts(text, found):
    assert ranges(text) == found


def test_a_mention_that_does_not_resolve_stays_plain_text():
    assert facets("hi @nobody.test", lambda handle: None) == []


def test_mentioned_handles_are_lower_case_without_duplicates():
    assert mentioned_handles("@Ada.Test @ada.test @bob.test") == ["ada.test", "bob.test"]
