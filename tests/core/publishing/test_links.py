"""The links found in a text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.links import find_links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.com/a_(b).", ["https://example.com/a_(b)"]),
        ("(https://example.com/x), yes", ["https://example.com/x"]),
        ("«https://example.com/a»", ["https://example.com/a"]),
        ("**https://example.com**", ["https://example.com"]),
        ("https://example.com?a=b!", ["https://example.com?a=b"]),
        ("https://münchen.de/straße#ä", ["https://münchen.de/straße#ä"]),
        ("日本語https://example.com/日本 テスト", ["https://example.com/日本"]),
        ("مرحبا https://example.com/مرحبا", ["https://example.com/مرحبا"]),
        ("HTTPS://EXAMPLE.COM:8443/p?q=[1]", ["HTTPS://EXAMPLE.COM:8443/p?q=[1]"]),
        ("http://localhost:3000/x", ["http://localhost:3000/x"]),
        ("example.com, sub.example.co.uk/x?", ["example.com", "sub.example.co.uk/x"]),
        ("end example.com. Next.Sentence", ["example.com"]),
        ("first.last@example.com @ada.example.com a@b.de", []),
        ("https://user:password@example.com/", []),
        ("1.5.2 v2.0 e.g. .com ... a.b file.txt", []),
        ("co.uk is a link on X and Bluesky too", ["co.uk"]),
        ("https://🎉.ws/x", ["https://🎉.ws/x"]),
        ("https:// http://. -example.com", []),
        ("-https://x.co _https://t.co_ out.https://a.de/b", ["https://x.co", "https://t.co", "https://a.de/b"]),
        ("「https://example.com/」を見て", ["https://example.com/"]),
        ("（https://a.de/b）【https://c.de】《https://d.de/》", ["https://a.de/b", "https://c.de", "https://d.de/"]),
        ("https://example.com/（）/「a」x」y", ["https://example.com/（）/「a」x"]),
        (
            "https://a.de/！ https://b.de/x，你好 https://c.de/؟ https://d.de/।",
            ["https://a.de/", "https://b.de/x", "https://c.de/", "https://d.de/"],
        ),
        (
            "https://example.com/@ada/1#top https://example.org",
            ["https://example.com/@ada/1#top", "https://example.org"],
        ),
    ],
)
def test_links_exclude_the_punctuation_around_them(text, found):
    assert [text[link.start : link.end] for link in find_links(text)] == found


def test_the_url_of_a_bare_domain_is_https():
    assert [link.url for link in find_links("example.com/a http://example.com")] == [
        "https://example.com/a",
        "http://example.com",
    ]


def test_a_long_link_is_one_link():
    text = "https://example.com/" + "a" * 500
    assert [link.end for link in find_links(text)] == [520]


@given(st.text(st.sampled_from("ab./:@#-_()[]?!, \nhtps日ü🎉") | st.characters(), max_size=80))
def test_links_are_in_order_and_contain_no_space(text):
    last = 0
    for link in find_links(text):
        assert last <= link.start < link.end <= len(text)
        assert not any(character.isspace() for character in text[link.start : link.end])
        assert link.url.endswith(text[link.start : link.end])
        last = link.end


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a-",
        "http://",
        "https://a.",
        "https://example.com/(",
        "a.b.c.d-",
        "@",
        "日.",
        "-",
        "a.de,",
        "x:1@",
        "https://a.de/「",
        "https://a.de/）",
    ],
)
def test_no_text_takes_more_than_linear_time(piece):
    start = time.perf_counter()
    list(find_links(piece * (20_000 // len(piece))))
    assert time.perf_counter() - start < 2
