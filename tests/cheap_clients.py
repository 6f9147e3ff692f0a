"""Makes moto and boto3 cheaper for tests. No behaviour changes."""

import functools
from typing import Any

import botocore.session
from moto.core import models, responses
from moto.core.serialize import BaseJSONSerializer

# All requests to moto come from botocore. Otherwise moto registers 1,300 URL patterns for `requests` at each start.
models.RESPONSES_METHODS.clear()
# Moto looks for the operations of a service at each request.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
# Each boto3 session reads the service models again, which takes most of the time to make a client.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


_structure = BaseJSONSerializer._serialize_type_structure


def _attribute_value(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Serialize the one type that a value of DynamoDB has.

    Moto looks for each of the ten types under several names, which takes most of the time of a request.
    """
    if shape.name != "AttributeValue" or type(value) is not dict:
        _structure(self, serialized, value, shape, key)
        return
    wrapper: dict[str, Any] = {}
    for kind in value.keys() & shape.members.keys():
        self._serialize(wrapper, value[kind], shape.members[kind], kind)
    self._default_serialize(serialized, wrapper, shape, key)


BaseJSONSerializer._serialize_type_structure = _attribute_value
