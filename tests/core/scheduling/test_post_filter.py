from dataclasses import dataclass

import pytest

from core.ledger.post_state import StateName
from core.posts.destinations import Destination
from core.scheduling.post_filter import PostFilter


@dataclass
class Filtered:
    text: str | None = "Grüße aus Köln"
    destinations: tuple[Destination, ...] = (Destination("webhook:sales"), Destination("webhook:sales", 2))
    labels: tuple[str, ...] = ("Launch", "summer")
    state: StateName = "scheduled"


def test_an_empty_filter_shows_every_post():
    assert PostFilter().empty
    assert PostFilter(text="  ").empty
    assert PostFilter().matches(Filtered())
    assert PostFilter().matches(Filtered(text=None, destinations=(), labels=()))


def test_a_word_of_an_accounts_name_need_not_be_in_the_content_of_a_post():
    names = {Destination("webhook:sales"): "Sales team"}
    assert PostFilter(text="TEAM Köln", account_names=names).content_words == ("köln",)


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({"accounts": frozenset({"webhook:sales", "outbox"})}, True),
        ({"accounts": frozenset({"outbox"})}, False),
        ({"labels": frozenset({"SUMMER", "winter"})}, True),
        ({"labels": frozenset({"winter"})}, False),
        ({"states": frozenset({"scheduled", "paused"})}, True),
        ({"states": frozenset({"failed"})}, False),
        ({"text": "GRÜSSE köln"}, True),
        ({"text": "Grüße Bonn"}, False),
        ({"text": "webhook launch"}, True),
        ({"text": "sales team"}, True),
        ({"text": "köln", "labels": frozenset({"winter"})}, False),
    ],
)
def test_each_member_of_a_filter_must_match(chosen, shown):
    chosen = PostFilter(account_names={Destination("webhook:sales"): "Sales team"}, **chosen)
    assert not chosen.empty
    assert chosen.matches(Filtered()) is shown
