"""boto3 clients whose requests the engine handles in the same process.

botocore alone makes them, as it makes those of boto3: boto3 adds nothing to these two services but the time to load it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from core.engine.api import Api
from core.engine.service_models import service_models


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The two AWS clients that the product needs."""

    scheduler: Any
    """boto3's `scheduler` client."""
    functions: Any
    """boto3's `lambda` client, made at its first use, because that takes 50 ms and few commands need it."""


def local_clients(api: Api) -> Clients:
    """Return clients whose requests `api` handles: no port, no credentials, no signature, one attempt.

    Only the network is replaced: botocore validates parameters, serialises requests, raises errors and paginates.
    """
    session = _session(api.region)
    handler = _RequestHandler(api)
    return Clients(
        scheduler=_client(session, "scheduler", handler),
        functions=_LaterClient(lambda: _client(session, "lambda", handler)),
    )


@cache
def _session(region: str) -> botocore.session.Session:
    """Return the session of all local clients of a region. They share it because service models load slowly.

    It reads no profile and no configuration file, so a user's AWS setup has no effect on local clients.
    """
    no_file = (None, None, os.devnull, None)
    no_user_setup = {"profile": (None, None, None, None), "config_file": no_file, "credentials_file": no_file}
    session = botocore.session.Session(session_vars=no_user_setup)
    session.register_component("data_loader", service_models())
    session.set_config_variable("region", region)
    session.set_credentials("local", "local")
    return session


def _client(session: botocore.session.Session, service: str, handler: "_RequestHandler") -> Any:
    config = Config(
        signature_version=UNSIGNED,
        retries={"total_max_attempts": 1},
        user_agent="punctual",  # building botocore's default takes a sixth of a request's time
        disable_request_compression=True,
        ignore_configured_endpoint_urls=True,
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
        proxies={},
    )
    client = session.create_client(service, config=config, endpoint_url="http://engine.invalid")
    client.meta.events.register(f"before-send.{service}", handler)
    return client


class _LaterClient:
    """Makes a client when one of its members is read."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            self._made = self._made or self._make()
        return getattr(self._made, name)


class _RequestHandler:
    """The handler of botocore's `before-send` event. If it returns a response, botocore does not send the request."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urlsplit(request.url)
        body = request.body.read() if hasattr(request.body, "read") else request.body
        headers = {name: _text(value) for name, value in request.headers.items()}
        status, response_headers, content = self._api.handle(request.method, url.path, url.query, headers, body or b"")
        return AWSResponse(request.url, status, response_headers, _RawResponse(content))


class _RawResponse:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
