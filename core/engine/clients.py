"""Ordinary boto3 clients whose requests the engine answers inside the process."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from core.engine.api import Api


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The two AWS clients that the product needs, wherever they lead."""

    scheduler: Any
    """boto3's `scheduler` client."""
    functions: Any
    """boto3's `lambda` client."""


def local_clients(api: Api) -> Clients:
    """Return clients whose requests `api` answers: no port, no credentials, no signature, one attempt.

    Parameters, serialisation, errors and paginators are botocore's own; only the sending is not.
    """
    session = _session(api.region)
    answering = _Answering(api)
    return Clients(scheduler=_client(session, "scheduler", answering), functions=_client(session, "lambda", answering))


@cache
def _session(region: str) -> boto3.session.Session:
    """Return the session that all local clients share: it has read the service models, which takes a while.

    It reads no profile and no configuration file: what a person has set up for AWS means nothing here.
    """
    no_file = (None, None, os.devnull, None)
    nothing = {"profile": (None, None, None, None), "config_file": no_file, "credentials_file": no_file}
    return boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=nothing),
        aws_access_key_id="local",
        aws_secret_access_key="local",
        region_name=region,
    )


def _client(session: boto3.session.Session, service: str, answering: "_Answering") -> Any:
    config = Config(
        signature_version=UNSIGNED,
        retries={"total_max_attempts": 1},
        user_agent="punctual",  # the default one is put together anew for each request, a sixth of its time
        disable_request_compression=True,
        ignore_configured_endpoint_urls=True,
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
        proxies={},
    )
    client = session.client(service, config=config, endpoint_url="http://engine.invalid")
    client.meta.events.register(f"before-send.{service}", answering)
    return client


class _Answering:
    """The handler of botocore's `before-send`: what it returns is taken instead of the network's answer."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urlsplit(request.url)
        body = request.body.read() if hasattr(request.body, "read") else request.body
        headers = {name: _text(value) for name, value in request.headers.items()}
        status, answered, content = self._api.answer(request.method, url.path, url.query, headers, body or b"")
        return AWSResponse(request.url, status, answered, _Raw(content))


class _Raw:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
