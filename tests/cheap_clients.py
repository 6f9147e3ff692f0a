"""Makes moto and boto3 cheaper for tests. No behaviour changes."""

import functools

import botocore.session
from moto.core import models, responses

# All requests to moto come from botocore. Otherwise moto registers 1,300 URL patterns for `requests` at each start.
models.RESPONSES_METHODS.clear()
# Moto looks for the operations of a service at each request.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
# Each boto3 session reads the service models again, which takes most of the time to make a client.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
