"""What a deployment may choose."""

import pytest

from cdk_min.options import Options, UnusableOption


def test_a_deployment_may_choose_nothing():
    assert Options.read({}.get) == Options(group="punctual", posting_url="", allowed_hosts="")


@pytest.mark.parametrize("url", ["http://posts.example", "posts.example", "https:///publish", "https://"])
def test_a_posting_url_that_the_relay_would_refuse_is_refused(url):
    with pytest.raises(UnusableOption, match="posting_url"):
        Options.read({"posting_url": url}.get)
