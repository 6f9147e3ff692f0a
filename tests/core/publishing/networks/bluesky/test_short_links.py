"""Bluesky shows long links in a short form, which counts for the limit of a post."""

import pytest

from core.publishing.length_split import split_parts
from core.publishing.networks.bluesky.facets import rich_text
from core.publishing.networks.bluesky.short_links import shown_text

LONG = "https://example.com/blog/very-long-name-of-a-page"
SHORT = "example.com/blog/very-lo…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"See {LONG}.", f"See {SHORT}."),
        (f"({LONG}), again {LONG}", f"({SHORT}), again {SHORT}"),
        ("example.com/blog/very-long-name", SHORT),
        ("http://example.com:8080/?query=a-long-one", "example.com:8080/?query=a-lon…"),
        ("https://example.com/short", "https://example.com/short"),
        ("https://example.com/" + "x" * 14, "https://example.com/" + "x" * 14),
        ("https://example.com/" + "👩‍👩‍👧" * 20, "example.com/" + "👩‍👩‍👧" * 12 + "…"),
        ("「https://例え.jp/とても長いなまえのページですよ」", "「例え.jp/とても長いなまえのページ…」"),
        ("no link", "no link"),
    ],
)
def test_the_part_after_the_host_is_shortened(text, shown):
    assert shown_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}-1 and {LONG}-2",
        f"{LONG} and http://{LONG.partition('//')[2]}",
        f"{LONG} is not {SHORT}",
        "http://intranet/a/very/long/name/of/a/page",
        f"ada@{LONG}",
    ],
)
def test_a_link_that_could_be_taken_for_another_stays_whole(text):
    assert shown_text(text) == text


def test_facets_point_into_the_shown_text_and_keep_the_whole_address():
    text, facets = rich_text(f"Ü {LONG} von @ada.test und #köln", {"ada.test": "did:plc:ada"}.get)
    assert text == f"Ü {SHORT} von @ada.test und #köln"
    found = [text.encode()[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode() for each in facets]
    assert found == [SHORT, "@ada.test", "#köln"]
    assert facets[0]["features"][0]["uri"] == LONG


def test_the_parts_of_a_thread_are_measured_as_they_are_shown(network):
    texts = [f"Word {'x' * 100} {LONG}{'y' * 400}-{number}" for number in range(3)]
    text = " ".join(texts)
    parts = split_parts([text], lambda part: network.measure(part, None))
    assert " ".join(part.text for part in parts) == text
    assert len(parts) > 1
    assert all(network.measure(part.text, None).excess == 0 for part in parts)
