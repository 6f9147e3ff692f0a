"""The rule by which a network counts a text, as text_rules.js reads it."""

from typing import Any

from core.accounts.port import Account
from core.publishing.network import Network
from core.publishing.options import OptionValues
from core.publishing.post_length import measure_post

_LIMITS = ("url", "counts_as_written")
"""The limits of an account that change how its network counts."""


def text_rule(network: Network, account: Account, options: OptionValues) -> dict[str, Any]:
    """Return the rule of an account: its network's name, its limits, and the length that the options add."""
    empty = network.measure("", account)
    limits = {name: account.limits[name] for name in _LIMITS if name in account.limits}
    return {
        "network": account.network,
        "limit": empty.limit,
        "caption": network.media_limits(account).caption,
        "added": measure_post(network, "", account, options).count,
        **limits,
    }
