"""The length of a post: its text, and the texts of its options that the network counts with it."""

from dataclasses import replace

from core.accounts.port import Account
from core.posts.models import graphemes
from core.publishing.network import Network, TextLength
from core.publishing.options import OptionValues, TextOption


def measure_post(network: Network, text: str, account: Account, values: OptionValues) -> TextLength:
    """Return the length of a post with these options, in the network's units."""
    length = network.measure(text, account)
    counted = (values.get(each.name) for each in network.options if isinstance(each, TextOption) and each.counted)
    added = sum(_counted_length(network, each, account) for each in counted if isinstance(each, str))
    return replace(length, count=length.count + added)


def _counted_length(network: Network, text: str, account: Account) -> int:
    """Return the length of an option's text, in which a link counts in full."""
    return max(graphemes(text), network.measure(text, account).count)
