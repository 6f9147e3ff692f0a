"""Links to posts, from which the ID for a reply is read."""

import pytest

from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.x.network import XNetwork


@pytest.mark.parametrize(
    ("network", "link", "post_id"),
    [
        (XNetwork, "https://x.com/ada/status/1880028106020515840", "1880028106020515840"),
        (XNetwork, "https://twitter.com/1digit/status/12?s=20", "12"),
        (XNetwork, "https://x.com/ada", None),
        (XNetwork, "https://x.com.evil.example/ada/status/12", None),
        (MastodonNetwork, "https://mastodon.social/@ada/113551234567890123", "113551234567890123"),
        (MastodonNetwork, "https://gts.example/@ada/statuses/01JD0Z6M3W0000000000000000", "01JD0Z6M3W0000000000000000"),
        (MastodonNetwork, "https://akkoma.example/notice/AnVkgZJq5KDiDnFxs8", "AnVkgZJq5KDiDnFxs8"),
        (MastodonNetwork, "https://mastodon.social/@ada", None),
        (MastodonNetwork, "https://mastodon.social/@ada/1/../2", None),
    ],
)
def test_a_link_names_the_id_of_a_post(network, link, post_id):
    match = network.post_link.fullmatch(link)
    assert (match and match[1]) == post_id
