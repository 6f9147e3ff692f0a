"""LinkedIn with an API that accepts every upload and every post."""

import pytest

from tests.core.publishing.networks.upload_apis import LinkedInApi


@pytest.fixture
def api(stub, pauses) -> LinkedInApi:
    return LinkedInApi(stub, pauses)


@pytest.fixture
def network(api):
    return api.network()
