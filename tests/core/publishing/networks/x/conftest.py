"""X with an API that accepts every upload and every post."""

import pytest

from tests.core.publishing.networks.upload_apis import XApi


@pytest.fixture
def api(stub, pauses) -> XApi:
    return XApi(stub, pauses)


@pytest.fixture
def network(api):
    return api.network()
