"""The counting rules of the browser against those of core, and both against the libraries of X and Bluesky.

One process of Node measures all texts of texts.json.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.accounts.port import Account
from core.ledger.sqlite import open_database
from core.outbox.sqlite import SqliteOutbox
from core.posts.hand_split import hand_split
from core.publishing.network import NetworkDependencies
from core.publishing.networks.bluesky.facets import facets
from core.publishing.registry import Networks
from core.time.instants import real_clock
from ui.preview.component import text_rules
from ui.preview.rules import text_rule

HERE, SERVERS = Path(__file__).parent, Path(__file__).parents[2] / "servers"
PREVIEW = Path(__file__).parents[3] / "ui" / "preview"
TEXTS: list[str] = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
ACCOUNTS = {
    name: Account(destination=f"{name.partition('/')[0]}:ada", label="Ada", limits=limits)
    for name, limits in {
        **dict.fromkeys(("bluesky", "discord", "linkedin", "mastodon", "slack", "telegram", "webhook", "x"), {}),
        "mastodon/short": {"characters": 30, "url": 5},
        "mastodon/gotosocial": {"counts_as_written": 1},
    }.items()
}
NEW_EMOJI = ("❤️‍🔥", "🧑🏿‍🤝‍🧑🏻", "👁️‍🗨️", "🫱🏽‍🫲🏿", "🐻‍❄️", "😶‍🌫️")
"""Emoji that twitter-text 3.1.0 (2020) does not know as one."""
OTHER_LENGTH_ON_X = {"https://example-.com"}
"""A host that does not exist counts as a link here, which leaves less room."""
OTHER_ENTITIES_ON_X = OTHER_LENGTH_ON_X | {"@ada/lists"}
OTHER_FACETS = {
    "https://-example.com": "no host begins with a dash",
    "https://user:pass@example.com/": "a link must not publish a password",
    "https://.": "there is no host",
    "##x": "it is no tag in Bluesky's own app",
    "#" + "👨‍👩‍👧‍👦" * 26: "the library cuts an emoji, and the server refuses more than 640 bytes",
}
"""Facets of Bluesky's library that Punctual leaves out, and why."""


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> Iterator[Networks]:
    """Return all networks."""
    database = open_database(tmp_path_factory.mktemp("rules") / "punctual.db", now=real_clock())
    yield Networks(NetworkDependencies(outbox=SqliteOutbox(database), clock=real_clock))
    database.close()


@pytest.fixture(scope="module")
def measured(networks) -> dict[str, Any]:
    """Return what the script and, if they are installed, the libraries find in each text."""
    node = shutil.which("node") or next(SERVERS.glob("node_modules/node-linux-*/bin/node"), None)
    if node is None:
        pytest.skip("no Node is installed")
    installed = all((SERVERS / "node_modules" / name).exists() for name in ("twitter-text", "@atproto/api"))
    given = {
        "script": text_rules() + (PREVIEW / "posts.js").read_text(encoding="utf-8"),
        "rules": {name: text_rule(networks[each.network], each, {}) for name, each in ACCOUNTS.items()},
        "texts": TEXTS,
        "libraries": str(SERVERS / "package.json") if installed else None,
    }
    run = subprocess.run(
        [node, HERE / "measuring.mjs"], input=json.dumps(given), capture_output=True, encoding="utf-8", check=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.fixture(scope="module")
def libraries(measured) -> list[dict[str, Any]]:
    """Return what the libraries of X and Bluesky find in each text."""
    if measured["theirs"] is None:
        pytest.skip("the libraries are not installed; tests/servers/install.sh installs them")
    found: list[dict[str, Any]] = measured["theirs"]
    return found


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_browser_counts_as_core_does(name, measured, networks):
    account = ACCOUNTS[name]
    for text, ours in zip(TEXTS, measured["ours"], strict=True):
        length = networks[account.network].measure(text, account)
        found = ours[name]
        assert (found["count"], found["limit"], found["unit"]) == (length.count, length.limit, length.unit), text
        assert (found["cut"] is not None) == bool(length.excess), text


@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_is_before_the_cut_fits(name, measured, networks):
    account = ACCOUNTS[name]
    for text, ours in zip(TEXTS, measured["ours"], strict=True):
        if ours[name]["cut"] is not None:
            before = text.encode("utf-16-le")[: 2 * ours[name]["cut"]].decode("utf-16-le")
            assert not networks[account.network].measure(before, account).excess, text


def test_the_browser_splits_at_the_lines_of_dashes_that_core_splits_at(measured):
    assert measured["parts"] == [hand_split(text) for text in TEXTS]


def test_bluesky_facets_are_those_of_core(measured):
    for text, ours in zip(TEXTS, measured["ours"], strict=True):
        assert ours["bluesky"]["entities"] == facets_of_core(text), text


def test_lengths_on_x_are_those_of_its_library(libraries, networks):
    for text, theirs in zip(TEXTS, libraries, strict=True):
        if text not in OTHER_LENGTH_ON_X and not any(each in text for each in NEW_EMOJI):
            assert networks["x"].measure(text, ACCOUNTS["x"]).count == theirs["x"], text


def test_links_mentions_and_tags_on_x_are_those_of_its_library(measured, libraries):
    for text, ours, theirs in zip(TEXTS, measured["ours"], libraries, strict=True):
        if text not in OTHER_ENTITIES_ON_X:
            assert ours["x"]["entities"] == theirs["xEntities"], text


def test_graphemes_are_those_of_the_library_of_bluesky(libraries, networks):
    for text, theirs in zip(TEXTS, libraries, strict=True):
        assert networks["webhook"].measure(text, ACCOUNTS["webhook"]).count == theirs["graphemes"], text


def test_facets_include_those_of_the_library_of_bluesky(libraries):
    """The library also ends links in punctuation of scripts that it does not know; there, core finds a shorter one."""
    for text, theirs in zip(TEXTS, libraries, strict=True):
        ours = facets_of_core(text)
        for kind, written in theirs["bluesky"] if text not in OTHER_FACETS else []:
            assert any(kind == own and written.startswith(found) for own, found in ours), text


def facets_of_core(text: str) -> list[list[str]]:
    """Return the kind and the text of each facet, with all mentions resolved."""
    whole = text.encode()
    return [
        [
            facet["features"][0]["$type"].partition("#")[2],
            whole[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
        ]
        for facet in facets(text, lambda handle: "did:plc:ada")
    ]
