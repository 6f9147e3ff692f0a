"""X's weighted length, compared with the Python port of twitter-text, which differs from the original at © and ®."""

import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.networks.x.weighted_length import weighted_length

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package uses a deprecated interface of setuptools
    twitter_text = pytest.importorskip("twitter_text", exc_type=ImportError)

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co"], exclude_characters=".:/@#$＠＃©®\u2028\u2029"), max_size=12
)
EMOJI = st.sampled_from(["🎉", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️", "☎️"])
PATHS = st.text(st.sampled_from("abcXYZ019-_~/=+%"), max_size=30)
LINKS = st.builds(
    lambda scheme, host, path, query: f"{scheme}{host}/{path}a{query}",
    st.sampled_from(["https://", "http://", ""]),
    st.sampled_from(["example.com", "a.de", "sub.example.co.uk", "x.org"]),
    PATHS,
    st.sampled_from(["", "?q=1", "?a=b&c=d"]),
)


@given(st.lists(WORDS | EMOJI | LINKS, max_size=8), st.sampled_from([" ", "\n", "  "]))
def test_the_length_is_that_of_twitter_text(pieces, space):
    text = space.join(pieces)
    assert weighted_length(text) == twitter_text.parse_tweet(text).weightedLength


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", 5),
        ("日本", 4),
        ("👨‍👩‍👧‍👦🇩🇪1️⃣", 6),
        ("e\u0301", 1),
        ("https://example.com/" + "a" * 500, 23),
        ("see example.com.", 28),
        ("https://example.com/日本", 27),
        ("http://localhost/x", 18),
        ("", 0),
        ("example.com?utm_source=newsletter&utm_medium=social", 63),
        ("example.com/?utm_source=newsletter&utm_medium=social", 23),
        ("https://example.com?utm_source=newsletter&utm_medium=social", 23),
        ("Blog -https://x.co", 29),
        ("_https://t.co_", 25),
        ("Check this out.https://afterdot.com/abc", 38),
        ("「https://example.com/」", 27),
        ("httpbin.org?x=1", 27),
        ("example.com:8080", 28),
        ("https://example.com/?q=1&r=[2]", 24),
        ("_https://example.com/x_", 24),
        ("https://example.com/日本/https://example.com/日本", 55),
        ("© ®", 3),
    ],
)
def test_everyday_texts_have_the_expected_length(text, expected):
    assert weighted_length(text) == expected


@pytest.mark.parametrize(("piece", "weight"), [("a.", 2), ("a.com/日", 25), ("http://a.com/?日", 26), ("(a.com/(", 25)])
def test_a_text_full_of_dots_or_links_is_measured_quickly(piece, weight):
    started = time.perf_counter()
    assert weighted_length(piece * 10_000) == weight * 10_000
    assert time.perf_counter() - started < 2
